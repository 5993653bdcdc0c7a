"""BPAN's baselines as one would write them first, on torch's own layers: the benchmark's reference.

Each takes the weights of one of ours and gives the same loss. The input is fed at every update, as
in the published code, so that its product is computed at every update too.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan.anytime import AnytimeClassifier, rising, step_losses
from corelib.models.bpan.baselines.act import ACT
from corelib.models.bpan.baselines.config import ACTTraining, PonderNetTraining
from corelib.models.bpan.baselines.gru import GRU
from corelib.models.bpan.baselines.gru_cell import GRUCell
from corelib.models.bpan.baselines.multi_exit import MultiExit
from corelib.models.bpan.baselines.pondernet import PonderNet, truncated_geometric


class SlowGRU(nn.Module):
    """``nn.GRU`` on the input repeated over time."""

    def __init__(self, model: GRU) -> None:
        super().__init__()
        self.n_steps = model.n_steps
        self.gru = nn.GRU(model.input_dim, model.cell.recurrent.in_features, batch_first=True)
        self.readout = deepcopy(model.readout)
        _take(self.gru, model.cell, "_l0")

    def compute_loss(self, x: Tensor, y: Tensor) -> Tensor:
        hidden, _ = self.gru(x[:, None].expand(-1, self.n_steps, -1))
        per_step = step_losses(self.readout(hidden), y).mean(0)
        return per_step @ rising(0.3, per_step)


class _SlowHalting(nn.Module):
    """``nn.GRUCell`` with a readout and a halting unit."""

    def __init__(self, model: ACT | PonderNet) -> None:
        super().__init__()
        self.n_steps, self.model = model.n_steps, [model]
        self.cell = nn.GRUCell(model.input_dim, model.cell.recurrent.in_features)
        self.readout, self.halt = deepcopy(model.readout), deepcopy(model.halt)
        _take(self.cell, model.cell, "")

    def answers(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (batch, time, class) and the halting unit's probabilities (batch, time)."""
        hidden, logits, halting = None, [], []
        for _ in range(self.n_steps):
            hidden = self.cell(x, hidden)
            logits.append(self.readout(hidden))
            halting.append(torch.sigmoid(self.halt(hidden)).squeeze(1))
        return torch.stack(logits, 1), torch.stack(halting, 1)


class SlowACT(_SlowHalting):
    """Graves' rule, from the halting values of all updates."""

    def compute_loss(self, x: Tensor, y: Tensor) -> Tensor:
        logits, halting = self.answers(x)
        epsilon = cast(ACT, self.model[0]).epsilon
        spent = halting.cumsum(1)
        steps = 1 + (spent[:, :-1] < 1 - epsilon).sum(1)
        time = torch.arange(self.n_steps)
        before = time < steps[:, None] - 1
        remainder = 1 - (halting * before).sum(1)
        p = halting * before + remainder[:, None] * (time == steps[:, None] - 1)
        answer = (p[..., None] * logits).sum(1)
        return F.cross_entropy(answer, y) + ACTTraining().tau * (steps + remainder).mean()


class SlowPonderNet(_SlowHalting):
    """The distribution over updates as a product of probabilities."""

    def compute_loss(self, x: Tensor, y: Tensor) -> Tensor:
        settings = PonderNetTraining()
        logits, halting = self.answers(x)
        going_on = F.pad((1 - halting[:, :-1]).cumprod(1), (1, 0), value=1.0)
        p = going_on * torch.cat([halting[:, :-1], torch.ones_like(halting[:, :1])], 1)
        log_prior = truncated_geometric(settings.lambda_p, p)
        divergence = (p * (p.log() - log_prior)).sum(1)
        expected = (p * step_losses(logits, y)).sum(1)
        return (expected + settings.beta * divergence).mean()


class SlowMultiExit(nn.Module):
    """Blocks with a LayerNorm and a head each."""

    def __init__(self, model: MultiExit) -> None:
        super().__init__()
        self.drive = deepcopy(model.drive)
        self.blocks = nn.ModuleList(deepcopy(layer) for layer in model.blocks)
        self.norms = nn.ModuleList(deepcopy(layer) for layer in model.norms)
        self.heads = nn.ModuleList(deepcopy(layer) for layer in model.heads)

    def compute_loss(self, x: Tensor, y: Tensor) -> Tensor:
        hidden, losses = torch.relu(self.drive(x)), []
        for block, norm, head in zip(self.blocks, self.norms, self.heads, strict=True):
            hidden = hidden + norm(torch.relu(block(hidden)))
            losses.append(F.cross_entropy(head(hidden), y))
        per_exit = torch.stack(losses)
        return per_exit @ rising(0.5, per_exit)


SLOW: dict[type[AnytimeClassifier], Callable[..., nn.Module]] = {
    GRU: SlowGRU,
    ACT: SlowACT,
    PonderNet: SlowPonderNet,
    MultiExit: SlowMultiExit,
}


@torch.no_grad()
def _take(theirs: nn.Module, cell: GRUCell, ending: str) -> None:
    """The weights of our cell, under torch's names; its gates are in the same order."""
    parameters = dict(theirs.named_parameters())
    for name, ours in (
        ("weight_ih", cell.drive.weight),
        ("bias_ih", cell.drive.bias),
        ("weight_hh", cell.recurrent.weight),
        ("bias_hh", cell.recurrent.bias),
    ):
        parameters[name + ending].copy_(ours)
