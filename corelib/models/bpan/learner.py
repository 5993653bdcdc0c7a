"""Training BPAN by back-propagation through time and Adam."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from corelib.data.images import ImageDataset, Split
from corelib.models.bpan.config import BPANTraining
from corelib.models.bpan.network import BPAN
from corelib.training.adam import Adam
from corelib.training.learner import Learner, Metrics


class BPANLearner(Learner):
    """One update minimises ``BPAN.compute_loss`` on one batch."""

    score: ClassVar[str] = "accuracy"

    def __init__(self, model: BPAN, settings: BPANTraining, dataset: ImageDataset) -> None:
        self.model = model
        self.settings = settings
        self.dataset = dataset
        self.optimiser = Adam(model, settings.learning_rate, settings.clip_norm)

    def _loss(self, batch: Split) -> tuple[Tensor, Tensor]:
        s = self.settings
        return self.model.loss_and_logits(
            self.dataset.inputs(batch.pixels),
            batch.labels,
            s.lambda_act,
            s.lambda_bal,
            s.ce,
            s.balance_current,
        )

    def step(self, batch: Split) -> Metrics:
        loss, logits = self._loss(batch)
        loss.backward()
        self.optimiser.step()
        hits = logits.detach().argmax(1) == batch.labels
        return {"loss": loss.item(), "accuracy": hits.float().mean().item()}

    @torch.no_grad()
    def evaluate(self, split: Split) -> Metrics:
        """Loss, accuracy at the last step, and accuracy and mean steps when θ = 0.9 decides."""
        loss = hits = sure_hits = steps_used = 0.0
        n = len(split.labels)
        for at in range(0, n, 1000):
            part = Split(split.pixels[at : at + 1000], split.labels[at : at + 1000])
            part_loss, logits = self._loss(part)
            answers, steps = self.model.forward_anytime(self.dataset.inputs(part.pixels))
            loss += part_loss.item() * len(part.labels)
            hits += (logits.argmax(1) == part.labels).sum().item()
            sure_hits += (answers.argmax(1) == part.labels).sum().item()
            steps_used += steps.sum().item()
        return {
            "loss": loss / n,
            "accuracy": hits / n,
            "accuracy at θ = 0.9": sure_hits / n,
            "mean steps at θ = 0.9": steps_used / n,
        }

    def state(self) -> dict[str, Tensor]:
        return self.optimiser.state()

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        self.optimiser.load_state(state)
