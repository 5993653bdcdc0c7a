"""Gabor fits: known Gabor functions are recovered."""

import numpy as np
import pytest

from corelib.models.ipvae import gabor
from corelib.models.ipvae.tuning import axis_difference
from tests.finite_differences import slopes


def draw(n: int, side: int, seed: int = 0) -> gabor.Gabors:
    """Gabor functions as networks learn them: inside the patch, wider than a pixel."""
    rng = np.random.default_rng(seed)
    return gabor.Gabors(
        direction=rng.uniform(0, 180, n),
        frequency=rng.uniform(0.08, 0.3, n),
        phase=rng.uniform(0, 360, n),
        x=rng.uniform(-0.3, 0.3, n) * side,
        y=rng.uniform(-0.3, 0.3, n) * side,
        along=rng.uniform(1.2, 2.5, n),
        across=rng.uniform(1.2, 4, n),
        amplitude=rng.uniform(0.5, 3, n),
        r2=np.ones(n),
    )


def slow(g: gabor.Gabors, k: int, side: int) -> np.ndarray:
    """One function, pixel by pixel."""
    image = np.zeros((side, side))
    theta = np.deg2rad(g.direction[k])
    for row in range(side):
        for column in range(side):
            dx = column - (side - 1) / 2 - g.x[k]
            dy = (side - 1) / 2 - row - g.y[k]
            a, b = dx * np.cos(theta) + dy * np.sin(theta), dy * np.cos(theta) - dx * np.sin(theta)
            envelope = np.exp(-(a**2) / (2 * g.along[k] ** 2) - b**2 / (2 * g.across[k] ** 2))
            wave = np.cos(2 * np.pi * g.frequency[k] * a + np.deg2rad(g.phase[k]))
            image[row, column] = g.amplitude[k] * envelope * wave
    return image


def test_rendering_matches_the_slow_reference():
    g = draw(5, 11)
    expected = np.stack([slow(g, k, 11) for k in range(5)])
    np.testing.assert_allclose(gabor.render(g, 11), expected, atol=1e-12)


def test_slopes_match_finite_differences():
    x, y = gabor.pixel_centres(6)
    for seed in range(5):
        p = np.random.default_rng(seed).normal(size=8) * 0.4
        expected = slopes(lambda p=p: gabor._gabor(p, x, y), p)
        np.testing.assert_allclose(gabor._slopes(p, x, y).T, expected, atol=1e-8)


def test_a_fit_starts_from_the_amplitude_and_phase_of_least_squares():
    """Also where a function is cut by the edge, so that its even and odd parts overlap."""
    side = 12
    x, y = gabor.pixel_centres(side)
    fields = np.random.default_rng(3).normal(size=(20, side**2))
    fields /= np.linalg.norm(fields, axis=1, keepdims=True)
    overlaps = []
    for field, starts in zip(fields, gabor._starts(fields, side), strict=True):
        for start in starts:
            even, odd = start.copy(), start.copy()
            even[[4, 7]], odd[[4, 7]] = (0, 1), (-np.pi / 2, 1)
            parts = np.stack([gabor._gabor(even, x, y), gabor._gabor(odd, x, y)], 1)
            best = np.linalg.lstsq(parts, field)[0]
            # The functions at the start are stored as float32.
            np.testing.assert_allclose(gabor._gabor(start, x, y), parts @ best, atol=1e-5)
            overlaps.append(abs(parts[:, 0] @ parts[:, 1]))
    assert max(overlaps) > 0.1


@pytest.mark.parametrize("side", [12, 16])
def test_gabor_functions_are_recovered(side):
    """A fit that is already good is not refined, so a few stay slightly off."""
    truth = draw(40, side)
    fitted = gabor.fit(gabor.render(truth, side))
    assert fitted.r2.min() > gabor.GOOD
    exact = fitted.r2 > 1 - 1e-6
    assert exact.mean() >= 0.95
    fitted, truth = (gabor.Gabors(*(part[exact] for part in g)) for g in (fitted, truth))
    np.testing.assert_allclose(gabor.render(fitted, side), gabor.render(truth, side), atol=1e-3)
    assert axis_difference(fitted.direction, truth.direction).max() < 0.1
    np.testing.assert_allclose(fitted.frequency, truth.frequency, atol=1e-3)
    np.testing.assert_allclose(fitted.amplitude, truth.amplitude, rtol=1e-6)
    for name in ("x", "y", "along", "across"):
        np.testing.assert_allclose(getattr(fitted, name), getattr(truth, name), atol=1e-6)
    assert ((fitted.direction >= 0) & (fitted.direction < 180)).all()
    # The stripes of a function that changes rightward are upright.
    assert fitted._replace(direction=np.array([0.0])).orientation == 90


def test_orientation_and_frequency_are_recovered_under_noise():
    side = 16
    truth = draw(25, side, seed=1)
    clean = gabor.render(truth, side)
    noise = np.random.default_rng(0).normal(size=clean.shape)
    noisy = clean + 0.3 * clean.std((1, 2), keepdims=True) * noise
    fitted = gabor.fit(noisy)
    # The noise has 0.09 of the signal's variance, of which a fit of eight numbers to 256 pixels
    # explains 8 / 256. Five standard errors of a median of 25, each of which varies with its noise.
    expected = (1 + 0.09 * 8 / side**2) / 1.09
    error = 0.09 * np.sqrt(2 / side**2) / 1.09**2
    assert np.median(fitted.r2) == pytest.approx(expected, abs=5 * 1.2533 * error / np.sqrt(25))
    assert np.median(axis_difference(fitted.direction, truth.direction)) < 2
    # Five times the Cramér-Rao bound of a frequency under an envelope of sd ``along``.
    error = 0.3 * np.sqrt(2 / side**2) / (2 * np.pi * truth.along)
    assert (np.abs(fitted.frequency - truth.frequency) <= 5 * error).all()


def test_r2_is_the_share_of_variance_explained():
    side = 12
    fields = np.random.default_rng(0).normal(size=(6, side, side))
    fitted = gabor.fit(fields)
    rest = ((fields - gabor.render(fitted, side)) ** 2).sum((1, 2))
    total = ((fields - fields.mean((1, 2), keepdims=True)) ** 2).sum((1, 2))
    np.testing.assert_allclose(fitted.r2, 1 - rest / total, atol=1e-6)
    assert (fitted.r2 < 0.7).all(), "noise is no Gabor function"


def test_a_flat_field_has_no_fit():
    fitted = gabor.fit(np.zeros((2, 12, 12)))
    assert np.isnan(fitted.r2).all()
    assert np.isnan(fitted.direction).all()
