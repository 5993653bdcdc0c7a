"""Stopping when confident: what has answered leaves the batch and costs nothing more."""

import torch
from torch import Tensor

from corelib.models.bpan.dynamics import State, Weights, first_step, input_drive, readout, step


def answer_when_confident(
    x: Tensor, weights: Weights, alpha: float, n_steps: int, threshold: float
) -> tuple[Tensor, Tensor]:
    """Logits (batch, class) and steps used (batch,) by the rule of ``BPAN.forward_anytime``.

    The largest softmax is 1 / sum(exp(logits - max)), which needs no division of the whole row.
    """
    drive = input_drive(x, weights)
    state = first_step(drive, weights, alpha)
    logits = readout(state, weights)
    steps = torch.full((len(x),), n_steps, device=x.device)
    answers = torch.empty_like(logits)
    waiting = torch.arange(len(x), device=x.device)
    for t in range(1, n_steps):
        sure = confidence(logits) >= threshold
        done = waiting[sure]
        if len(done):
            answers[done] = logits[sure]
            steps[done] = t
            waiting = waiting[~sure]
            drive, state = drive[~sure], State(state.potential[~sure])
            if not len(waiting):
                return answers, steps
        state = step(drive, state, weights, alpha)
        logits = readout(state, weights)
    answers[waiting] = logits
    return answers, steps


def confidence(logits: Tensor) -> Tensor:
    """The largest softmax probability: (..., class) -> (...)."""
    return (logits.amax(-1) - logits.logsumexp(-1)).exp()
