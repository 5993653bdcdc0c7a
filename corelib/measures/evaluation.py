"""Measuring a trained network on a data set. Imports torch only to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Unpack, cast

from corelib.catalog import system
from corelib.data.images import Split
from corelib.measures.subject import (
    Shown,
    Subject,
    Which,
    anytime,
    device_of,
    in_evaluation,
    shown,
    subject_of,
)
from corelib.runs.registry import Checkpoint
from corelib.runs.slots import thread_count

if TYPE_CHECKING:
    import pandas as pd

    from corelib.measures.subject import Data, Model

THRESHOLD = 0.9


class Measured(NamedTuple):
    """``metrics`` are those of the system's learner."""

    images: int
    parameters: int
    metrics: dict[str, float]


def measure(item: Checkpoint, dataset_name: str, split: str, most: int | None = None) -> Measured:
    """Evaluate a checkpoint on the CPU, with as many threads as a worker uses: on a whole split, or
    on its first images, at most ``most``.

    Raises ``SettingsError`` if the network cannot read the data set.
    """
    import torch

    torch.set_num_threads(thread_count())
    subject = subject_of(item, dataset_name)
    seen = shown(subject, dataset_name, split, most)
    return Measured(len(seen.part.labels), _parameters(subject), _metrics(subject, seen, THRESHOLD))


def evaluate(
    model: Model, dataset: Data = None, *, threshold: float = THRESHOLD, **which: Unpack[Which]
) -> pd.DataFrame:
    """One row of what a network achieves: ``evaluate("bpan-mnist", corruption="occlusion",
    severity=0.3)``.

    Columns: ``model``, ``dataset``, ``split``, ``images``, ``corruption``, ``severity``,
    ``threshold``, ``parameters``, then the metrics of the system's learner. A network that answers
    after each step has its ``accuracy`` after the last one, and accuracy and mean steps at the
    confidence ``threshold``, from 0 to 1; shares are from 0 to 1. Of a module itself, which does
    not say how it was trained, the loss is the cross-entropy of the last answer. Without
    ``dataset`` a network is measured on what it was trained on.
    ``attrs["metrics"]`` names the columns that are metrics.

    Raises ``SettingsError`` naming what cannot be, ``CheckpointError`` for an unknown name.
    """
    import pandas as pd

    from corelib.models.bpan.anytime import checked_threshold

    subject = subject_of(model, dataset)
    seen = shown(subject, dataset, **which)
    metrics = _metrics(subject, seen, checked_threshold(threshold))
    row: dict[str, Any] = {
        "model": subject.name,
        **seen.condition,
        "threshold": threshold,
        "parameters": _parameters(subject),
    }
    frame = pd.DataFrame([row | metrics])
    frame.attrs["metrics"] = list(metrics)
    return frame


def _parameters(subject: Subject) -> int:
    return sum(p.numel() for p in subject.model.parameters())


def _metrics(subject: Subject, seen: Shown, threshold: float) -> dict[str, float]:
    from corelib.models.bpan.anytime import AnytimeClassifier
    from corelib.models.bpan.config import GradientTraining
    from corelib.models.bpan.learner import metrics_at
    from corelib.models.bpan.wrapped import wrap

    device = device_of(subject.model)
    part = Split(*(tensor.to(device) for tensor in seen.part))
    with in_evaluation(subject.model):
        if subject.item is None:
            # Its own loss is not known: it depends on how it was trained.
            network = wrap(anytime(subject))
            return metrics_at(network, GradientTraining(), seen.dataset, part, threshold)
        card = subject.item.card
        chosen = system(card.system)
        own = chosen.training_type(**card.training)
        if not isinstance(subject.model, AnytimeClassifier):
            return chosen.make_learner(subject.model, own, seen.dataset).evaluate(part)
        settings = cast("GradientTraining", own)
        return metrics_at(subject.model, settings, seen.dataset, part, threshold)
