"""Answers over time, and what stopping early makes of them."""

from typing import NamedTuple

import numpy as np


class Anytime(NamedTuple):
    """A data set answered at one threshold; ``steps`` and ``answers`` are (image,)."""

    steps: np.ndarray
    answers: np.ndarray
    accuracy: float
    mean_steps: float


def halting_steps(confidence: np.ndarray, threshold: float) -> np.ndarray:
    """The first step, counted from 1, whose confidence reaches the threshold, else the last.

    ``confidence`` (image, time) -> int64 (image,).
    """
    sure = confidence >= threshold
    return np.where(sure.any(1), sure.argmax(1), confidence.shape[1] - 1) + 1


def at_threshold(
    confidence: np.ndarray, predicted: np.ndarray, labels: np.ndarray, threshold: float
) -> Anytime:
    """What stopping at a threshold gives; re-indexes what was computed for all steps.

    ``confidence`` and ``predicted`` are (image, time), ``labels`` (image,).
    """
    steps = halting_steps(confidence, threshold)
    answers = np.take_along_axis(predicted, steps[:, None] - 1, 1)[:, 0]
    return Anytime(steps, answers, float(np.mean(answers == labels)), float(steps.mean()))


def changes_of_mind(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Indices of the images answered wrongly at the first step and rightly at the last.

    ``predicted`` (image, time), ``labels`` (image,).
    """
    return np.flatnonzero((predicted[:, 0] != labels) & (predicted[:, -1] == labels))
