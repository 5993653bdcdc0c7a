"""The Counter-Hebb page says what its networks and rules do."""

import numpy as np
import pytest

from corelib import load
from corelib.models.butd.departures import Switches
from corelib.models.butd.rules import RULES, AngleAndAccuracy
from corelib.reproduce import butd, results
from corelib.runs.registry import find
from corelib.runs.store import list_runs
from dashboard.butd.learning import cache as own_cache
from dashboard.butd.learning import comparison, rules, view
from dashboard.shell import cache
from tests.charts import charts
from tests.pages.app import open_page, sentences
from tests.pages.butd import SMALL, store_network

FC = {"network": "fc", "hidden": 12}


def test_shared_weights_are_back_propagation_and_switches_break_it(runs_root):
    name = store_network("counter-hebb", "mnist", SMALL).id
    text = sentences(open_page("learning", learn_model=name))
    assert "The Counter-Hebb update from this image **equals** that of back-propagation" in text
    for switch, reason in (
        ({"learn_weights": "separate"}, "the feedback weights differ from the forward weights"),
        ({"learn_norm": "true"}, "batch norms scale"),
        ({"learn_bias": "true"}, "biases act on the error"),
        ({"learn_noise": "0.5"}, "the synapses are noisy"),
    ):
        app = open_page("learning", learn_model=name, **switch)
        assert not app.exception
        assert f"because {reason}" in sentences(app)


def test_separate_weights_become_exact_when_they_are_shared(runs_root):
    name = store_network("counter-hebb", "mnist", {**FC, "weights": "separate"}).id
    app = open_page("learning", learn_model=name, learn_of="64 images")
    which = cache.checkpoint_key(find(name))
    difference = own_cache.difference(which, Switches())
    assert f"from 64 images is **{difference.angle[0]:.1f}°** away" in sentences(app)
    app.button(key="learn_try_shared").click().run()
    assert "**equals** that of back-propagation" in sentences(app)
    app.button(key="learn_reset").click().run()
    assert sentences(app) == sentences(open_page("learning", learn_model=name))


@pytest.mark.parametrize(
    "tab", ["Difference", "Rules", "Forward and feedback", "About", "Train", "Export", "Both ways"]
)
@pytest.mark.parametrize("system", ["counter-hebb", "butd"])
def test_every_view_opens(runs_root, tab, system):
    data = "mnist" if system == "counter-hebb" else "multi-mnist"
    name = store_network(system, data, {**SMALL, "weights": "separate"}).id
    app = open_page("learning", learn_model=name, learn_tab=tab)
    assert not app.exception
    assert not app.error
    assert len(charts(app)) > 0


def test_networks_that_differ_only_in_the_rule_share_a_setting():
    settings = {"config": FC, "training": {"epochs": 2}}
    specs = butd.rule_specs("mnist", list(RULES), 2, settings)
    (setting,) = {rules.setting_of(s.config, s.training) for s in specs}
    assert setting == "fc, 12 hidden; 2 epochs, batches of 20, rate 0.0001"
    longer = rules.setting_of(specs[0].config, specs[0].training | {"max_steps": 1500})
    assert "2 epochs of at most 1,500 updates" in longer


def test_rules_side_by_side_are_means_over_seeds(runs_root):
    config, training = {**FC, "weights": "separate"}, {"epochs": 2}
    for seed, accuracy in enumerate(([0.5, 0.7], [0.6, 0.9])):
        noted = {"accuracy": accuracy, "angle fc / °": [80.0, 60.0 + seed]}
        store_network("counter-hebb", "mnist", config, training, seed, **noted)
    store_network("counter-hebb", "mnist", FC, {"epochs": 2, "rule": "backprop"}, 0)
    app = open_page("learning", learn_tab="Rules")
    assert not app.exception
    (group,) = (g for s, g in rules.members("mnist").items() if "12 hidden" in s)
    rule = "Counter-Hebb, separate weights"
    validated = [m for m in group if m.history.validations]
    curve = rules.curve(validated, rule, "accuracy")
    np.testing.assert_allclose(curve.mean, [0.55, 0.8])
    np.testing.assert_allclose(curve.sd, [np.std(two, ddof=1) for two in ([0.5, 0.6], [0.7, 0.9])])
    assert (curve.n, rules.layers_measured(validated, "angle {} / °")) == (2, ["fc"])
    assert rules.curve(validated, "back-propagation", "accuracy") is None


def test_the_finding_follows_the_numbers():
    def points(angle, accuracy) -> AngleAndAccuracy:
        return AngleAndAccuracy(np.array(angle), np.array(accuracy))

    exact = {"back-propagation": points([0.0, 0.0], [0.97, 0.98])}
    better = {"far": points([70.0], [0.95]), "near": points([40.0], [0.96])}
    worse = {"far": points([70.0], [0.96]), "near": points([40.0], [0.95])}
    text = rules.finding(exact | better)
    assert "reaches 97.50\N{NO-BREAK SPACE}%" in text
    assert "**Here a smaller angle went with better accuracy**: in 1 of 1" in text
    text = rules.finding(exact | worse)
    assert "**A smaller angle did not mean better accuracy**: in 0 of 1" in text
    assert "near 40° and 95.00\N{NO-BREAK SPACE}%, far 70° and 96.00\N{NO-BREAK SPACE}%" in text
    assert "may be chance" not in text
    assert "may be chance" in rules.finding(worse)
    assert "Train two rules" in rules.finding(exact)


def test_the_button_starts_one_run_per_rule(runs_root, monkeypatch):
    started = []
    monkeypatch.setattr(comparison, "start", started.append)
    app = open_page("learning", learn_tab="Rules")
    app.multiselect(key="learn_rules").set_value(list(RULES)[:2]).run()
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


def test_a_rule_that_is_trained_already_is_not_trained_again(runs_root, monkeypatch):
    started = []
    monkeypatch.setattr(comparison, "start", started.append)
    monkeypatch.setattr(comparison, "stored", lambda specs: [None, *["there"] * (len(specs) - 1)])
    app = open_page("learning", learn_tab="Rules")
    app.button(key="learn_start").click().run()
    assert not app.exception
    assert [(s.seed, s.variant) for s in started] == [(0, "bp")]


def test_the_alignment_shown_is_that_of_the_network(runs_root):
    name = store_network("counter-hebb", "mnist", {**FC, "weights": "separate"}).id
    alignment = own_cache.alignment(cache.checkpoint_key(find(name)))
    model = load(name)
    layer = model.core.fc
    w, back = layer.weight.detach().numpy(), layer.back_weight.detach().numpy().T
    expected = (w * back).sum() / np.sqrt((w**2).sum() * (back**2).sum())
    assert alignment.cosine[0] == pytest.approx(expected, rel=1e-4)
    assert alignment.distance[0] == pytest.approx(np.sqrt(((w - back) ** 2).sum()), rel=1e-5)


def test_it_opens_on_the_shipped_network_whose_update_is_the_gradient(runs_root):
    app = open_page("learning")
    assert app.selectbox(key="learn_model").value == view.EXAMPLE
    assert "**equals** that of back-propagation" in sentences(app)
    app = open_page("learning", learn_model="counter-hebb-separate-mnist")
    assert app.selectbox(key="learn_model").value == "counter-hebb-separate-mnist"
    assert "away from that of back-propagation in **fc**" in sentences(app)


def test_shipped_rules_have_their_curves(runs_root):
    """Each shipped network has its validations: accuracy for all rules, the other measures for
    those with separate feedback weights."""
    app = open_page("learning", learn_tab="Rules")
    assert not app.exception
    (group,) = rules.members("mnist").values()
    assert {m.rule for m in group} == set(RULES) - {"Counter-Hebb, symmetric start"}
    for member in group:
        curve = rules.curve([member], member.rule, "accuracy")
        np.testing.assert_array_equal(curve.epoch, np.arange(1, 7))
        assert curve.mean[-1] > curve.mean[0] > 0.9
    measured = {m.rule for m in group if "cosine fc" in m.history.validations[-1].metrics}
    separate = ("separate", "feedback-alignment")
    own = {name for name, rule in RULES.items() if rule.weights in separate}
    assert measured == own
    assert "A smaller angle did not mean better accuracy" in sentences(app)


def test_the_passes_are_redrawn_when_what_they_show_changes(runs_root):
    name = store_network("counter-hebb", "mnist", FC).id

    def passes(**view):
        app = open_page("learning", learn_model=name, **view)
        return charts(app)[0].spec

    still = passes()
    assert passes(learn_noise="0.5") == still
    assert passes(learn_index="5") != still
    assert passes(learn_weights="separate") != still
    assert passes(learn_loss="mse") != still
    assert passes(learn_target="3") != still


def test_published_says_how_to_get_a_missing_table(runs_root, tmp_path, monkeypatch):
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
    assert "No network with feedback weights" in app.info[0].value
    assert not app.exception
