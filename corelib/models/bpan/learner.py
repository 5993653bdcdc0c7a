"""Training BPAN and its baselines by back-propagation (through time) and Adam."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from corelib.data import Dataset
from corelib.data.images import Split
from corelib.models.bpan.anytime import Answered, AnytimeClassifier
from corelib.models.bpan.config import GradientTraining
from corelib.training.adam import Adam
from corelib.training.learner import Learner, Metrics

SLICE = 512
"""So many images of a batch are differentiated at a time on the CPU. The arrays of more are too
large for malloc to keep: each step then fetches their pages from the system anew."""


class GradientLearner(Learner):
    """One update minimises the model's own loss on one batch."""

    score: ClassVar[str] = "accuracy"

    def __init__(
        self, model: AnytimeClassifier, settings: GradientTraining, dataset: Dataset
    ) -> None:
        self.model: AnytimeClassifier = model  # pyright: ignore[reportIncompatibleVariableOverride]
        self.settings = settings
        self.dataset = dataset
        self.optimiser = Adam(model, settings.learning_rate, settings.clip_norm)

    def _loss(self, batch: Split) -> tuple[Tensor, Tensor]:
        x = self.dataset.inputs(batch.pixels)
        return self.model.loss_and_logits(x, batch.labels, self.settings)

    def step(self, batch: Split) -> Metrics:
        n = len(batch.labels)
        size = SLICE if batch.labels.device.type == "cpu" else n
        means = {"loss": 0.0, "accuracy": 0.0}
        for at in range(0, n, size):
            part = Split(*(each[at : at + size] for each in batch))
            share = len(part.labels) / n
            loss, logits = self._loss(part)
            # torch leaves the type of backward open.
            (share * loss).backward()  # pyright: ignore[reportUnknownMemberType]
            hits = logits.detach().argmax(1) == part.labels
            means["loss"] += share * loss.item()
            means["accuracy"] += share * hits.float().mean().item()
        self.optimiser.step()
        return means

    def evaluate(self, split: Split) -> Metrics:
        """Loss, accuracy at the last step, and accuracy and mean steps when halting at θ = 0.9 and,
        if the model has one, by its own rule."""
        return metrics_at(self.model, self.settings, self.dataset, split)

    def state_dict(self) -> dict[str, Tensor]:
        return self.optimiser.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.optimiser.load_state_dict(state)


@torch.no_grad()
def metrics_at(
    model: AnytimeClassifier,
    settings: GradientTraining,
    dataset: Dataset,
    split: Split,
    threshold: float = 0.9,
) -> Metrics:
    """Means over a split: the loss of these settings, accuracy at the last step, and accuracy and
    mean steps when halting at the confidence ``threshold`` and, if there is one, by the model's
    own rule."""
    rules: dict[str, Callable[[Tensor], Answered]] = {
        f"at θ = {threshold:g}": partial(model.forward_anytime, confidence_threshold=threshold)
    }
    if model.has_own_rule:
        rules["by own rule"] = model.own_rule
    sums = {"loss": 0.0, "accuracy": 0.0}
    for rule in rules:
        sums |= {f"accuracy {rule}": 0.0, f"mean steps {rule}": 0.0}
    n = len(split.labels)
    for at in range(0, n, 1000):
        labels = split.labels[at : at + 1000]
        x = dataset.inputs(split.pixels[at : at + 1000])
        loss, logits = model.loss_and_logits(x, labels, settings)
        sums["loss"] += loss.item() * len(labels)
        sums["accuracy"] += (logits.argmax(1) == labels).sum().item()
        for rule, answer in rules.items():
            answers, steps = answer(x)
            sums[f"accuracy {rule}"] += (answers.argmax(1) == labels).sum().item()
            sums[f"mean steps {rule}"] += steps.sum().item()
    return {name: total / n for name, total in sums.items()}
