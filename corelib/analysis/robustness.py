"""What a corruption of rising severity does to a classifier. Pure functions on arrays."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from corelib.analysis.anytime import Answers, Spread, at_threshold, per_step_accuracy
from corelib.analysis.representation import cosine


class OverSeverity(NamedTuple):
    """A measure at each severity of a corruption, (severity,).

    ``mean`` and ``sd`` are over ``n`` seeds or images; the sd of one is 0. The first severity is 0,
    the clean images.
    """

    severities: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n: int

    def at(self, place: int) -> Spread:
        """Mean and sd at a place of the grid of severities; the sd of one is NaN."""
        sd = float(self.sd[place]) if self.n > 1 else float("nan")
        return Spread(float(self.mean[place]), sd, self.n)

    def drop(self, place: int) -> float:
        """How far the mean at a place of the grid lies below that of the clean images."""
        return float(self.mean[0] - self.mean[place])

    def less(self, other: "OverSeverity") -> "OverSeverity":
        """The difference of the means, of the same grid; it has no spread of its own."""
        return OverSeverity(self.severities, self.mean - other.mean, np.zeros_like(self.mean), n=1)


class Robustness(NamedTuple):
    """A classifier under rising severity of one corruption.

    ``accuracy`` is that of the last step, a share; ``early`` and ``steps`` are the accuracy and the
    mean steps where it answers at a threshold. ``images`` is how many images it read.
    """

    accuracy: OverSeverity
    early: OverSeverity
    steps: OverSeverity
    images: int


def robustness(
    answers: Sequence[Answers], labels: np.ndarray, severities: Sequence[float], threshold: float
) -> Robustness:
    """One classifier on the same images at each severity.

    ``answers`` (image, time) come one for each of ``severities``, which begin at 0; ``labels``
    (image,) are the true classes; ``threshold`` is a confidence from 0 to 1.
    """
    accuracy = [float(per_step_accuracy(a.predicted, labels)[-1]) for a in answers]
    halted = [at_threshold(a.confidence, a.predicted, labels, threshold) for a in answers]

    def one_seed(values: Sequence[float]) -> OverSeverity:
        return OverSeverity(np.array(severities), np.array(values), np.zeros(len(values)), 1)

    return Robustness(
        one_seed(accuracy),
        one_seed([one.accuracy for one in halted]),
        one_seed([one.mean_steps for one in halted]),
        len(labels),
    )


def ranked(measured: Mapping[str, Robustness], place: int) -> list[str]:
    """The names of the classifiers by their accuracy of the last step at a place of the grid of
    severities, the most accurate first; equals stay in their order."""
    return sorted(measured, key=lambda name: -float(measured[name].accuracy.mean[place]))


def similarity(
    clean: np.ndarray, corrupted: Sequence[np.ndarray], severities: Sequence[float]
) -> OverSeverity:
    """The cosine of each image's state with its clean state: mean and sd (n) over images.

    ``clean`` (image, unit); ``corrupted`` (image, unit) at each severity.
    """
    cosines = [cosine(clean, states) for states in corrupted]
    return OverSeverity(
        np.array(severities),
        np.array([values.mean() for values in cosines]),
        np.array([values.std(ddof=1) for values in cosines]),
        len(clean),
    )
