"""Every number that the pages of the iterative VAEs say, against the networks themselves."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.models.ipvae.experiment import (
    Experiment,
    Intervention,
    all_directions,
    controls,
    run,
    sweep_directions,
)
from corelib.models.ipvae.gradients import likelihood_gradients
from corelib.models.ipvae.inference import run_inference, trace
from corelib.models.ipvae.learner import images
from corelib.models.ipvae.stimuli import Stimulus, quick_bar
from corelib.models.ipvae.tuning import Tuning, best_place, decode
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.shell import cache
from dashboard.shell.text import plain
from tests.pages.app import joined, open_page
from tests.pages.ipvae import DATASET, SIDE, UNITS, fields, store_network
from tests.pages.said import axes_of, drawn, headline, in_per_cent, named, numbers, saying, says


@pytest.fixture
def network(runs_root):
    return store_network()


def title_of(name: str) -> str:
    return plain(next(item.title for item in cache.checkpoints() if item.name == name))


def patch(index: int) -> torch.Tensor:
    data = load_dataset(DATASET)
    return images(data, data.test.pixels[index : index + 1])


CHANGED = {
    "sparse_patch": "7",
    "sparse_steps": "50",
    "sparse_leak": "0.25",
    "sparse_lesion": "true",
    "sparse_seed": "3",
}


def converged(network: str, intervention: Intervention):
    """Inference of what ``CHANGED`` asks for, under another intervention."""
    model = load(network)
    return run_inference(model, patch(7), 50, controls(model, intervention), seed=3)


@says("sparse")
def test_sparse(network):
    """With the neuron that the finished code needs second most silenced."""
    rate = trace(load(network), patch(7), 50, seed=3).rate[0, -1]
    x, decoder = patch(7)[0].numpy(), fields().reshape(UNITS, -1).T

    def r2(code: np.ndarray) -> float:
        return 1 - ((x - decoder @ code) ** 2).sum() / ((x - x.mean()) ** 2).sum()

    lost = [r2(rate) - r2(np.where(np.arange(UNITS) == k, 0, rate)) for k in range(UNITS)]
    *_, neuron, most = np.argsort(lost).tolist()
    asked = {**CHANGED, "sparse_neuron": str(neuron), "sparse_tab": "Lesions"}
    app = open_page("sparse", sparse_model=network, **asked)
    changed, intact, leaky = (
        converged(network, intervention)
        for intervention in (
            Intervention(True, 0.25, (neuron,)),
            Intervention(),
            Intervention(True, 0.25),
        )
    )
    ends = [(f"{c.r2[-1]:.2f}", in_per_cent(c.zeros[-1], 0)) for c in (changed, intact)]
    said = [str(UNITS), "50", *ends[0], *ends[1]]
    assert numbers(headline(app), title_of(network)) == said
    silenced, whole = (f"{c.r2[-20:].mean():.3f}" for c in (changed, leaky))
    assert silenced != whole
    assert numbers(saying(app, "is removed from the finished code")) == [
        *(str(neuron), f"{lost[neuron]:z.3f}", silenced, whole, "20"),
        *(str(most), f"{lost[most]:.3f}"),
    ]
    (bars,) = named(app, "sparse_lesions", "loss of R²")
    np.testing.assert_allclose(bars["y"], sorted(lost, reverse=True), 1e-3, 1e-6)
    caption = numbers(saying(app, "vermilion: the chosen neuron"))
    assert [caption[0], caption[-2:]] == ["7", ["50", "1"]]


def test_sparse_gradient(network, monkeypatch):
    monkeypatch.setattr(sparse_cache, "GRADIENT_DRAWS", 2000)
    asked = {"sparse_patch": "7", "sparse_steps": "20", "sparse_seed": "2"}
    app = open_page("sparse", sparse_model=network, sparse_tab="Gradient", **asked)
    u = trace(load(network), patch(7), 20, seed=2).potential[0, -1]
    found = likelihood_gradients(load(network), torch.from_numpy(u), patch(7)[0], 2000, 2)
    away = [
        np.linalg.norm(estimate - found.exact) / np.linalg.norm(found.exact)
        for estimate in (found.straight_through, found.relaxed, found.corrected)
    ]
    assert numbers(saying(app, "straight-through estimate is")) == [
        in_per_cent(share, 0) for share in away
    ]
    assert numbers(saying(app, "potentials after"))[-3:] == ["20", "2,000", "1"]


def test_sparse_networks_side_by_side(network, monkeypatch):
    monkeypatch.setattr(sparse_cache, "CONVERGENCE_STEPS", 40)
    other = store_network("igvae")
    chosen = {f"sparse_{DATASET}_models": [network, other]}
    app = open_page("sparse", sparse_model=network, sparse_tab="Rate and distortion", **chosen)
    data = load_dataset(DATASET)
    x = images(data, data.test.pixels[:50])
    ends = {}
    for name in (network, other):
        found = run_inference(load(name), x, 40, seed=0)
        ends[title_of(name)] = found.r2[-1], found.zeros[-1]
    by_r2, by_zeros = (max(ends, key=lambda name, at=at: ends[name][at]) for at in (0, 1))
    said = [
        text
        for name in dict.fromkeys((by_r2, by_zeros))
        for text in (f"{ends[name][0]:.2f}", in_per_cent(ends[name][1], 0))
    ]
    assert numbers(saying(app, "ahead in both"), *ends) == said
    table = app.dataframe[0].value.set_index("network")
    for shown, (r2, zeros) in zip(table.index, ends.values(), strict=True):
        row = table.loc[shown]
        written = [row["R² at 1,000"], row["zeros at 1,000"]]
        assert written == [f"{r2:.3f}", f"{zeros:.3f}"]
    caption = numbers(saying(app, "Filled: ours, means over"))
    assert caption[:3] == ["1,000", "50", "1"]


NEURON = 4
ASKED = {
    "bars_neuron": str(NEURON),
    "bars_direction": "60",
    "bars_contrast": "2.5",
    "bars_leak": "0.1",
    "bars_trials": "15",
    "bars_seed": "3",
    "bars_frame": "40",
}
SHOWN = Experiment(quick_bar(SIDE, contrast=2.5), 60.0, Intervention(leak=0.1), 0, 15, 3)


def open_bars(network: str, tab: str):
    return open_page("bars", bars_model=network, bars_tab=tab, **ASKED)


def swept(network: str) -> Tuning:
    """The tuning curves from four trials in each of 36 directions."""
    experiment = SHOWN._replace(trials=4, direction=0.0)
    return sweep_directions(load(network), experiment, all_directions(36)).tuning()


def selective(curves: Tuning, harmonic: int) -> np.ndarray:
    """The resultant of each neuron's response above baseline, (unit,), where that is positive:
    its length is one less the circular variance."""
    raised = np.clip(curves.mean - curves.baseline, 0, None)
    turn = np.exp(1j * harmonic * np.deg2rad(curves.directions))[:, None]
    return (raised * turn).sum(0) / raised.sum(0)


@says("bars")
def test_bars(network):
    app = open_bars(network, "Tuning")
    curves = swept(network)
    orientation, direction = (selective(curves, k)[NEURON] for k in (2, 1))
    axis = (np.rad2deg(np.angle(orientation)) / 2 + 90) % 180
    gabor = (15 * NEURON + 90) % 180
    outcome = run(load(network), SHOWN)
    counts = outcome.activity[:, 40:, NEURON].sum(1)
    mean, sd = counts.mean(), counts.std(ddof=1)
    assert numbers(headline(app), title_of(network)) == [
        *(str(NEURON), f"{axis:.0f}", str(gabor), "1", f"{abs(orientation):.2f}"),
        *(f"{abs(direction):.2f}", "60", f"{mean:.1f}", f"{sd:.1f}", "120", f"{sd**2 / mean:.2f}"),
    ]
    above = (curves.mean - curves.baseline)[:, NEURON]
    best = int(above.argmax())
    # 36 directions: half a turn is 18 further on, a quarter nine.
    opposite, across = np.roll(above, -best)[18], np.roll(above, -best)[[9, 27]].mean()
    assert numbers(saying(app, "responds most at")) == [
        *(str(NEURON), f"{10 * best}", f"{above[best]:.2f}", f"{curves.baseline[NEURON]:.2f}"),
        *(f"{opposite:.2f}", f"{across:.2f}"),
    ]
    unit = "spikes per frame"
    assert axes_of(app, "bars_flat") == ("direction / degrees", f"rate / {unit}")
    line = drawn(app, "bars_flat")[-1]
    np.testing.assert_allclose(line["x"], [*range(0, 360, 10), 360])
    np.testing.assert_allclose(line["y"], [*curves.mean[:, NEURON], curves.mean[0, NEURON]], 1e-4)
    (rate,) = named(app, "bars_raster", "rate")
    np.testing.assert_allclose(rate["x"], np.arange(-40, 120))
    np.testing.assert_allclose(rate["y"], outcome.rate[:, NEURON], 1e-4)
    assert numbers(saying(app, "Press Play, or move the slider")) == [
        *(str(NEURON), "60", "1", "3", "0", "40", "40")
    ]
    assert numbers(saying(app, "histogram in bins of")) == [str(NEURON), "60", "15", "5"]
    played = outcome.first.activity[0, :, NEURON]
    assert numbers(saying(app, "pops in")) == [
        *(f"{played.sum():.0f}", f"{len(played) * 0.04:.1f}")
    ]
    table = joined(app).iloc[0]
    off = abs((axis - gabor + 90) % 180 - 90)
    for column, angle in (("best axis", axis), ("Gabor axis", gabor), ("difference", off)):
        assert float(table[f"{column} / °"]) == pytest.approx(angle, abs=0.6)
    towards = np.rad2deg(np.angle(direction)) % 360
    assert float(table["best direction / °"]) == pytest.approx(towards, abs=0.6)
    assert float(table["1 − CV, orientation"]) == pytest.approx(abs(orientation), abs=0.006)
    assert float(table["1 − CV, direction"]) == pytest.approx(abs(direction), abs=0.006)


def test_bars_drives(network):
    app = open_bars(network, "Drives")
    first = run(load(network), SHOWN).first
    driven, back = (part[0, 40:, NEURON] for part in (first.stimulus, first.explaining_away))
    opposed = (np.sign(driven) == -np.sign(back)).mean()
    assert numbers(saying(app, "oppose each other in")) == [
        *(str(NEURON), f"{np.abs(back).mean():.3g}", f"{np.abs(driven).mean():.3g}"),
        in_per_cent(opposed, 0),
    ]


def test_bars_adaptation(network):
    asked = {**ASKED, "bars_flash_on": "60", "bars_flash_off": "40"}
    app = open_page("bars", bars_model=network, bars_tab="Adaptation", **asked)
    curves, width = swept(network), quick_bar(SIDE).width
    best = float(curves.directions[curves.mean[:, NEURON].argmax()])
    field = load(network).decoder.detach().numpy()[:, NEURON].reshape(SIDE, SIDE)
    place = best_place(field, best, width, "bright")
    flashed = Stimulus(
        "flashed bar", 40, 100, 0.0, width, 2.5, "bright", place=place, flash_frames=60
    )
    rate = run(load(network), SHOWN._replace(stimulus=flashed, direction=best, trials=20)).rate
    raised = rate[:, NEURON] - rate[:40, NEURON].mean()
    peak, late, after = raised[40:100].max(), raised[85:100].mean(), raised[100:].mean()
    assert numbers(saying(app, "at its peak")) == [
        *(f"{peak:.2f}", f"{late:.2f}", in_per_cent(1 - late / peak, 0), f"{abs(after):.2f}")
    ]
    assert numbers(saying(app, "where it fits the receptive field best")) == [
        *(str(NEURON), f"{width:g}", f"{best:g}", f"{place:.1f}", "1", "20", str(SIDE))
    ]


def test_bars_population(network):
    app = open_bars(network, "Population")
    curves = swept(network)
    raised = (curves.mean - curves.baseline).max(0)
    responds = raised > 0.05 * raised.max()
    twice, once = (selective(curves, k)[responds] for k in (2, 1))
    axis = (np.rad2deg(np.angle(twice)) / 2 + 90) % 180
    gabor = ((15 * np.arange(UNITS) + 90) % 180)[responds]
    off = np.median(np.abs((axis - gabor + 90) % 180 - 90))
    said = numbers(saying(app, "neurons respond;"))
    assert said[:-1] == [
        *(str(responds.sum()), str(UNITS), in_per_cent((np.abs(twice) > 0.4).mean(), 0)),
        *("1", "0.4", f"{np.median(np.abs(twice)):.2f}", f"{np.median(np.abs(once)):.2f}"),
    ]
    # The Gabor functions are fitted, so that their axes are not quite those they were made with.
    assert float(said[-1]) == pytest.approx(off, abs=0.7)
    assert numbers(saying(app, "responsive neurons, 4 trials")) == [str(responds.sum()), "4"]
    sweep = sweep_directions(
        load(network), SHOWN._replace(trials=4, direction=0.0), all_directions(36)
    )
    decoded = decode(sweep.counts, sweep.directions)
    assert numbers(saying(app, "A linear readout of all neurons")) == [
        *(f"{np.median(decoded.error):.0f}", "90", str(len(decoded.shown)))
    ]
