"""Adamax (Kingma and Ba 2015, section 7.1) with an optional cosine decay of the learning rate.

Written out, because torch's functional ``adamax`` gives the same numbers more slowly (it has no
fused form) and counts the updates once for each parameter.
"""

import math

import torch
from torch import nn

from corelib.training.optimiser import Optimiser

BETA_1, BETA_2, EPS = 0.9, 0.999, 1e-8


class Adamax(Optimiser):
    """Update t, from 1, with the learning rate ``rate``:

        m <- β1 m + (1 - β1) g,   n <- max(β2 n, |g| + ε),   p <- p - rate m / ((1 - β1^t) n)

    In update t of ``total_steps`` the rate is ``learning_rate`` (1 + cos(π (t - 1) / total)) / 2;
    without ``total_steps`` it is constant.

    State: ``mean.<parameter>`` m, ``largest.<parameter>`` n, and ``count``, the updates so far.
    """

    def __init__(
        self,
        model: nn.Module,
        learning_rate: float,
        clip_norm: float | None = None,
        total_steps: int | None = None,
    ) -> None:
        super().__init__(model, learning_rate, clip_norm)
        self.total_steps = total_steps
        self.mean = self.per_parameter("mean")
        self.largest = self.per_parameter("largest")
        self.count = self.remember("count", torch.zeros((), dtype=torch.int64))

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        if self.total_steps is None:
            return self.learning_rate
        share = min(self.count.item() / self.total_steps, 1.0)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))

    def update(self) -> None:
        rate = self.rate
        self.count += 1
        rate /= 1 - BETA_1 ** self.count.item()
        for p, mean, largest in zip(self.parameters, self.mean, self.largest, strict=True):
            if p.grad is None:
                continue
            mean.lerp_(p.grad, 1 - BETA_1)
            torch.maximum(largest.mul_(BETA_2), p.grad.abs_().add_(EPS), out=largest)
            p.addcdiv_(mean, largest, value=-rate)
