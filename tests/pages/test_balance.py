"""The E/I balance page, run without a browser."""

from corelib import load
from corelib.analysis.anytime import at_threshold
from corelib.data import load_dataset
from corelib.models.bpan.analysis import Controls, answers, drive_of
from corelib.runs.spec import make_spec
from corelib.runs.store import create_run
from corelib.runs.trained import Trained
from corelib.words import percent
from tests.charts import charts
from tests.pages.app import open_page, sentences


def own_network(**config) -> None:
    """A run with one checkpoint of untrained weights."""
    run = create_run(make_spec("bpan", config=config))
    Trained.begin_or_resume(run).save()
    run.set_status("cancelled")


def test_the_sentence_follows_the_controls(runs_root):
    standard = sentences(open_page("balance", balance_index="740"))
    assert "At θ = 0.90 it correctly calls this digit" in standard
    assert "of 6 steps" in standard
    assert "was" not in standard
    assert "cancel by **" in standard
    lesioned = sentences(
        open_page("balance", balance_theta="0.5", balance_lesion_e="64", balance_steps="9")
    )
    assert "At θ = 0.50" in lesioned
    assert "of 9 steps" in lesioned
    assert "With T = 9 (was 6) and 64 E units silenced, this network is **" in lesioned


def test_what_the_controls_cost_stands_beside_what_it_was(runs_root):
    """Computed here from the network itself, read at θ."""
    text = sentences(open_page("balance", balance_gain="0", balance_steps="30"))
    data, model = load_dataset(), load("bpan-mnist")
    x, labels = data.inputs(data.test.pixels), data.test.labels.numpy()
    accuracy = []
    several = Controls(30, model.alpha, 0.0), Controls(6, model.alpha), Controls(30, model.alpha)
    for controls in several:
        read = answers(model, drive_of(model, x), controls)
        accuracy.append(at_threshold(read.confidence, read.predicted, labels, 0.9).accuracy)
    now, was, steps_alone = accuracy
    assert "With inhibition gain g = 0 (was 1) and T = 30 (was 6), this network is" in text
    assert f"it is **{percent(now)}** correct over the 10,000 test images" in text
    assert f", was {percent(was)} (with T = 30 alone {percent(steps_alone)})," in text
    points = f"{abs(100 * (now - was)):.1f} points {'less' if now < was else 'more'} accurate"
    assert f"**{points}**" in text


def test_an_answer_at_the_last_step_says_whether_theta_was_reached(runs_root):
    text = sentences(open_page("balance", balance_theta="1.0", balance_index="740"))
    assert "after 6 of 6 steps, **without reaching θ**" in text
    assert "without reaching" not in sentences(open_page("balance", balance_theta="0.1"))


def test_the_opening_sentence_says_what_the_network_is_without_inhibition(runs_root):
    model, data = load("bpan-mnist"), load_dataset()
    read = answers(
        model, drive_of(model, data.inputs(data.test.pixels)), Controls(6, model.alpha, 0.0)
    )
    without = at_threshold(read.confidence, read.predicted, data.test.labels.numpy(), 0.9)
    said = f"without inhibition, at g = 0, it would be {percent(without.accuracy)}."
    assert said in sentences(open_page("balance"))
    assert "without inhibition" not in sentences(open_page("balance", balance_gain="0"))


def test_a_preset_says_what_it_sets(runs_root):
    app = open_page("balance")
    text = app.button(key="balance_try_gain").help
    assert "Sets Inhibition gain g: 0, Steps T: 30." in text
    assert "Also back at the default: Silence E units" in text
    versus = app.button(key="balance_try_dale").help
    assert "Sets Compare with: bpan-nodale-mnist." in versus


def test_two_networks_stand_side_by_side(runs_root):
    app = open_page("balance", balance_versus="bpan-unbalanced-mnist")
    text = sentences(app)
    assert "At θ = 0.90 **bpan-mnist** correctly calls" in text
    assert "At θ = 0.90 **bpan-unbalanced-mnist** correctly calls" in text
    assert text.count("at the last step, the input left out.") == 2
    # Currents, decision and balance of each.
    assert len(charts(app)) == 6


def test_a_preset_sets_the_controls(runs_root):
    app = open_page("balance")
    app.button(key="balance_try_gain").click().run()
    assert app.slider(key="balance_gain").value == 0.0
    assert app.slider(key="balance_steps").value == 30
    app.button(key="balance_reset").click().run()
    assert app.slider(key="balance_gain").value == 1.0
    assert app.slider(key="balance_steps").value == 6


def test_the_hard_digit_is_first_wrong_and_then_right(runs_root):
    app = open_page("balance", balance_theta="0.1")
    app.button(key="balance_try_hard").click().run()
    app.slider(key="balance_theta").set_value(0.1).run()
    assert "after **1 of 6 steps**, but it is a" in sentences(app)
    app.slider(key="balance_theta").set_value(1.0).run()
    text = sentences(app)
    assert "it correctly calls this digit **a" in text
    assert "after 6 of 6 steps, **without reaching θ**." in text


def test_a_network_of_another_size_brings_its_own_limits(runs_root):
    own_network(n_excitatory=8, n_inhibitory=2, n_steps=60, alpha=0.03)
    name = next(runs_root.glob("2*")).name
    app = open_page("balance", balance_lesion_e="100", balance_lesion_i="20")
    assert app.slider(key="balance_lesion_e").value == 100
    app.selectbox(key="balance_model").select(name).run()
    assert not app.exception
    assert app.slider(key="balance_lesion_e").value == 8
    assert app.slider(key="balance_steps").value == 60
    assert app.slider(key="balance_alpha").value == 0.03
    assert "of 60 steps" in sentences(app)
    app.button(key="balance_try_lesion").click().run()
    assert app.slider(key="balance_lesion_e").value == 4
    assert not app.exception


def test_a_damaged_own_network_is_reported(runs_root):
    own_network(n_excitatory=8, n_inhibitory=2)
    folder = next(runs_root.glob("2*"))
    next(folder.rglob("weights.safetensors")).write_bytes(b"not weights")
    app = open_page("balance", balance_model=folder.name)
    assert not app.exception
    assert "is damaged: it has changed since" in app.error[0].value


def test_a_missing_network_falls_back_to_the_standard_one(runs_root):
    app = open_page("balance", balance_model="no-such-network")
    assert not app.exception
    assert app.selectbox(key="balance_model").value == "bpan-mnist"
