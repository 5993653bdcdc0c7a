"""Divergence is noticed at its update, whatever shows it: the loss, a weight, or the score."""

import math

import pytest
import torch

from corelib.data import Split
from corelib.errors import DivergedError
from corelib.training.config import TrainingSettings
from corelib.training.learner import Learner, Metrics
from corelib.training.loop import train
from tests.test_catalog_laws import noisy_digits


class Spoiled(Learner):
    """Learns nothing, and has something spoiled at update ``at``."""

    score = "accuracy"

    def __init__(self, at: int, spoil: str, value: float) -> None:
        self.model = torch.nn.Linear(5, 3)
        self.at, self.spoil, self.value, self.done = at, spoil, value, 0

    def _spoiled(self, what: str) -> float:
        return self.value if self.done >= self.at and self.spoil == what else 0.5

    def step(self, batch: Split) -> Metrics:
        self.done += 1
        if self.done == self.at and self.spoil == "weight":
            self.model.weight.data[1, 2] = self.value
        return {"loss": self._spoiled("loss"), "angle": math.nan}

    def evaluate(self, split: Split) -> Metrics:
        return {"accuracy": self._spoiled("score"), "loss": math.nan}

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {}

    def load_state_dict(self, state) -> None:
        pass


def steps(learner: Learner) -> list[int]:
    settings = TrainingSettings(epochs=3, batch_size=32)
    done = []
    for event in train(learner, noisy_digits(), settings, 0):
        done.append(event.step)
    return done


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("loss", "loss is {}"),
        ("weight", "weights are not finite, in weight"),
        ("score", "accuracy is {}"),
    ],
)
def test_it_is_noticed_at_the_update(value, spoil, says):
    at = 5 if spoil == "score" else 7  # an epoch has five updates
    learner = Spoiled(at, spoil, value)
    with pytest.raises(
        DivergedError, match=f"^diverged at update {at}: .*{says.format(value)}$"
    ) as caught:
        steps(learner)
    assert caught.value.step == at
    assert learner.done == at


def test_large_weights_are_not_yet_divergence():
    """Their sum is not finite, but each of them is."""
    learner = Spoiled(7, "weight", 3e38)
    learner.model.weight.data[0, 0] = 3e38
    assert max(steps(learner)) == 15
    assert not learner.model.weight.sum().isfinite()


def test_other_metrics_may_be_undefined():
    assert max(steps(Spoiled(99, "", 0))) == 15
