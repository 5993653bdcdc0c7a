"""A page as a report: by its button and by the command line, and what the latter refuses."""

import html
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from corelib.__main__ import main
from corelib.runs.registry import find
from corelib.runs.spec import as_command
from dashboard.shell import drawer, drawn, headless
from dashboard.shell.bundle import spec_of
from dashboard.shell.report_html import spoken
from tests.charts import charts
from tests.pages.app import open_page

TOY = """
import streamlit as st

from dashboard.figures.style import LIGHT, styled
from dashboard.shell import drawn
from dashboard.shell.controls import choice, interval, number, several, slider, switch
from dashboard.shell.export import chart
from dashboard.shell.registry import begin
from dashboard.shell.report import report_button
from dashboard.shell.saved import Saved

begin("toy")
drawn.forget()
st.title("Toy")
theta = slider("toy", "theta", "Threshold θ", 0.1, 1.0, 0.9, 0.01)
kind = choice("toy", "kind", "Kind", ("red", "green"))
some = several("toy", "some", "Some", ("a", "b", "c"), ["a"])
switch("toy", "on", "Switch")
number("toy", "seed", "Seed", 0, 99, 0)
interval("toy", "range", "Range", 0.1)
figure = styled([{"type": "scatter", "y": [theta, 1.0], "name": kind}], {}, LIGHT)
chart(figure, "toy_line", alt="A line", caption=f"A <i>{kind}</i> line.")


def draw_more():
    slider("toy", "more", "More", 0, 9, 3)
    chart(figure, "toy_more", alt="Another line", caption="The same once more.")


report_button(Saved("toy", "Toy", lambda: f"At **{theta:g}** it is {kind}.", {"More": draw_more}))
"""


class Read(NamedTuple):
    """What a report says."""

    sentence: str
    captions: list[str]
    settings: dict[str, str]
    commands: list[str]
    sections: list[str]


def read(text: str) -> Read:
    def found(pattern: str) -> list[str]:
        return [html.unescape(part) for part in re.findall(pattern, text, re.S)]

    (sentence,) = found('<div class="sentence">(.*?)</div>')
    rows = re.findall("<tr><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td></tr>", text)
    return Read(
        re.sub("<[^>]+>", "", sentence),
        found("</b> ([^<]*)</figcaption>"),
        {key: html.unescape(value) for _, value, key in rows},
        found("<pre><code>(python -m[^<]*)</code>"),
        found("<h2[^>]*>([^<]*)"),
    )


@pytest.fixture
def toy(tmp_path, monkeypatch, runs_root):
    """A laboratory with one small page."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "toy.py").write_text(TOY, encoding="utf-8")
    (tmp_path / "pages" / "bare.py").write_text("import streamlit", encoding="utf-8")
    (tmp_path / "app.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(headless, "ROOT", tmp_path)
    return tmp_path


ASKED = (
    "toy?toy_theta=0.8&toy_kind=green&toy_some=b&toy_some=c&toy_on=true&toy_seed=7&toy_range=0.2"
    "&toy_range=0.5&toy_tab=More"
)


def test_the_command_line_writes_what_the_page_shows(toy, capsys):
    file = toy / "out.html"
    assert main(["report", ASKED, str(file)]) == 0
    out = capsys.readouterr()
    assert "The report is in" in out.out
    assert out.err == ""
    text = file.read_text(encoding="utf-8")
    said = read(text)
    assert said.sentence == "At 0.8 it is green."
    assert said.captions == ["A <i>green</i> line.", "The same once more."]
    assert said.settings == {
        "toy_theta": "0.8",
        "toy_kind": "green",
        "toy_some": "b, c",
        "toy_on": "on",
        "toy_seed": "7",
        "toy_range": "0.2, 0.5",
        "toy_more": "3",
    }
    assert said.sections == ["More", "Settings", "Commands", "Versions", "Citation"]
    # The command in it makes the same again.
    (command,) = said.commands
    address = re.search("report '(.*)' toy.html", command)[1]
    again = read(headless.report(address))
    assert again == said


def test_a_link_from_a_browser_is_an_address_too(toy):
    text = headless.report("http://127.0.0.1:8501/toy?toy_theta=0.7")
    assert read(text).sentence == "At 0.7 it is red."
    assert 'href="http://127.0.0.1:8501/toy?toy_theta=0.7"' in text


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tow", "There is no page named 'tow', the nearest is toy; there are: bare, toy."),
        ("", "There is no page named ''"),
        ("bare", "bare has no report"),
        ("toy?toy_thata=1", "no setting 'toy_thata' in this view, the nearest is toy_theta"),
        ("toy?toy_theta=7", "toy_theta (Threshold θ) cannot be '7' in this view"),
        ("toy?toy_theta=soon", "cannot be 'soon' in this view; the page would show 0.9."),
        ("toy?toy_kind=blue", "toy_kind (Kind) cannot be 'blue'"),
        ("toy?toy_some=a&toy_some=z", "toy_some (Some) cannot be 'a, z'"),
        ("toy?toy_seed=1e309", "toy_seed (Seed) cannot be '1e309'"),
        ("toy?toy_on=maybe", "toy_on (Switch) cannot be 'maybe'"),
        ("toy?toy_range=0.9&toy_range=0.1", "toy_range (Range) cannot be '0.9, 0.1'"),
    ],
)
def test_what_an_address_cannot_ask_is_said(toy, capsys, address, sentence):
    file = toy / "out.html"
    assert main(["report", address, str(file)]) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1
    assert not file.exists()


def test_no_file_is_lost(toy, capsys):
    file = toy / "out.html"
    file.write_text("mine", encoding="utf-8")
    assert main(["report", "toy", str(file)]) == 2
    assert "already exists: name another file, or add --force." in capsys.readouterr().err
    assert main(["report", "toy?toy_theta=7", str(file), "--force"]) == 2
    assert file.read_text(encoding="utf-8") == "mine"
    assert main(["report", "toy", str(file), "--force"]) == 0
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["report", "toy", str(toy / "out.pdf")]) == 2
    assert "should end in .html" in capsys.readouterr().err
    assert main(["report", "toy", str(toy / "none" / "out.html")]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_a_page_that_has_nothing_to_show_says_so(runs_root):
    with pytest.raises(headless.SettingsError, match="Choose at least one network"):
        headless.report("halting?halting_models=")


def test_button_and_command_line_say_the_same_of_an_experiment(runs_root, monkeypatch):
    kept: list[tuple[str, str]] = []
    monkeypatch.setattr(drawer, "save_page", lambda *what: kept.append(what))
    app = open_page("balance", balance_tab="Export", balance_theta="0.95")
    app.button(key="balance_report").click().run()
    assert not app.exception
    ((text, name),) = kept
    assert name == "bpan-mnist_balance"
    said = read(text)
    assert said.sentence == spoken(app.markdown[0].value)
    figures = app.session_state[drawn.FIGURES]
    assert said.captions == [one.caption for one in figures.values()]
    assert len(figures) > len(charts(app))
    data = re.findall('json">({"data".*?)</script>', text)
    assert len(data) == len(figures)
    assert all(json.loads(one)["data"] for one in data)
    assert said.settings["balance_theta"] == "0.95"
    item = find("bpan-mnist")
    assert as_command(spec_of(item)) in said.commands
    assert "Not drawn" not in said.sections
    # Without a browser the page has another address, and the command names it.
    other = read(headless.report("balance?balance_theta=0.95"))
    assert other._replace(commands=other.commands[1:]) == said._replace(commands=said.commands[1:])
    assert Path(other.commands[0].split()[-1]).suffix == ".html"


@pytest.mark.parametrize(
    ("address", "sections", "said"),
    [
        (
            "compare?compare_models=bpan-mnist&compare_models=mlp-mnist&compare_experiment=Halting",
            ["Side by side", "Scores on the test set", "Differences from the baseline"],
            "more accurate than bpan-mnist",
        ),
        ("claims?claims_family=Predictive+coding", ["Claims"], "claims"),
    ],
)
def test_pages_of_the_laboratory_have_reports_with_their_tables(address, sections, said, runs_root):
    made = read(headless.report(address))
    assert said in made.sentence
    assert set(sections) <= set(made.sections)
    assert len(made.sections) == len(set(made.sections))
    assert not any("Click" in caption for caption in made.captions)


def test_a_tab_that_fails_is_named(runs_root, monkeypatch):
    from corelib.errors import DataError
    from dashboard.bpan.balance import tabs

    def fails(*args, **kwargs):
        raise DataError("no weights here")

    monkeypatch.setattr(tabs, "chart", fails)
    text = headless.report("balance")
    assert "Not drawn" in read(text).sections
    assert "no weights here" in text
