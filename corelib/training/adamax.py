"""Adamax (Kingma and Ba 2015, section 7.1) with a rate that may fall as a cosine.

By hand, for the reason that ``adam`` names: ``torch.optim`` takes seconds to import.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from corelib.errors import CheckpointError

BETA_1, BETA_2, EPS = 0.9, 0.999, 1e-8


class Adamax:
    """Updates the parameters of a module in place from their ``.grad``.

        m <- β1 m + (1 - β1) g,   n <- max(β2 n, |g| + ε),   p <- p - rate m / ((1 - β1^t) n)

    In update t of ``total_steps`` the rate is ``learning_rate`` (1 + cos(π (t - 1) / total)) / 2;
    without ``total_steps`` it is constant.
    """

    def __init__(
        self,
        model: nn.Module,
        learning_rate: float,
        clip_norm: float | None = None,
        total_steps: int | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.total_steps = total_steps
        self.names, self.parameters = map(list, zip(*model.named_parameters(), strict=True))
        self.mean = [torch.zeros_like(p) for p in self.parameters]
        self.largest = [torch.zeros_like(p) for p in self.parameters]
        self.count = torch.zeros((), dtype=torch.int64)

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        if self.total_steps is None:
            return self.learning_rate
        share = min(self.count.item() / self.total_steps, 1.0)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))

    @torch.no_grad()
    def step(self) -> None:
        """Clip the gradients, update the parameters, forget the gradients."""
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        rate = self.rate
        self.count += 1
        rate /= 1 - BETA_1 ** self.count.item()
        for p, mean, largest in zip(self.parameters, self.mean, self.largest, strict=True):
            if p.grad is None:
                continue
            mean.lerp_(p.grad, 1 - BETA_1)
            torch.maximum(largest.mul_(BETA_2), p.grad.abs_().add_(EPS), out=largest)
            p.addcdiv_(mean, largest, value=-rate)
            p.grad = None

    def state(self) -> dict[str, Tensor]:
        """``mean.<parameter>``, ``largest.<parameter>`` and ``count``."""
        named = {
            f"{kind}.{name}": tensor
            for kind in ("mean", "largest")
            for name, tensor in zip(self.names, getattr(self, kind), strict=True)
        }
        return {**named, "count": self.count}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Put back what ``state`` returned; raises ``CheckpointError`` if it is another's."""
        for name, tensor in self.state().items():
            if name not in state or state[name].shape != tensor.shape:
                raise CheckpointError(
                    f"The optimiser's state does not fit this network: {name} is missing or has "
                    "another shape."
                )
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
