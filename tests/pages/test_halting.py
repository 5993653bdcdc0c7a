"""The Halting page, run without a browser."""

import re

import numpy as np
import pytest

from corelib import load
from corelib.data import load_dataset
from corelib.models.bpan.anytime import AnytimeClassifier
from corelib.words import percent, with_article
from dashboard.bpan.halting import tabs
from tests.charts import charts
from tests.pages.app import cells, joined, open_page, sentences

TABS = (
    "About",
    "Numbers",
    "Examples by halting step",
    "By class and difficulty",
    "Recurrence",
    "Calibration",
    "Clock",
    "Published",
    "Train",
    "Export",
)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_runs(runs_root, tab):
    app = open_page("halting", halting_tab=tab)
    assert not app.exception
    assert not app.error
    assert app.session_state["halting_tab"] == tab


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Digits by step", "Examples by halting step"),
        ("Who halts when", "By class and difficulty"),
        ("What you see", "About"),
        ("Take home", "Export"),
    ],
)
def test_addresses_with_old_names_of_tabs_still_open_them(runs_root, old, new):
    assert open_page("halting", halting_tab=old).session_state["halting_tab"] == new


def test_the_sentence_matches_actually_stopping_early(runs_root):
    text = sentences(open_page("halting", halting_theta="0.8"))
    steps, depth, accuracy = re.search(
        r"after \*\*([\d.]+) of (\d+) steps\*\* on average and is \*\*([\d.]+)\s%\*\*", text
    ).groups()
    data, model = load_dataset(), load("bpan-mnist")
    logits, used = model.forward_anytime(data.inputs(data.test.pixels), 0.8)
    right = (logits.argmax(1) == data.test.labels).float().mean().item()
    assert float(steps) == pytest.approx(used.float().mean().item(), abs=0.006)
    assert float(accuracy) / 100 == pytest.approx(right, abs=2e-4)
    assert int(depth) == model.n_steps
    spent = int(re.search(r"\*\*([\d,]+) multiply-adds\*\*", text).group(1).replace(",", ""))
    assert spent == pytest.approx(model.macs().at(used.numpy()).mean(), abs=0.51)  # a whole number


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
    spec = charts(app)[1].spec
    assert "multiply-adds per image" in spec


def test_time_is_measured_on_this_machine(runs_root, monkeypatch):
    monkeypatch.setattr(tabs, "TIMED_IMAGES", 256)
    app = open_page("halting", halting_cost="time")
    assert not app.exception
    assert "milliseconds for 1,000 images" in charts(app)[1].spec


def test_a_step_at_which_nothing_halts(runs_root):
    app = open_page("halting", halting_tab="Examples by halting step", halting_theta="0.1")
    app.number_input(key="halting_step").set_value(6).run()
    assert "No image is answered at step 6" in app.info[0].value


def test_the_accuracy_without_recurrence_is_stated(runs_root):
    text = sentences(open_page("halting", halting_tab="Recurrence"))
    data, model = load_dataset(), load("bpan-mnist")
    x = data.inputs(data.test.pixels)
    weights = model.weights(recurrence_gain=0.0)
    assert not np.any(weights.recurrent.detach().numpy())
    right = (model(x, weights)[:, -1].argmax(1) == data.test.labels).float().mean().item()
    assert f"after training, {percent(right, 2)}" in text


def test_own_rules_stand_beside_the_threshold(runs_root):
    table = joined(open_page("halting", halting_tab="Numbers")).T
    data = load_dataset()
    labels = data.test.labels
    for name in ("act-mnist", "pondernet-mnist"):
        # Two decimals are shown.
        own = load(name).own_rule(data.inputs(data.test.pixels))
        right = 100 * (own.logits.argmax(1) == labels).float().mean().item()
        assert float(table.loc[name, "own rule, accuracy / %"]) == pytest.approx(right, abs=0.0051)
        steps = own.steps.float().mean().item()
        assert float(table.loc[name, "own rule, mean steps"]) == pytest.approx(steps, abs=0.0051)
    assert table.loc["bpan-mnist", "own rule, mean steps"] == "–"


@pytest.mark.parametrize(
    ("table", "published"),
    [("anytime", "97.73"), ("classification", "95.70 ± 0.12"), ("controls", "95.70 ± 0.12")],
)
def test_published_figures_stand_beside_ours(runs_root, table, published):
    app = open_page("halting", halting_tab="Published", halting_table=table)
    assert not app.exception
    assert published in cells(app)
    assert not {"None", "nan"} & cells(app)
    assert not app.button(key=f"halting_{table}_anew").disabled


def test_reset_brings_back_the_first_view(runs_root):
    app = open_page("halting", halting_cost="multiply-adds")
    first = sentences(app)
    app.button(key="halting_try_hurry").click().run()
    assert app.slider(key="halting_theta").value == 0.5
    app.multiselect(key="halting_models").set_value(["act-mnist"]).run()
    app.button(key="halting_reset").click().run()
    assert app.slider(key="halting_theta").value == 0.9
    assert app.multiselect(key="halting_models").value[0] == "bpan-mnist"
    assert sentences(app) == first


def test_examples_are_the_images_of_the_step_and_one_is_followed(runs_root):
    app = open_page("halting", halting_tab="Examples by halting step", halting_step="2")
    data, model = load_dataset(), load("bpan-mnist")
    steps = model.forward_anytime(data.inputs(data.test.pixels), 0.9).steps
    captions = [item.value for item in app.caption]
    count = int((steps == 2).sum())
    assert any(f"60 of {count:,} images that bpan-mnist answers at step 2" in c for c in captions)
    assert any(c.startswith("Test image 0, a 7: bpan-mnist answers 7 at step ") for c in captions)
    app.number_input(key="halting_index").set_value(1232).run()
    app.slider(key="halting_theta").set_value(0.5).run()
    read = model.forward_anytime(data.inputs(data.test.pixels[1232:1233]), 0.5)
    true, answer = int(data.test.labels[1232]), int(read.logits[0].argmax())
    followed = f"Test image 1232, {with_article(str(true))}: bpan-mnist answers {answer} at step "
    (caption,) = (c.value for c in app.caption if c.value.startswith("Test image 1232"))
    assert caption.startswith(f"{followed}{int(read.steps[0])};")


def test_no_network_chosen_is_a_sentence(runs_root):
    app = open_page("halting")
    app.multiselect(key="halting_models").set_value([]).run()
    assert "Choose at least one network" in app.info[0].value
