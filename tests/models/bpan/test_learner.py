"""Training by back-propagation: a large batch is differentiated in slices."""

from typing import Any, cast

import pytest
import torch

from corelib.catalog import SYSTEMS
from corelib.data.images import Split
from corelib.models.bpan import learner as module
from corelib.models.bpan.learner import GradientLearner
from tests.models.bpan.baselines.small import draw, make

TRAINED_SO = [name for name, s in SYSTEMS.items() if s.learner.endswith(":GradientLearner")]


class As:
    """A data set whose pixels are the inputs already."""

    def inputs(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels


@pytest.mark.parametrize("name", TRAINED_SO)
@pytest.mark.parametrize("size", [3, 5, 10])
def test_slices_have_the_gradient_of_the_whole_batch(monkeypatch, name, size):
    monkeypatch.setattr(module, "SLICE", size)
    model, (x, y) = make(name, seed=1), draw(10, seed=2, name=name)
    settings = SYSTEMS[name].training_type()
    learner = GradientLearner(model, settings, cast(Any, As()))
    loss, logits = model.loss_and_logits(x, y, settings)
    whole = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    sliced = []
    monkeypatch.setattr(
        learner.optimiser, "step", lambda: sliced.extend(p.grad for p in model.parameters())
    )
    told = learner.step(Split(x, y))
    for ours, expected in zip(sliced, whole, strict=True):
        if expected is None:
            assert ours is None
        else:
            torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-13)
    hits = (logits.argmax(1) == y).double().mean()
    assert told == pytest.approx({"loss": loss.item(), "accuracy": hits.item()}, rel=1e-6)
