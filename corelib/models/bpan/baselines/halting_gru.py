"""What ACT and PonderNet share: a GRU cell, a readout, and a unit that says when to halt."""

from typing import ClassVar, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan.anytime import AnytimeClassifier, Cost
from corelib.models.bpan.baselines.config import ACTConfig, PonderNetConfig
from corelib.models.bpan.baselines.gru_cell import CellWeights, GRUCell


class Weights(NamedTuple):
    """``halt`` (1, unit) with its bias (1), ``readout`` (class, unit) with its bias (class)."""

    cell: CellWeights
    halt: Tensor
    halt_bias: Tensor
    readout: Tensor
    readout_bias: Tensor


class HaltingGRU(AnytimeClassifier):
    """``x`` is (batch, input_dim), constant over the updates, its drive computed once.

    Parameters: 3 H (D + H + 2) + (H + 1) (C + 1): 803,083 at D = 784, H = 256, C = 10.
    """

    has_own_rule: ClassVar[bool] = True

    def __init__(self, config: ACTConfig | PonderNetConfig) -> None:
        super().__init__()
        self.n_steps = config.n_steps
        self.input_dim = config.input_dim
        self.cell = GRUCell(config.input_dim, config.n_hidden)
        self.halt = nn.Linear(config.n_hidden, 1)
        self.readout = nn.Linear(config.n_hidden, config.n_classes)

    def weights(self) -> Weights:
        return Weights(
            self.cell.weights(),
            self.halt.weight,
            self.halt.bias,
            self.readout.weight,
            self.readout.bias,
        )

    def macs(self) -> Cost:
        n_hidden = self.readout.in_features
        each = self.readout.weight.numel() + self.halt.weight.numel()
        return Cost(self.cell.drive.weight.numel(), 3 * n_hidden**2, each)


def halting_logit(hidden: Tensor, weights: Weights) -> Tensor:
    """(batch, unit) -> (batch,)."""
    return F.linear(hidden, weights.halt, weights.halt_bias)[:, 0]


def logits_of(hidden: Tensor, weights: Weights) -> Tensor:
    """(batch, unit) -> (batch, class)."""
    return F.linear(hidden, weights.readout, weights.readout_bias)
