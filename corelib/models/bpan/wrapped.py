"""Any network that classifies, as a classifier that answers after each of its steps."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from corelib.errors import SettingsError
from corelib.models.bpan.anytime import AnytimeClassifier, Cost

Prepare = Callable[[Tensor], Tensor]


class Carry(NamedTuple):
    """All answers, computed at once: ``logits`` (batch, time, class)."""

    logits: Tensor


class Wrapped(AnytimeClassifier):
    """``module`` returns logits (batch, class), an answer, or (batch, time, class), an answer after
    each step. All steps are computed at once, so that stopping early saves no time.

    ``n_steps`` is that of the last call, 1 before the first.
    """

    def __init__(self, module: nn.Module, prepare: Prepare | None = None) -> None:
        super().__init__()
        self.module = module
        self.prepare = prepare
        self.n_steps = 1

    def weights(self) -> None:
        """Those of the module, which are not passed around."""

    def begin(self, x: Tensor, weights: Any) -> Carry:
        logits: Any = self.module(x if self.prepare is None else self.prepare(x))
        if not isinstance(logits, Tensor) or logits.ndim not in (2, 3) or len(logits) != len(x):
            shape = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise SettingsError(
                f"{type(self.module).__name__} returned {shape}, but should return logits "
                f"(batch, class) or (batch, time, class) for a batch of {len(x)}."
            )
        logits = logits[:, None] if logits.ndim == 2 else logits
        self.n_steps = logits.shape[1]
        return Carry(logits)

    def advance(self, carry: Carry, t: int, weights: Any) -> Carry:
        return carry

    def answer(self, carry: Carry, t: int, weights: Any) -> Tensor:
        return carry.logits[:, t - 1]

    def loss_and_logits(self, x: Tensor, y: Tensor, settings: Any) -> tuple[Tensor, Tensor]:
        """The cross-entropy of the last answer, and its logits."""
        logits: Tensor = self(x)[:, -1]
        return torch.nn.functional.cross_entropy(logits, y), logits

    def macs(self) -> Cost:
        raise SettingsError(
            f"The multiply-adds of {type(self.module).__name__} are not known: it was not built "
            "here."
        )


def wrap(module: nn.Module, prepare: Prepare | None = None) -> Wrapped:
    """Any network as one that ``corelib.analysis`` can measure, without registering anything.

    ``module`` takes images (batch, pixel), normalised, and returns logits (batch, class) or
    (batch, time, class). ``prepare`` changes the input first, for example ``lambda x: x.view(-1, 1,
    28, 28)`` for a convolutional network.

    >>> from torch import nn
    >>> from corelib import evaluate, wrap
    >>> network = wrap(nn.Linear(784, 10))
    >>> evaluate(network, "mnist", images=100)["images"].item()
    100
    """
    return Wrapped(module, prepare)
