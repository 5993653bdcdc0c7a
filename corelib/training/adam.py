"""Adam (Kingma and Ba 2015), torch's own fused update, with its state as plain named tensors.

``torch.optim.Adam`` would import torch._dynamo, one to three seconds that a person waits for after
pressing Train; the functional form does not, and its state goes to safetensors as it is.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from corelib.errors import CheckpointError


class Adam:
    """Updates the parameters of a module in place from their ``.grad``."""

    def __init__(
        self, model: nn.Module, learning_rate: float, clip_norm: float | None = None
    ) -> None:
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.names, self.parameters = map(list, zip(*model.named_parameters(), strict=True))
        self.mean = [torch.zeros_like(p) for p in self.parameters]
        self.square = [torch.zeros_like(p) for p in self.parameters]
        self.count = [torch.zeros((), device=p.device) for p in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Clip the gradients, update the parameters, forget the gradients.

        A parameter without a gradient stays as it is: with one step BPAN's recurrence has no part
        in the loss.
        """
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
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
        for p in self.parameters:
            p.grad = None

    def state(self) -> dict[str, Tensor]:
        """``mean.<parameter>``, ``square.<parameter>``, ``count.<parameter>``."""
        return {
            f"{kind}.{name}": tensor
            for kind in ("mean", "square", "count")
            for name, tensor in zip(self.names, getattr(self, kind), strict=True)
        }

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
