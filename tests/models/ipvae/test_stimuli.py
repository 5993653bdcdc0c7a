"""Films against a slow drawing of them, pixel by pixel."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.models.ipvae import stimuli


def slow_bar(side, direction, place, width, level):
    """One frame, pixel by pixel."""
    frame = np.zeros((side, side))
    c, s = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    for row in range(side):
        for column in range(side):
            x, y = column - (side - 1) / 2, (side - 1) / 2 - row
            if abs(x * c + y * s - place) <= width / 2 + 1e-9:
                frame[row, column] = level
    return frame.ravel()


@given(
    st.integers(2, 9),
    st.floats(0, 360),
    st.floats(0.5, 6),
    st.floats(0, 4),
    st.floats(0.01, 1),
    st.integers(0, 3),
    st.integers(1, 6),
    st.sampled_from(["bright", "dark"]),
)
def test_a_moving_bar_is_the_slow_one(
    side, angle, width, contrast, speed, blanks, frames, polarity
):
    sweep = stimuli.Sweep(blanks, frames, speed, width, contrast, polarity)
    directions = (angle, angle + 77)
    films = stimuli.moving_bars(side, directions, sweep)
    assert films.dtype == np.float32
    level = contrast if polarity == "bright" else -contrast
    for film, direction in zip(films, directions, strict=True):
        assert (film[:blanks] == 0).all()
        for t in range(frames):
            place = speed * (t - (frames - 1) / 2)
            truth = slow_bar(side, direction, place, width, level)
            np.testing.assert_allclose(film[blanks + t], truth, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("direction", "moves"), [(0, (0, 1)), (90, (-1, 0)), (180, (0, -1)), (270, (1, 0))]
)
def test_directions_are_as_stated(direction, moves):
    """0 goes rightward, 90 upward; the bar lies across its direction."""
    sweep = stimuli.Sweep(0, 5, 1.0, 1.0)
    film = stimuli.moving_bars(5, [direction], sweep).reshape(5, 5, 5)
    rows, columns = np.mgrid[:5, :5]
    centres = np.array([[(rows * f).sum() / f.sum(), (columns * f).sum() / f.sum()] for f in film])
    np.testing.assert_allclose(np.diff(centres, axis=0), [moves] * 4, atol=1e-6)
    assert (film.sum((1, 2)) == 5).all()
    for frame in film:
        along = frame.any(0) if moves[0] else frame.any(1)
        assert along.all()


def test_papers_protocol_crosses_the_patch():
    sweep = stimuli.paper_sweep(16)
    assert (sweep.blanks, sweep.frames, sweep.speed) == (300, 400, 0.064)
    assert sweep.width == pytest.approx(3.2)
    film = stimuli.moving_bars(16, [30.0], sweep)
    assert film.shape == (1, 700, 256)
    assert not film[0, 300].any()
    assert not film[0, -1].any()
    assert film[0, 300:].any(0).all(), "each pixel should see the bar"


@given(st.floats(0, 360), st.floats(-4, 4), st.floats(0.5, 5))
def test_a_flashed_bar_stands_still(direction, place, width):
    film = stimuli.flashed_bars(6, [direction], place, width, 2, 3, 4, 1.5, "dark")[0]
    truth = slow_bar(6, direction, place, width, -1.5)
    assert not film[:2].any()
    assert not film[5:].any()
    assert len(film) == 9
    for frame in film[2:5]:
        np.testing.assert_allclose(frame, truth)


def test_a_dragged_bar_is_where_it_was_dragged():
    places = np.array([[0.0, np.nan, 1.5], [2.0, -1.0, np.nan]])
    films = stimuli.bars(5, [10, 100], places, 1.2)
    for film, direction, along in zip(films, [10, 100], places, strict=True):
        for frame, place in zip(film, along, strict=True):
            truth = np.zeros(25) if np.isnan(place) else slow_bar(5, direction, place, 1.2, 1.0)
            np.testing.assert_allclose(frame, truth)


@given(st.floats(0, 360), st.floats(0.02, 0.4), st.floats(-1, 1), st.floats(0, 360))
def test_a_grating_is_the_slow_one(direction, frequency, speed, phase):
    side = 5
    film = stimuli.gratings(side, [direction], frequency, speed, 2, 3, 0.7, phase)[0]
    assert not film[:2].any()
    c, s = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    for t in range(3):
        for k in range(side * side):
            x, y = k % side - 2, 2 - k // side
            wave = 2 * math.pi * frequency * (x * c + y * s - speed * t) + math.radians(phase)
            assert film[2 + t, k] == pytest.approx(0.7 * math.cos(wave), abs=1e-5)


def test_all_directions_at_once_are_each_alone():
    sweep = stimuli.quick_sweep(12)
    directions = np.arange(0, 360, 30)
    together = stimuli.moving_bars(12, directions, sweep)
    for k, direction in enumerate(directions):
        assert np.array_equal(together[k], stimuli.moving_bars(12, [direction], sweep)[0])
