"""Answers over time: accuracy against cost, halting, calibration. Pure functions on arrays.

A model has answered a data set at each of its steps: ``confidence`` (image, time) is the largest
softmax, ``predicted`` (image, time) the class, ``labels`` (image,) the truth. Steps count from 1.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Answers(NamedTuple):
    """The answers to a data set at every step: ``confidence`` float32 and ``predicted`` uint8, both
    (image, time)."""

    confidence: np.ndarray
    predicted: np.ndarray


class Anytime(NamedTuple):
    """The answers to a data set at one threshold; ``steps`` and ``answers`` are (image,)."""

    steps: np.ndarray
    answers: np.ndarray
    accuracy: float
    mean_steps: float


class Decision(NamedTuple):
    """One image answered at a threshold: with class ``answer``, held with ``probability``, after
    ``step`` steps (from 1); ``reached`` is whether that probability reaches the threshold."""

    answer: int
    probability: float
    step: int
    reached: bool


class Curve(NamedTuple):
    """Accuracy and mean steps at each threshold, all (threshold,)."""

    thresholds: np.ndarray
    accuracy: np.ndarray
    mean_steps: np.ndarray


class Calibration(NamedTuple):
    """Bins of equal width on [0, 1], all (bin,); empty bins are NaN. ``error`` is the ECE."""

    confidence: np.ndarray
    accuracy: np.ndarray
    share: np.ndarray
    error: float


class Spread(NamedTuple):
    """Mean and standard deviation (n - 1) over seeds, and how many there are."""

    mean: float
    sd: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.sd:.2f}" if self.n > 1 else f"{self.mean:.2f}"


def halting_steps(confidence: np.ndarray, threshold: float) -> np.ndarray:
    """The first step whose confidence reaches the threshold, else the last: int64 (image,)."""
    reached: npt.NDArray[np.bool_] = np.greater_equal(confidence, threshold)
    last = confidence.shape[1] - 1
    first = reached.argmax(1)
    first[~reached.any(1)] = last
    return first + 1


def at_threshold(
    confidence: np.ndarray, predicted: np.ndarray, labels: np.ndarray, threshold: float
) -> Anytime:
    """What stopping at a threshold gives; it only re-indexes what was computed for all steps."""
    steps = halting_steps(confidence, threshold)
    answers: np.ndarray = predicted[np.arange(len(steps)), steps - 1]
    return Anytime(steps, answers, float(np.equal(answers, labels).mean()), float(steps.mean()))


def decision(probability: np.ndarray, threshold: float) -> Decision:
    """What stopping at a threshold answers to one image; ``probability`` (time, class)."""
    step = int(halting_steps(probability.max(1)[None], threshold)[0])
    halted = probability[step - 1]
    # Compared in the precision of the probabilities, as ``halting_steps`` does.
    return Decision(
        int(halted.argmax()), float(halted.max()), step, bool(halted.max() >= threshold)
    )


def threshold_curve(
    confidence: np.ndarray, predicted: np.ndarray, labels: np.ndarray, thresholds: Sequence[float]
) -> Curve:
    """Accuracy and mean steps over a range of thresholds."""
    halted = [at_threshold(confidence, predicted, labels, t) for t in thresholds]
    return Curve(
        np.asarray(thresholds, float),
        np.array([one.accuracy for one in halted]),
        np.array([one.mean_steps for one in halted]),
    )


def changes_of_mind(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Indices of the images answered wrongly at the first step and correctly at the last."""
    return np.flatnonzero((predicted[:, 0] != labels) & (predicted[:, -1] == labels))


def outcomes(
    confidence: np.ndarray, predicted: np.ndarray, labels: np.ndarray, threshold: float
) -> np.ndarray:
    """What becomes of each image's answer at a threshold: int (image,).

    0 correct, as at the last step; 1 correct, though the last step is wrong; 2 wrong, though the
    last step is correct (halted too early); 3 wrong, as at the last step; 4 never confident enough.
    """
    at = at_threshold(confidence, predicted, labels, threshold)
    wrong = (at.answers != labels).astype(int)
    wrong_at_last = (predicted[:, -1] != labels).astype(int)
    return np.where((confidence >= threshold).any(1), 2 * wrong + wrong_at_last, 4)


def per_step_accuracy(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share correct at each step: (time,)."""
    return (predicted == labels[:, None]).mean(0)


def agreement_with_last(predicted: np.ndarray) -> np.ndarray:
    """Share of images answered at each step as at the last: (time,)."""
    return (predicted == predicted[:, -1:]).mean(0)


def halting_histogram(
    steps: np.ndarray, n_steps: int, groups: np.ndarray | None = None
) -> np.ndarray:
    """Share of the images of each group that halt at each step: (group, time), rows sum to 1.

    ``groups`` (image,) numbers them from 0, by class or by difficulty; without it all are one.
    An empty group's row is NaN.
    """
    groups = np.zeros(len(steps), int) if groups is None else np.asarray(groups, int)
    counts = np.zeros((groups.max() + 1, n_steps))
    np.add.at(counts, (groups, steps - 1), 1)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(1, keepdims=True)


def quantile_groups(difficulty: np.ndarray, n_groups: int) -> np.ndarray:
    """The group of each image, by rank, from easy (0) to hard; ``n_groups`` equal groups: int
    (image,)."""
    rank = np.empty(len(difficulty), int)
    rank[np.argsort(difficulty, kind="stable")] = np.arange(len(difficulty))
    return rank * n_groups // len(difficulty)


def difficulty(answers: Sequence[Answers], labels: np.ndarray) -> np.ndarray:
    """How hard each image is for several models together, from 0 to 2: (image,).

    At its last step a model that is correct adds 1 - confidence, one that is wrong 1 + confidence;
    the mean over models.
    """
    per_model: list[np.ndarray] = []
    for answer in answers:
        confidence = answer.confidence[:, -1]
        correct = answer.predicted[:, -1] == labels
        per_model.append(np.where(correct, 1 - confidence, 1 + confidence))
    return np.mean(per_model, 0)


def calibration(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> Calibration:
    """Expected calibration error: sum over bins of share x |accuracy - confidence|.

    ``confidence`` (image,) of the answers given, ``correct`` (image,) of bool (Guo 2017, eq. 3).
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(which, confidence, bins) / count
        accuracy = np.bincount(which, correct.astype(float), bins) / count
    share = count / len(confidence)
    return Calibration(mean, accuracy, share, float(np.nansum(share * np.abs(accuracy - mean))))


def pareto_front(cost: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Indices of the points that no other dominates, by rising cost.

    A point is dominated by one that costs no more, is at least as accurate, and is better in one of
    the two.
    """
    front: list[int] = []
    best = -np.inf
    for i in np.lexsort((-accuracy, cost)):
        if accuracy[i] > best:
            front.append(int(i))
            best = accuracy[i]
    return np.array(front, int)


def spread(values: npt.ArrayLike) -> Spread:
    """Mean ± sd over seeds; the sd of one value is NaN."""
    array = np.asarray(values, float)
    sd = float(array.std(ddof=1)) if len(array) > 1 else float("nan")
    return Spread(float(array.mean()), sd, len(array))


def paired_difference(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> Spread:
    """Spread of the differences, seed by seed; both in the same order of seeds."""
    return spread(np.subtract(ours, theirs))


class Interval(NamedTuple):
    """Bounds of a confidence interval."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"[{self.low:.2f}, {self.high:.2f}]"


def t_interval(differences: Spread, confidence: float = 0.95) -> Interval | None:
    """mean ± t sd / sqrt(n), t the quantile of Student's distribution with n - 1 degrees of
    freedom; None for a single seed."""
    # What scipy.stats calls, which takes most of a second to import. SciPy comes without types.
    from scipy.special import stdtrit  # pyright: ignore[reportMissingTypeStubs]

    mean, sd, n = differences
    if n < 2:
        return None
    quantile: Any = stdtrit(n - 1, (1 + confidence) / 2)
    reach = float(quantile) * sd / n**0.5
    return Interval(mean - reach, mean + reach)
