"""What our optimisers share: gradients that are clipped and then cleared, and a state of
named tensors, saved to safetensors unchanged."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from corelib.errors import CheckpointError


class Optimiser(ABC):
    """Updates the parameters of a module in place from their ``.grad``.

    A subclass declares its state (``per_parameter``, ``remember``) and its rule (``update``).
    Before each update gradients are scaled down to a norm of at most ``clip_norm`` over all
    parameters together; None leaves them unchanged.
    """

    def __init__(self, model: nn.Module, learning_rate: float, clip_norm: float | None) -> None:
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.names, self.parameters = map(list, zip(*model.named_parameters(), strict=True))
        self._state: dict[str, Tensor] = {}

    def remember(self, name: str, tensor: Tensor) -> Tensor:
        """Add ``tensor`` to the state; from then on it may change only in place."""
        self._state[name] = tensor
        return tensor

    def per_parameter(
        self, kind: str, make: Callable[[Tensor], Tensor] = torch.zeros_like
    ) -> list[Tensor]:
        """One tensor ``<kind>.<parameter>`` of the state for each parameter, made from it."""
        pairs = zip(self.names, self.parameters, strict=True)
        return [self.remember(f"{kind}.{name}", make(p)) for name, p in pairs]

    @abstractmethod
    def update(self) -> None:
        """Change the parameters that have a gradient; called without autograd."""

    @torch.no_grad()
    def step(self) -> None:
        """Clip the gradients, update the parameters, clear the gradients.

        A parameter without a gradient is left unchanged: with one step the loss does not depend on
        BPAN's recurrence.
        """
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        self.update()
        for p in self.parameters:
            p.grad = None

    def state_dict(self) -> dict[str, Tensor]:
        """Everything the next update depends on besides parameters and gradients, by name."""
        return dict(self._state)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what ``state_dict`` returned.

        Raises ``CheckpointError``, and changes nothing, if it belongs to another network.
        """
        for name, tensor in self._state.items():
            if name not in state or state[name].shape != tensor.shape:
                raise CheckpointError(
                    f"The optimiser's state does not fit this network: {name} is missing or has "
                    "another shape."
                )
        for name, tensor in self._state.items():
            tensor.copy_(state[name])
