"""The Halting page, run without a browser."""

import re

import numpy as np
import pytest

from corelib import load
from corelib.data import load_dataset
from corelib.models.bpan.anytime import AnytimeClassifier
from tests.pages.app import open_page, sentences

TABS = (
    "What you see",
    "Numbers",
    "Digits by step",
    "Who halts when",
    "Recurrence",
    "Calibration",
    "Clock",
    "Published",
    "Train",
    "Take home",
)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_runs(runs_root, tab):
    app = open_page("halting", halting_tab=tab)
    assert not app.exception
    assert not app.error


def test_the_sentence_is_what_really_stopping_early_gives(runs_root):
    text = sentences(open_page("halting", halting_theta="0.8"))
    steps, depth, accuracy = re.search(
        r"after \*\*([\d.]+) of (\d+) steps\*\* and is \*\*([\d.]+)%\*\*", text
    ).groups()
    data, model = load_dataset(), load("bpan-mnist")
    logits, used = model.forward_anytime(data.inputs(data.test.pixels), 0.8)
    right = (logits.argmax(1) == data.test.labels).float().mean().item()
    assert float(steps) == pytest.approx(used.float().mean().item(), abs=0.006)
    assert float(accuracy) / 100 == pytest.approx(right, abs=2e-4)
    assert int(depth) == model.n_steps
    spent = int(re.search(r"\*\*([\d,]+) multiply-adds\*\*", text).group(1).replace(",", ""))
    assert spent == pytest.approx(model.macs().at(used.numpy()).mean(), abs=1)


def test_moving_the_threshold_runs_no_network(runs_root, monkeypatch):
    app = open_page("halting")
    calls = []
    forward = AnytimeClassifier.forward
    for kind in [AnytimeClassifier, *AnytimeClassifier.__subclasses__()]:
        if "forward" in vars(kind):
            forward = vars(kind)["forward"]
            monkeypatch.setattr(
                kind, "forward", lambda *a, f=forward, **k: calls.append(1) or f(*a, **k)
            )
    before = sentences(app)
    app.slider(key="halting_theta").set_value(0.55).run()
    assert sentences(app) != before
    assert "At θ = 0.55" in sentences(app)
    assert calls == []


def test_work_is_another_cost_than_steps(runs_root):
    app = open_page("halting", halting_cost="multiply-adds")
    spec = app.get("plotly_chart")[1].proto.spec
    assert "multiply-adds an image" in spec


def test_time_is_read_off_this_machines_clock(runs_root):
    app = open_page("halting", halting_cost="time")
    assert not app.exception
    assert "milliseconds for 1,000 images" in app.get("plotly_chart")[1].proto.spec


def test_a_clicked_bar_and_no_such_step(runs_root):
    app = open_page("halting", halting_tab="Digits by step", halting_theta="0.1")
    app.number_input(key="halting_step").set_value(6).run()
    assert "No image is answered at step 6" in app.info[0].value


def test_zeroing_the_recurrence_is_said_with_its_number(runs_root):
    text = sentences(open_page("halting", halting_tab="Recurrence"))
    data, model = load_dataset(), load("bpan-mnist")
    x = data.inputs(data.test.pixels)
    weights = model.weights(recurrence_gain=0.0)
    assert not np.any(weights.recurrent.detach().numpy())
    right = (model(x, weights)[:, -1].argmax(1) == data.test.labels).float().mean().item()
    assert f"after training, {right:.2%}" in text


def test_own_rules_stand_beside_the_threshold(runs_root):
    table = open_page("halting", halting_tab="Numbers").dataframe[0].value.set_index("network")
    data = load_dataset()
    labels = data.test.labels
    for name in ("act-mnist", "pondernet-mnist"):
        own = load(name).own_rule(data.inputs(data.test.pixels))
        right = 100 * (own.logits.argmax(1) == labels).float().mean().item()
        assert table.loc[name, "own rule, accuracy / %"] == pytest.approx(right, abs=0.02)
        steps = own.steps.float().mean().item()
        assert table.loc[name, "own rule, mean steps"] == pytest.approx(steps, abs=0.01)
    assert np.isnan(table.loc["bpan-mnist", "own rule, mean steps"])


@pytest.mark.parametrize(
    ("table", "published"), [("anytime", "97.73"), ("classification", "95.70 ± 0.12")]
)
def test_published_figures_stand_beside_ours(runs_root, table, published):
    app = open_page("halting", halting_tab="Published", halting_table=table)
    assert not app.exception
    shown = app.dataframe[0].value
    assert published in shown.to_numpy()
    assert not app.button(key=f"halting_{table}_anew").disabled


def test_no_network_chosen_is_a_sentence(runs_root):
    app = open_page("halting")
    app.multiselect(key="halting_models").set_value([]).run()
    assert "Choose at least one network" in app.info[0].value
