"""A multilayer perceptron: one answer after one step.

With two hidden layers (D-H-H-C) it is the published baseline. With one layer of E units it is what
remains of BPAN without recurrence and without I units: the control for what recurrence adds.
"""

from typing import Any, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan.anytime import AnytimeClassifier, Cost
from corelib.models.bpan.baselines.config import MLPConfig, MLPTraining
from corelib.shapes import images


class Weights(NamedTuple):
    """``layers`` and ``readout`` as pairs of weight (to, from) and bias (to)."""

    layers: tuple[tuple[Tensor, Tensor], ...]
    readout: tuple[Tensor, Tensor]


class Carry(NamedTuple):
    """``hidden`` (batch, unit): the last hidden layer."""

    hidden: Tensor


class MLP(AnytimeClassifier):
    """``x`` is (batch, input_dim); hidden layers are rectified.

    Parameters: (D + 1) H + (L - 1) (H + 1) H + (H + 1) C: 269,322 at D = 784, H = 256, L = 2.
    """

    n_steps = 1

    def __init__(self, config: MLPConfig | None = None, **settings: Any) -> None:
        super().__init__()
        config = MLPConfig.from_arguments(config, settings)
        n_hidden = config.n_hidden
        self.input_dim = config.input_dim
        sizes = [config.input_dim] + [n_hidden] * (config.n_hidden_layers - 1)
        self.layers = nn.ModuleList(nn.Linear(size, n_hidden) for size in sizes)
        self.readout = nn.Linear(n_hidden, config.n_classes)

    def _linear(self) -> list[nn.Linear]:
        return [cast(nn.Linear, layer) for layer in self.layers]

    def weights(self) -> Weights:
        layers = tuple((layer.weight, layer.bias) for layer in self._linear())
        return Weights(layers, (self.readout.weight, self.readout.bias))

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        x = images(x, self.input_dim)
        for weight, bias in weights.layers:
            x = torch.relu(F.linear(x, weight, bias))
        return Carry(x)

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        raise ValueError(f"An MLP answers in one step; there is no step {t}.")

    def answer(self, carry: Carry, t: int, weights: Weights) -> Tensor:
        return F.linear(carry.hidden, *weights.readout)

    def loss_and_logits(self, x: Tensor, y: Tensor, settings: MLPTraining) -> tuple[Tensor, Tensor]:
        """Cross-entropy."""
        logits = self(x)[:, 0]
        return F.cross_entropy(logits, y), logits

    def macs(self) -> Cost:
        once = sum(layer.weight.numel() for layer in self._linear())
        return Cost(once, 0, self.readout.weight.numel())
