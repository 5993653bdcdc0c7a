"""A GRU that reads out after each update (Cho 2014): the plain recurrent baseline.

Its loss weighs the steps as BPAN's does, so that the two differ in their dynamics alone.
Parameters: 3 H (D + H + 2) + (H + 1) C.
"""

from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan.anytime import AnytimeClassifier, Cost, rising, step_losses
from corelib.models.bpan.baselines.config import GRUConfig, GRUSequenceConfig, GRUTraining
from corelib.models.bpan.baselines.gru_cell import (
    CellWeights,
    GRUCell,
    State,
    first_step,
    input_drive,
    step,
)
from corelib.shapes import images, sequences


class Weights(NamedTuple):
    """``readout`` (class, unit) with ``readout_bias`` (class)."""

    cell: CellWeights
    readout: Tensor
    readout_bias: Tensor


class Carry(NamedTuple):
    """``drive`` (batch, 3 unit) of each step and ``hidden`` (batch, unit)."""

    drive: Tensor
    hidden: Tensor


class SequenceCarry(NamedTuple):
    """``x`` (batch, time, input) and ``hidden`` (batch, unit)."""

    x: Tensor
    hidden: Tensor


class ReadOutGRU(AnytimeClassifier):
    """The weights, readout and loss; subclasses say what drives the cell over time."""

    def __init__(self, config: GRUConfig | GRUSequenceConfig) -> None:
        super().__init__()
        self.input_dim = config.input_dim
        self.cell = GRUCell(config.input_dim, config.n_hidden)
        self.readout = nn.Linear(config.n_hidden, config.n_classes)

    def weights(self) -> Weights:
        return Weights(self.cell.weights(), self.readout.weight, self.readout.bias)

    def answer(self, carry: Carry | SequenceCarry, t: int, weights: Weights) -> Tensor:
        return F.linear(carry.hidden, weights.readout, weights.readout_bias)

    def loss_and_logits(self, x: Tensor, y: Tensor, settings: GRUTraining) -> tuple[Tensor, Tensor]:
        """Cross-entropy of each step weighted linspace(0.3, 1, T) / sum, or of the last alone."""
        logits = self(x)
        per_step = step_losses(logits, y).mean(0)
        loss = per_step[-1] if settings.ce == "final" else per_step @ rising(0.3, per_step)
        return loss, logits[:, -1]


class GRU(ReadOutGRU):
    """``x`` is (batch, input_dim), constant for ``n_steps`` updates; its drive is computed once."""

    def __init__(self, config: GRUConfig | None = None, **settings: Any) -> None:
        config = GRUConfig.from_arguments(config, settings)
        super().__init__(config)
        self.n_steps = config.n_steps

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        drive = input_drive(images(x, self.input_dim), weights.cell)
        return Carry(drive, first_step(drive, weights.cell).hidden)

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        drive, hidden = carry
        return Carry(drive, step(drive, State(hidden), weights.cell).hidden)

    def macs(self) -> Cost:
        n_hidden = self.readout.in_features
        once = self.cell.drive.weight.numel()
        return Cost(once, 3 * n_hidden**2, self.readout.weight.numel())


class GRUSequence(ReadOutGRU):
    """``x`` is a sequence (batch, time, input_dim) with one update for each moment.

    With H = 256 it has 311,306 parameters at D = 144 and 275,978 at D = 98, as published.
    """

    def __init__(self, config: GRUSequenceConfig | None = None, **settings: Any) -> None:
        super().__init__(GRUSequenceConfig.from_arguments(config, settings))

    def steps_for(self, x: Tensor) -> int:
        return sequences(x, self.input_dim).shape[1]

    def begin(self, x: Tensor, weights: Weights) -> SequenceCarry:
        drive = input_drive(sequences(x, self.input_dim)[:, 0], weights.cell)
        return SequenceCarry(x, first_step(drive, weights.cell).hidden)

    def advance(self, carry: SequenceCarry, t: int, weights: Weights) -> SequenceCarry:
        x, hidden = carry
        drive = input_drive(x[:, t - 1], weights.cell)
        return SequenceCarry(x, step(drive, State(hidden), weights.cell).hidden)

    def macs(self) -> Cost:
        n_hidden = self.readout.in_features
        drive = self.cell.drive.weight.numel()
        return Cost(drive, drive + 3 * n_hidden**2, self.readout.weight.numel())
