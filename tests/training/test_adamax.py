"""Adamax against torch's own optimiser and its own cosine."""

import copy
import math

import pytest
import torch
from torch import nn

from corelib.errors import CheckpointError
from corelib.training.adamax import Adamax

STEPS = 20


def make() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()


def give_gradients(model: nn.Module, step: int) -> None:
    """Gradients that differ from step to step in size, so that some are clipped and some not."""
    torch.manual_seed(1000 + step)
    for p in model.parameters():
        p.grad = (10.0 ** (step % 4 - 2)) * torch.randn_like(p)


def run(model: nn.Module, optimiser: Adamax, steps: range) -> None:
    for step in steps:
        give_gradients(model, step)
        optimiser.step()


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("cosine", [False, True])
def test_is_torchs_adamax_after_torchs_clipping(clip, cosine):
    ours = make()
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


def test_the_rate_falls_from_all_to_nothing():
    model = make()
    adamax = Adamax(model, 0.3, total_steps=10)
    rates = []
    for step in range(11):
        rates.append(adamax.rate)
        run(model, adamax, range(step, step + 1))
    assert rates[0] == 0.3
    assert rates[5] == pytest.approx(0.15)
    assert rates[9] == pytest.approx(0.15 * (1 + math.cos(0.9 * math.pi)))
    assert rates[10] == 0


def test_a_parameter_without_a_gradient_stays():
    model = make()
    adamax = Adamax(model, 0.1)
    give_gradients(model, 0)
    model[0].bias.grad = None
    before = model[0].bias.clone(), model[2].bias.clone()
    adamax.step()
    assert torch.equal(model[0].bias, before[0])
    assert not torch.equal(model[2].bias, before[1])
    assert all(p.grad is None for p in model.parameters())


def test_state_carries_over_to_another_optimiser():
    whole = make()
    first = Adamax(whole, 0.01, 1.0, STEPS)
    run(whole, first, range(8))
    model, state = copy.deepcopy(whole), {k: v.clone() for k, v in first.state().items()}
    run(whole, first, range(8, STEPS))
    second = Adamax(model, 0.01, 1.0, STEPS)
    second.load_state(state)
    run(model, second, range(8, STEPS))
    for a, b in zip(model.parameters(), whole.parameters(), strict=True):
        assert torch.equal(a, b)
    for name, tensor in first.state().items():
        assert torch.equal(tensor, second.state()[name]), name


def test_state_of_another_network_is_refused_and_nothing_is_loaded():
    adamax = Adamax(make(), 0.1)
    whole = {name: torch.ones_like(tensor) for name, tensor in adamax.state().items()}
    missing = {k: v for k, v in whole.items() if k != "largest.2.bias"}
    for wrong in (missing, {**whole, "mean.0.weight": torch.ones(7, 7)}, {}):
        with pytest.raises(CheckpointError, match="optimiser"):
            adamax.load_state(wrong)
        assert all((tensor == 0).all() for tensor in adamax.state().values())
