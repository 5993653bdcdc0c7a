"""Films against a slow pixel-by-pixel drawing."""

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
def test_a_moving_bar_matches_the_slow_drawing(
    side, angle, width, contrast, speed, baseline, frames, polarity
):
    stimulus = stimuli.Stimulus("moving bar", baseline, frames, speed, width, contrast, polarity)
    directions = (angle, angle + 77)
    films = stimuli.film(stimulus, side, directions)
    assert films.dtype == np.float32
    level = contrast if polarity == "bright" else -contrast
    for film, direction in zip(films, directions, strict=True):
        assert (film[:baseline] == 0).all()
        for t in range(frames):
            place = speed * (t - (frames - 1) / 2)
            truth = slow_bar(side, direction, place, width, level)
            np.testing.assert_allclose(film[baseline + t], truth, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("direction", "moves"), [(0, (0, 1)), (90, (-1, 0)), (180, (0, -1)), (270, (1, 0))]
)
def test_directions_are_as_stated(direction, moves):
    """0 goes rightward, 90 upward; the bar lies across its direction."""
    stimulus = stimuli.Stimulus("moving bar", 0, 5, 1.0, 1.0, contrast=1.0)
    film = stimuli.film(stimulus, 5, [direction]).reshape(5, 5, 5)
    rows, columns = np.mgrid[:5, :5]
    centres = np.array([[(rows * f).sum() / f.sum(), (columns * f).sum() / f.sum()] for f in film])
    np.testing.assert_allclose(np.diff(centres, axis=0), [moves] * 4, atol=1e-6)
    assert (film.sum((1, 2)) == 5).all()
    for frame in film:
        along = frame.any(0) if moves[0] else frame.any(1)
        assert along.all()


def test_the_bar_of_the_paper_crosses_the_patch():
    stimulus = stimuli.paper_bar(16)
    assert (stimulus.baseline_frames, stimulus.frames, stimulus.speed) == (300, 400, 0.064)
    assert stimulus.width == pytest.approx(3.2)
    film = stimuli.film(stimulus, 16, [30.0])
    assert film.shape == (1, 700, 256)
    assert not film[0, 300].any()
    assert not film[0, -1].any()
    assert film[0, 300:].any(0).all(), "each pixel should see the bar"


@given(st.floats(0, 360), st.floats(-4, 4), st.floats(0.5, 5))
def test_a_flashed_bar_stands_still(direction, place, width):
    stimulus = stimuli.Stimulus(
        "flashed bar", 2, 7, 0.0, width, 1.5, "dark", place=place, flash_frames=3
    )
    film = stimuli.film(stimulus, 6, [direction])[0]
    truth = slow_bar(6, direction, place, width, -1.5)
    assert not film[:2].any()
    assert not film[5:].any()
    assert len(film) == 9
    for frame in film[2:5]:
        np.testing.assert_allclose(frame, truth)


def test_a_dragged_bar_stays_where_it_was_dragged():
    places = np.array([[0.0, np.nan, 1.5], [2.0, -1.0, np.nan]])
    films = stimuli.bars(5, [10, 100], places, 1.2)
    for film, direction, along in zip(films, [10, 100], places, strict=True):
        for frame, place in zip(film, along, strict=True):
            truth = np.zeros(25) if np.isnan(place) else slow_bar(5, direction, place, 1.2, 1.0)
            np.testing.assert_allclose(frame, truth)


@given(st.floats(0, 360), st.floats(0.02, 0.4), st.floats(-1, 1), st.floats(0, 360))
def test_a_grating_matches_the_slow_drawing(direction, frequency, speed, phase):
    side = 5
    film = stimuli.gratings(side, [direction], frequency, speed, 2, 3, 0.7, phase)[0]
    assert not film[:2].any()
    c, s = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    for t in range(3):
        for k in range(side * side):
            x, y = k % side - 2, 2 - k // side
            wave = 2 * math.pi * frequency * (x * c + y * s - speed * t) + math.radians(phase)
            assert film[2 + t, k] == pytest.approx(0.7 * math.cos(wave), abs=1e-5)


def stimulus_of(kind) -> stimuli.Stimulus:
    return stimuli.Stimulus(
        kind,
        3,
        6,
        1.3,
        2.0,
        0.7,
        "bright",
        0.1,
        place=1.5,
        flash_frames=4,
        path=(-2, 0, 1, 3, 2, 0),
    )


@pytest.mark.parametrize("kind", stimuli.KINDS)
def test_a_film_is_bright_at_the_stated_places(kind):
    """Each frame drawn pixel by pixel around the place that ``places`` names."""
    stimulus, side, direction = stimulus_of(kind), 7, 30.0
    film = stimuli.film(stimulus, side, [direction])[0]
    where = stimuli.places(stimulus)
    assert where.shape == (9,)
    assert np.isnan(where[:3]).all()
    c, s = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    for t in range(9):
        if math.isnan(where[t]):
            assert not film[t].any()
        elif kind == "drifting grating":
            for k in range(side * side):
                along = (k % side - 3) * c + (3 - k // side) * s
                wave = 0.7 * math.cos(2 * math.pi * 0.1 * (along - where[t]))
                assert film[t, k] == pytest.approx(wave, abs=1e-5)
        else:
            truth = slow_bar(side, direction, where[t], 2.0, 0.7)
            np.testing.assert_allclose(film[t], truth, rtol=1e-6)


def test_places_of_each_kind():
    nothing = [math.nan] * 3
    expected = {
        "moving bar": [1.3 * (t - 2.5) for t in range(6)],
        "flashed bar": [1.5] * 4 + [math.nan] * 2,
        "drifting grating": [1.3 * t for t in range(6)],
        "dragged bar": [-2, 0, 1, 3, 2, 0],
    }
    assert set(expected) == set(stimuli.KINDS)
    for kind, shown in expected.items():
        np.testing.assert_allclose(stimuli.places(stimulus_of(kind)), nothing + shown)


@pytest.mark.parametrize("speed", [0.04, 0.189, 0.8])
def test_another_speed_covers_the_same_distance(speed):
    usual = stimuli.quick_bar(16)
    other = stimuli.at_speed(usual, speed)
    assert other.speed == speed
    # To half a frame.
    assert other.speed * other.frames == pytest.approx(usual.speed * usual.frames, abs=speed / 2)
    assert other._replace(speed=usual.speed, frames=usual.frames) == usual


def test_the_quick_bar_crosses_the_diagonal_in_numbers_to_type():
    stimulus = stimuli.quick_bar(16, 2.0, "dark")
    assert stimulus == stimuli.Stimulus("moving bar", 40, 120, 0.189, 3.2, 2.0, "dark")
    assert stimulus.speed * stimulus.frames == pytest.approx(
        16 * math.sqrt(2),
        abs=0.0005 * stimulus.frames,  # three decimals
    )


def test_all_directions_at_once_match_each_direction_alone():
    stimulus = stimuli.quick_bar(12)
    directions = np.arange(0, 360, 30)
    together = stimuli.film(stimulus, 12, directions)
    for k, direction in enumerate(directions):
        assert np.array_equal(together[k], stimuli.film(stimulus, 12, [direction])[0])
