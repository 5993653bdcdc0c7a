"""Adam (Kingma and Ba 2015): torch's own fused update.

Constructing a ``torch.optim.Adam`` imports torch._dynamo, which delays the first update by seconds;
the functional form used here does not.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from corelib.training.optimiser import Optimiser

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Moments(NamedTuple):
    """The running means of a parameter's gradient and of its square, in its shape and corrected for
    their start at zero; ``started`` is what that of the gradient was divided by for this."""

    mean: Tensor
    square: Tensor
    started: float


class Adam(Optimiser):
    """State: ``mean.<parameter>``, ``square.<parameter>``, ``count.<parameter>``."""

    def __init__(
        self, model: nn.Module, learning_rate: float, clip_norm: float | None = None
    ) -> None:
        super().__init__(model, learning_rate, clip_norm)
        self.mean = self.per_parameter("mean")
        self.square = self.per_parameter("square")
        self.count = self.per_parameter("count", _zero)

    def moments(self, parameter: Tensor) -> Moments | None:
        """Those of the last update; None where ``parameter`` has had none, or is not ours."""
        at = next((i for i, p in enumerate(self.parameters) if p is parameter), None)
        if at is None or not self.count[at]:
            return None
        first, second = (1 - beta ** self.count[at].item() for beta in BETAS)
        return Moments(self.mean[at] / first, self.square[at] / second, first)

    def update(self) -> None:
        used = [i for i, p in enumerate(self.parameters) if p.grad is not None]
        adam(
            [self.parameters[i] for i in used],
            [self.parameters[i].grad for i in used],
            [self.mean[i] for i in used],
            [self.square[i] for i in used],
            [],
            [self.count[i] for i in used],
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
            grad_scale=None,
            found_inf=None,
        )


def _zero(parameter: Tensor) -> Tensor:
    """No updates so far, a count that fused Adam keeps on the parameter's device."""
    return torch.zeros((), device=parameter.device)
