"""The films of the experiments show what the records hold, at their times."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib import load
from corelib.catalog import system
from corelib.data.evidence import Evidence
from corelib.errors import SettingsError
from corelib.films import Film, bars_film, code_film, evidence_film, inference_film
from corelib.films.code import LARGE, MAPS_FROM, SMALL
from corelib.films.colours import OKABE_ITO, TEXT, faded, rgb, scale, signed
from corelib.films.panel import Panel, range_of, ticks
from corelib.films.sheet import HEIGHT, LEFT, TOP, WIDTH, gridded, stacked
from corelib.models.bpc.moments import InferenceView
from corelib.models.ipvae import sound
from corelib.models.ipvae.experiment import Experiment, Outcome, run
from corelib.models.ipvae.inference import trace as trace_of
from corelib.models.ipvae.moments import square
from corelib.models.ipvae.stimuli import Stimulus
from tests.films.decoded import of_gif, of_mp4
from tests.pages.ipvae import SIDE, UNITS, fields

ORANGE = rgb("#E69F00")
BAR = Stimulus("moving bar", 6, 24, 0.5, 3.0, contrast=1.0)
CELL = 336 // SIDE
CLASSES = [str(k) for k in range(10)]


class Played(NamedTuple):
    model: torch.nn.Module
    outcome: Outcome


def network(name: str):
    torch.manual_seed(0)
    chosen = system(name)
    model = chosen.make_model(chosen.config_type(n_latents=UNITS, input_dim=SIDE**2))
    with torch.no_grad():
        model.decoder.copy_(torch.from_numpy(fields().reshape(UNITS, -1).T))
    return model


def played(spikes: dict[int, int], direction: float = 0.0, name: str = "ipvae") -> Played:
    """A run in which neuron 3 has so many spikes at these frames."""
    model = network(name)
    outcome = run(model, Experiment(BAR, direction, trials=1, seed=5))
    activity = np.zeros_like(outcome.first.activity)
    for t, count in spikes.items():
        activity[0, t, 3] = count
    return Played(model, outcome._replace(first=outcome.first._replace(activity=activity)))


def centres(picture: np.ndarray, rows: int, columns: int, cell: int) -> np.ndarray:
    """The colours in the middle of each pixel of the picture at the left, (row, column, 3)."""
    y = TOP + cell // 2 + cell * np.arange(rows)
    x = LEFT + cell // 2 + cell * np.arange(columns)
    return picture[y[:, None], x].astype(int)


def covered(direction: float) -> np.ndarray:
    """Where the bar should be, (time, row, column), from the rule of the stimuli alone."""
    middle = np.arange(SIDE) - (SIDE - 1) / 2
    angle = np.deg2rad(direction)
    along = np.cos(angle) * middle[None, :] - np.sin(angle) * middle[:, None]
    places = 0.5 * (np.arange(24) - 11.5)
    inside = np.abs(along - places[:, None, None]) <= 1.5 + 1e-9
    return np.concatenate([np.zeros((6, SIDE, SIDE), bool), inside])


@pytest.mark.parametrize("direction", [0.0, 90.0, 200.0])
def test_the_bar_is_where_the_stimulus_says_in_each_decoded_frame(direction):
    model, outcome = played({8: 1, 20: 3}, direction)
    read = of_mp4(bars_film(model, outcome, 3).encode("mp4"))
    assert read.pictures.shape == (30, HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(read.times, 0.025 * np.arange(31), atol=1e-3)
    ground = signed(fields()[3])
    for t, inside in enumerate(covered(direction)):
        expected = np.where(inside[..., None], 0.4 * ground + 0.6 * ORANGE, ground)
        seen = centres(read.pictures[t], SIDE, SIDE, CELL)
        assert np.abs(seen - expected).max() < 14, t


def test_a_dark_bar_darkens():
    model = network("ipvae")
    outcome = run(model, Experiment(BAR._replace(polarity="dark"), trials=1))
    picture = bars_film(model, outcome, 3).frames[17]
    seen = centres(picture, SIDE, SIDE, CELL)[covered(0.0)[17]]
    expected = (0.4 * signed(fields()[3]) + 0.6 * 60)[covered(0.0)[17]]
    assert np.abs(seen - expected).max() <= 1


def test_spikes_are_seen_from_their_frame_on_and_heard_in_it():
    spikes = {2: 1, 9: 2, 10: 1, 23: 4}
    model, outcome = played(spikes)
    film = bars_film(model, outcome, 3)
    counts = outcome.first.activity[0, :, 3]
    panel = stacked((1.2, 1, 0.9), (-6.5, 23.5), [(0, 1), (0, 1), range_of(counts, zero=True)])[2]
    for now in (5, 9, 29):
        picture = film.frames[now].astype(int)
        for t in range(30):
            x, y = panel.at(t - 6 - 0.25, 0.5).round().astype(int)
            shade = rgb("#ffffff")
            if t in spikes:
                shade = rgb(TEXT if t <= now else faded(TEXT, 0.28))
            np.testing.assert_allclose(picture[y, x], shade, atol=0.5, err_msg=f"{now} {t}")
    read = of_mp4(film.encode("mp4"))
    samples = round(0.025 * sound.RATE)
    energy = np.array([(read.sound[t * samples :][:samples] ** 2).sum() for t in range(30)])
    # A pop that begins late in its frame ends in the next one; a codec smears a little.
    near = {t + d for t in spikes for d in (0, 1)}
    elsewhere = [t for t in range(30) if t not in near and t + 1 not in spikes]
    assert energy[elsewhere].sum() < 1e-3 * energy.sum()
    assert all(energy[t] + energy[t + 1] > 0.05 * energy.max() for t in spikes)
    assert np.corrcoef(read.sound[: len(film.sound)], film.sound)[0, 1] > 0.99


def test_without_spikes_there_is_silence_and_without_spiking_no_sound():
    model, outcome = played({})
    film = bars_film(model, outcome, 3)
    assert not film.sound.any()
    model, outcome = played({4: 1}, name="igvae")
    film = bars_film(model, outcome, 3)
    assert film.sound is None
    assert of_mp4(film.encode("mp4")).sound is None


def test_another_frame_duration_is_another_speed():
    model, outcome = played({8: 1})
    film = bars_film(model, outcome, 3, frame_seconds=0.1)
    assert film.seconds == pytest.approx(3.0)
    read = of_gif(film.encode("gif"))
    assert read.times[-1] == pytest.approx(3.0)
    first = np.abs(film.sound).nonzero()[0][0] / sound.RATE
    assert 0.8 <= first < 0.9


def test_a_neuron_that_is_not_there_is_a_sentence():
    model, outcome = played({})
    with pytest.raises(SettingsError, match="neuron is 24, but should be from 0 to 23"):
        bars_film(model, outcome, 24)
    with pytest.raises(SettingsError, match="frame_seconds is 0, but should be above 0"):
        bars_film(model, outcome, 3, frame_seconds=0)


def glimpsed() -> Evidence:
    rng = np.random.default_rng(3)
    boxes = np.array([(2, 3, 12, 12), (30, 40, 12, 12), (10, 8, 12, 12)])
    shown = np.zeros((3, 60, 60), bool)
    for t, (top, left, height, width) in enumerate(boxes):
        shown[t:, top : top + height, left : left + width] = True
    whole = rng.integers(40, 256, (60, 60)).astype(np.uint8)
    return Evidence(torch.zeros(1, 3, 144), whole, shown, boxes)


def test_the_image_is_revealed_and_beliefs_are_as_high_as_they_are():
    evidence = glimpsed()
    rng = np.random.default_rng(4)
    beliefs = {name: rng.dirichlet(np.ones(10) / 2, 3) for name in ("one", "two")}
    film = evidence_film(evidence, beliefs, CLASSES, 7, "about")
    assert evidence.part == "glimpse"
    assert film.seconds == pytest.approx(2 * 0.9 + 2.4)
    read = of_gif(film.encode("gif"))
    np.testing.assert_allclose(read.times, [0, 0.9, 1.8, 4.2])
    panels = gridded(2, (-0.6, 9.6), (0, 1))
    # Each panel says above whose belief it shows; only this differs if they are called otherwise.
    others = evidence_film(
        evidence, dict(zip("ab", beliefs.values(), strict=True)), CLASSES, 7, "about"
    )
    differs = (film.frames[0] != others.frames[0]).any(2)
    for panel in panels:
        above = np.s_[int(panel.top) - 24 : int(panel.top), int(panel.left) : int(panel.right)]
        assert differs[above].any()
        differs[above] = False
    assert not differs.any()
    for t, picture in enumerate(film.frames[round(9 * t)] for t in range(3)):
        seen = centres(picture, 60, 60, 5)
        # Frames and numbers are drawn over a few pixels.
        expected = np.where(evidence.shown[t], evidence.whole, 0.25 * evidence.whole)
        inside = np.ones((60, 60), bool)
        for top, left, height, width in evidence.boxes:
            inside[top : top + 5, left : left + 4] = False
            inside[top : top + height, [left, left + width - 1]] = False
            inside[[top, top + height - 1], left : left + width] = False
        assert np.abs(seen[..., 0] - expected)[inside].max() <= 1
        for k, (panel, belief) in enumerate(zip(panels, beliefs.values(), strict=True)):
            for c in range(10):
                assert height_of(picture, panel, c, rgb(OKABE_ITO[k])) == pytest.approx(
                    belief[t, c], abs=2 * of_a_pixel(panel)
                )


def height_of(picture: np.ndarray, panel: Panel, x: float, colour: np.ndarray) -> float:
    """How high a bar of this colour is at x, in the unit of y, with its frame."""
    at = int(panel.at(x, 0)[0].round())
    column = picture[int(panel.top) : int(panel.bottom), at].astype(int)
    drawn = (np.abs(column - colour).max(1) < 40) | (np.abs(column - rgb(TEXT)).max(1) < 40)
    return drawn.sum() / (panel.bottom - panel.top) * (panel.y[1] - panel.y[0])


def of_a_pixel(panel: Panel) -> float:
    """How much of y a pixel is: to one each a bar and the line under it are drawn."""
    return (panel.y[1] - panel.y[0]) / (panel.bottom - panel.top)


def test_beliefs_that_do_not_fit_are_a_sentence():
    with pytest.raises(SettingsError, match="at least one network"):
        evidence_film(glimpsed(), {}, CLASSES)
    with pytest.raises(SettingsError, match=r"of one are \(2, 10\), but should be \(3, 10\)"):
        evidence_film(glimpsed(), {"one": np.ones((2, 10))}, CLASSES)


def watched(n: int = 5) -> InferenceView:
    rng = np.random.default_rng(6)
    image = rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
    energy = np.linspace(200, 20, n) ** 1.1
    hidden = (rng.normal(size=(n, 50)), rng.normal(size=(n, 30)))
    label = rng.normal(size=(n, 10))
    return InferenceView(
        4 * np.arange(n), energy, energy[:, None], energy[:, None], image, label, hidden
    )


def test_inference_shows_the_image_and_the_energy_of_each_step():
    view = watched()
    film = inference_film(view, CLASSES, 2, "net", "about")
    assert film.seconds == pytest.approx(4 * 0.3 + 2.4)
    energy, _ = stacked((1, 1), (0, 16), [range_of(view.energy, zero=True), (0, 1)], gap=80)
    for t in range(5):
        picture = film.frames[3 * t]
        np.testing.assert_array_equal(centres(picture, 28, 28, 9)[..., 0], view.image[t])
        orange = np.abs(picture.astype(int) - ORANGE).max(2) < 30
        orange[:, : int(energy.left) - 8] = False
        y, x = (float(at.mean()) for at in np.nonzero(orange))
        # To half a pixel.
        np.testing.assert_allclose(
            [x + 0.5, y + 0.5], energy.at(view.step[t], view.energy[t]), atol=0.5
        )


def test_what_diverges_at_once_is_a_sentence():
    with pytest.raises(SettingsError, match="take a smaller step size"):
        inference_film(watched(0), CLASSES)


@pytest.mark.parametrize("name", ["ipvae", "igvae"])
def test_a_code_shows_its_reconstruction_and_all_neurons(name):
    model, image = network(name), fields()[5]
    trace = trace_of(model, torch.from_numpy(image.reshape(1, -1)).float(), 9)
    order = np.random.default_rng(0).permutation(UNITS)
    film = code_film(image, trace, square(order), ("u", "rate", "z"), "net", "about")
    # 24 neurons in rows of 5; the last place is empty.
    side, either_sign = LARGE // 5, name == "igvae"
    for t in (0, 4, 8):
        picture = film.frames[3 * t]
        cell = SMALL // SIDE
        for row, values in enumerate((image, trace.reconstruction[0, t].reshape(SIDE, SIDE))):
            expected = signed(values, np.abs(image).max())
            seen = picture[TOP + row * (SMALL + 40) :, :]
            at = LEFT + cell // 2 + cell * np.arange(SIDE)
            seen = seen[(at - LEFT)[:, None], at]
            assert np.abs(seen - expected).max() <= 1
        u = trace.potential[0]
        colours = scale(u[t], u.min(), u.max())
        if either_sign:
            colours = signed(u[t], np.quantile(np.abs(u), 0.998))
        for place, unit in enumerate(order):
            y, x = (side * at + side // 2 for at in divmod(place, 5))
            assert np.abs(picture[TOP + y, MAPS_FROM + x] - colours[unit]).max() <= 1
        assert (picture[TOP + 4 * side + 9, MAPS_FROM + 4 * side + 9] == 255).all()
    with pytest.raises(SettingsError, match="image has 4 pixels, but the trace's has 144"):
        code_film(np.ones((2, 2)), trace, square(order), ("u", "rate", "z"))


def test_cividis_runs_from_dark_to_light():
    cividis = scale(np.array([-1.0, 0.0, 0.5, 1.0, 7.0, np.nan]), 0.0, 1.0)
    np.testing.assert_array_equal(cividis[[0, 1]], [[0, 32, 76]] * 2)
    np.testing.assert_array_equal(cividis[[3, 4]], [[255, 233, 69]] * 2)
    np.testing.assert_array_equal(cividis[5], [255] * 3)
    assert (np.diff(scale(np.linspace(0, 1, 40), 0, 1).sum(1)) > 0).all()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10))
def test_ticks_are_few_round_and_within(low, span, most):
    high = low + span
    found = ticks(low, high, most)
    assert len(found) <= most
    slack = 1e-6 * max(abs(low), span)
    assert all(low - slack <= value <= high + slack for value in found)
    if len(found) > 2:
        np.testing.assert_allclose(np.diff(found), found[1] - found[0], rtol=1e-3, atol=slack)


def test_greek_letters_are_in_the_font():
    from corelib.films.canvas import Canvas

    def ink(text: str) -> bytes:
        canvas = Canvas(60, 40)
        canvas.text((10, 30), text, 24)
        return canvas.pixels().tobytes()

    missing = ink("\uf8ff")
    letters = "θγλμδφΔΣ₀₁²−…°≤"
    assert len({ink(c) for c in letters} | {missing}) == len(letters) + 1
    assert ink("\u00a0") == ink(" ")


def test_the_public_films_are_those_of_real_networks():
    from corelib import load_dataset
    from corelib.models.bpc.analysis import clamped
    from corelib.models.bpc.inference import infer
    from corelib.models.bpc.moments import view_of

    model, data = load("bpc-mnist"), load_dataset("mnist")
    noise = torch.Generator().manual_seed(0)
    config = model.learning._replace(start="random", n_steps=4)
    trace = infer(
        clamped(model, data.inputs(data.test.pixels[:1]), None), model.weights(), config, 1, noise
    )
    view = view_of(trace, data)
    np.testing.assert_allclose(view.energy, trace.energy[0].detach().numpy())
    grey = (trace.predicted_image[0] * data.std + data.mean).clamp(0, 1).mul(255).round().byte()
    np.testing.assert_array_equal(view.image, grey.reshape(-1, 28, 28).numpy())
    film = inference_film(view, data.class_names, 7)
    assert isinstance(film, Film)
    assert film.frames[0].shape == (HEIGHT, WIDTH, 3)


def test_a_view_ends_where_inference_stops_being_finite():
    from corelib import load_dataset
    from corelib.models.bpc.analysis import clamped
    from corelib.models.bpc.inference import infer
    from corelib.models.bpc.moments import view_of

    model, data = load("bpc-mnist"), load_dataset("mnist")
    config = model.learning._replace(n_steps=40, step_size=1e4)
    trace = infer(
        clamped(model, data.inputs(data.test.pixels[:1]), None), model.weights(), config, 1
    )
    view = view_of(trace, data)
    assert 1 <= len(view.step) < 41
    assert np.isfinite(view.energy).all()
    assert not all(
        h[0, len(view.step)].isfinite().all() for h in (*trace.hidden, trace.energy[..., None])
    )
    small = model.learning._replace(n_steps=4)
    trace = infer(
        clamped(model, data.inputs(data.test.pixels[:1]), None), model.weights(), small, 1
    )
    trace.energy[0, 2] = torch.nan
    assert len(view_of(trace, data).step) == 2, "what comes after it is not shown"
