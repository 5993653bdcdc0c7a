"""PonderNet (Banino 2021, arXiv:2107.05407) on a GRU.

With y_n the readout and λ_n = sigmoid(halting unit) after update n (eq. 1), λ_T = 1, per sample:

    p_n  = λ_n (1 - λ_1) ... (1 - λ_(n-1))                                           eq. 2
    loss = mean of [sum of p_n cross-entropy(y_n) + β KL(p || prior)]                eq. 3
    prior_n ∝ λ_p (1 - λ_p)^(n-1), normalised over n = 1 ... T                       section 2.4

T steps leave p short of 1. Of the two remedies in section 2.3 this is the second: the last step
takes what remains (λ_T = 1), so p sums to 1 by itself; it is computed as log p.

The authors' code takes the first in training, p divided by its sum, as a softmax over log p. Only
ratios of p then count: λ may be as small as it likes. At inference, where p is not divided, hardly
any sample halts before the last step. ``faithful=True`` does that.
"""

from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.bpan.anytime import Answered, answer_early, step_losses
from corelib.models.bpan.baselines.config import PonderNetConfig, PonderNetTraining
from corelib.models.bpan.baselines.gru_cell import State, first_step, input_drive, step
from corelib.models.bpan.baselines.halting_gru import HaltingGRU, Weights, halting_logit, logits_of
from corelib.shapes import images

Rule = Literal["cumulative", "expected", "sampled"]


class Carry(NamedTuple):
    """After step n: ``drive`` (batch, 3 unit), ``hidden`` (batch, unit), ``halting`` (batch,) the
    halting unit's logit, ``going_on`` (batch,) = log of (1 - λ_1) ... (1 - λ_n)."""

    drive: Tensor
    hidden: Tensor
    halting: Tensor
    going_on: Tensor


class Pondered(NamedTuple):
    """``logits`` (batch, time, class) and ``log_p`` (batch, time), the halting distribution."""

    logits: Tensor
    log_p: Tensor


class PonderNet(HaltingGRU):
    """PonderNet; see the module."""

    def __init__(self, config: PonderNetConfig | None = None, **settings: Any) -> None:
        config = PonderNetConfig.from_arguments(config, settings)
        super().__init__(config)
        self.faithful = config.faithful

    def begin(self, x: Tensor, weights: Weights) -> Carry:
        drive = input_drive(images(x, self.input_dim), weights.cell)
        hidden = first_step(drive, weights.cell).hidden
        halting = halting_logit(hidden, weights)
        return Carry(drive, hidden, halting, F.logsigmoid(-halting))

    def advance(self, carry: Carry, t: int, weights: Weights) -> Carry:
        hidden = step(carry.drive, State(carry.hidden), weights.cell).hidden
        halting = halting_logit(hidden, weights)
        return Carry(carry.drive, hidden, halting, carry.going_on + F.logsigmoid(-halting))

    def answer(self, carry: Carry, t: int, weights: Weights) -> Tensor:
        return logits_of(carry.hidden, weights)

    def ponder(self, x: Tensor) -> Pondered:
        """All steps with the distribution over them."""
        weights = self.weights()
        carry = self.begin(x, weights)
        logits, halting = [self.answer(carry, 1, weights)], [carry.halting]
        for t in range(2, self.n_steps + 1):
            carry = self.advance(carry, t, weights)
            logits.append(self.answer(carry, t, weights))
            halting.append(carry.halting)
        distribution = faithful_distribution if self.faithful else halting_distribution
        return Pondered(torch.stack(logits, 1), distribution(torch.stack(halting, 1)))

    def loss_and_logits(
        self, x: Tensor, y: Tensor, settings: PonderNetTraining
    ) -> tuple[Tensor, Tensor]:
        """The expected cross-entropy + β KL(p || prior)."""
        logits, log_p = self.ponder(x)
        p = log_p.exp()
        log_prior = truncated_geometric(settings.lambda_p, log_p)
        divergence = (p * (log_p - log_prior)).sum(1)
        expected = (p * step_losses(logits, y)).sum(1)
        return (expected + settings.beta * divergence).mean(), logits[:, -1]

    @torch.no_grad()
    def own_rule(
        self,
        x: Tensor,
        rule: Rule = "cumulative",
        threshold: float = 0.5,
        generator: torch.Generator | None = None,
    ) -> Answered:
        """Answer when the halting distribution says so.

        ``cumulative`` halts at the first n with p_1 + ... + p_n >= ``threshold``, at 0.5 the median
        of p; ``sampled`` draws n from p by ``generator`` (torch's own if None), as in section 2.5.
        Both stop for real. ``expected`` is what sampling does on average: the log of the mean
        probability of each class, and the mean number of steps as a float; it computes all steps.
        """
        if rule == "expected":
            logits, log_p = self.ponder(x)
            time = torch.arange(1, self.n_steps + 1, dtype=log_p.dtype, device=log_p.device)
            mixed = torch.logsumexp(log_p[..., None] + logits.log_softmax(-1), 1)
            return Answered(mixed, log_p.exp() @ time)
        if rule == "sampled":
            # Halting once p_1 + ... + p_n passes a uniform number halts at n with probability p_n.
            limit = torch.rand(len(x), generator=generator, device=x.device, dtype=x.dtype)
        else:
            limit = torch.full((len(x),), threshold, device=x.device, dtype=x.dtype)

        def stops(carry: Carry, logits: Tensor, computing: Tensor) -> Tensor:
            return -torch.expm1(carry.going_on) >= limit.index_select(0, computing)

        return answer_early(self, x, self.weights(), stops)


def halting_distribution(halting: Tensor) -> Tensor:
    """log p from the halting unit's logits, both (batch, time); λ_T = 1."""
    going_on = _going_on_before(halting)
    return torch.cat([going_on[:, :-1] + F.logsigmoid(halting[:, :-1]), going_on[:, -1:]], 1)


def faithful_distribution(halting: Tensor) -> Tensor:
    """As the authors' code has it: log softmax of log p without λ_T = 1."""
    return torch.log_softmax(_going_on_before(halting) + F.logsigmoid(halting), 1)


def _going_on_before(halting: Tensor) -> Tensor:
    """log of (1 - λ_1) ... (1 - λ_(n-1)): (batch, time)."""
    return F.pad(F.logsigmoid(-halting[:, :-1]).cumsum(1), (1, 0))


def truncated_geometric(lambda_p: float, like: Tensor) -> Tensor:
    """log of the prior over the T last-axis entries of ``like``, normalised: (time,)."""
    stay = torch.tensor(1 - lambda_p, dtype=like.dtype, device=like.device).log()
    time = torch.arange(like.shape[-1], dtype=like.dtype, device=like.device)
    return torch.log_softmax(time * stay, 0)
