"""What the training loop needs from a learning rule; the loop never sees a loss or an optimiser."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from corelib.data.images import Split

Metrics = dict[str, float]


class Learner(ABC):
    """A model together with its update rule and the state of that rule."""

    model: nn.Module
    score: ClassVar[str]
    """The metric of ``evaluate`` that selects the best checkpoint; larger is better."""

    @abstractmethod
    def step(self, batch: Split) -> Metrics:
        """Update the weights once from one batch; returns the metrics measured along the way."""

    @abstractmethod
    def evaluate(self, split: Split) -> Metrics:
        """Measure the model on a whole split without changing it; contains ``score``."""

    @abstractmethod
    def state_dict(self) -> dict[str, Tensor]:
        """The rule's own tensors (an optimiser's moments), to be stored beside the weights."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what ``state_dict`` returned."""
