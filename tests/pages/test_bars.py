"""The Moving bars page says which bar its neuron prefers."""

import re

import numpy as np
import pytest

from corelib import load
from corelib.models.ipvae import sound, stimuli
from corelib.models.ipvae.dynamics import Controls
from corelib.models.ipvae.experiment import Experiment, Intervention, record
from corelib.models.ipvae.tuning import selectivity, tuning
from dashboard.figures.style import LIGHT
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars.controls import default_neuron, usual_bar
from dashboard.ipvae.bars.view import View
from dashboard.shell import cache
from tests.pages.app import joined, open_page, sentences
from tests.pages.ipvae import SIDE, UNITS, fields, store_network


@pytest.fixture
def network(runs_root):
    return store_network()


def open_bars(network: str, **query: str):
    app = open_page("bars", bars_model=network, **query)
    assert not app.exception
    assert not app.error
    return app


def view(network: str, neuron: int = 3, **differs) -> View:
    """The page's view of an experiment that differs from the usual one at 45° in these settings."""
    item = next(i for i in cache.checkpoints() if i.name == network)
    key = cache.checkpoint_key(item)
    experiment = Experiment(usual_bar(key), 45.0, trials=5)._replace(**differs)
    return View(item, key, "iP-VAE", neuron, experiment, 25, LIGHT)


@pytest.mark.parametrize("neuron", [0, 3, 9])
def test_a_neuron_prefers_the_bar_along_its_stripes(network, neuron):
    app = open_bars(network, bars_neuron=str(neuron))
    axis = int(re.search(r"axis is at \*\*(\d+)°", sentences(app)).group(1))
    expected = (15 * neuron + 90) % 180
    assert abs((axis - expected + 90) % 180 - 90) <= 10
    assert f"receptive field: {expected}°)" in sentences(app)


def test_tuning_from_trial_means_is_tuning_from_all_trials(network):
    v = view(network)
    sweep = v.sweep()
    films = stimuli.film(v.stimulus, SIDE, sweep.directions)
    whole = np.concatenate([record(load(network), films, 1, seed=k).rate for k in range(4)])
    expected = tuning(whole, sweep.directions, v.stimulus.baseline_frames)
    curves = v.tuning()
    for part, other in zip(curves, expected, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        v.selectivity().orientation, selectivity(expected).orientation, atol=1e-3
    )
    np.testing.assert_allclose(sweep.over_time, whole.mean(0)[:, :: sweep.every], atol=1e-5)


@pytest.mark.parametrize("kind", stimuli.KINDS)
def test_every_stimulus_can_be_chosen(network, kind):
    app = open_bars(network, bars_kind=kind, bars_direction="90")
    assert f"{kind} at 90°" in "\n".join(c.value for c in app.caption)


@pytest.mark.parametrize(
    "tab",
    ["Tuning", "Drives", "Curves", "Adaptation", "Population", "Published", "Export", "Train"],
)
def test_every_tab_opens(network, tab):
    app = open_bars(network, bars_tab=tab, bars_neuron="0")
    if tab == "Population":
        assert re.search(r"\*\*\d+\*\* of 24 neurons respond", sentences(app))


def test_leak_and_reset_are_the_networks_own(network):
    v = view(network, intervention=Intervention(leak=0.5), reset_every=30)
    outcome = v.outcome()
    film = stimuli.film(v.stimulus, SIDE, [45.0])
    expected = record(load(network), film, 5, Controls(leak=0.5), 0, (40, 70, 100, 130))
    np.testing.assert_allclose(outcome.activity, expected.activity[:, 0])
    np.testing.assert_allclose(outcome.rate, expected.rate[:, 0].mean(0), atol=1e-6)
    assert not np.allclose(outcome.rate, view(network).outcome().rate)


def test_the_trial_that_is_played_is_the_first_of_the_raster(network):
    outcome = view(network, trials=12).outcome()
    assert outcome.activity.shape[0] == 12
    np.testing.assert_array_equal(outcome.first.activity[0], outcome.activity[0])
    # The two batches of trials have independent noise.
    assert not np.allclose(outcome.activity[0], outcome.activity[10])


def test_networks_with_and_without_memory_are_compared(network):
    app = open_bars(network, bars_neuron="15", bars_tab="Tuning")
    app.button(key="bars_history").click().run(timeout=120)
    parts = [d.value for d in app.dataframe if "no leak" in d.value.to_string()]
    assert next(iter(parts[0].iloc[:, 0])) == "no leak, no reset"
    medians = next(part for part in parts if "all, direction (median)" in part)
    assert np.isfinite(medians["all, direction (median)"].astype(float)).all()


def test_the_same_stimulus_on_the_other_networks(network):
    others = [store_network("igvae"), store_network("igvae-relu")]
    app = open_bars(network, bars_tab="Other networks", bars_neuron="4")
    table = joined(app).T
    assert set(table.index) == {"iP-VAE", "iG-VAE", "iG-relu-VAE"}
    titles = {item.title for item in cache.checkpoints() if item.name in others}
    assert titles < set(table["name"])
    # All have the same features, so the most alike is the same one.
    assert (table["neuron"].astype(int) == 4).all()
    # Where nothing is negative, the magnitude is the rate.
    never = table.loc[["iP-VAE", "iG-relu-VAE"]]
    assert (never["median"] == never["median, of the magnitude"]).all()
    app.button(key="bars_contrasts").click().run(timeout=120)
    assert not app.exception
    bright = view(network).stimulus._replace(contrast=4.0)
    v = view(network, stimulus=bright, trials=1)
    curves = bars_cache.sweep(v.key, v.experiment).tuning()
    chosen = selectivity(curves)
    raised = curves.raised.max(0)
    median = np.nanmedian(chosen.orientation[raised > 0.05 * raised.max()])
    assert f"{median:.2f} at 4" in "\n".join(c.value for c in app.caption)


def test_it_opens_on_a_network_of_natural_images(runs_root):
    app = open_page("bars")
    shipped = [i.name for i in cache.checkpoints() if i.card.system == "ipvae" and not i.own]
    assert app.selectbox(key="bars_model").value == "ipvae-natural-16"
    assert open_page("bars", bars_model="ipvae-mnist").selectbox(key="bars_model").value in shipped


def test_the_sound_has_clicks_where_there_are_spikes(network):
    v = view(network, neuron=0, direction=0.0)
    run = v.outcome().first.activity[0, :, 0]
    wave = sound.waveform(run, 0.025)
    assert run.sum() > 0
    assert len(wave) == round(len(run) * 0.025 * sound.RATE) + len(sound.pop())
    loud = np.abs(wave[: round(40 * 0.025 * sound.RATE)]).sum()
    before = run[:40].sum()
    assert (loud > 0) == (before > 0)


def test_a_gaussian_network_has_no_sound(runs_root):
    app = open_bars(store_network("igvae"))
    assert "nothing to hear" in "\n".join(c.value for c in app.caption)


def test_the_default_neuron_is_tuned(network):
    k = default_neuron(view(network).key)
    # Direction 0 with its phase in the middle of a stripe.
    assert k in (0, 12, 11, 1)
    assert len(fields()) == UNITS


def test_without_a_network_it_says_how_to_get_one(runs_root, monkeypatch):
    monkeypatch.setattr(cache, "checkpoints", list)
    app = open_page("bars")
    assert not app.exception
    assert "No trained network of this kind is available" in app.info[0].value


def test_every_setting_of_an_experiment_changes_its_outcome(network):
    """No setting is missing from the keys of the caches."""
    usual = view(network)
    others = {
        "seed": view(network, seed=1),
        "direction": view(network, direction=46.0),
        "leak": view(network, intervention=Intervention(leak=0.5)),
        "explaining-away": view(network, intervention=Intervention(explaining_away=False)),
        "reset": view(network, reset_every=20),
        "contrast": view(network, stimulus=usual.stimulus._replace(contrast=3.0)),
        "width": view(network, stimulus=usual.stimulus._replace(width=4.0)),
        "speed": view(network, stimulus=usual.stimulus._replace(speed=0.3)),
    }
    for name, other in others.items():
        assert not np.array_equal(usual.outcome().activity, other.outcome().activity), name
        if name != "direction":
            assert not np.array_equal(usual.sweep().counts, other.sweep().counts), name
    assert len(view(network, trials=10).outcome().activity) == 10
    assert others["direction"].sweep() is usual.sweep(), "a sweep has no direction of its own"


def test_presets_start_from_the_usual_bar(network):
    app = open_bars(network, bars_contrast="3.0", bars_leak="0.5", bars_neuron="4")
    app.button(key="bars_try_paper").click().run()
    assert app.slider(key="bars_contrast").value == stimuli.CONTRAST
    assert app.slider(key="bars_leak").value == 0.0
    asked = [app.slider(key=f"bars_{name}").value for name in ("blanks", "frames")]
    assert [*asked, app.number_input(key="bars_speed").value] == [300, 400, 0.064]
    assert app.number_input(key="bars_neuron").value == 4


def test_the_best_bar_is_the_strongest_direction(network):
    app = open_bars(network, bars_neuron="4")
    app.button(key="bars_try_best").click().run()
    v = view(network, neuron=4)
    best = v.tuning().directions[v.tuning().mean[:, 4].argmax()]
    assert app.slider(key="bars_direction").value == best
    app.button(key="bars_try_turned").click().run()
    assert abs(app.slider(key="bars_direction").value - best) % 180 == 90


def test_reset_leaves_network_and_neuron(network):
    app = open_bars(network, bars_neuron="7", bars_direction="90", bars_reset="20", bars_leak="0.5")
    assert app.slider(key="bars_reset").value == 20
    app.button(key="bars_reset_all").click().run()
    assert not app.exception
    sliders = [app.slider(key=f"bars_{name}").value for name in ("direction", "reset", "leak")]
    assert sliders == [0, 0, 0.0]
    assert app.number_input(key="bars_neuron").value == 7
    assert app.selectbox(key="bars_model").value == network


def test_a_flash_is_said_in_numbers(network):
    app = open_bars(network, bars_tab="Adaptation", bars_neuron="0")
    assert re.search(r"rises by \*\*\d+\.\d+\*\* at its peak", sentences(app))
    app = open_bars(network, bars_tab="Adaptation", bars_neuron="0", bars_flash_off="0")
    assert "After the flash" not in sentences(app)
