"""What our optimisers share: gradients that are clipped and then cleared, and a state of plain
named tensors, which goes to safetensors as it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from corelib.errors import CheckpointError


class Optimiser(ABC):
    """Updates the parameters of a module in place from their ``.grad``.

    A subclass says what it remembers (``per_parameter``, ``remember``) and how it updates
    (``update``). Before each update gradients are scaled down to a norm of at most ``clip_norm``,
    all parameters taken together; None leaves them as they are.
    """

    def __init__(self, model: nn.Module, learning_rate: float, clip_norm: float | None) -> None:
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.names, self.parameters = map(list, zip(*model.named_parameters(), strict=True))
        self._state: dict[str, Tensor] = {}

    def remember(self, name: str, tensor: Tensor) -> Tensor:
        """Make ``tensor`` a part of the state; from then on it changes in place only."""
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

        A parameter without a gradient stays as it is: with one step BPAN's recurrence has no part
        in the loss.
        """
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        self.update()
        for p in self.parameters:
            p.grad = None

    def state(self) -> dict[str, Tensor]:
        """All that the next update depends on besides parameters and gradients, by name."""
        return dict(self._state)

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Put back what ``state`` returned.

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
