"""How neurons answer to bars: tuning curves, selectivity, variability, adaptation, decoding.

Responses are (direction, time, unit), or (trial, direction, time, unit), float arrays of rates or
spikes a frame. Directions are in degrees as in ``stimuli``.
"""

from typing import NamedTuple

import numpy as np
import torch

from corelib.models.ipvae.dynamics import INTACT, Controls
from corelib.models.ipvae.inference import Responses, respond
from corelib.models.ipvae.network import IterativeVAE


class Tuning(NamedTuple):
    """``directions`` (direction,) in degrees; of each neuron ``mean`` (direction, unit) per frame
    while the stimulus moves, its standard ``error`` over trials (NaN with a single one), and
    ``baseline`` (unit,) while the ground is bare."""

    directions: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    baseline: np.ndarray

    @property
    def raised(self) -> np.ndarray:
        """What exceeds the baseline, (direction, unit): what selectivity is measured on."""
        return np.maximum(self.mean - self.baseline, 0)


class Selectivity(NamedTuple):
    """Of each neuron, (unit,): 1 - circular variance for ``orientation`` and for ``direction``, and
    what it prefers in degrees, ``best_axis`` of a bar in [0, 180), ``best_direction`` in [0, 360).

    NaN where no response exceeds the baseline.
    """

    orientation: np.ndarray
    direction: np.ndarray
    best_axis: np.ndarray
    best_direction: np.ndarray


class Adaptation(NamedTuple):
    """Of each neuron, (unit,), rates less the baseline: the ``peak`` while the bar stands, the mean
    of the last quarter of that time, ``late``, and ``index`` = 1 - late / peak; ``after`` is the
    mean once the bar is gone. The index is NaN where nothing is raised."""

    peak: np.ndarray
    late: np.ndarray
    index: np.ndarray
    after: np.ndarray


class Decoding(NamedTuple):
    """Directions in degrees that were ``shown`` in the trials left out, and those ``decoded``;
    ``error`` is the angle between them, which is 90 in the mean by chance."""

    shown: np.ndarray
    decoded: np.ndarray
    error: np.ndarray


def record(
    model: IterativeVAE,
    films: np.ndarray,
    trials: int = 1,
    controls: Controls = INTACT,
    seed: int = 0,
    reset_at: tuple[int, ...] = (),
) -> Responses:
    """Each film, (direction, time, pixel), shown in several trials: arrays of
    (trial, direction, time, unit)."""
    device = model.decoder.device
    many = torch.from_numpy(films).to(device).expand(trials, *films.shape).flatten(0, 1)
    found = respond(model, many, controls, seed, reset_at)
    return Responses(*(part.reshape(trials, len(films), *part.shape[1:]) for part in found))


def tuning(response: np.ndarray, directions: np.ndarray, blanks: int) -> Tuning:
    """The tuning curves of responses (trial, direction, time, unit) after ``blanks`` frames of bare
    ground; without blanks the baseline is 0."""
    of_trials = response[:, :, blanks:].mean(2)
    trials, units = len(response), response.shape[3]
    error = np.full(of_trials.shape[1:], np.nan)
    if trials > 1:
        error = of_trials.std(0, ddof=1) / np.sqrt(trials)
    baseline = response[:, :, :blanks].mean((0, 1, 2)) if blanks else np.zeros(units)
    return Tuning(np.asarray(directions, float), of_trials.mean(0), error, baseline)


def resultant(response: np.ndarray, directions: np.ndarray, harmonic: int) -> np.ndarray:
    """sum_θ R(θ) e^(i h θ) / sum_θ R(θ) of responses (direction, unit) >= 0: complex (unit,).

    Its length is 1 - circular variance, for directions with h = 1 and for orientations with h = 2
    (Ringach, Shapley and Hawken 2002). NaN where all responses are 0.
    """
    turns = np.exp(1j * harmonic * np.deg2rad(directions))
    total = response.sum(0)
    share = response / np.where(total > 0, total, np.nan)
    return turns @ share


def selectivity(curves: Tuning) -> Selectivity:
    """How selective the neurons are for a bar's orientation and for its direction."""
    twice = resultant(curves.raised, curves.directions, 2)
    once = resultant(curves.raised, curves.directions, 1)
    return Selectivity(
        orientation=np.abs(twice),
        direction=np.abs(once),
        # The axis of a bar lies across its direction.
        best_axis=(np.rad2deg(np.angle(twice)) / 2 + 90) % 180,
        best_direction=np.rad2deg(np.angle(once)) % 360,
    )


def axis_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The angle between axes in degrees, from 0 to 90; 0 and 180 are the same."""
    return np.abs((np.asarray(a) - b + 90) % 180 - 90)


def psth(spikes: np.ndarray, width: int) -> np.ndarray:
    """Mean spikes a frame over trials, in bins of ``width`` frames.

    From (trial, time, ...) to (bin, ...). Frames that do not fill a last bin are left out.
    """
    bins = spikes.shape[1] // width
    kept = spikes[:, : bins * width]
    return kept.reshape(len(spikes), bins, width, *spikes.shape[2:]).mean((0, 2))


def fano_factor(counts: np.ndarray) -> np.ndarray:
    """Variance over mean of spike counts over trials: (trial, ...) -> (...); 1 for a Poisson
    process. NaN where there is no spike."""
    mean = counts.mean(0)
    return counts.var(0, ddof=1) / np.where(mean > 0, mean, np.nan)


def adaptation(rate: np.ndarray, blanks: int, on: int) -> Adaptation:
    """From rates (time, unit) to a bar flashed for ``on`` frames after ``blanks``."""
    baseline = rate[:blanks].mean(0) if blanks else np.zeros(rate.shape[1])
    raised = rate - baseline
    shown = raised[blanks : blanks + on]
    peak, late = shown.max(0), shown[-max(on // 4, 1) :].mean(0)
    rest = raised[blanks + on :]
    after = rest.mean(0) if len(rest) else np.full(rate.shape[1], np.nan)
    return Adaptation(peak, late, 1 - late / np.where(peak > 0, peak, np.nan), after)


def decode(counts: np.ndarray, directions: np.ndarray) -> Decoding:
    """The bar's direction from all neurons' spike counts, (trial, direction, unit).

    A linear readout (ridge regression, its penalty chosen within the trials it learns from) gives
    cos and sin of the direction. It learns from every second trial and is tried on the others.
    """
    from sklearn.linear_model import RidgeCV

    theta = np.deg2rad(np.asarray(directions, float))
    learned, tried = counts[::2], counts[1::2]
    targets = np.stack([np.cos(theta), np.sin(theta)], 1)
    readout = RidgeCV(np.logspace(-2, 4, 7))
    readout.fit(learned.reshape(-1, counts.shape[2]), np.tile(targets, (len(learned), 1)))
    found = readout.predict(tried.reshape(-1, counts.shape[2]))
    decoded = np.rad2deg(np.arctan2(found[:, 1], found[:, 0])) % 360
    shown = np.tile(np.asarray(directions, float) % 360, len(tried))
    return Decoding(shown, decoded, np.abs((decoded - shown + 180) % 360 - 180))
