"""The energy of each layer, against the slow reference and a closed form."""

import math

import numpy as np
import pytest
import torch

from corelib.models.bpc.baselines.generative import GenerativePC
from corelib.models.bpc.depth import reach
from corelib.models.bpc.energy import energy
from corelib.models.bpc.inference import Given, run_inference
from corelib.models.bpc.network import BPC
from corelib.models.bpc.stability import stability
from tests.models.bpc.small import CLASSES, PIXELS, Case, draw, make, truth_of


def test_the_energy_of_each_layer_is_that_of_the_reference():
    case = Case("tanh", bias=True, widths="4, 2, 6", alpha_f=0.3, alpha_b=1.7)
    model = make(case, n_steps=9, step_size=0.02)
    x, labels = draw(4)[0], torch.tensor([2, 0, 1, 2])
    found = reach(model, x, labels)
    truth = truth_of(model.weights())
    forward, backward = np.zeros(4), np.zeros(4)
    for n in range(4):
        y = np.eye(CLASSES)[labels[n]]
        z = truth.infer(x[n].numpy(), y, 9, 0.02, 0.3, 1.7, "bottom-up")[-1]
        f = [z[0], *(np.tanh(layer) for layer in z[1:-1]), z[-1]]
        for k in range(4):
            e = z[k + 1] - truth.W[k + 1] @ f[k] - truth.b[k + 1]
            d = z[k] - truth.V[k + 1] @ f[k + 1] - truth.c[k + 1]
            forward[k] += 0.3 / 2 * e @ e / 4
            backward[k] += 1.7 / 2 * d @ d / 4
    np.testing.assert_allclose(found.forward, forward)
    np.testing.assert_allclose(found.backward, backward)


def test_the_layers_sum_to_the_energy_and_the_stability_is_that_of_inference():
    model, x = make(Case(widths="5, 3")), draw(3)[0]
    labels = torch.tensor([0, 2, 1])
    found = reach(model, x, labels)
    given = Given(x, torch.eye(CLASSES).double()[labels])
    ended = run_inference(given, model.weights(), model.learning)
    whole = energy(ended.errors, model.learning.precision).mean()
    torch.testing.assert_close(found.forward.sum() + found.backward.sum(), whole)
    stable = stability(given, model.weights(), model.learning)
    assert (found.eigenvalue, found.value) == stable


@pytest.mark.parametrize("n_steps", [2, 5])
def test_errors_reach_a_layer_a_step_as_the_docstring_says(n_steps):
    """Linear chains of one unit with unit weights, without a generator's errors to speak of: to
    first order in γ, |δ_l| = binomial(T, l) γ^l |δ_0|."""
    gamma = 1e-4
    model = BPC(
        input_dim=1,
        n_classes=2,
        widths="1, 1, 1",
        activation="relu",
        alpha_f=1e-12,
        n_steps=n_steps,
        step_size=gamma,
    ).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1.0)
        # The label's second unit is not predicted, and its error stays.
        model.amortiser[0].weight[1] = 0.0
    x = torch.full((1, 1), 3.0, dtype=torch.float64)
    backward = reach(model, x, torch.tensor([0])).backward
    # y = 1 and ŷ = 3.
    for k in range(1, 4):
        expected = (math.comb(n_steps, k) * gamma**k * 2) ** 2 / 2
        # To first order: the next one is some times T γ smaller.
        assert backward[k].item() == pytest.approx(expected, rel=4 * n_steps * gamma, abs=1e-30)
    assert backward[0].item() == pytest.approx(2, rel=4 * n_steps * gamma)


def test_a_network_without_an_amortiser_has_no_errors_of_one():
    torch.manual_seed(0)
    model = GenerativePC(input_dim=PIXELS, n_classes=CLASSES, widths="5, 4").double()
    found = reach(model, draw(2)[0], torch.tensor([0, 1]))
    assert found.forward.shape == (3,)
    assert found.backward.shape == (0,)
