"""Classifiers that answer after each of their steps, and early stopping.

One interface serves BPAN and its baselines. A forward pass is

    weights = model.weights()              shared by all samples, a NamedTuple
    carry = model.begin(x, weights)        the state after step 1, a NamedTuple of (batch, ...)
    carry = model.advance(carry, t, weights)    after step t = 2, 3, ...
    logits = model.answer(carry, t, weights)    of step t

Every field of a carry has the samples along its first axis, so samples that have been answered are
dropped from it and cost nothing more. Weights other than the trained ones may be passed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from corelib.errors import SettingsError


class Answered(NamedTuple):
    """``logits`` (batch, class) of the answers and ``steps`` (batch,), from 1, that they took."""

    logits: Tensor
    steps: Tensor


class Cost(NamedTuple):
    """Multiply-adds of one sample in matrix products; the drive of a constant input counts once.

    ``once`` up to the state of step 1, ``per_step`` for each later step, ``readout`` for the
    answer (and the halting unit) of each step, ``second`` for what is added at step 2 only.
    """

    once: int
    per_step: int
    readout: int
    second: int = 0

    def at(self, steps: int | np.ndarray) -> np.ndarray:
        """The cost of an answer at each of ``steps``, of any shape, from 1."""
        steps = np.asarray(steps)
        later = self.once + (steps - 1) * self.per_step + (steps > 1) * self.second
        return later + steps * self.readout


class AnytimeClassifier(nn.Module, ABC):
    """``n_steps`` answers, one after another; ``x`` is (batch, input)."""

    n_steps: int
    has_own_rule: ClassVar[bool] = False
    """Whether the model learns when to halt; others halt when confident."""

    @abstractmethod
    def weights(self) -> Any:
        """The weights that all samples share in a forward pass."""

    @abstractmethod
    def begin(self, x: Tensor, weights: Any) -> Any:
        """The carry after step 1."""

    @abstractmethod
    def advance(self, carry: Any, t: int, weights: Any) -> Any:
        """The carry after step t, from that after step t - 1."""

    @abstractmethod
    def answer(self, carry: Any, t: int, weights: Any) -> Tensor:
        """The answer of step t: logits (batch, class)."""

    @abstractmethod
    def loss_and_logits(self, x: Tensor, y: Tensor, settings: Any) -> tuple[Tensor, Tensor]:
        """The training loss, a scalar, and the logits (batch, class) of the last step.

        The loss is a mean over the images: that of a large batch is computed in parts. ``y``
        (batch,) holds class numbers; ``settings`` are the training's.
        """

    @abstractmethod
    def macs(self) -> Cost:
        """The cost of a sample whose input is constant."""

    def steps_for(self, x: Tensor) -> int:
        """How many steps this input takes."""
        return self.n_steps

    def forward(self, x: Tensor, weights: Any = None) -> Tensor:
        """Logits of each step: (batch, time, class)."""
        weights = self.weights() if weights is None else weights
        carry = self.begin(x, weights)
        logits = [self.answer(carry, 1, weights)]
        for t in range(2, self.steps_for(x) + 1):
            carry = self.advance(carry, t, weights)
            logits.append(self.answer(carry, t, weights))
        return torch.stack(logits, 1)

    @torch.no_grad()
    def forward_anytime(
        self, x: Tensor, confidence_threshold: float = 0.9, weights: Any = None
    ) -> Answered:
        """Answer at the first step whose largest softmax reaches the threshold, else at the last.

        Returns logits (batch, class) and steps used (batch,) of int64. Computation stops for a
        sample once it is answered. Raises ``SettingsError`` for a threshold outside [0, 1].
        """
        # A number would be made a tensor in each step; like one, this takes the logits' precision.
        threshold = torch.tensor(checked_threshold(confidence_threshold), dtype=torch.float64)
        return answer_early(
            self,
            x,
            self.weights() if weights is None else weights,
            lambda carry, logits, computing: confidence(logits) >= threshold,
        )

    @torch.no_grad()
    def own_rule(self, x: Tensor) -> Answered:
        """Answer by the model's own rule: here a confidence of 0.9."""
        return self.forward_anytime(x)


def checked_threshold(threshold: float) -> float:
    """The same confidence threshold; raises ``SettingsError`` unless it is from 0 to 1."""
    if not 0 <= threshold <= 1:
        raise SettingsError(f"The threshold is {threshold}, but should be from 0 to 1.")
    return threshold


def answer_early(
    model: AnytimeClassifier,
    x: Tensor,
    weights: Any,
    stops: Callable[[Any, Tensor, Tensor], Tensor],
) -> Answered:
    """Advance only those samples that ``stops`` does not stop, up to the last step.

    ``stops(carry, logits, computing)`` returns bool (sample,) for the samples still computed;
    ``computing`` (sample,) are their indices in the batch.
    """
    carry = model.begin(x, weights)
    logits = answers = model.answer(carry, 1, weights)
    steps = torch.ones(len(x), dtype=torch.int64, device=x.device)
    computing = torch.arange(len(x), device=x.device)
    for t in range(2, model.steps_for(x) + 1):
        stopped = stops(carry, logits, computing)
        if len(stopped) == 1:
            if stopped.item():
                break
        else:
            going_on = stopped.logical_not_().nonzero().view(-1)
            if not len(going_on):
                break
            if len(going_on) < len(stopped):
                computing = computing.index_select(0, going_on)
                carry = carry._make([field.index_select(0, going_on) for field in carry])
        carry = model.advance(carry, t, weights)
        # All that still compute overwrite their answer.
        logits = model.answer(carry, t, weights)
        if len(logits) == len(x):
            answers = logits
            steps.fill_(t)
        else:
            answers.index_copy_(0, computing, logits)
            steps.index_fill_(0, computing, t)
    return Answered(answers, steps)


def confidence(logits: Tensor) -> Tensor:
    """The largest softmax probability: (..., class) -> (...).

    It is 1 / sum(exp(logits - max)), which needs no division of the whole row.
    """
    return (logits - logits.amax(-1, keepdim=True)).exp_().sum(-1).reciprocal_()


def step_losses(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of each answer: logits (batch, time, class), y (batch,) -> (batch, time)."""
    y = y[:, None, None].expand(-1, logits.shape[1], 1)
    return -torch.log_softmax(logits, -1).gather(-1, y)[..., 0]


def rising(first: float, like: Tensor) -> Tensor:
    """Weights of the steps, linspace(first, 1, T) / its sum; T is the last axis of ``like``.

    Returns (time,).
    """
    share = torch.linspace(first, 1, like.shape[-1], dtype=like.dtype, device=like.device)
    return share / share.sum()
