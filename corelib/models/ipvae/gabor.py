"""Gabor functions fitted to receptive fields.

Angles are those of ``stimuli``, in degrees counter-clockwise from rightward; x points right and y
up, in pixels from the middle of the patch.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np

FREQUENCIES = (0.06, 0.1, 0.15, 0.22, 0.32)  # cycles per pixel
GOOD = 0.9
STARTS = 4


class Gabors(NamedTuple):
    """One Gabor function a neuron, each (neuron,) of float64:

        g(x, y) = amplitude exp(-a² / 2 along² - b² / 2 across²) cos(2π frequency a + phase)

    where a is the distance from the centre (``x``, ``y``) along ``direction``, in which brightness
    changes, and b the distance along the stripes. ``direction`` is in [0, 180) degrees,
    ``frequency`` in cycles per pixel, ``phase`` in degrees, lengths in pixels. ``r2`` is the share
    of the receptive field's variance that g explains. All are NaN where the field is flat.
    """

    direction: np.ndarray
    frequency: np.ndarray
    phase: np.ndarray
    x: np.ndarray
    y: np.ndarray
    along: np.ndarray
    across: np.ndarray
    amplitude: np.ndarray
    r2: np.ndarray

    @property
    def orientation(self) -> np.ndarray:
        """The axis of the stripes, in [0, 180) degrees: direction + 90."""
        return (self.direction + 90) % 180


def pixel_centres(side: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y of each pixel, (row * column,), from the middle of the patch."""
    rows, columns = np.mgrid[:side, :side]
    middle = (side - 1) / 2
    return (columns - middle).ravel(), (middle - rows).ravel()


def render(gabors: Gabors, side: int) -> np.ndarray:
    """The functions as images, (neuron, row, column)."""
    turned = np.deg2rad(gabors.direction), np.deg2rad(gabors.phase)
    columns = (
        gabors.x,
        gabors.y,
        turned[0],
        np.log(gabors.frequency),
        turned[1],
        np.log(gabors.along),
        np.log(gabors.across),
        gabors.amplitude,
    )
    x, y = pixel_centres(side)
    return np.stack([_gabor(p, x, y) for p in np.stack(columns, 1)]).reshape(-1, side, side)


def fit(fields: np.ndarray) -> Gabors:
    """The best Gabor function for each receptive field, ``fields`` (neuron, row, column).

    Least squares by Levenberg and Marquardt start from the best few of a dictionary of Gabor
    functions, one after another until the fit is good. The result is deterministic.
    """
    side = fields.shape[1]
    x, y = pixel_centres(side)
    flat = np.asarray(fields, float).reshape(len(fields), -1)
    size = np.linalg.norm(flat, axis=1)
    unit = flat / np.where(size > 0, size, 1)[:, None]
    starts = _starts(unit, side)
    best = np.full((len(flat), 8), np.nan)
    r2 = np.full(len(flat), np.nan)
    for k, field in enumerate(unit):
        total = ((field - field.mean()) ** 2).sum()
        if total < 1e-12:
            continue
        for start in starts[k]:
            parameters, cost = _least_squares(field, start, x, y)
            explained = 1 - 2 * cost / total
            if np.isnan(r2[k]) or explained > r2[k]:
                best[k], r2[k] = parameters, explained
            if r2[k] > GOOD:
                break
    return _as_gabors(best, size, r2)


def _least_squares(
    field: np.ndarray, start: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, float]:
    """Parameters (8,) near a start, and half the sum of squares that is left."""
    from scipy import optimize  # pyright: ignore[reportMissingTypeStubs]  (scipy has none)

    def error(p: np.ndarray) -> np.ndarray:
        return _gabor(p, x, y) - field

    def slopes(p: np.ndarray) -> np.ndarray:
        return _slopes(p, x, y)

    least_squares = cast(Callable[..., Any], optimize.least_squares)  # pyright: ignore[reportUnknownMemberType]
    result = least_squares(error, start, slopes, method="lm", max_nfev=100)
    return result.x, float(result.cost)


def _as_gabors(parameters: np.ndarray, size: np.ndarray, r2: np.ndarray) -> Gabors:
    """Parameters (neuron, 8) with positive amplitudes and directions in [0, 180)."""
    x, y, theta, log_f, shift, log_along, log_across, amplitude = parameters.T
    phase: np.ndarray = shift + np.pi * (amplitude < 0)
    direction = np.rad2deg(theta) % 360
    # In the opposite direction the phase has the other sign.
    turned = direction >= 180
    degrees: np.ndarray = np.rad2deg(np.where(turned, -phase, phase)) % 360
    return Gabors(
        direction=direction % 180,
        frequency=np.exp(log_f),
        phase=degrees,
        x=x,
        y=y,
        along=np.exp(log_along),
        across=np.exp(log_across),
        amplitude=np.abs(amplitude) * size,
        r2=r2,
    )


def _gabor(p: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Values at all pixels, (..., pixel), for parameters p (..., 8)."""
    x0, y0, theta, log_f, phase, log_along, log_across, amplitude = np.moveaxis(
        np.asarray(p)[..., None], -2, 0
    )
    a = (x - x0) * np.cos(theta) + (y - y0) * np.sin(theta)
    b = (y - y0) * np.cos(theta) - (x - x0) * np.sin(theta)
    envelope = np.exp(-0.5 * ((a * np.exp(-log_along)) ** 2 + (b * np.exp(-log_across)) ** 2))
    return amplitude * envelope * np.cos(2 * np.pi * np.exp(log_f) * a + phase)


def _slopes(p: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The derivatives of ``_gabor`` with respect to its parameters p (8,), (pixel, 8)."""
    x0, y0, theta, log_f, phase, log_along, log_across, amplitude = p
    cos, sin = np.cos(theta), np.sin(theta)
    a = (x - x0) * cos + (y - y0) * sin
    b = (y - y0) * cos - (x - x0) * sin
    narrow, low = np.exp(-2 * log_along), np.exp(-2 * log_across)
    envelope = np.exp(-0.5 * (a * a * narrow + b * b * low))
    omega = 2 * np.pi * np.exp(log_f)
    wave, minus_sine = np.cos(omega * a + phase), -np.sin(omega * a + phase)
    by_a = amplitude * envelope * (omega * minus_sine - a * narrow * wave)
    by_b = -amplitude * envelope * b * low * wave
    return np.stack(
        [
            -cos * by_a + sin * by_b,
            -sin * by_a - cos * by_b,
            b * by_a - a * by_b,
            amplitude * envelope * minus_sine * omega * a,
            amplitude * envelope * minus_sine,
            amplitude * envelope * wave * a * a * narrow,
            amplitude * envelope * wave * b * b * low,
            envelope * wave,
        ],
        1,
    )


class Dictionary(NamedTuple):
    """Gabor functions to start from: parameters ``atoms`` (atom, 8), frequency by frequency, their
    values in cosine and sine phase, ``even`` and ``odd`` (atom, pixel) of float32, and the inner
    products of these, (atom,)."""

    atoms: np.ndarray
    even: np.ndarray
    odd: np.ndarray
    even_even: np.ndarray
    odd_odd: np.ndarray
    even_odd: np.ndarray


@lru_cache(maxsize=2)
def _dictionary(side: int) -> Dictionary:
    """Kept, because it takes longer to compute than one fit."""
    x, y = pixel_centres(side)
    places = np.linspace(-0.42, 0.42, 7) * side
    axes = (
        np.log(FREQUENCIES),
        places,
        places,
        np.arange(12) * np.pi / 12,
        np.log([1.2, 2.4]),
        np.log([1.5, 3.5]),
    )
    log_f, x0, y0, theta, along, across = (g.ravel() for g in np.meshgrid(*axes, indexing="ij"))
    one, none = np.ones_like(x0), np.zeros_like(x0)
    atoms = np.stack([x0, y0, theta, log_f, none, along, across, one], 1)
    even = _gabor(atoms, x, y).astype(np.float32)
    turned = atoms.copy()
    turned[:, 4] = -np.pi / 2
    odd = _gabor(turned, x, y).astype(np.float32)
    return Dictionary(atoms, even, odd, (even**2).sum(1), (odd**2).sum(1), (even * odd).sum(1))


def _starts(unit: np.ndarray, side: int) -> np.ndarray:
    """Parameters to start from, (neuron, start, 8): for each frequency of the dictionary the
    function that explains most, the best frequencies first."""
    atoms, even, odd, ee, oo, eo = _dictionary(side)
    # Least squares on an even and an odd function together give amplitude and phase.
    scale = ee * oo - eo**2 + 1e-6
    unit = unit.astype(np.float32)
    with_even, with_odd = unit @ even.T, unit @ odd.T
    p, q = (oo * with_even - eo * with_odd) / scale, (ee * with_odd - eo * with_even) / scale
    explained = (p * with_even + q * with_odd).reshape(len(unit), len(FREQUENCIES), -1)
    within = explained.argmax(2)
    best = np.take_along_axis(explained, within[..., None], 2)[..., 0]
    order = np.argsort(-best, 1)[:, :STARTS]
    chosen = order * explained.shape[2] + np.take_along_axis(within, order, 1)
    starts = atoms[chosen]
    p, q = (np.take_along_axis(values, chosen, 1) for values in (p, q))
    # p cos + q sin = sqrt(p² + q²) cos(. - atan2(q, p))
    starts[..., 4] = -np.arctan2(q, p)
    starts[..., 7] = np.hypot(p, q)
    return starts
