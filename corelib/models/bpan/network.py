"""BPAN: the module that holds the weights, its loss, and the trace of everything over time.

What it shares with the network that reads sequences is in ``BalancedNetwork``. Arrays inside the
loss are (time, batch, unit); what the public methods return is (batch, time, unit).
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan.anytime import AnytimeClassifier, Cost
from corelib.models.bpan.config import BPANConfig, BPANSequenceConfig, BPANTraining
from corelib.models.bpan.dynamics import (
    State,
    Weights,
    first_step,
    initial_state,
    input_drive,
    readout,
    softplus,
    step,
)
from corelib.models.bpan.unrolled import Task, loss_and_logits
from corelib.shapes import images


class Trace(NamedTuple):
    """Everything over time, each (batch, time, unit); units are E first, then I.

    ``excitation`` and ``inhibition`` are the recurrent currents through positive and negative
    weights during the update, ``drive`` the input's current W_X x + c, ``bias`` (unit) is b.
    ``net`` = excitation + inhibition + drive + bias. ``potential`` and ``rate`` are after the
    update; ``logits`` (batch, time, class).
    """

    excitation: Tensor
    inhibition: Tensor
    drive: Tensor
    bias: Tensor
    net: Tensor
    potential: Tensor
    rate: Tensor
    logits: Tensor


class _Kept(NamedTuple):
    """What theta was, bit for bit, and the ``magnitude`` (unit to, unit from) that it gave."""

    theta: bytes
    magnitude: Tensor


class BalancedNetwork(AnytimeClassifier):
    """The weights, loss and trace of excitatory and inhibitory units; subclasses say how the input
    drives them over time.

    Parameters: (E + I)² + (D + 2)(E + I) + (E + 1) C.

    With ``dale=True`` the recurrent weights are softplus(theta) times a fixed sign and 1/E or 1/I.
    With ``dale=False`` theta itself takes the place of softplus(theta), and starts at the same
    value, so that both arms of the ablation begin with equal weights and equal step sizes.
    """

    scale: Tensor
    _kept: "_Kept | None" = None

    def __init__(self, config: BPANConfig | BPANSequenceConfig) -> None:
        super().__init__()
        n_excitatory, n_inhibitory = config.n_excitatory, config.n_inhibitory
        self.n_excitatory, self.n_inhibitory = n_excitatory, n_inhibitory
        self.input_dim = config.input_dim
        self.alpha, self.dale = config.alpha, config.dale
        n_units = n_excitatory + n_inhibitory
        theta = 0.05 * torch.randn(n_units, n_units)
        self.theta = nn.Parameter(theta if config.dale else softplus(theta))
        self.drive = nn.Linear(config.input_dim, n_units)
        self.bias = nn.Parameter(torch.zeros(n_units))
        self.readout = nn.Linear(n_excitatory, config.n_classes)
        scale = torch.cat(
            [
                torch.full((n_excitatory,), 1 / n_excitatory),
                torch.full((n_inhibitory,), -1 / n_inhibitory),
            ]
        )
        self.register_buffer("scale", scale, persistent=False)

    @abstractmethod
    def drives(self, x: Tensor, weights: Weights, n_steps: int) -> Sequence[Tensor]:
        """The input drive of each of ``n_steps`` steps, each (batch, unit)."""

    def weights(
        self,
        inhibition_gain: float | Tensor = 1.0,
        lesioned: Tensor | None = None,
        recurrence_gain: float = 1.0,
    ) -> Weights:
        """The signed weights.

        ``inhibition_gain`` multiplies W_EI and W_II, ``recurrence_gain`` all four blocks.
        ``lesioned`` (unit) of bool marks units that neither receive nor send.
        """
        magnitude = self._magnitude() if self.dale else self.theta
        recurrent = magnitude * self.scale
        drive, drive_bias, bias = self.drive.weight, self.drive.bias, self.bias
        out = self.readout.weight
        if isinstance(inhibition_gain, Tensor) or inhibition_gain != 1.0:
            gain = torch.ones_like(self.scale)
            gain[self.n_excitatory :] = inhibition_gain
            recurrent = recurrent * gain
        if recurrence_gain != 1.0:
            recurrent = recurrent * recurrence_gain
        if lesioned is not None:
            kept = (~lesioned).to(recurrent.dtype)
            recurrent = recurrent * kept[:, None] * kept
            drive, drive_bias, bias = drive * kept[:, None], drive_bias * kept, bias * kept
            out = out * kept[: self.n_excitatory]
        return Weights(recurrent, drive, drive_bias, bias, out, self.readout.bias)

    def _magnitude(self) -> Tensor:
        """softplus(theta); without gradients it is kept for the next call.

        For one image it would take as long as all else. Kept values are compared with theta's: its
        version does not tell of a change by way of ``.data`` or NumPy.
        """
        theta = self.theta
        if (
            torch.is_grad_enabled()
            or torch.compiler.is_compiling()
            or type(theta) is not nn.Parameter
            or theta.device.type != "cpu"
            or theta.dtype not in (torch.float32, torch.float64)
        ):
            return softplus(theta)
        # Two precisions differ in length.
        now, kept = theta.detach().numpy().tobytes(), self._kept
        if kept is None or kept.theta != now:
            kept = self._kept = _Kept(now, softplus(theta))
        return kept.magnitude

    def forward(self, x: Tensor, weights: Weights | None = None) -> Tensor:
        """Logits at each step: (batch, time, class), read out by one product."""
        weights = self.weights() if weights is None else weights
        drives = self.drives(x, weights, self.steps_for(x))
        state = first_step(drives[0], weights, self.alpha)
        states = [state]
        for drive in drives[1:]:
            state = step(drive, state, weights, self.alpha)
            states.append(state)
        rate = torch.relu(torch.stack([s.potential[:, : self.n_excitatory] for s in states], 1))
        return F.linear(rate, weights.readout, weights.readout_bias)

    def compute_loss(
        self, x: Tensor, y: Tensor, settings: BPANTraining | None = None, **changes: Any
    ) -> Tensor:
        """The training loss, a scalar; ``y`` (batch,) holds class numbers. The settings are those
        of ``BPANTraining``, also as keyword arguments.

        Cross-entropy per step, weighted linspace(0.3, 1, T) / sum (``ce="final"``: the last step
        alone), plus lambda_act (mean r_e² + mean r_i²) + lambda_bal (mean bal_e² + mean bal_i²),
        means over batch, time and units, rates after the update. bal is the recurrent current plus
        the input drive, without b, as in the authors' code; the paper's text speaks of "net
        recurrent currents": ``balance_current="recurrent"``.
        """
        return self.loss_and_logits(x, y, BPANTraining.from_arguments(settings, changes))[0]

    def loss_and_logits(
        self, x: Tensor, y: Tensor, settings: BPANTraining
    ) -> tuple[Tensor, Tensor]:
        """``compute_loss``, and the logits of the last step (batch, class)."""
        weights = self.weights()
        drives = self.drives(x, weights, self.steps_for(x))
        return loss_and_logits(drives, weights, Task(y, self.alpha, self.scale, settings))

    @torch.no_grad()
    def trace(
        self,
        x: Tensor,
        *,
        n_steps: int | None = None,
        alpha: float | None = None,
        inhibition_gain: float = 1.0,
        lesioned: Tensor | None = None,
        recurrence_gain: float = 1.0,
    ) -> Trace:
        """Every current and rate over time; the controls may differ from those trained.

        ``n_steps`` and ``alpha`` default to the network's own. The gains and
        ``lesioned`` are those of ``weights``.
        """
        n_steps = self.steps_for(x) if n_steps is None else n_steps
        alpha = self.alpha if alpha is None else alpha
        weights = self.weights(inhibition_gain, lesioned, recurrence_gain)
        positive, negative = weights.recurrent.clamp(min=0).T, weights.recurrent.clamp(max=0).T
        drives = self.drives(x, weights, n_steps)
        state = initial_state(drives[0])
        excitation: list[Tensor] = []
        inhibition: list[Tensor] = []
        potential: list[Tensor] = []
        for drive in drives:
            rate = torch.relu(state.potential)
            excitation.append(rate @ positive)
            inhibition.append(rate @ negative)
            state = step(drive, state, weights, alpha)
            potential.append(state.potential)
        exc, inh, pot, drive = (
            torch.stack(a, 1) for a in (excitation, inhibition, potential, list(drives))
        )
        rate = torch.relu(pot)
        return Trace(
            excitation=exc,
            inhibition=inh,
            drive=drive,
            bias=weights.bias,
            net=exc + inh + drive + weights.bias,
            potential=pot,
            rate=rate,
            logits=F.linear(rate[..., : self.n_excitatory], weights.readout, weights.readout_bias),
        )


class First(NamedTuple):
    """A pass after step 1: ``x`` (batch, input) and ``drive`` (batch, E unit), which is the state.

    Only E units are read out and no current recurs in the first step, so
    a sample answered there never needs the drive of the I units.
    """

    x: Tensor
    drive: Tensor


class Carry(NamedTuple):
    """A pass after a later step: ``drive`` and ``potential`` (batch, unit)."""

    drive: Tensor
    potential: Tensor


class BPAN(BalancedNetwork):
    """Balanced Predictive Attractor Network; ``x`` is (batch, input_dim), normalised, and drives
    all ``n_steps`` alike."""

    def __init__(self, config: BPANConfig | None = None, **settings: Any) -> None:
        config = BPANConfig.from_arguments(config, settings)
        super().__init__(config)
        self.n_steps = config.n_steps

    def drives(self, x: Tensor, weights: Weights, n_steps: int) -> list[Tensor]:
        return [input_drive(images(x, self.input_dim), weights)] * n_steps

    def begin(self, x: Tensor, weights: Weights) -> First:
        x = images(x, self.input_dim)
        return First(x, _partial_drive(x, weights, slice(self.n_excitatory)))

    def advance(self, carry: First | Carry, t: int, weights: Weights) -> Carry:
        if isinstance(carry, First):
            x, drive = carry
            inhibitory = slice(self.n_excitatory, None)
            drive = torch.cat([drive, _partial_drive(x, weights, inhibitory)], 1)
            state = first_step(drive, weights, self.alpha)
        else:
            drive, state = carry.drive, State(carry.potential)
        return Carry(drive, step(drive, state, weights, self.alpha).potential)

    def answer(self, carry: First | Carry, t: int, weights: Weights) -> Tensor:
        if isinstance(carry, Carry):
            return readout(State(carry.potential), weights)
        excitatory = weights._replace(bias=weights.bias[: self.n_excitatory])
        return readout(first_step(carry.drive, excitatory, self.alpha), weights)

    def macs(self) -> Cost:
        e, i = self.n_excitatory, self.n_inhibitory
        n_inputs, n_classes = self.drive.in_features, self.readout.out_features
        return Cost(n_inputs * e, (e + i) ** 2, e * n_classes, second=n_inputs * i)


def _partial_drive(x: Tensor, weights: Weights, units: slice) -> Tensor:
    """The input drive of some units."""
    part = weights._replace(drive=weights.drive[units], drive_bias=weights.drive_bias[units])
    return input_drive(x, part)
