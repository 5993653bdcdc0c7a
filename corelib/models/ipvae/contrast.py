"""Whether selectivity survives a brighter bar, and at which contrast it equals a published figure.

A bootstrap over neurons says how well the median is known from the neurons that there are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corelib.analysis.anytime import Interval
from corelib.errors import SettingsError
from corelib.models.ipvae.experiment import Experiment, sweep_directions
from corelib.models.ipvae.network import IterativeVAE
from corelib.models.ipvae.records import ContrastCurve
from corelib.models.ipvae.tuning import Tuning, responsive, selectivity

RESAMPLES = 2000


class BootstrapMedian(NamedTuple):
    """The median of some values and its percentile bootstrap interval; both NaN without any."""

    median: float
    interval: Interval


def bootstrap_median(
    values: np.ndarray, resamples: int = RESAMPLES, seed: int = 0, confidence: float = 0.95
) -> BootstrapMedian:
    """The median of ``values`` (neuron,), NaN left out, and its percentile interval over
    ``resamples`` draws of as many neurons with replacement."""
    known = values[np.isfinite(values)]
    if not len(known):
        return BootstrapMedian(np.nan, Interval(np.nan, np.nan))
    chosen = np.random.default_rng(seed).integers(len(known), size=(resamples, len(known)))
    drawn = np.median(known[chosen], axis=1)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return BootstrapMedian(float(np.median(known)), Interval(float(low), float(high)))


def selectivity_by_contrast(
    model: IterativeVAE,
    experiment: Experiment,
    contrasts: Sequence[float],
    directions: np.ndarray,
    magnitude: bool = False,
) -> ContrastCurve:
    """Show the experiment's stimulus at each contrast in all ``directions`` (degrees).

    With ``magnitude`` the size of an activity of either sign counts, not the activity. Raises
    ``SettingsError`` for contrasts that are not above 0 and rising.
    """
    values = np.asarray(contrasts, float)
    if not len(values) or (values <= 0).any() or (np.diff(values) <= 0).any():
        raise SettingsError("contrasts should be above 0, each larger than the one before it.")
    return contrast_curve(
        values,
        [
            sweep_directions(model, shown, directions).tuning(magnitude=magnitude)
            for shown in (at_contrast(experiment, contrast) for contrast in contrasts)
        ],
    )


def at_contrast(experiment: Experiment, contrast: float) -> Experiment:
    """The same experiment at another contrast of its stimulus."""
    return experiment._replace(stimulus=experiment.stimulus._replace(contrast=contrast))


def contrast_curve(
    contrasts: Sequence[float] | np.ndarray, tunings: Sequence[Tuning]
) -> ContrastCurve:
    """The curve from the tuning curves measured at each contrast."""
    rows: list[tuple[float, float, float, int]] = []
    for curves in tunings:
        answers = responsive(curves)
        median, interval = bootstrap_median(selectivity(curves).orientation[answers])
        rows.append((median, interval.low, interval.high, int(answers.sum())))
    median, low, high, count = (np.array(column) for column in zip(*rows, strict=True))
    return ContrastCurve(np.asarray(contrasts, float), median, low, high, count)
