"""The page Claims: what it says, what its filters leave, and that its links show what they say."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from corelib.reproduce import claims, results
from corelib.reproduce.claim import View
from dashboard.figures.style import DARK, LIGHT
from dashboard.figures.tidy import tidy
from dashboard.lab.claims.figures import distances
from dashboard.lab.claims.marks import MARKS
from dashboard.shell.text import plain
from tests.charts import charts
from tests.pages.app import imported_by, open_page, sentences

HEAVY = ("torch", "torchvision", "sklearn", "scipy.stats", "optuna")
SLOW = ("sparse", "bars", "learning")
"""Pages whose networks take seconds to measure."""
VIEWS = list(dict.fromkeys(item.claim.view for item in claims.listed()))


def listed(app: AppTest) -> list[dict]:
    """What the list of claims was sent."""
    (table,) = (
        item.proto
        for item in app.get("bidi_component")
        if item.proto.component_name.endswith("synaptarium_claims")
    )
    return json.loads(table.json)["claims"]


def test_the_page_says_how_many_claims_have_which_verdict(runs_root):
    app = open_page("claims")
    assert not app.exception
    assert app.markdown[0].value == claims.sentence(claims.listed())
    assert [row["name"] for row in listed(app)] == [item.what for item in claims.claims()]
    assert [row["verdict"] for row in listed(app)] == [item.verdict for item in claims.claims()]
    assert plain(claims.RULE[1:]) in sentences(app)


def test_filters_in_the_address_leave_what_they_say(runs_root):
    app = open_page("claims", claims_family="Iterative inference", claims_verdicts="exceeded")
    expected = claims.chosen("ipvae", ["exceeded"])
    assert [row["name"] for row in listed(app)] == [item.claim.what for item in expected]
    assert app.markdown[0].value == (
        f"{claims.sentence(expected)} Without the filters there are {len(claims.listed())}."
    )
    app.text_input(key="claims_find").set_value("zeros iG-relu").run()
    assert [row["name"] for row in listed(app)] == ["iG-relu-VAE, β = 8 on natural images, zeros"]
    app.text_input(key="claims_find").set_value("no such thing").run()
    assert not app.exception
    assert app.markdown[0].value.startswith("There is no such claim.")
    assert not app.metric
    assert not charts(app)


def test_a_search_that_is_too_long_is_not_read(runs_root):
    app = open_page("claims", claims_find="x" * 61)
    assert not app.exception
    assert len(listed(app)) == len(claims.listed())


def test_a_link_opens_one_claim_in_full(runs_root):
    what = "PonderNet, mean steps by its own rule"
    app = open_page("claims", claims_claim=what)
    item = claims.find(what)
    assert app.selectbox(key="claims_claim").value == what
    text = sentences(app)
    assert f"##### {plain(what)}" in text
    assert "✕ not reproduced" in text
    assert [(m.label, m.value) for m in app.metric] == [
        ("Published", "5.95"),
        ("Ours, 3 seeds", "2.97 ± 0.21"),
    ]
    assert "**Difference** −2.98; up to 0.423 counts as the same." in text
    assert plain(item.control) in text
    assert "departs from that paper" in text
    assert app.code[0].value == item.command
    assert any("30 networks" in caption.value for caption in app.caption)
    (link,) = app.get("page_link")
    assert link.proto.page == "halting"
    assert link.proto.query_string == item.view.address.partition("?")[2]


def test_what_cannot_be_tested_says_why(runs_root):
    app = open_page("claims", claims_claim="Iterative VAEs on van Hateren's images")
    assert not app.exception
    assert not app.metric
    assert "○ cannot be tested here" in sentences(app)
    assert "They cannot be had without a network" in sentences(app)


def test_a_missing_table_is_told_and_nothing_else_breaks(monkeypatch, tmp_path, runs_root):
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    app = open_page("claims")
    assert not app.exception
    assert "reproduce anytime" in app.error[0].value


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_figure_shows_each_distance_in_its_verdict_s_colour(palette):
    figure = distances(claims.listed(), palette)
    tested = {c.what: c for c in claims.claims() if c.distance is not None}
    drawn = {}
    for trace in figure.data:
        assert trace.marker.color == MARKS[trace.name].colour(palette)
        for x, y, (what, *_) in zip(trace.x, trace.y, trace.customdata, strict=True):
            assert tested[what].verdict == trace.name
            assert np.sinh(x) == pytest.approx(tested[what].distance, abs=1e-9)
            # The band is where the rule counts two figures as the same.
            band = figure.layout.shapes[0]
            assert (band.x0 <= x + 1e-12 and x - 1e-12 <= band.x1) == (trace.name == "reproduced")
            drawn[what] = y
    assert drawn.keys() == tested.keys()
    assert len(set(drawn.values())) == len(drawn)
    # From the top in the order of the list.
    assert list(tested) == sorted(drawn, key=drawn.__getitem__)


def test_the_figure_s_table_has_the_figures_themselves():
    table = tidy(distances(claims.listed(), LIGHT)).set_index("x")
    for item in claims.claims():
        if item.ours is None or item.published is None:
            assert item.what not in table.index
            continue
        row = table.loc[item.what]
        assert (row["series"], row["n"]) == (item.verdict, item.ours.n)
        assert row["mean"] == pytest.approx(item.distance)
        assert (row["published"], row["ours"]) == (item.published, item.ours.mean)


def test_the_page_imports_nothing_heavy():
    draw = "app.session_state['_routed'] = True\napp.switch_page('pages/claims.py').run()"
    assert imported_by(HEAVY, draw, "app.title[0].value == 'Claims' and app.metric") == []


@pytest.mark.parametrize(
    "view",
    [pytest.param(v, marks=pytest.mark.slow if v.page in SLOW else ()) for v in VIEWS],
    ids=lambda view: view.address,
)
def test_a_link_opens_its_page_with_its_controls(view: View, runs_root):
    app = open_page(view.page, **dict(view.controls))
    assert not app.exception
    assert not app.error
    for key, asked in view.controls:
        taken = app.session_state[key]
        (value,) = taken if isinstance(taken, list) else [taken]
        if isinstance(value, bool):
            assert asked == str(value).lower()
        elif isinstance(value, float):
            assert float(asked) == value
        else:
            assert asked == value
