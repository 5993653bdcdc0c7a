"""Adam against torch's own optimiser and against the paper's formulas in NumPy."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from corelib.training.adam import Adam
from tests.training.small import STEPS, give_gradients, make


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("rate", [1e-3, 0.3])
def test_it_matches_torch_adam_after_torch_clipping(clip, rate):
    ours = make()
    theirs = copy.deepcopy(ours)
    adam = Adam(ours, rate, clip)
    torchs = torch.optim.Adam(theirs.parameters(), rate, fused=True)
    for step in range(STEPS):
        give_gradients(ours, step)
        give_gradients(theirs, step)
        if clip is not None:
            nn.utils.clip_grad_norm_(theirs.parameters(), clip)
        adam.step()
        torchs.step()
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("clip", [None, 1.0])
def test_it_follows_the_formulas_of_the_paper(clip):
    model = make(torch.float64)
    adam = Adam(model, 0.01, clip)
    weights = [p.detach().numpy().copy() for p in model.parameters()]
    mean = [np.zeros_like(w) for w in weights]
    square = [np.zeros_like(w) for w in weights]
    clipped = 0
    for t in range(1, STEPS + 1):
        give_gradients(model, t)
        gradients = [p.grad.numpy().copy() for p in model.parameters()]
        norm = np.sqrt(sum((g**2).sum() for g in gradients))
        if clip is not None and norm > clip:
            clipped += 1
            # torch adds 1e-6 to the norm.
            gradients = [g * clip / (norm + 1e-6) for g in gradients]
        for k, g in enumerate(gradients):
            mean[k] = 0.9 * mean[k] + 0.1 * g
            square[k] = 0.999 * square[k] + 0.001 * g**2
            mean_hat = mean[k] / (1 - 0.9**t)
            square_hat = square[k] / (1 - 0.999**t)
            weights[k] -= 0.01 * mean_hat / (np.sqrt(square_hat) + 1e-8)
        adam.step()
        for p, truth in zip(model.parameters(), weights, strict=True):
            np.testing.assert_allclose(p.detach().numpy(), truth, rtol=1e-9, atol=1e-12)
    assert clip is None or 0 < clipped < STEPS, "some steps should be clipped and some not"


def test_a_parameter_without_a_gradient_stays_unchanged():
    model = torch.nn.Linear(3, 2)
    theirs = copy.deepcopy(model)
    ours, oracle = Adam(model, 0.1), torch.optim.Adam(theirs.parameters(), 0.1)
    kept = model.bias.detach().clone()
    for linear in (model, theirs):
        (linear.weight.sum() ** 2).backward()
    ours.step()
    oracle.step()
    assert torch.equal(model.bias, kept)
    torch.testing.assert_close(model.weight, theirs.weight)
    assert ours.state_dict()["count.bias"] == 0
