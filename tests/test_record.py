"""The recorder of what pages send: differences are found, and told as values or as words."""

import copy
import json

import pytest

from dashboard.shell.page import RENAMED
from tests.record.compare import Found, compare_pages, report
from tests.record.elements import Sent
from tests.record.names import TAB_ALIASES
from tests.record.scenarios import choices

FIGURE = {
    "type": "plotly_chart",
    "key": "room_curve",
    "area": "main",
    "inside": [],
    "plotly_chart": {
        "alt": "Accuracy over steps",
        "spec": {
            "data": [
                {
                    "type": "scatter",
                    "name": "net",
                    "x": [1, 2, 3],
                    "y": [0.1, 0.5, 0.9],
                    "line": {"color": "#123456", "dash": "dot"},
                },
                {"type": "heatmap", "z": {"dtype": "f4", "bdata": "AAAAAAAAgD8=", "shape": "1, 2"}},
            ],
            "layout": {
                "xaxis": {"title": {"text": "time / ms"}, "range": [0, 4]},
                "yaxis": {"title": {"text": "accuracy"}},
            },
        },
    },
}
SAID = {
    "type": "markdown",
    "key": None,
    "area": "main",
    "inside": [],
    "markdown": {"body": "At θ = 0.90 **net** is 97.31% correct on 10,000 images."},
}
HINT = SAID | {"markdown": {"body": "A hint without a number."}}
FILE = {
    "type": "download_button",
    "key": "room_csv",
    "area": "main",
    "inside": [],
    "download_button": {"label": "CSV"},
    "file": {"file_name": "room.csv", "mime": "text/csv", "text": "x,y\n1,0.5\n2,0.7\n"},
}


def page(*elements: dict, tab: str | None = None, steps=()) -> dict:
    names = {f"{json.dumps(e, sort_keys=True)}": e for e in elements}
    scenario = {
        "tab": tab,
        "theme": None,
        "own": False,
        "steps": steps,
        "elements": list(names),
        "query": {},
        "error": "",
    }
    return {"page": "room", "tabs": ["A", "B"], "elements": names, "scenarios": [scenario]}


def changed(element: dict, *path: str | int, to: object) -> dict:
    new = copy.deepcopy(element)
    place = new
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return new


def compared(old: dict, new: dict, rtol: float = 0.0) -> Found:
    found = Found()
    compare_pages(old, new, found, rtol)
    return found


WHOLE = (FIGURE, SAID, HINT, FILE)


def test_a_record_is_like_itself_in_any_order():
    found = compared(page(*WHOLE), page(*WHOLE[::-1]))
    assert not found.values
    assert not found.words
    assert found.counts["figures"] == 1
    assert found.counts["texts"] == 2
    assert found.counts["downloads"] == 1
    assert "VALUES that differ: 0" in report(found)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (FIGURE, changed(FIGURE, "plotly_chart", "spec", "data", 0, "y", 1, to=0.4), "y.numbers"),
        (
            FIGURE,
            changed(FIGURE, "plotly_chart", "spec", "data", 1, "z", "bdata", to="AAAAAAAAAEA="),
            "z.#.numbers",
        ),
        (
            FIGURE,
            changed(FIGURE, "plotly_chart", "spec", "data", 0, "line", "dash", to="dash"),
            "line.dash",
        ),
        (
            FIGURE,
            changed(FIGURE, "plotly_chart", "spec", "layout", "xaxis", "range", to=[0, 5]),
            "xaxis.range",
        ),
        (
            SAID,
            changed(
                SAID,
                "markdown",
                "body",
                to="At θ = 0.90 **net** is 97.30% correct on 10,000 images.",
            ),
            "markdown",
        ),
        (FILE, changed(FILE, "file", "text", to="x,y\n1,0.5\n2,0.71\n"), "file.text"),
        (FILE, changed(FILE, "file", "file_name", to="other.csv"), "file.file_name"),
        (SAID, changed(SAID, "area", to="sidebar"), "area"),
    ],
)
def test_a_value_that_differs_is_a_value(old, new, what):
    others = [e for e in WHOLE if e is not old]
    found = compared(page(*others, old), page(*others, new))
    assert not found.words
    [(room, where)] = found.values
    assert room == "room"
    assert what in where
    assert where in report(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            FIGURE,
            changed(
                FIGURE, "plotly_chart", "spec", "layout", "xaxis", "title", "text", to="time / s"
            ),
        ),
        (FIGURE, changed(FIGURE, "plotly_chart", "spec", "data", 0, "name", to="network")),
        (
            SAID,
            changed(
                SAID,
                "markdown",
                "body",
                to="At θ = 0.90 **net** calls 97.31% of 10,000 images rightly.",
            ),
        ),
        (FILE, changed(FILE, "file", "text", to="time,y\n1,0.5\n2,0.7\n")),
        (FILE, changed(FILE, "download_button", "label", to="Data")),
    ],
)
def test_other_words_about_the_same_numbers_are_words(old, new):
    others = [e for e in WHOLE if e is not old]
    found = compared(page(*others, old), page(*others, new))
    assert not found.values
    [((before, after), times)] = found.words.items()
    assert (before != after, times) == (True, 1)
    assert after.splitlines()[0][:20] in report(found)


def test_what_is_missing_or_new_is_a_value():
    missing = compared(page(*WHOLE), page(*WHOLE[1:]))
    assert [what for _, what in missing.values] == ["plotly_chart room_curve: missing"]
    new = compared(page(FIGURE, SAID, FILE), page(*WHOLE))
    assert [what for _, what in new.values] == ["markdown: new"]


def test_scenarios_find_each_other_under_new_names():
    old = page(*WHOLE, tab="What you see", steps=[[["room_kind", 1, "none"]]])
    new = page(*WHOLE, tab="About", steps=[[["room_kind", 1, "nobody"]]])
    old["tabs"], new["tabs"] = ["A", "What you see"], ["About", "A"]
    found = compared(old, new)
    assert [what for _, what in found.values] == ["first tab"]
    assert dict(found.words) == {("What you see", "About"): 1}
    found = compared(old, page(*WHOLE, tab="A"))
    assert {what for _, what in found.values} == {"scenario missing", "scenario new"}


def test_the_first_tab_is_found_under_its_name():
    old, new = page(*WHOLE), page(*WHOLE, tab="A")
    new["tabs"] = ["A", "B"]
    assert not compared(old, new).values


def test_a_tolerance_lets_small_differences_pass():
    near = changed(FIGURE, "plotly_chart", "spec", "data", 0, "y", 1, to=0.5000001)
    assert compared(page(*WHOLE), page(near, *WHOLE[1:])).values
    assert not compared(page(*WHOLE), page(near, *WHOLE[1:]), rtol=1e-5).values
    noisy = FILE | {"key": "bars_map_csv"}
    near = changed(noisy, "file", "text", to="x,y\n1,0.50000001\n2,0.7\n")
    found = compared(page(noisy), page(near))
    assert not found.values
    assert not found.words


def test_a_slider_is_moved_to_its_ends_and_between():
    from streamlit.proto.Slider_pb2 import Slider

    proto = Slider(min=0, max=10, step=1, default=[6], type=Slider.SLIDER)
    found = choices(Sent("slider", "room_g", proto, {}))
    assert [choice.value for choice in found] == [[0.0], [4.0], [10.0]]
    proto.disabled = True
    assert choices(Sent("slider", "room_g", proto, {})) == []


def test_every_renamed_tab_is_paired_with_its_old_name():
    """The recorder also runs older checkouts, so that it cannot ask the page for them."""
    assert TAB_ALIASES == RENAMED
