"""The dynamics of BPAN as pure functions of state and weights.

Excitatory and inhibitory units share one state vector, E first, so an update is one matrix product.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class State(NamedTuple):
    """``potential`` (batch, unit): e and i side by side, E units first."""

    potential: Tensor


class Weights(NamedTuple):
    """The signed weights of one forward pass; units are E first, then I.

    ``recurrent`` (unit to, unit from), ``drive`` (unit, input) with ``drive_bias`` (unit) = c,
    ``bias`` (unit) = b, ``readout`` (class, E unit) with ``readout_bias`` (class).
    """

    recurrent: Tensor
    drive: Tensor
    drive_bias: Tensor
    bias: Tensor
    readout: Tensor
    readout_bias: Tensor


def input_drive(x: Tensor, weights: Weights) -> Tensor:
    """W_X x + c: (batch, input) -> (batch, unit). Constant over time, so computed once."""
    return F.linear(x.flatten(1), weights.drive, weights.drive_bias)


def initial_state(drive: Tensor) -> State:
    """Silence: e = i = 0."""
    return State(torch.zeros_like(drive))


def balance_current(drive: Tensor, state: State, weights: Weights) -> Tensor:
    """Recurrent current plus input drive, without b: (batch, unit)."""
    return torch.addmm(drive, torch.relu(state.potential), weights.recurrent.T)


def integrate(state: State, net: Tensor, alpha: float) -> State:
    """The leaky update: s <- (1 - alpha) s + alpha net."""
    return State(torch.lerp(state.potential, net, alpha))


def step(drive: Tensor, state: State, weights: Weights, alpha: float) -> State:
    """One update, s <- (1 - alpha) s + alpha (W relu(s) + drive + b)."""
    return integrate(state, balance_current(drive, state, weights) + weights.bias, alpha)


def first_step(drive: Tensor, weights: Weights, alpha: float) -> State:
    """The update out of silence, where no recurrent current flows: s = alpha (drive + b)."""
    return State(alpha * (drive + weights.bias))


def readout(state: State, weights: Weights) -> Tensor:
    """Logits (batch, class) from the rates of the E units."""
    potential, n_excitatory = state.potential, weights.readout.shape[1]
    if potential.shape[1] > n_excitatory:
        potential = potential[:, :n_excitatory]
    return F.linear(torch.relu(potential), weights.readout, weights.readout_bias)


def softplus(theta: Tensor) -> Tensor:
    """log(1 + exp(theta)), elementwise.

    Without gradients by log in place of log1p, to the last digits the same: where log1p is not
    vectorised (so on some processors), these few weights cost half as much as the input's drive.
    """
    if torch.is_grad_enabled():
        return F.softplus(theta)
    # log(1 + u) = log(w) + (u - (w - 1)) / w, with w = 1 + u as it is rounded.
    u = theta.abs().neg_().exp_()
    w = 1 + u
    lost = u.sub_(w - 1).div_(w)
    return w.log_().add_(lost).add_(theta.clamp(min=0))
