"""Adamax against torch's own optimiser and its own cosine."""

import copy
import math

import pytest
import torch
from torch import nn

from corelib.training.adamax import Adamax
from tests.training.small import STEPS, give_gradients, make


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("cosine", [False, True])
def test_it_matches_torch_adamax_after_torch_clipping(clip, cosine):
    ours = make(torch.float64)
    theirs = copy.deepcopy(ours)
    adamax = Adamax(ours, 0.05, clip, STEPS if cosine else None)
    torchs = torch.optim.Adamax(theirs.parameters(), 0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(torchs, STEPS)
    for step in range(STEPS):
        assert adamax.rate == pytest.approx(torchs.param_groups[0]["lr"])
        give_gradients(ours, step)
        give_gradients(theirs, step)
        if clip is not None:
            nn.utils.clip_grad_norm_(theirs.parameters(), clip)
        adamax.step()
        torchs.step()
        if cosine:
            schedule.step()
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_the_learning_rate_decays_to_zero():
    model = make(torch.float64)
    adamax = Adamax(model, 0.3, total_steps=10)
    rates = []
    for step in range(11):
        rates.append(adamax.rate)
        give_gradients(model, step)
        adamax.step()
    assert rates[0] == 0.3
    assert rates[5] == pytest.approx(0.15)
    assert rates[9] == pytest.approx(0.15 * (1 + math.cos(0.9 * math.pi)))
    assert rates[10] == 0
