"""Compare: what it says is what the library says, and its experiments are those of their pages."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from corelib import compare
from corelib.runs.offered import titles
from corelib.runs.store import create_run
from corelib.training.events import Stepped
from corelib.words import PER_CENT
from dashboard.shell.text import plain
from tests.charts import charts
from tests.measures.test_comparison import stored
from tests.pages.addresses import illegal
from tests.pages.app import joined, open_page, sentences
from tests.runs.conftest import tiny

PAIRS = {
    # Experiment: its page, the address that shows one network, both networks.
    "E/I balance": ("balance", "balance_model", ("bpan-nodale-mnist", "bpan-mnist")),
    "BPC digits": ("bpc", "bpc_model", ("backprop-mnist", "bpc-mnist")),
    "Halting": ("halting", "halting_models", ("gru-mnist", "mlp-mnist")),
    "Robustness": ("robustness", "robust_models", ("gru-matched-mnist", "mlp-matched-mnist")),
    "Sequential evidence": (
        "evidence",
        "evidence_144_models",
        ("bpan-sequence-ct-mnist", "gru-sequence-ct-mnist"),
    ),
    "Sub-networks": (
        "subnetworks",
        "sub_model",
        ("butd-shared-multi-mnist", "butd-head-multi-mnist"),
    ),
    "Counter-Hebb learning": (
        "learning",
        "learn_model",
        ("counter-hebb-decay-mnist", "counter-hebb-bp-mnist"),
    ),
    "Sparse code": ("sparse", "sparse_model", ("igvae-natural-16", "ipvae-natural-16")),
    "Moving bars": ("bars", "bars_model", ("ipvae-natural-16", "igvae-natural-16")),
}
QUICK = ("E/I balance", "BPC digits")


def figures(app: AppTest, prefix: str = "") -> dict[str, list]:
    """What the traces of each figure of a page show, by its key without ``prefix``."""
    found = {}
    for item in charts(app):
        key = item.key.removeprefix(prefix)
        data = json.loads(item.spec)["data"]
        found[key] = [[trace.get(name) for name in "xyzr"] for trace in data]
    return found


def test_the_page_opens_on_two_networks_and_says_what_the_library_says(runs_root):
    app = open_page("compare")
    assert not app.exception
    sentence = compare(["bpan-mnist", "mlp-mnist"]).sentence
    assert sentences(app).splitlines()[0] == plain(sentence).replace(" %", PER_CENT)
    scores = joined(app)
    assert scores.loc["accuracy / %"].tolist() == ["97.64", "98.09"]


def test_the_baseline_turns_the_differences_around(runs_root):
    app = open_page("compare", compare_baseline="mlp-mnist")
    (figure,) = charts(app)
    (trace,) = json.loads(figure.spec)["data"]
    assert trace["name"] == "bpan-mnist"
    assert trace["x"] == [pytest.approx(-0.45)]


@pytest.mark.parametrize(
    "experiment", [e if e in QUICK else pytest.param(e, marks=pytest.mark.slow) for e in PAIRS]
)
def test_side_by_side_are_the_main_figures_of_the_experiment(experiment, runs_root):
    page, key, pair = PAIRS[experiment]
    app = open_page(
        "compare",
        compare_models=list(pair),
        compare_tab="Side by side",
        compare_experiment=experiment,
    )
    assert not app.exception
    assert not app.error
    both = figures(app, "compare_")
    drawn = {name: data for name, data in both.items() if name[:2] in ("0_", "1_")}
    assert drawn
    for place, network in enumerate(pair):
        own = figures(open_page(page, **{key: network}))
        shown = {name[2:]: data for name, data in drawn.items() if name[:2] == f"{place}_"}
        assert shown
        for name, data in shown.items():
            assert data == own[name], name


def test_too_few_networks_and_no_common_experiment_are_told(runs_root):
    app = open_page("compare", compare_models="mlp-mnist")
    assert app.info[0].value == "Choose 2 to 8 networks: those that ship, and your own runs."
    app = open_page(
        "compare", compare_models=["mlp-mnist", "bpc-mnist"], compare_tab="Side by side"
    )
    assert "No experiment shows two of these networks" in app.info[0].value


def test_runs_have_curves_settings_and_groups(runs_root):
    events = [
        Stepped(step=3, count=3, seconds=1.0, metrics={"loss": 2.0, "accuracy": 0.5}),
        Stepped(step=6, count=3, seconds=1.0, metrics={"loss": 0.0, "accuracy": 0.6}),
    ]
    runs = [stored(seed, "a", events) for seed in (0, 1)]
    early = create_run(tiny(variant="early"))
    early.append(events[0])
    early.set_status("cancelled")
    named = {"compare_models": [run.id for run in (*runs, early)]}
    app = open_page("compare", **named)
    assert not app.exception
    assert "bpan-a-mnist (2 seeds)" in {
        str(c) for t in app.dataframe for c in t.value.to_numpy().ravel()
    }
    told = [caption.value for caption in app.caption]
    assert any(text.startswith("early has no network to test") for text in told)

    app = open_page(
        "compare", **named, compare_tab="Curves", compare_metric="loss", compare_log_y="true"
    )
    assert not app.exception
    (figure,) = (f for f in charts(app) if f.key == "compare_curves")
    spec = json.loads(figure.spec)
    assert {trace["name"] for trace in spec["data"]} == {titles()[run.id] for run in (*runs, early)}
    assert spec["layout"]["yaxis"]["type"] == "log"
    assert any("2 points at 0 or below are left out" in c.value for c in app.caption)

    app = open_page("compare", **named, compare_tab="Settings")
    assert app.dataframe[0].value.iloc[:, 0].tolist() == ["seed"]


HOSTILE = ("", "1e309", "nan", "<script>alert(1)</script>", "\0", "x" * 10_000)


@pytest.mark.parametrize("value", HOSTILE)
def test_any_address_opens_the_page(value, runs_root):
    app = open_page(
        "compare",
        **{
            f"compare_{name}": value
            for name in ("models", "baseline", "tab", "metric", "log_x", "experiment", "left")
        },
    )
    assert illegal(app) == []
