"""BPAN on a sequence: input t drives step t, so the answer of step t has seen t inputs."""

from typing import Any, NamedTuple

from torch import Tensor

from corelib.models.bpan.anytime import Cost
from corelib.models.bpan.config import BPANSequenceConfig
from corelib.models.bpan.dynamics import State, Weights, first_step, input_drive, readout, step
from corelib.models.bpan.network import BalancedNetwork
from corelib.shapes import sequences


class Carry(NamedTuple):
    """``x`` (batch, time, input) and ``potential`` (batch, unit)."""

    x: Tensor
    potential: Tensor


class BPANSequence(BalancedNetwork):
    """``x`` is a sequence (batch, time, input_dim), normalised, with one update for each moment:

        s_t = (1 - alpha) s_(t-1) + alpha (W relu(s_(t-1)) + W_X x_t + c + b)

    With E = 128 and I = 32 it has 50,250 parameters at D = 144 and 42,890 at D = 98, as published.
    """

    def __init__(self, config: BPANSequenceConfig | None = None, **settings: Any) -> None:
        super().__init__(BPANSequenceConfig.from_arguments(config, settings))

    def steps_for(self, x: Tensor) -> int:
        return sequences(x, self.input_dim).shape[1]

    def drives(self, x: Tensor, weights: Weights, n_steps: int) -> tuple[Tensor, ...]:
        """All drives by one product. Raises ``ValueError`` for more steps than the sequence has."""
        if n_steps > x.shape[1]:
            raise ValueError(f"A sequence of {x.shape[1]} steps does not drive {n_steps}.")
        x = x[:, :n_steps]
        drive = input_drive(x.flatten(0, 1), weights)
        return drive.view(*x.shape[:2], drive.shape[1]).unbind(1)

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        drive = input_drive(sequences(x, self.input_dim)[:, 0], weights)
        return Carry(x, first_step(drive, weights, self.alpha).potential)

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        drive = input_drive(carry.x[:, t - 1], weights)
        state = step(drive, State(carry.potential), weights, self.alpha)
        return Carry(carry.x, state.potential)

    def answer(self, carry: Carry, t: int, weights: Weights) -> Tensor:
        return readout(State(carry.potential), weights)

    def macs(self) -> Cost:
        drive, readout = self.drive.weight.numel(), self.readout.weight.numel()
        return Cost(drive, drive + self.theta.numel(), readout)
