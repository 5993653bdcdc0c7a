"""A GRU that reads out after each update (Cho 2014): the plain recurrent rival.

Its loss weighs the steps as BPAN's does, so that the two differ in their dynamics alone.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan.anytime import AnytimeClassifier, Cost, rising, step_losses
from corelib.models.bpan.baselines.config import GRUTraining
from corelib.models.bpan.baselines.gru_cell import (
    CellWeights,
    GRUCell,
    State,
    first_step,
    input_drive,
    step,
)


class Weights(NamedTuple):
    """``readout`` (class, unit) with ``readout_bias`` (class)."""

    cell: CellWeights
    readout: Tensor
    readout_bias: Tensor


class Carry(NamedTuple):
    """``drive`` (batch, 3 unit) of this step, ``hidden`` (batch, unit); ``x`` (batch, time, input)
    of a sequence, (batch, 0) where the input is constant."""

    x: Tensor
    drive: Tensor
    hidden: Tensor


class GRU(AnytimeClassifier):
    """``x`` is (batch, input_dim), constant for ``n_steps`` updates, its drive computed once, or a
    sequence (batch, time, input_dim) with one update for each moment.

    Parameters number 3 H (D + H + 2) + (H + 1) C: 311,306 at D = 144 and 275,978 at D = 98 with
    H = 256, as published for sequences.
    """

    def __init__(
        self, input_dim: int = 784, n_classes: int = 10, n_hidden: int = 256, n_steps: int = 6
    ) -> None:
        super().__init__()
        self.n_steps = n_steps
        self.cell = GRUCell(input_dim, n_hidden)
        self.readout = nn.Linear(n_hidden, n_classes)

    def weights(self) -> Weights:
        return Weights(self.cell.weights(), self.readout.weight, self.readout.bias)

    def steps_for(self, x: Tensor) -> int:
        return x.shape[1] if x.ndim == 3 else self.n_steps

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        is_sequence = x.ndim == 3
        drive = input_drive(x[:, 0] if is_sequence else x, weights.cell)
        hidden = first_step(drive, weights.cell).hidden
        return Carry(x if is_sequence else x[:, :0], drive, hidden)

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        x, drive, hidden = carry
        if x.ndim == 3:
            drive = input_drive(x[:, t - 1], weights.cell)
        return Carry(x, drive, step(drive, State(hidden), weights.cell).hidden)

    def answer(self, carry: Carry, t: int, weights: Weights) -> Tensor:
        return F.linear(carry.hidden, weights.readout, weights.readout_bias)

    def loss_and_logits(self, x: Tensor, y: Tensor, settings: GRUTraining) -> tuple[Tensor, Tensor]:
        """Cross-entropy of each step weighted linspace(0.3, 1, T) / sum, or of the last alone."""
        logits = self(x)
        per_step = step_losses(logits, y).mean(0)
        loss = per_step[-1] if settings.ce == "final" else per_step @ rising(0.3, per_step)
        return loss, logits[:, -1]

    def multiply_adds(self) -> Cost:
        n_hidden = self.readout.in_features
        once = self.cell.drive.weight.numel()
        return Cost(once, 3 * n_hidden**2, self.readout.weight.numel())
