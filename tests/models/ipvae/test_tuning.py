"""Measures of tuning against closed forms and against neurons made for the purpose."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.models.ipvae import tuning
from corelib.models.ipvae.inference import respond
from corelib.models.ipvae.network import IPVAE

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


def test_extremes_of_selectivity():
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
    # Half a wave: its second harmonic over its mean, pi / 4.
    assert of_one(response, 1.0)[0] == pytest.approx(np.pi / 4, abs=0.02)


@pytest.mark.parametrize(
    ("a", "b", "angle"), [(0, 180, 0), (10, 170, 20), (0, 90, 90), (45, 5, 40)]
)
def test_axes_differ_by_at_most_a_right_angle(a, b, angle):
    assert tuning.axis_difference(a, b) == pytest.approx(angle)
    assert tuning.axis_difference(b, a + 360) == pytest.approx(angle)


def test_tuning_curves_are_means_over_trials_and_frames():
    rng = np.random.default_rng(0)
    response = rng.random((4, 36, 7, 3))
    found = tuning.tuning(response, DIRECTIONS, 2)
    for k in range(36):
        for unit in range(3):
            of_trials = [response[trial, k, 2:, unit].mean() for trial in range(4)]
            assert found.mean[k, unit] == pytest.approx(np.mean(of_trials))
            assert found.error[k, unit] == pytest.approx(np.std(of_trials, ddof=1) / 2)
    np.testing.assert_allclose(found.baseline, [response[..., :2, u].mean() for u in range(3)])
    assert (found.raised >= 0).all()
    single = tuning.tuning(response[:1], DIRECTIONS, 0)
    assert np.isnan(single.error).all()
    assert (single.baseline == 0).all()


def test_psth_is_the_mean_of_each_bin():
    spikes = np.arange(2 * 7 * 2).reshape(2, 7, 2).astype(float)
    found = tuning.psth(spikes, 3)
    assert found.shape == (2, 2)
    for k in range(2):
        for unit in range(2):
            assert found[k, unit] == spikes[:, 3 * k : 3 * k + 3, unit].mean()


def test_fano_factor_of_poisson_and_of_clockwork():
    rng = np.random.default_rng(0)
    assert tuning.fano_factor(rng.poisson(5, (20_000, 2))) == pytest.approx([1, 1], abs=0.05)
    assert tuning.fano_factor(np.full((5, 1), 3)) == pytest.approx([0])
    assert np.isnan(tuning.fano_factor(np.zeros((5, 1)))).all()
    assert tuning.fano_factor(np.array([[1.0], [3.0]]))[0] == pytest.approx(1)


def test_adaptation_of_a_response_that_decays():
    rate = np.full((100, 2), 0.5)
    rate[20:60, 0] += 4 * 0.5 ** (np.arange(40) / 5)
    rate[20:60, 1] += 2.0
    rate[60:] -= 0.25
    found = tuning.adaptation(rate, 20, 40)
    assert found.peak == pytest.approx([4, 2])
    late = np.mean(4 * 0.5 ** (np.arange(30, 40) / 5))
    assert found.late == pytest.approx([late, 2])
    assert found.index == pytest.approx([1 - late / 4, 0])
    assert found.after == pytest.approx([-0.25, -0.25])


def test_a_tuned_population_tells_the_direction():
    """Poisson counts of neurons tuned as a cosine: the readout is right up to the noise."""
    rng = np.random.default_rng(0)
    best = rng.uniform(0, 360, 60)
    rate = 3 * np.exp(2 * (np.cos(np.deg2rad(DIRECTIONS[:, None] - best)) - 1))
    found = tuning.decode(rng.poisson(rate, (20, 36, 60)), DIRECTIONS)
    assert len(found.error) == 360
    assert np.median(found.error) < 8
    difference = np.abs((found.decoded - found.shown + 180) % 360 - 180)
    np.testing.assert_allclose(found.error, difference)
    deaf = tuning.decode(rng.poisson(1.0, (20, 36, 60)), DIRECTIONS)
    assert np.mean(deaf.error) == pytest.approx(90, abs=12)


def test_recorded_trials_are_those_of_the_films_alone():
    torch.manual_seed(0)
    model = IPVAE(input_dim=9, n_latents=6)
    films = np.random.default_rng(0).normal(size=(3, 5, 9)).astype(np.float32)
    found = tuning.record(model, films, trials=2, seed=4)
    assert found.activity.shape == (2, 3, 5, 6)
    both = np.concatenate([films, films])
    alone = respond(model, torch.from_numpy(both), seed=4)
    np.testing.assert_array_equal(found.activity.reshape(6, 5, 6), alone.activity)
    assert not np.array_equal(found.activity[0], found.activity[1])
