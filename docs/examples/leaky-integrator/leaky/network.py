"""Leaky integrators, one a class, driven by the image through one matrix.

    a_1 = W x + b,    a_t = (1 - leak) a_(t-1) + W x + b

The logits of step t are a_t, so that a clear image is answered early and an unclear one late.
"""

from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from corelib.extend import AnytimeClassifier, Cost, images
from leaky.config import LeakyConfig


class Weights(NamedTuple):
    """``drive`` W (class, pixel) and ``bias`` b (class)."""

    drive: Tensor
    bias: Tensor


class Carry(NamedTuple):
    """The pass after a step: ``drive`` W x + b and ``activity`` a, both (batch, class)."""

    drive: Tensor
    activity: Tensor


class Leaky(AnytimeClassifier):
    """``x`` is (batch, pixel), normalised."""

    def __init__(self, config: LeakyConfig | None = None, **settings: Any) -> None:
        super().__init__()
        config = LeakyConfig.from_arguments(config, settings)
        self.input_dim, self.n_steps, self.leak = config.input_dim, config.n_steps, config.leak
        self.drive = nn.Linear(config.input_dim, config.n_classes)

    def weights(self) -> Weights:
        return Weights(self.drive.weight, self.drive.bias)

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        drive = F.linear(images(x, self.input_dim), weights.drive, weights.bias)
        return Carry(drive, drive)

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        return Carry(carry.drive, (1 - self.leak) * carry.activity + carry.drive)

    def answer(self, carry: Carry, t: int, weights: Weights) -> Tensor:
        return carry.activity

    def loss_and_logits(self, x: Tensor, y: Tensor, settings: Any) -> tuple[Tensor, Tensor]:
        logits = self(x)
        per_step = F.cross_entropy(logits.flatten(0, 1), y.repeat_interleave(self.n_steps))
        return per_step, logits[:, -1]

    def macs(self) -> Cost:
        return Cost(once=self.drive.weight.numel(), per_step=0, readout=0)
