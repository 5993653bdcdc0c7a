"""The task's part of Adam's step against updates made one weight at a time in NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

from corelib.models.butd.effective_step import EffectiveStep, effective_step
from corelib.training.adam import Adam
from tests.models.butd.small import dataset, net
from tests.models.butd.test_learner import learner, steps

RATE = 1e-3
ROUNDED = 0.00501
"""By how much a number with three significant digits may be off, as a share of it."""


def slow(weights, gradients, rate: float, decay: float) -> tuple[EffectiveStep, np.ndarray]:
    """Adam with the decay in the gradient; the running mean is kept in two parts, the task's and
    the decay's. Returns what the last update's task part is, and the weights after it."""
    weights = weights.copy()
    squares = 0.0
    for k in np.ndindex(weights.shape):
        w, task, decayed, square = weights[k], 0.0, 0.0, 0.0
        for t, gradient in enumerate(gradients, 1):
            g = gradient[k]
            task = 0.9 * task + 0.1 * g
            decayed = 0.9 * decayed + 0.1 * decay * w
            square = 0.999 * square + 0.001 * (g + decay * w) ** 2
            scale = rate / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
            w -= scale * (task + decayed)
        squares += (scale * task) ** 2
        weights[k] = w
    share = np.sqrt(squares / weights.size) / rate
    return EffectiveStep(share, np.sqrt(squares) / np.linalg.norm(weights)), weights


@pytest.mark.parametrize("decay", [0.0, 0.02, 1.0])
def test_it_is_the_tasks_part_of_the_update(decay):
    """Gradients of about 0.03 and weights of about 1: at 0.02 the decay is as large as they are."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(5, 7))
    gradients = 0.03 * (rng.normal(size=(40, 5, 7)) + rng.normal(size=(5, 7)))
    layer = nn.Linear(7, 5, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(start))
    adam, decayed = Adam(layer, RATE), torch.zeros(5, 7, dtype=torch.float64)
    assert adam.moments(layer.weight) is None
    for g in gradients:
        part = decay * layer.weight.detach()
        decayed = 0.9 * decayed + 0.1 * part
        layer.weight.grad = torch.from_numpy(g) + part
        adam.step()
    truth, weights = slow(start, gradients, RATE, decay)
    np.testing.assert_allclose(layer.weight.detach().numpy(), weights, rtol=1e-9)
    moments = adam.moments(layer.weight)
    assert moments is not None
    decayed /= moments.started
    step = effective_step(layer.weight.detach(), moments, decayed, RATE)
    np.testing.assert_allclose(step, truth, rtol=1e-9)


def test_the_learner_reports_the_tasks_part_by_layer():
    """From the gradients of all updates, less the decay where the forward weights have it."""
    data = dataset()
    for which, counts in (("all", True), ("forward", True), ("feedback", False)):
        trained = learner(
            net("fc", weights="separate").float(),
            rule="counter-hebb",
            weight_decay=0.1,
            decays=which,
        )
        assert not [n for n in trained.evaluate(data.validation) if "step" in n]
        fc, task, seen = trained.model.core.fc, 0.0, []
        real = trained.optimiser.step

        def note(fc=fc, seen=seen, real=real, counts=counts) -> None:
            seen.append(fc.weight.grad - 0.1 * counts * fc.weight.detach())
            real()

        trained.optimiser.step = note
        steps(trained, 20)
        for gradient in seen:
            task = 0.9 * task + 0.1 * gradient
        moments = trained.optimiser.moments(fc.weight)
        assert moments is not None
        task = task / (1 - 0.9**20) / (moments.square.sqrt() + 1e-8)
        metrics = trained.evaluate(data.validation)
        assert metrics["step fc"] == pytest.approx(task.square().mean().sqrt().item(), rel=ROUNDED)
        relative = trained.optimiser.learning_rate * task.norm() / fc.weight.norm()
        assert metrics["relative step fc"] == pytest.approx(relative.item(), rel=ROUNDED)
        assert {n for n in metrics if n.startswith("step")} == {"step fc", "step head"}
