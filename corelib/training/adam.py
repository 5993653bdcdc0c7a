"""Adam (Kingma and Ba 2015): torch's own fused update.

Constructing a ``torch.optim.Adam`` imports torch._dynamo, which delays the first update by seconds;
the functional form used here does not.
"""

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from corelib.training.optimiser import Optimiser


class Adam(Optimiser):
    """State: ``mean.<parameter>``, ``square.<parameter>``, ``count.<parameter>``."""

    def __init__(
        self, model: nn.Module, learning_rate: float, clip_norm: float | None = None
    ) -> None:
        super().__init__(model, learning_rate, clip_norm)
        self.mean = self.per_parameter("mean")
        self.square = self.per_parameter("square")
        self.count = self.per_parameter("count", _zero)

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
            beta1=0.9,
            beta2=0.999,
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
            grad_scale=None,
            found_inf=None,
        )


def _zero(parameter: Tensor) -> Tensor:
    """No updates so far, a count that fused Adam keeps on the parameter's device."""
    return torch.zeros((), device=parameter.device)
