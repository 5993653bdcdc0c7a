"""Adaptive Computation Time (Graves 2016, arXiv:1603.08983) on a GRU.

With y_n the readout (eq. 4) and h_n = sigmoid(halting unit) after update n (eq. 5), per sample:

    N   = the first n with h_1 + ... + h_n >= 1 - ε, or T                     eqs. 7, 13
    R   = 1 - (h_1 + ... + h_(N-1))                                           eq. 8
    p_n = h_n for n < N,  p_N = R                                             eq. 6
    answer = sum of p_n y_n                                                   eq. 9
    loss   = cross-entropy(answer) + τ mean(N + R)                            eqs. 10 to 12

The weights p sum to 1, so averaging the readouts is averaging the states: the readout is affine.
The gradient of N + R flows through R: it is -1 for each h_n before N (eq. 14).

The answer of a step that may be forced is what this rule gives if T were that step: the sum of
h_j y_j before it, and y_n with the remainder. From N on it stays. So the answer of step T is ACT's,
an early one is an answer ACT would give, and stopping when confident makes sense of both.

The authors' code gives the remainder only to samples that reach 1 - ε. Those that never do get
weights that sum to less than 1 and a ponder cost without a gradient; and inference stops at another
threshold and never adds the remainder. Here one rule serves training and inference. Graves also
tells the cell by an input flag which update is the first (eq. 3); the published sizes leave no room
for it.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.bpan.anytime import Answered, answer_early
from corelib.models.bpan.baselines.config import ACTConfig, ACTTraining
from corelib.models.bpan.baselines.gru_cell import State, first_step, input_drive, step
from corelib.models.bpan.baselines.halting_gru import HaltingGRU, Weights, halting_logit, logits_of
from corelib.shapes import images


class Carry(NamedTuple):
    """After step n, each (batch, ...): ``drive`` (batch, 3 unit), ``hidden`` (batch, unit),
    ``spent`` (batch,) = h_1 + ... + h_n, ``mixed`` (batch, class) = the sum of h_j y_j up to n,
    ``answer`` (batch, class); ``steps`` and ``remainder`` (batch,) = N and R if T were n."""

    drive: Tensor
    hidden: Tensor
    spent: Tensor
    mixed: Tensor
    answer: Tensor
    steps: Tensor
    remainder: Tensor


class ACT(HaltingGRU):
    """Adaptive Computation Time; see the module."""

    def __init__(self, config: ACTConfig | None = None, **settings: Any) -> None:
        config = ACTConfig.from_arguments(config, settings)
        super().__init__(config)
        self.epsilon = config.epsilon

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        drive = input_drive(images(x, self.input_dim), weights.cell)
        hidden = first_step(drive, weights.cell).hidden
        halting = torch.sigmoid(halting_logit(hidden, weights))
        logits = logits_of(hidden, weights)
        one = torch.ones_like(halting)
        steps = torch.ones_like(halting, dtype=torch.int64)
        return Carry(drive, hidden, halting, halting[:, None] * logits, logits, steps, one)

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        hidden = step(carry.drive, State(carry.hidden), weights.cell).hidden
        halting = torch.sigmoid(halting_logit(hidden, weights))
        logits = logits_of(hidden, weights)
        halted, left = self.has_halted(carry), 1 - carry.spent
        return Carry(
            drive=carry.drive,
            hidden=hidden,
            spent=carry.spent + halting,
            mixed=torch.addcmul(carry.mixed, halting[:, None], logits),
            answer=torch.where(
                halted[:, None], carry.answer, torch.addcmul(carry.mixed, left[:, None], logits)
            ),
            steps=carry.steps.masked_fill(~halted, t),
            remainder=torch.where(halted, carry.remainder, left),
        )

    def has_halted(self, carry: Carry) -> Tensor:
        """Bool (batch,): whether the halting values have added up to 1 - ε."""
        return carry.spent >= 1 - self.epsilon

    def answer(self, carry: Carry, t: int, weights: Weights) -> Tensor:
        return carry.answer

    @torch.no_grad()
    def own_rule(self, x: Tensor) -> Answered:
        """ACT's answer and N, as in training; samples that have halted are computed no further."""
        return answer_early(
            self, x, self.weights(), lambda carry, logits, computing: self.has_halted(carry)
        )

    def ponder(self, x: Tensor) -> Carry:
        """The carry after step T: the answer, N and R of training."""
        weights = self.weights()
        carry = self.begin(x, weights)
        for t in range(2, self.n_steps + 1):
            carry = self.advance(carry, t, weights)
        return carry

    def loss_and_logits(self, x: Tensor, y: Tensor, settings: ACTTraining) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the answer + τ mean(N + R)."""
        carry = self.ponder(x)
        cost = (carry.steps + carry.remainder).mean()
        return F.cross_entropy(carry.answer, y) + settings.tau * cost, carry.answer
