"""Measures of tuning against closed forms and constructed neurons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.models.ipvae import stimuli, tuning

DIRECTIONS = np.arange(0, 360, 10.0)


def curves(response: np.ndarray, baseline: float = 0.0) -> tuning.Tuning:
    """Tuning curves of (direction,) as of one neuron."""
    mean = np.asarray(response, float)[:, None]
    return tuning.Tuning(DIRECTIONS, mean, np.full_like(mean, np.nan), np.array([baseline]))


def of_one(response, baseline=0.0) -> tuple[float, ...]:
    return tuple(float(part[0]) for part in tuning.selectivity(curves(response, baseline)))


@given(st.floats(0, 180), st.floats(0, 1))
def test_cosine_tuning_has_half_its_modulation(axis, depth):
    """R = 1 + m cos 2 (θ - θ0): the second harmonic is m / 2, the first is 0."""
    best = (axis - 90) % 180
    response = 1 + depth * np.cos(2 * np.deg2rad(DIRECTIONS - best))
    orientation, direction, best_axis, _ = of_one(response)
    assert orientation == pytest.approx(depth / 2, abs=1e-12)
    assert direction == pytest.approx(0, abs=1e-12)
    if depth > 1e-6:
        assert tuning.axis_difference(best_axis, axis) == pytest.approx(0, abs=1e-6)


@given(st.floats(0, 359), st.floats(0.01, 1))
def test_one_lobe_has_half_its_modulation_by_direction(best, depth):
    response = 1 + depth * np.cos(np.deg2rad(DIRECTIONS - best))
    orientation, direction, _, best_direction = of_one(response)
    assert orientation == pytest.approx(0, abs=1e-12)
    assert direction == pytest.approx(depth / 2)
    assert abs((best_direction - best + 180) % 360 - 180) < 1e-6


def test_selectivity_at_the_extremes():
    only = np.zeros(36)
    only[9] = 1
    assert of_one(only) == pytest.approx((1, 1, 0, 90))  # moves upward: a level bar
    both = np.zeros(36)
    both[[0, 18]] = 1
    assert of_one(both)[:3] == pytest.approx((1, 0, 90))  # moves sideways: an upright bar
    assert of_one(np.ones(36))[:2] == pytest.approx((0, 0))
    assert np.isnan(of_one(np.zeros(36))).all()


def test_baseline_is_subtracted_and_nothing_falls_below_it():
    response = 1 + np.cos(2 * np.deg2rad(DIRECTIONS))
    above = np.maximum(response - 1, 0)
    assert of_one(response, 1.0) == pytest.approx(of_one(above))
    # Half a wave: its second harmonic over its mean, pi / 4 up to the steps between directions.
    wave = np.cos(2 * np.deg2rad(DIRECTIONS))
    half = wave[wave > 0]
    assert of_one(response, 1.0)[0] == pytest.approx((half**2).sum() / half.sum())
    assert (half**2).sum() / half.sum() == pytest.approx(np.pi / 4, abs=np.deg2rad(20) ** 2 / 8)


@pytest.mark.parametrize(
    ("a", "b", "angle"), [(0, 180, 0), (10, 170, 20), (0, 90, 90), (45, 5, 40)]
)
def test_axes_differ_by_at_most_a_right_angle(a, b, angle):
    assert tuning.axis_difference(a, b) == pytest.approx(angle)
    assert tuning.axis_difference(b, a + 360) == pytest.approx(angle)


def test_tuning_curves_are_means_over_trials_and_frames():
    rng = np.random.default_rng(0)
    response = rng.random((4, 36, 7, 3))
    measured = tuning.tuning(response, DIRECTIONS, 2)
    for k in range(36):
        for unit in range(3):
            of_trials = [response[trial, k, 2:, unit].mean() for trial in range(4)]
            assert measured.mean[k, unit] == pytest.approx(np.mean(of_trials))
            assert measured.error[k, unit] == pytest.approx(np.std(of_trials, ddof=1) / 2)
    np.testing.assert_allclose(measured.baseline, [response[..., :2, u].mean() for u in range(3)])
    assert (measured.raised >= 0).all()
    single = tuning.tuning(response[:1], DIRECTIONS, 0)
    assert np.isnan(single.error).all()
    assert (single.baseline == 0).all()


@pytest.mark.parametrize("frames", [6, 7, 8])
def test_psth_is_the_mean_of_each_bin(frames):
    spikes = np.arange(2 * frames * 2).reshape(2, frames, 2).astype(float)
    psth = tuning.psth(spikes, 3)
    assert psth.shape == (2, 2)
    for k in range(2):
        for unit in range(2):
            assert psth[k, unit] == spikes[:, 3 * k : 3 * k + 3, unit].mean()


def test_fano_factor_of_poisson_and_of_clockwork():
    rng = np.random.default_rng(0)
    # Five standard errors of a variance over n trials, √(2 / n) and a little.
    error = np.sqrt(2 / 20_000)
    assert tuning.fano_factor(rng.poisson(5, (20_000, 2))) == pytest.approx([1, 1], abs=5 * error)
    assert tuning.fano_factor(np.full((5, 1), 3)) == pytest.approx([0])
    assert np.isnan(tuning.fano_factor(np.zeros((5, 1)))).all()
    assert tuning.fano_factor(np.array([[1.0], [3.0]]))[0] == pytest.approx(1)


def test_adaptation_of_a_response_that_decays():
    rate = np.full((100, 2), 0.5)
    rate[20:60, 0] += 4 * 0.5 ** (np.arange(40) / 5)
    rate[20:60, 1] += 2.0
    rate[60:] -= 0.25
    measured = tuning.adaptation(rate, 20, 40)
    assert measured.peak == pytest.approx([4, 2])
    late = np.mean(4 * 0.5 ** (np.arange(30, 40) / 5))
    assert measured.late == pytest.approx([late, 2])
    assert measured.adaptation_index == pytest.approx([1 - late / 4, 0])
    # Of a flash of less than four frames the last one is late.
    assert tuning.adaptation(rate, 20, 2).late == pytest.approx(rate[21] - rate[:20].mean(0))
    assert measured.after == pytest.approx([-0.25, -0.25])


def test_the_direction_can_be_decoded_from_a_tuned_population():
    """Poisson counts of neurons tuned as a cosine: the readout is right up to the noise."""
    rng = np.random.default_rng(0)
    best = rng.uniform(0, 360, 60)
    rate = 3 * np.exp(2 * (np.cos(np.deg2rad(DIRECTIONS[:, None] - best)) - 1))
    readout = tuning.decode(rng.poisson(rate, (20, 36, 60)), DIRECTIONS)
    assert len(readout.error) == 360
    assert np.median(readout.error) < 8
    difference = np.abs((readout.decoded - readout.shown + 180) % 360 - 180)
    np.testing.assert_allclose(readout.error, difference)
    deaf = tuning.decode(rng.poisson(1.0, (20, 36, 60)), DIRECTIONS)
    # Chance: uniform from 0 to 180. Four standard errors of 360 trials.
    assert np.mean(deaf.error) == pytest.approx(90, abs=4 * 180 / np.sqrt(12 * 360))


def slow_selectivity(raised: np.ndarray) -> float:
    """1 - circular variance for orientation of one neuron, direction by direction."""
    x = sum(r * np.cos(2 * np.pi * d / 180) for r, d in zip(raised, DIRECTIONS, strict=True))
    y = sum(r * np.sin(2 * np.pi * d / 180) for r, d in zip(raised, DIRECTIONS, strict=True))
    return float(np.hypot(x, y) / sum(raised)) if sum(raised) else float("nan")


def some_curves() -> tuning.Tuning:
    """Six neurons: four respond with different tuning, one barely, one below its baseline."""
    rng = np.random.default_rng(3)
    best, gain = rng.uniform(0, 360, 6), np.array([3.0, 2.0, 1.0, 0.5, 0.1, 0.0])
    angle = np.deg2rad(DIRECTIONS[:, None] - best)
    mean = 1 + gain * np.exp(3 * (np.cos(2 * angle) - 1)) + gain * 0.2 * np.cos(angle)
    mean[:, 5] = 0.5
    return tuning.Tuning(DIRECTIONS, mean, np.zeros_like(mean), np.ones(6))


def test_responsive_neurons_and_population_statistics():
    curves = some_curves()
    raised = [[max(0.0, v - 1) for v in curves.mean[:, k]] for k in range(6)]
    most = max(max(r) for r in raised)
    answers = [max(r) > 0.05 * most for r in raised]
    assert answers == [True, True, True, True, False, False]
    assert tuning.responsive(curves).tolist() == answers
    each = [slow_selectivity(r) for r in raised[:4]]
    assert tuning.median_orientation(curves) == pytest.approx(np.median(each))
    chosen = tuning.selectivity(curves)
    gabor = chosen.best_axis + np.array([4.0, -10, 175, 2, 50, 60])
    shared = tuning.population(curves, gabor)
    assert shared.responsive.tolist() == answers
    assert shared.selective == np.mean([value > 0.4 for value in each])
    assert shared.orientation == pytest.approx(np.median(each))
    assert shared.direction == pytest.approx(np.median(chosen.direction[:4]))
    assert shared.off_gabor == pytest.approx(np.median([4, 10, 5, 2]))


def test_the_strongest_direction_is_the_largest_of_those_shown():
    curves = some_curves()
    for k in range(6):
        largest = max(range(36), key=lambda d: curves.mean[d, k])
        assert tuning.strongest_direction(curves)[k] == DIRECTIONS[largest]


def test_count_statistics():
    counts = np.array([[1.0, 4, 0], [3, 4, 0], [8, 4, 0]])
    statistics = tuning.count_statistics(counts)
    np.testing.assert_allclose(statistics.mean, [4, 4, 0])
    np.testing.assert_allclose(statistics.sd, [np.sqrt((9 + 1 + 16) / 2), 0, 0])
    np.testing.assert_allclose(statistics.fano, [13 / 4, 0, np.nan])


def gratings_as_fields(side: int = 8) -> np.ndarray:
    """Stripes that change along 0, 90 and 45 degrees, and a flat feature."""
    middle = (side - 1) / 2
    images = np.zeros((4, side, side))
    for k, direction in enumerate((0.0, 90.0, 45.0)):
        c, s = np.cos(np.deg2rad(direction)), np.sin(np.deg2rad(direction))
        for row in range(side):
            for column in range(side):
                along = (column - middle) * c + (middle - row) * s
                images[k, row, column] = np.exp(-(along**2) / 4) - 0.4
    images[3] = 0.05
    return images


def test_linear_tuning_is_the_largest_overlap_with_a_frame():
    fields, stimulus = gratings_as_fields(), stimuli.quick_bar(8)
    directions = np.arange(8) * 45.0
    linear = tuning.linear_tuning(fields, stimulus, directions)
    films = stimuli.film(stimulus, 8, directions)
    for k, field in enumerate(fields):
        for d in range(8):
            overlaps = [sum(frame * field.ravel()) for frame in films[d]]
            assert linear.mean[d, k] == pytest.approx(max(0.0, *overlaps), abs=1e-5)
    assert (linear.baseline == 0).all()
    # Stripes that change along 0 answer a bar that moves in that direction most, and are selective.
    assert tuning.default_neuron(fields, stimulus, directions) == 0
    turned = np.roll(directions, -2)
    assert tuning.default_neuron(fields, stimulus, turned) == 1


@pytest.mark.parametrize("nowhere", [False, True])
@pytest.mark.parametrize("polarity", ["bright", "dark"])
def test_the_best_place_overlaps_most(polarity, nowhere):
    """A bar with which a feature overlaps nowhere stays at the edge, in the picture."""
    side, width, direction = 9, 1.0, 60.0
    field = np.random.default_rng(5).normal(size=(side, side))
    if nowhere:
        width, direction = 2.0, 0.0
        field = np.abs(field) * (-1 if polarity == "bright" else 1)
    overlaps = {}
    for place in np.arange(-4.5, 4.75, 0.5):
        frame = stimuli.bars(side, [direction], np.array([place]), width, 1.0, polarity)[0, 0]
        overlaps[place] = float(sum(frame * field.ravel()))
    best = max(overlaps, key=overlaps.get)
    assert overlaps[best] > 0 or nowhere
    assert tuning.best_place(field, direction, width, polarity) == best
