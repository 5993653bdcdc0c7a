"""The Counter-Hebb page says what its networks and rules do."""

import numpy as np
import pytest

from corelib import load
from corelib.reproduce import results
from corelib.reproduce.butd import WAYS
from corelib.runs.registry import find
from corelib.runs.store import list_runs
from dashboard.butd import cache as butd_cache
from dashboard.butd.cache import Switches
from dashboard.butd.learning import comparison as rules_tab
from dashboard.butd.learning import rules
from dashboard.butd.learning import tabs as learning_tabs
from dashboard.shell import cache
from tests.pages.app import open_page, sentences
from tests.pages.butd import SMALL, shelve

FC = {"network": "fc", "hidden": 12}


def test_shared_weights_are_back_propagation_and_switches_break_it(runs_root):
    name = shelve("counter-hebb", "mnist", SMALL).id
    text = sentences(open_page("learning", learn_model=name))
    assert "Counter-Hebb's update from this image **is** back-propagation's" in text
    for switch, reason in (
        ({"learn_weights": "separate"}, "the way down has weights of its own"),
        ({"learn_norm": "true"}, "batch norms scale"),
        ({"learn_bias": "true"}, "biases act on the error"),
        ({"learn_noise": "0.5"}, "noise is on the synapses"),
    ):
        app = open_page("learning", learn_model=name, **switch)
        assert not app.exception
        assert f"because {reason}" in sentences(app)


def test_separate_weights_become_exact_when_they_are_shared(runs_root):
    name = shelve("counter-hebb", "mnist", {**FC, "weights": "separate"}).id
    app = open_page("learning", learn_model=name, learn_of="64 images")
    which = cache.checkpoint_key(find(name))
    found = butd_cache.difference(which, Switches())
    assert f"from 64 images is **{found.angle[0]:.1f}°** off" in sentences(app)
    app.button(key="learn_try_shared").click().run()
    assert "**is** back-propagation's" in sentences(app)
    app.button(key="learn_try_standard").click().run()
    assert f"**{found.angle[0]:.1f}°** off" in sentences(app)


@pytest.mark.parametrize(
    "tab", ["Difference", "Rules", "Both ways", "What you see", "Train", "Take home"]
)
@pytest.mark.parametrize("system", ["counter-hebb", "butd"])
def test_every_view_opens(runs_root, tab, system):
    data = "mnist" if system == "counter-hebb" else "multi-mnist"
    name = shelve(system, data, {**SMALL, "weights": "separate"}).id
    app = open_page("learning", learn_model=name, learn_tab=tab)
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) > 0


def test_rules_are_known_by_their_settings():
    settings = {"config": FC, "training": {"epochs": 2}}
    specs = rules.specs_of("mnist", list(WAYS), 2, settings)
    assert [rules.rule_of(s.config, s.training) for s in specs] == [*WAYS, *WAYS]
    assert [s.seed for s in specs] == [0] * len(WAYS) + [1] * len(WAYS)
    assert len({rules.setting_of(s.config, s.training) for s in specs}) == 1
    other = {**specs[3].training, "weight_decay": 0.5}
    assert rules.rule_of(specs[3].config, other) == "Counter-Hebb, separate, decay 0.5"
    noisy = {**specs[1].training, "noise": 0.25}
    assert rules.rule_of(specs[1].config, noisy) == f"{[*WAYS][1]}, noise 0.25"


def test_rules_side_by_side_are_means_over_seeds(runs_root):
    config, training = {**FC, "weights": "separate"}, {"epochs": 2}
    for seed, accuracy in enumerate(([0.5, 0.7], [0.6, 0.9])):
        noted = {"accuracy": accuracy, "angle fc / °": [80.0, 60.0 + seed]}
        shelve("counter-hebb", "mnist", config, training, seed, **noted)
    shelve("counter-hebb", "mnist", FC, {"epochs": 2, "rule": "backprop"}, 0)
    app = open_page("learning", learn_tab="Rules")
    assert not app.exception
    (group,) = (g for s, g in rules.members("mnist").items() if "12 hidden" in s)
    rule = "Counter-Hebb, separate weights"
    told = [m for m in group if m.history.validations]
    found = rules.curve(told, rule, "accuracy")
    np.testing.assert_allclose(found.mean, [0.55, 0.8])
    np.testing.assert_allclose(found.sd, [np.std(two, ddof=1) for two in ([0.5, 0.6], [0.7, 0.9])])
    assert (found.n, rules.layers_told(told, "angle {} / °")) == (2, ["fc"])
    assert rules.curve(told, "back-propagation", "accuracy") is None


def test_the_finding_follows_the_numbers():
    exact = {"back-propagation": (np.zeros(2), np.array([0.97, 0.98]))}
    near, far = np.array([40.0]), np.array([70.0])
    better = {"near": (near, np.array([0.96])), "far": (far, np.array([0.95]))}
    worse = {"near": (near, np.array([0.95])), "far": (far, np.array([0.96]))}
    said = rules.finding(exact | better)
    assert "reaches 97.50 %" in said
    assert "**Here a smaller angle went with better accuracy**: in 1 of 1" in said
    said = rules.finding(exact | worse)
    assert "**A smaller angle did not mean better accuracy**: in 0 of 1" in said
    assert "near 40° and 95.00 %, far 70° and 96.00 %" in said
    assert "may be chance" not in said
    assert "may be chance" in rules.finding(worse)
    assert "Train two rules" in rules.finding(exact)


def test_the_button_starts_one_training_a_rule(runs_root, monkeypatch):
    started = []
    monkeypatch.setattr(rules_tab, "start", started.append)
    app = open_page("learning", learn_tab="Rules")
    app.multiselect(key="learn_rules").set_value(list(WAYS)[:2]).run()
    app.number_input(key="learn_seeds").set_value(2).run()
    app.button(key="learn_start").click().run()
    assert not app.exception
    assert [(s.seed, s.variant) for s in started] == [
        (0, "bp"),
        (0, "shared"),
        (1, "bp"),
        (1, "shared"),
    ]
    assert list(list_runs()) == []


def test_the_alignment_shown_is_the_networks(runs_root):
    name = shelve("counter-hebb", "mnist", {**FC, "weights": "separate"}).id
    found = butd_cache.alignment(cache.checkpoint_key(find(name)))
    model = load(name)
    layer = model.core.fc
    w, back = layer.weight.detach().numpy(), layer.back_weight.detach().numpy().T
    expected = (w * back).sum() / np.sqrt((w**2).sum() * (back**2).sum())
    assert found.cosine[0] == pytest.approx(expected, rel=1e-4)
    assert found.distance[0] == pytest.approx(np.sqrt(((w - back) ** 2).sum()), rel=1e-5)


def test_it_opens_on_the_shipped_network_whose_update_is_the_gradient(runs_root):
    app = open_page("learning")
    assert app.selectbox(key="learn_model").value == learning_tabs.EXAMPLE
    assert "**is** back-propagation's" in sentences(app)
    app = open_page("learning", learn_model="counter-hebb-separate-mnist")
    assert app.selectbox(key="learn_model").value == "counter-hebb-separate-mnist"
    assert "off back-propagation's in **fc**" in sentences(app)


def test_shipped_rules_have_their_curves(runs_root):
    """Each network that ships tells its validations: accuracy of all rules, the rest of those whose
    way down has weights of its own."""
    app = open_page("learning", learn_tab="Rules")
    assert not app.exception
    (group,) = rules.members("mnist").values()
    assert {m.rule for m in group} == set(WAYS) - {"Counter-Hebb, symmetric start"}
    for member in group:
        found = rules.curve([member], member.rule, "accuracy")
        np.testing.assert_array_equal(found.epoch, np.arange(1, 7))
        assert found.mean[-1] > found.mean[0] > 0.9
    told = {m.rule for m in group if "cosine fc" in m.history.validations[-1].metrics}
    own = {name for name, way in WAYS.items() if way.weights in ("separate", "feedback-alignment")}
    assert told == own
    assert "A smaller angle did not mean better accuracy" in sentences(app)


def test_the_passes_are_drawn_anew_for_what_changes_them(runs_root):
    name = shelve("counter-hebb", "mnist", FC).id

    def passes(**view):
        app = open_page("learning", learn_model=name, **view)
        return app.get("plotly_chart")[0].proto.spec

    still = passes()
    assert passes(learn_noise="0.5") == still
    assert passes(learn_index="5") != still
    assert passes(learn_weights="separate") != still
    assert passes(learn_loss="mse") != still
    assert passes(learn_target="3") != still


def test_published_says_how_to_come_by_a_table_that_is_missing(runs_root, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    for page, tab in (("learning", "learn_tab"), ("subnetworks", "sub_tab")):
        app = open_page(page, **{tab: "Published"})
        assert not app.exception
        assert not app.error
        assert "not in this copy" in app.info[0].value
        assert "reproduce butd --train" in app.code[0].value


def test_without_a_network_it_says_what_to_do(runs_root, monkeypatch):
    monkeypatch.setattr(cache, "checkpoints", list)
    app = open_page("learning", learn_tab="Rules")
    assert "No network with a way down" in app.info[0].value
    assert not app.exception
