"""The gradient of the expected likelihood: by the straight-through estimate, and with the cost of
the counts' variance, against closed forms."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from corelib.models.ipvae.config import IPVAETraining
from corelib.models.ipvae.dynamics import INTACT, Weights, stimulus
from corelib.models.ipvae.network import IPVAE, cost_of_variance

PIXELS, UNITS, DRAWS, AT_ONCE = 9, 4, 400_000, 50_000


class Estimate(NamedTuple):
    """The mean of a gradient over draws, and its standard error, (unit,)."""

    mean: Tensor
    error: Tensor


def network() -> IPVAE:
    torch.manual_seed(0)
    model = IPVAE(input_dim=PIXELS, n_latents=UNITS).double()
    with torch.no_grad():
        model.log_scale.normal_(0, 0.3)
        model.decoder.normal_()
    return model


def potentials() -> Tensor:
    return torch.tensor([-1.0, 0.2, 0.9, 1.3], dtype=torch.float64)


def image() -> Tensor:
    return torch.linspace(-1, 1, PIXELS, dtype=torch.float64)


def exact(weights: Weights) -> Tensor:
    """The gradient in u of E[½ z'Gz - s'z] = ½ λ'Gλ + ½ Σ G_kk λ_k - s'λ, by autograd."""
    u = potentials().requires_grad_()
    rate, gram = u.exp(), weights.gram.detach()
    value = 0.5 * rate @ gram @ rate + 0.5 * gram.diagonal() @ rate
    value = value - stimulus(image(), weights).detach() @ rate
    (gradient,) = torch.autograd.grad(value, u)
    return gradient


def estimate(model: IPVAE, sampling: str) -> Estimate:
    """The gradient as training makes it, over many draws."""
    objective = model.objective(IPVAETraining.model_validate({"sampling": sampling}))
    weights = model.weights()
    seen = stimulus(image(), weights).detach()
    torch.manual_seed(1)
    parts = []
    for _ in range(DRAWS // AT_ONCE):
        u = potentials().expand(AT_ONCE, -1).clone().requires_grad_()
        state = model.state((u,), weights, objective.draw, INTACT)
        value = (state.activity * (0.5 * state.feedback - seen)).sum(1)
        if objective.missing is not None:
            value = value + objective.missing(state, weights)
        (gradient,) = torch.autograd.grad(value.sum(), u, retain_graph=True)
        parts.append(gradient)
    all_of_them = torch.cat(parts)
    return Estimate(all_of_them.mean(0), all_of_them.std(0) / DRAWS**0.5)


def test_the_corrected_gradient_is_the_exact_one_on_average():
    model = network()
    mean, error = estimate(model, "variance-corrected")
    assert ((mean - exact(model.weights())).abs() < 5 * error).all()


def test_the_plain_gradient_leaves_out_the_cost_of_the_variance():
    model = network()
    weights = model.weights()
    mean, error = estimate(model, "straight-through")
    left_out = 0.5 * weights.gram.detach().diagonal() * potentials().exp()
    away = exact(weights) - mean
    assert ((away - left_out).abs() < 5 * error).all()
    assert (left_out > 10 * error).all(), "the draws must tell the two estimates apart"


def test_the_term_is_zero_and_moves_no_weights():
    model = network()
    weights = model.weights()
    u = potentials().expand(3, -1).clone().requires_grad_()
    state = model.state((u,), weights, lambda u: u.exp().round().detach(), INTACT)
    term = cost_of_variance(state, weights)
    assert (term == 0).all()
    term.sum().backward()
    gram = weights.gram.detach()
    assert torch.allclose(u.grad, 0.5 * gram.diagonal() * u.detach().exp())
    assert model.decoder.grad is None
    assert model.log_scale.grad is None


@pytest.mark.parametrize("sampling", ["straight-through", "relaxed"])
def test_the_other_ways_are_left_as_they_are(sampling):
    settings = IPVAETraining.model_validate({"sampling": sampling})
    assert network().objective(settings).missing is None


def test_one_update_differs_by_the_gradient_of_the_term_alone():
    """The whole unrolled loss, draws held: the two gradients of the decoder differ, and equal each
    other when the term is added by hand."""
    model = network()
    x = image().expand(5, -1)
    gradients = {}
    for sampling in ("variance-corrected", "straight-through"):
        objective = model.objective(IPVAETraining.model_validate({"sampling": sampling}))
        if sampling == "straight-through":
            by_hand = objective._replace(missing=cost_of_variance)
            gradients["by hand"] = _gradient(model, x, by_hand)
        gradients[sampling] = _gradient(model, x, objective)
    assert torch.equal(gradients["by hand"], gradients["variance-corrected"])
    assert not torch.allclose(gradients["straight-through"], gradients["variance-corrected"])


def _gradient(model: IPVAE, x: Tensor, objective) -> Tensor:
    torch.manual_seed(2)
    unrolled = model.unroll(x, objective, model.weights())
    (gradient,) = torch.autograd.grad(unrolled.likelihood.mean(), model.decoder)
    return gradient
