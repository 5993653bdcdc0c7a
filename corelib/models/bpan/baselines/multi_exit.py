"""A residual MLP with an exit after each block (the idea of BranchyNet, Teerapittayanon 2016).

    h_0 = relu(W x + c)        h_t = h_(t-1) + LayerNorm(relu(A_t h_(t-1) + a_t))
    logits_t = R_t h_t + c_t

A sample leaves at the first exit that is confident. Blocks and heads differ from step to step:
depth takes the place of time. The authors' code agrees with these equations and with the loss.
"""

from typing import Any, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan.anytime import AnytimeClassifier, Cost, rising, step_losses
from corelib.models.bpan.baselines.config import MultiExitConfig, MultiExitTraining
from corelib.shapes import images


class Block(NamedTuple):
    """One block with its exit; ``gain`` and ``shift`` (unit) of the LayerNorm."""

    weight: Tensor
    bias: Tensor
    gain: Tensor
    shift: Tensor
    head: Tensor
    head_bias: Tensor


class Weights(NamedTuple):
    """``drive`` (unit, input) with ``drive_bias`` (unit); ``blocks``, one a step."""

    drive: Tensor
    drive_bias: Tensor
    blocks: tuple[Block, ...]


class Carry(NamedTuple):
    """``hidden`` (batch, unit)."""

    hidden: Tensor


class MultiExit(AnytimeClassifier):
    """``x`` is (batch, input_dim).

    Parameters: (D + 1) H + T ((H + 1) H + 2 H + (H + 1) C): 614,204 at D = 784, H = 256,
    T = 6.
    """

    def __init__(self, config: MultiExitConfig | None = None, **settings: Any) -> None:
        super().__init__()
        config = MultiExitConfig.from_arguments(config, settings)
        n_hidden, n_steps, n_classes = config.n_hidden, config.n_steps, config.n_classes
        self.n_steps = n_steps
        self.input_dim = config.input_dim
        self.drive = nn.Linear(config.input_dim, n_hidden)
        self.blocks = nn.ModuleList(nn.Linear(n_hidden, n_hidden) for _ in range(n_steps))
        self.norms = nn.ModuleList(nn.LayerNorm(n_hidden) for _ in range(n_steps))
        self.heads = nn.ModuleList(nn.Linear(n_hidden, n_classes) for _ in range(n_steps))

    def _exits(self) -> list[tuple[nn.Linear, nn.LayerNorm, nn.Linear]]:
        """The layers of each step: a block, its LayerNorm and its head."""
        return [
            (cast(nn.Linear, block), cast(nn.LayerNorm, norm), cast(nn.Linear, head))
            for block, norm, head in zip(self.blocks, self.norms, self.heads, strict=True)
        ]

    def weights(self) -> Weights:
        blocks = tuple(
            Block(block.weight, block.bias, norm.weight, norm.bias, head.weight, head.bias)
            for block, norm, head in self._exits()
        )
        return Weights(self.drive.weight, self.drive.bias, blocks)

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        x = images(x, self.input_dim)
        hidden = torch.relu(F.linear(x, weights.drive, weights.drive_bias))
        return self.advance(Carry(hidden), 1, weights)

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        block, hidden = weights.blocks[t - 1], carry.hidden
        added = torch.relu(F.linear(hidden, block.weight, block.bias))
        return Carry(hidden + F.layer_norm(added, added.shape[1:], block.gain, block.shift))

    def answer(self, carry: Carry, t: int, weights: Weights) -> Tensor:
        block = weights.blocks[t - 1]
        return F.linear(carry.hidden, block.head, block.head_bias)

    def loss_and_logits(
        self, x: Tensor, y: Tensor, settings: MultiExitTraining
    ) -> tuple[Tensor, Tensor]:
        """The exits' cross-entropies, weighted linspace(0.5, 1, T) / sum."""
        logits = self(x)
        per_exit = step_losses(logits, y).mean(0)
        return per_exit @ rising(0.5, per_exit), logits[:, -1]

    def macs(self) -> Cost:
        """The first block belongs to step 1, so to what is computed once."""
        block, _, head = self._exits()[0]
        per_step = block.weight.numel()
        once = self.drive.weight.numel() + per_step
        return Cost(once, per_step, head.weight.numel())
