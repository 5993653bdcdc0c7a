"""What Adam and Adamax share: gradients that are cleared, and a state that can be restored."""

import copy

import pytest
import torch
from torch import nn

from corelib.errors import CheckpointError
from corelib.training.adam import Adam
from corelib.training.adamax import Adamax
from corelib.training.optimiser import Optimiser
from tests.training.small import STEPS, give_gradients, make

NAMES = [name for name, _ in make().named_parameters()]
STATES = {
    "adam": {f"{kind}.{name}" for kind in ("mean", "square", "count") for name in NAMES},
    "adamax": {f"{kind}.{name}" for kind in ("mean", "largest") for name in NAMES} | {"count"},
}
"""The names also used in files written by earlier versions."""


def optimiser(kind: str, model: nn.Module) -> Optimiser:
    if kind == "adam":
        return Adam(model, 0.01, clip_norm=1.0)
    return Adamax(model, 0.01, clip_norm=1.0, total_steps=STEPS)


def run(model: nn.Module, own: Optimiser, steps: range) -> None:
    for step in steps:
        give_gradients(model, step)
        own.step()


@pytest.fixture(params=list(STATES))
def kind(request) -> str:
    return request.param


def test_a_step_clears_gradients_and_skips_parameters_without_one(kind):
    model = make()
    own = optimiser(kind, model)
    give_gradients(model, 0)
    model[0].bias.grad = None
    before = model[0].bias.clone(), model[2].bias.clone()
    own.step()
    assert torch.equal(model[0].bias, before[0])
    assert not torch.equal(model[2].bias, before[1])
    assert (own.state_dict()["mean.0.bias"] == 0).all()
    assert all(p.grad is None for p in model.parameters())


def test_the_state_carries_over_to_another_optimiser(kind):
    whole = make()
    first = optimiser(kind, whole)
    run(whole, first, range(8))
    model, state = copy.deepcopy(whole), {k: v.clone() for k, v in first.state_dict().items()}
    assert state.keys() == STATES[kind]
    run(whole, first, range(8, STEPS))
    second = optimiser(kind, model)
    second.load_state_dict(state)
    run(model, second, range(8, STEPS))
    for a, b in zip(model.parameters(), whole.parameters(), strict=True):
        assert torch.equal(a, b)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name


def test_the_state_of_another_network_is_refused_and_nothing_is_loaded(kind):
    own = optimiser(kind, make())
    whole = {name: torch.ones_like(tensor) for name, tensor in own.state_dict().items()}
    last = next(name for name in reversed(whole) if name.endswith(".2.bias"))
    missing = {name: tensor for name, tensor in whole.items() if name != last}
    for wrong in (missing, {**whole, "mean.0.weight": torch.ones(7, 7)}, {}):
        with pytest.raises(CheckpointError, match="optimiser"):
            own.load_state_dict(wrong)
        assert all((tensor == 0).all() for tensor in own.state_dict().values())
