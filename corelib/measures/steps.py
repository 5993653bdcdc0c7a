"""Networks that answer after each of their steps: accuracy against steps, and under corruption.

A confidence is the largest class probability; at the threshold θ a network answers at the first
step whose confidence is at least θ, else at its last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

import numpy as np

from corelib.analysis.anytime import Answers, at_threshold, threshold_curve
from corelib.analysis.anytime import halting_steps as steps_of
from corelib.data.corruption_kinds import CORRUPTIONS
from corelib.errors import SettingsError
from corelib.measures.subject import Which, anytime, device_of, in_evaluation, shown, subject_of

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from corelib.measures.subject import Data, Model
    from corelib.models.bpan.anytime import AnytimeClassifier

THRESHOLDS = tuple(round(0.5 + 0.01 * k, 2) for k in range(51))


def accuracy_curve(
    model: Model,
    dataset: Data = None,
    thresholds: Sequence[float] = THRESHOLDS,
    **which: Unpack[Which],
) -> pd.DataFrame:
    """Accuracy against the confidence threshold, one row for each: ``model``, ``threshold``,
    ``accuracy`` (share of the images) and ``mean_steps`` (updates an image).

    >>> from corelib.analysis import accuracy_curve
    >>> curve = accuracy_curve("bpan-mnist", thresholds=[0.5, 0.9], images=500)
    >>> bool(curve["mean_steps"].is_monotonic_increasing)
    True
    """
    import pandas as pd

    name, answers, labels = _answers(model, dataset, which)
    curve = threshold_curve(answers.confidence, answers.predicted, labels, _checked(thresholds))
    return pd.DataFrame(
        {
            "model": name,
            "threshold": curve.thresholds,
            "accuracy": curve.accuracy,
            "mean_steps": curve.mean_steps,
        }
    )


def halting_steps(
    model: Model, dataset: Data = None, threshold: float = 0.9, **which: Unpack[Which]
) -> pd.DataFrame:
    """When each image is answered, one row for each: ``image`` (its place), ``label``, ``step``
    (from 1), ``answer``, ``confidence`` then, and whether it is ``correct``."""
    import pandas as pd

    _, answers, labels = _answers(model, dataset, which)
    (threshold,) = _checked([threshold])
    steps = steps_of(answers.confidence, threshold)
    image = np.arange(len(labels))
    answer = answers.predicted[image, steps - 1]
    return pd.DataFrame(
        {
            "image": image,
            "label": labels,
            "step": steps,
            "answer": answer,
            "confidence": answers.confidence[image, steps - 1],
            "correct": answer == labels,
        }
    )


def accuracy_by_severity(
    model: Model,
    dataset: Data = None,
    *,
    corruption: str,
    severities: Sequence[float] | None = None,
    threshold: float = 0.9,
    seeds: int = 1,
    split: str = "test",
    images: int | None = None,
) -> pd.DataFrame:
    """Accuracy under a corruption, one row for each severity and noise seed: ``accuracy`` after the
    last step, ``accuracy_at_threshold`` and ``mean_steps`` at the confidence threshold.

    Without ``severities`` they are the grid of this corruption, whose unit is in
    ``attrs["unit"]``. Raises ``SettingsError`` for a corruption that does not exist.
    """
    import pandas as pd

    if corruption not in CORRUPTIONS:
        known = ", ".join(CORRUPTIONS)
        raise SettingsError(f"corruption is {corruption!r}, but should be one of: {known}.")
    if seeds < 1:
        raise SettingsError(f"seeds is {seeds}, but should be at least 1.")
    (threshold,) = _checked([threshold])
    subject = subject_of(model, dataset)
    network = anytime(subject)
    kind = CORRUPTIONS[corruption]
    rows = []
    for severity in kind.severities if severities is None else severities:
        for seed in range(seeds):
            part = shown(subject, dataset, split, images, corruption, severity, seed)
            with in_evaluation(network):
                answers = _of(network, part.x)
            labels = part.part.labels.numpy()
            early = at_threshold(answers.confidence, answers.predicted, labels, threshold)
            rows.append(
                {
                    "model": subject.name,
                    "corruption": corruption,
                    "severity": severity,
                    "seed": seed,
                    "accuracy": float((answers.predicted[:, -1] == labels).mean()),
                    "accuracy_at_threshold": early.accuracy,
                    "mean_steps": early.mean_steps,
                }
            )
    frame = pd.DataFrame(rows)
    frame.attrs["unit"] = kind.unit
    return frame


def _answers(model: Model, dataset: Data, which: Which) -> tuple[str, Answers, np.ndarray]:
    """The network's name, its answers to the images at each step, and their labels."""
    subject = subject_of(model, dataset)
    network = anytime(subject)
    part = shown(subject, dataset, **which)
    with in_evaluation(network):
        return subject.name, _of(network, part.x), part.part.labels.numpy()


def _of(network: AnytimeClassifier, x: Tensor) -> Answers:
    from corelib.models.bpan.halting import answers

    return answers(network, x.to(device_of(network)))


def _checked(thresholds: Sequence[float]) -> list[float]:
    from corelib.models.bpan.anytime import checked_threshold

    return [checked_threshold(threshold) for threshold in thresholds]
