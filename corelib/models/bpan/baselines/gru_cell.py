"""The gated recurrent unit (Cho 2014, arXiv:1406.1078, section 2.3; as in ``torch.nn.GRUCell``) as
pure functions.

With the drive d = W x + c and the recurrent current q = U h + b, each in three parts:

    r = sigmoid(d_r + q_r)              reset gate
    z = sigmoid(d_z + q_z)              update gate
    n = tanh(d_n + r q_n)               proposal
    h <- (1 - z) n + z h

The paper's last version resets h before the product with U; here, as in its first version, in torch
and in the authors' code, the product is reset.
"""

from math import sqrt
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class State(NamedTuple):
    """``hidden`` (batch, unit)."""

    hidden: Tensor


class CellWeights(NamedTuple):
    """``drive`` (3 unit, input) = W, ``drive_bias`` (3 unit) = c, ``recurrent`` (3 unit, unit) = U,
    ``recurrent_bias`` (3 unit) = b; rows are reset, update, proposal."""

    drive: Tensor
    drive_bias: Tensor
    recurrent: Tensor
    recurrent_bias: Tensor


def input_drive(x: Tensor, weights: CellWeights) -> Tensor:
    """W x + c: (batch, input) -> (batch, 3 unit)."""
    return F.linear(x, weights.drive, weights.drive_bias)


def step(drive: Tensor, state: State, weights: CellWeights) -> State:
    """One update."""
    current = F.linear(state.hidden, weights.recurrent, weights.recurrent_bias)
    update, proposal = _gates(drive, current)
    # Under autocast products are of lower precision than the state.
    return State(torch.lerp(proposal, state.hidden.to(proposal.dtype), update))


def first_step(drive: Tensor, weights: CellWeights) -> State:
    """The update from h = 0, which needs no product."""
    update, proposal = _gates(drive, weights.recurrent_bias)
    return State(proposal - update * proposal)


def _gates(drive: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
    """The update gate and the proposal."""
    # Split, not sliced: the gradient of a slice is an array of zeros around it.
    n = drive.shape[-1] // 3
    (given, given_n), (fed_back, fed_back_n) = (
        torch.split_with_sizes(x, (2 * n, n), -1) for x in (drive, current)
    )
    reset, update = torch.sigmoid(given + fed_back).chunk(2, -1)
    return update, torch.tanh(torch.addcmul(given_n, reset, fed_back_n))


class GRUCell(nn.Module):
    """Holds the weights; all start uniform within ±1/sqrt(H), as torch's do."""

    def __init__(self, input_dim: int, n_hidden: int) -> None:
        super().__init__()
        self.drive = nn.Linear(input_dim, 3 * n_hidden)
        self.recurrent = nn.Linear(n_hidden, 3 * n_hidden)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / sqrt(n_hidden), 1 / sqrt(n_hidden))

    def weights(self) -> CellWeights:
        return CellWeights(
            self.drive.weight, self.drive.bias, self.recurrent.weight, self.recurrent.bias
        )
