"""How neurons answer to bars: tuning curves, selectivity, variability, adaptation, decoding.

Responses are (direction, time, unit), or (trial, direction, time, unit), float arrays of rates or
spikes a frame. Directions are in degrees as in ``stimuli``.
"""

from typing import Any, NamedTuple

import numpy as np

from corelib.models.ipvae.stimuli import Polarity, Stimulus, bars, film

RESPONSIVE = 0.05
"""A neuron answers if its best direction raises it by more than this share of what the most
responsive neuron is raised by."""
SELECTIVE = 0.4
"""The 1 - circular variance above which a neuron counts as orientation selective."""


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
    of the last quarter of that time, ``late``, and ``adaptation_index`` =
    1 - late / peak, NaN where nothing is raised; ``after`` is the mean once the bar is gone."""

    peak: np.ndarray
    late: np.ndarray
    adaptation_index: np.ndarray
    after: np.ndarray


class CountStatistics(NamedTuple):
    """Of each neuron, (unit,): ``mean`` and standard deviation ``sd`` of its spike count over
    trials, and its ``fano`` factor."""

    mean: np.ndarray
    sd: np.ndarray
    fano: np.ndarray


class Population(NamedTuple):
    """What the neurons that answer have in common.

    ``responsive`` (unit,) of bool; of those, the share that is orientation ``selective``, the
    medians of 1 - circular variance for ``orientation`` and ``direction``, and the median angle
    ``off_gabor`` in degrees between the axis of the best bar and that of the Gabor function.
    """

    responsive: np.ndarray
    selective: float
    orientation: float
    direction: float
    off_gabor: float


class Decoding(NamedTuple):
    """Directions in degrees that were ``shown`` in the trials left out, and those ``decoded``;
    ``error`` is the angle between them, which is 90 in the mean by chance."""

    shown: np.ndarray
    decoded: np.ndarray
    error: np.ndarray


def tuning(response: np.ndarray, directions: np.ndarray, baseline_frames: int) -> Tuning:
    """The tuning curves of responses (trial, direction, time, unit) after
    ``baseline_frames`` of the bare ground; without them the baseline is 0."""
    of_trials = response[:, :, baseline_frames:].mean(2)
    trials, units = len(response), response.shape[3]
    error = np.full(of_trials.shape[1:], np.nan)
    if trials > 1:
        error = of_trials.std(0, ddof=1) / np.sqrt(trials)
    baseline = np.zeros(units)
    if baseline_frames:
        baseline = response[:, :, :baseline_frames].mean((0, 1, 2))
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


def responsive(curves: Tuning) -> np.ndarray:
    """Neurons that answer: those whose best direction raises them above the baseline by more than
    ``RESPONSIVE`` of what the most responsive neuron is raised by; (unit,) of bool."""
    raised = curves.raised.max(0)
    return raised > RESPONSIVE * np.nanmax(raised)


def strongest_direction(curves: Tuning) -> np.ndarray:
    """The direction, of those shown, with each neuron's largest mean rate, (unit,) in degrees."""
    return curves.directions[curves.mean.argmax(0)]


class Medians(NamedTuple):
    """1 - circular variance for ``orientation`` and for ``direction``, medians over neurons."""

    orientation: float
    direction: float


def medians(chosen: Selectivity, neurons: np.ndarray) -> Medians:
    """The medians over ``neurons``, (unit,) of bool; neurons without a value do not count."""
    return Medians(
        float(np.nanmedian(chosen.orientation[neurons])),
        float(np.nanmedian(chosen.direction[neurons])),
    )


def median_orientation(curves: Tuning) -> float:
    """1 - circular variance for orientation, the median over the neurons that answer."""
    return medians(selectivity(curves), responsive(curves)).orientation


def population(curves: Tuning, gabor_axis: np.ndarray) -> Population:
    """The selectivity of the neurons that answer, held against the axes of their features' Gabor
    functions, ``gabor_axis`` (unit,) in degrees."""
    chosen, answers = selectivity(curves), responsive(curves)
    off = axis_difference(chosen.best_axis, gabor_axis)[answers]
    return Population(
        answers,
        float(np.mean(chosen.orientation[answers] > SELECTIVE)),
        *medians(chosen, answers),
        float(np.nanmedian(off)),
    )


def linear_tuning(fields: np.ndarray, stimulus: Stimulus, directions: np.ndarray) -> Tuning:
    """The tuning curves that neurons had if each answered with the largest overlap of its feature,
    ``fields`` (unit, row, column), with a frame of the film; overlaps below 0 count as 0."""
    flat = fields.reshape(len(fields), -1)
    overlap = film(stimulus, fields.shape[1], directions) @ flat.T
    mean, none = overlap.max(1).clip(0), np.zeros(len(fields))
    return Tuning(directions, mean, np.full_like(mean, np.nan), none)


def default_neuron(fields: np.ndarray, stimulus: Stimulus, directions: np.ndarray) -> int:
    """A neuron worth looking at first: the one with the largest product of orientation selectivity
    and answer to the first of the ``directions`` by its ``linear_tuning``.

    Spikes play no part in it, so that it is the same whatever the noise.
    """
    linear = linear_tuning(fields, stimulus, directions)
    return int(np.nanargmax(selectivity(linear).orientation * linear.mean[0]))


def best_place(field: np.ndarray, direction: float, width: float, polarity: Polarity) -> float:
    """Where along a ``direction`` (degrees) a bar ``width`` pixels wide overlaps most with a
    feature (row, column): in pixels from the middle, to half a pixel."""
    side = field.shape[0]
    places = np.arange(-side / 2, side / 2 + 0.25, 0.5)
    shown = bars(side, [direction], places, width, 1.0, polarity)[0]
    return float(places[int((shown @ field.ravel()).argmax())])


def axis_difference(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
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


def count_statistics(counts: np.ndarray) -> CountStatistics:
    """Mean, standard deviation and Fano factor of counts (trial, unit) over trials."""
    return CountStatistics(counts.mean(0), counts.std(0, ddof=1), fano_factor(counts))


def adaptation(rate: np.ndarray, baseline_frames: int, flash_frames: int) -> Adaptation:
    """From rates (time, unit) to a bar flashed for ``flash_frames`` after ``baseline_frames``."""
    baseline = np.zeros(rate.shape[1])
    if baseline_frames:
        baseline = rate[:baseline_frames].mean(0)
    raised = rate - baseline
    gone = baseline_frames + flash_frames
    shown, rest = raised[baseline_frames:gone], raised[gone:]
    peak, late = shown.max(0), shown[-max(flash_frames // 4, 1) :].mean(0)
    after = rest.mean(0) if len(rest) else np.full(rate.shape[1], np.nan)
    return Adaptation(peak, late, 1 - late / np.where(peak > 0, peak, np.nan), after)


def decode(counts: np.ndarray, directions: np.ndarray) -> Decoding:
    """The bar's direction from all neurons' spike counts, (trial, direction, unit).

    A linear readout (ridge regression, its penalty chosen within the trials it learns from) gives
    cos and sin of the direction. It learns from every second trial and is tried on the others.
    """
    # scikit-learn comes without types.
    from sklearn.linear_model import RidgeCV  # pyright: ignore[reportMissingTypeStubs]

    theta = np.deg2rad(np.asarray(directions, float))
    learned, tried = counts[::2], counts[1::2]
    targets = np.stack([np.cos(theta), np.sin(theta)], 1)
    readout: Any = RidgeCV(np.logspace(-2, 4, 7))
    readout.fit(learned.reshape(-1, counts.shape[2]), np.tile(targets, (len(learned), 1)))
    predicted: np.ndarray = readout.predict(tried.reshape(-1, counts.shape[2]))
    decoded = np.rad2deg(np.arctan2(predicted[:, 1], predicted[:, 0])) % 360
    shown = np.tile(np.asarray(directions, float) % 360, len(tried))
    return Decoding(shown, decoded, np.abs((decoded - shown + 180) % 360 - 180))
