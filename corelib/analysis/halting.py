"""What stopping at a confidence threshold does to a data set. Pure functions on arrays.

``answers`` are a data set answered at every step, ``labels`` (image,) the true classes. A network
answers at the first step whose confidence reaches the threshold, else at its last; steps count
from 1. See ``corelib.analysis.anytime``.
"""

from typing import NamedTuple

import numpy as np

from corelib.analysis.anytime import (
    Answers,
    Calibration,
    agreement_with_last,
    at_threshold,
    calibration,
    halting_steps,
    outcomes,
    per_step_accuracy,
)

THRESHOLDS = tuple(
    round(float(t), 4) for t in [*np.linspace(0.1, 0.95, 35), 0.97, 0.98, 0.99, 0.995, 0.999, 1.0]
)
"""A grid for curves over thresholds: finer where confidences are dense."""
N_OUTCOMES, TOO_EARLY, NEVER_CONFIDENT = 5, 2, 4
"""How many outcomes ``anytime.outcomes`` numbers, and the numbers of two of them."""


class Measures(NamedTuple):
    """One network on one data set at a threshold; all but ``mean_steps`` are shares of the images.

    ``accuracy`` of the answers given; ``first_accuracy`` and ``last_accuracy`` of those at the
    first and the last step, which agree in ``agreement``. ``at_first`` is answered at step 1,
    ``too_early`` wrongly although the last step is correct, ``never_confident`` at the last step
    without reaching the threshold. ``calibration_error`` is the ECE of the answers given.
    """

    accuracy: float
    mean_steps: float
    first_accuracy: float
    last_accuracy: float
    agreement: float
    at_first: float
    too_early: float
    never_confident: float
    calibration_error: float


def confidence_at(confidence: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The confidence (image,) with which each image is answered at its own step.

    ``confidence`` (image, time), ``steps`` (image,) from 1.
    """
    return np.take_along_axis(confidence, steps[:, None] - 1, 1)[:, 0]


def calibration_at(answers: Answers, labels: np.ndarray, threshold: float) -> Calibration:
    """Calibration of the answers given at a threshold: ``anytime.calibration`` in 15 bins."""
    at = at_threshold(answers.confidence, answers.predicted, labels, threshold)
    return calibration(confidence_at(answers.confidence, at.steps), at.answers == labels)


def outcome_shares(answers: Answers, labels: np.ndarray, threshold: float) -> np.ndarray:
    """Share of the images with each outcome, (outcome,), numbered as in ``anytime.outcomes``."""
    outcome = outcomes(answers.confidence, answers.predicted, labels, threshold)
    return np.bincount(outcome, minlength=N_OUTCOMES) / len(outcome)


def measures(answers: Answers, labels: np.ndarray, threshold: float) -> Measures:
    """Everything that one threshold gives; each field is said at ``Measures``."""
    at = at_threshold(answers.confidence, answers.predicted, labels, threshold)
    accuracy = per_step_accuracy(answers.predicted, labels)
    share = outcome_shares(answers, labels, threshold)
    return Measures(
        accuracy=at.accuracy,
        mean_steps=at.mean_steps,
        first_accuracy=float(accuracy[0]),
        last_accuracy=float(accuracy[-1]),
        agreement=float(agreement_with_last(answers.predicted)[0]),
        at_first=float((at.steps == 1).mean()),
        too_early=float(share[TOO_EARLY]),
        never_confident=float(share[NEVER_CONFIDENT]),
        calibration_error=calibration_at(answers, labels, threshold).error,
    )


def answered_at(
    answers: Answers, step: int, threshold: float, *, least_confident_first: bool = True
) -> np.ndarray:
    """Indices of the images answered at a step, sorted by the confidence of their answers."""
    (images,) = np.nonzero(halting_steps(answers.confidence, threshold) == step)
    confidence = answers.confidence[images, step - 1]
    key = confidence if least_confident_first else -confidence
    return images[np.argsort(key, kind="stable")]


def answered_too_early(answers: Answers, labels: np.ndarray, threshold: float) -> np.ndarray:
    """Indices of the images answered wrongly although the last step is correct, the most confident
    answers first."""
    at = at_threshold(answers.confidence, answers.predicted, labels, threshold)
    outcome = outcomes(answers.confidence, answers.predicted, labels, threshold)
    (images,) = np.nonzero(outcome == TOO_EARLY)
    confidence = confidence_at(answers.confidence, at.steps)[images]
    return images[np.argsort(-confidence, kind="stable")]
