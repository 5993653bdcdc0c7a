"""The Moving bars page says what its neuron answers to."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from corelib import load
from corelib.models.ipvae import sound, stimuli
from corelib.models.ipvae.tuning import record, selectivity, tuning
from dashboard.figures.style import LIGHT
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars import tabs as bars_tabs
from dashboard.shell import cache
from tests.pages.app import open_page, sentences
from tests.pages.ipvae import SIDE, UNITS, fields, put_on_shelf


@pytest.fixture
def network(runs_root):
    return put_on_shelf()


def open_bars(network: str, **query: str):
    app = open_page("bars", bars_model=network, **query)
    assert not app.exception
    assert not app.error
    return app


def view(network: str, **differs) -> bars_tabs.View:
    item = next(i for i in cache.checkpoints() if i.name == network)
    which = cache.checkpoint_key(item)
    return bars_tabs.View(
        item,
        which,
        "iP-VAE",
        3,
        bars_tabs.standard(which),
        45.0,
        5,
        ipvae_cache.Intervention(),
        0,
        25,
        0,
        LIGHT,
    )._replace(**differs)


@pytest.mark.parametrize("neuron", [0, 3, 9])
def test_a_neuron_likes_the_bar_along_its_stripes(network, neuron):
    app = open_bars(network, bars_neuron=str(neuron))
    axis = int(re.search(r"axis is at \*\*(\d+)°", sentences(app)).group(1))
    expected = (15 * neuron + 90) % 180
    assert abs((axis - expected + 90) % 180 - 90) <= 10
    assert f"receptive field: {expected}°)" in sentences(app)


def test_tuning_by_means_of_trials_is_tuning_of_everything(network):
    v = view(network)
    found = v.sweeps()
    sweep = stimuli.quick_sweep(SIDE)._replace(
        speed=v.stimulus.speed, width=v.stimulus.width
    )  # as the page rounds them
    films = stimuli.moving_bars(SIDE, found.directions, sweep)
    whole = np.concatenate([record(load(network), films, 1, seed=k).rate for k in range(4)])
    expected = tuning(whole, found.directions, sweep.blanks)
    curves = v.tuning()
    for part, other in zip(curves, expected, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        v.selectivity().orientation, selectivity(expected).orientation, atol=1e-3
    )
    np.testing.assert_allclose(found.over_time, whole.mean(0)[:, :: found.every], atol=1e-5)


@pytest.mark.parametrize("kind", bars_cache.KINDS)
def test_places_are_where_the_film_is_bright(network, kind):
    stimulus = view(network).stimulus._replace(
        kind=kind, place=2.5, on=7, frequency=0.1, frames=60, path=tuple(np.linspace(-5, 5, 60))
    )
    film = bars_cache.film(stimulus, SIDE, [30.0])[0]
    where = bars_cache.places(stimulus)
    assert len(where) == len(film)
    assert not film[: stimulus.blanks].any()
    along = stimuli.distances(SIDE, [30.0])[0]
    for t in range(stimulus.blanks, len(film)):
        if np.isnan(where[t]):
            assert not film[t].any()
        elif kind == "drifting grating":
            np.testing.assert_allclose(
                film[t], np.cos(2 * np.pi * 0.1 * (along - where[t])), atol=1e-5
            )
        else:
            lit = np.abs(along - where[t]) <= stimulus.width / 2 + 1e-9
            np.testing.assert_array_equal(film[t] > 0, lit)


@pytest.mark.parametrize("kind", bars_cache.KINDS)
def test_every_stimulus_can_be_chosen(network, kind):
    app = open_bars(network, bars_kind=kind, bars_direction="90")
    assert f"{kind} at 90°" in "\n".join(c.value for c in app.caption)


@pytest.mark.parametrize(
    "tab",
    ["Tuning", "Drives", "Curves", "Adaptation", "Population", "Published", "Take home", "Train"],
)
def test_every_tab_opens(network, tab):
    app = open_bars(network, bars_tab=tab, bars_neuron="0")
    if tab == "Population":
        assert re.search(r"\*\*\d+\*\* of 24 neurons answer", sentences(app))


def test_leak_and_reset_are_the_networks_own(network):
    v = view(network, intervention=ipvae_cache.Intervention(leak=0.5), reset_every=30)
    found = v.found()
    from corelib.models.ipvae.dynamics import Controls

    film = bars_cache.film(v.stimulus, SIDE, [45.0])
    expected = record(load(network), film, 5, Controls(leak=0.5), 0, (40, 70, 100, 130))
    np.testing.assert_allclose(found.activity, expected.activity[:, 0])
    np.testing.assert_allclose(found.rate, expected.rate[:, 0].mean(0), atol=1e-6)
    assert not np.allclose(found.rate, view(network).found().rate)


def test_the_trial_that_is_played_is_the_first_of_the_raster(network):
    found = view(network, trials=12).found()
    assert found.activity.shape[0] == 12
    np.testing.assert_array_equal(found.first.activity[0], found.activity[0])
    # Two parts of trials have noise of their own.
    assert not np.allclose(found.activity[0], found.activity[10])


def test_forgetful_networks_are_compared(network):
    app = open_bars(network, bars_neuron="15", bars_tab="Tuning")
    app.button(key="bars_history").click().run(timeout=120)
    table = next(d.value for d in app.dataframe if "as it is" in d.value.to_string())
    assert next(iter(table["network"])) == "as it is"
    assert np.isfinite(table["all, direction (median)"]).all()


def test_the_same_stimulus_on_the_other_networks(network):
    others = [put_on_shelf("igvae"), put_on_shelf("igvae-relu")]
    app = open_bars(network, bars_tab="Other networks", bars_neuron="4")
    table = app.dataframe[0].value.set_index("network")
    assert set(table.index) == {"iP-VAE", "iG-VAE", "iG-relu-VAE"}
    assert set(others) < set(table["name"])
    # All have the same features, so the most alike is the same one.
    assert (table["neuron"] == 4).all()
    # Of what is never negative the size is the mean.
    never = table.loc[["iP-VAE", "iG-relu-VAE"]]
    assert (never["median"] == never["median, of its size"]).all()
    app.button(key="bars_contrasts").click().run(timeout=120)
    assert not app.exception
    item = next(i for i in cache.checkpoints() if i.name == network)
    bright = view(network).stimulus._replace(contrast=4.0)
    found = bars_cache.sweeps(
        cache.checkpoint_key(item),
        bright,
        bars_tabs.DIRECTIONS,
        1,
        ipvae_cache.Intervention(),
        0,
        0,
    )
    chosen, curves = bars_cache.prefers(found, 40), bars_cache.curves(found, 40)
    raised = curves.raised.max(0)
    median = np.nanmedian(chosen.orientation[raised > 0.05 * raised.max()])
    assert f"{median:.2f} at 4" in "\n".join(c.value for c in app.caption)


def test_it_begins_with_natural_images(runs_root):
    app = open_page("bars")
    shipped = [i.name for i in cache.checkpoints() if i.card.system == "ipvae" and not i.own]
    assert app.selectbox(key="bars_model").value == "ipvae-natural-16"
    assert open_page("bars", bars_model="ipvae-mnist").selectbox(key="bars_model").value in shipped


def test_spikes_are_heard_as_often_as_they_are(network):
    v = view(network, neuron=0, direction=0.0)
    run = v.found().first.activity[0, :, 0]
    wave = sound.waveform(run, 0.025)
    assert run.sum() > 0
    assert len(wave) == pytest.approx(len(run) * 0.025 * sound.RATE, abs=sound.RATE * 0.01)
    loud = np.abs(wave[: round(40 * 0.025 * sound.RATE)]).sum()
    before = run[:40].sum()
    assert (loud > 0) == (before > 0)


def test_the_film_lasts_as_long_as_the_sound(network):
    from dashboard.ipvae.bars.figures.bars import Run

    v = view(network, neuron=0, direction=0.0)
    found = v.found().first
    run = Run(found.potential[0, :, 0], found.rate[0, :, 0], found.activity[0, :, 0])
    gif = Image.open(io.BytesIO(bars_tabs.gif(v, run)))
    total = 0
    for k in range(gif.n_frames):
        gif.seek(k)
        total += gif.info["duration"]
    assert total == 25 * (v.stimulus.blanks + v.stimulus.frames)


def test_a_gaussian_network_has_nothing_to_hear(runs_root):
    app = open_bars(put_on_shelf("igvae"))
    assert "nothing to hear" in "\n".join(c.value for c in app.caption)


def test_the_neuron_to_begin_with_is_among_the_tuned(network):
    which = view(network).which
    k = bars_tabs.default_neuron(which)
    # Direction 0 with its phase in the middle of a stripe.
    assert k in (0, 12, 11, 1)
    assert len(fields()) == UNITS


def test_without_a_network_it_says_how_to_get_one(runs_root, monkeypatch):
    monkeypatch.setattr(cache, "checkpoints", list)
    app = open_page("bars")
    assert not app.exception
    assert "No iterative VAE is on the shelf yet" in app.info[0].value
