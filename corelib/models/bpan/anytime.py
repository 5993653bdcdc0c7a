"""Stopping when confident: what has answered leaves the batch and costs nothing more."""

import torch
from torch import Tensor

from corelib.models.bpan.dynamics import State, Weights, first_step, input_drive, readout, step


def answer_when_confident(
    x: Tensor, weights: Weights, alpha: float, n_steps: int, threshold: float
) -> tuple[Tensor, Tensor]:
    """Logits (batch, class) and steps used (batch,) by the rule of ``BPAN.forward_anytime``.

    Only E units are read out and no current recurs in the first step, so what answers there never
    needs the drive of the I units. Later, all that still compute overwrite their answer: only
    those who go on need to be picked out.
    """
    n_e = weights.readout.shape[1]
    excitatory = _received(weights, slice(n_e))
    drive = input_drive(x, excitatory)
    state = first_step(drive, excitatory, alpha)
    logits = answers = readout(state, weights)
    steps = torch.ones(len(x), dtype=torch.int64, device=x.device)
    computing = torch.arange(len(x), device=x.device)
    for t in range(2, n_steps + 1):
        unsure = (confidence(logits) >= threshold).logical_not_().nonzero()[:, 0]
        if not len(unsure):
            break
        computing, drive = computing.index_select(0, unsure), drive.index_select(0, unsure)
        if t == 2:
            inhibitory = _received(weights, slice(n_e, None))
            drive = torch.cat([drive, input_drive(x.index_select(0, unsure), inhibitory)], 1)
            state = first_step(drive, weights, alpha)
        else:
            state = State(state.potential.index_select(0, unsure))
        state = step(drive, state, weights, alpha)
        logits = readout(state, weights)
        answers.index_copy_(0, computing, logits)
        steps.index_fill_(0, computing, t)
    return answers, steps


def _received(weights: Weights, units: slice) -> Weights:
    """The weights of what some units receive."""
    return weights._replace(
        recurrent=weights.recurrent[units],
        drive=weights.drive[units],
        drive_bias=weights.drive_bias[units],
        bias=weights.bias[units],
    )


def confidence(logits: Tensor) -> Tensor:
    """The largest softmax probability: (..., class) -> (...).

    It is 1 / sum(exp(logits - max)), which needs no division of the whole row.
    """
    return (logits - logits.amax(-1, keepdim=True)).exp_().sum(-1).reciprocal_()
