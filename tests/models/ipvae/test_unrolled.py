"""The time steps with their gradient by hand, against automatic differentiation of the same steps.

``IterativeVAE.unroll`` is what ``IPVAE.unroll`` falls back on: the forward values have to be its
own to the bit, and the gradients equal in float64."""

from contextlib import contextmanager

import pytest
import torch

from corelib.models.ipvae import IPVAE
from corelib.models.ipvae.config import IPVAETraining
from corelib.models.ipvae.dynamics import INTACT
from corelib.models.ipvae.network import IterativeVAE, cost_of_variance

PIXELS, UNITS, BATCH, STEPS = 36, 20, 9, 5
WIDE, TIGHT = {"clamp_u": 7.0, "clamp_du": 7.0}, {"clamp_u": 1.5, "clamp_du": 0.5}


@contextmanager
def float64():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def network(**settings) -> IPVAE:
    """Rates of about 1, steps so large that the limits act, and noise of each pixel's own."""
    torch.manual_seed(0)
    model = IPVAE(
        input_dim=PIXELS,
        n_latents=UNITS,
        t_train=STEPS,
        prior_low=-1.0,
        prior_high=1.0,
        init_scale=3.0,
        log_step=0.5,
        **settings,
    )
    with torch.no_grad():
        model.log_scale.normal_(std=0.3)
        model.log_bias.normal_()
    return model


def run(unroll, model, objective, x, carried=False):
    """What it gives, all gradients under random weights of steps and images, and the next random
    number."""
    torch.manual_seed(3)
    of_likelihood, of_divergence = torch.randn(2, STEPS, len(x))
    torch.manual_seed(5)
    model.zero_grad()
    weights = model.weights()
    state = None
    if carried:
        began = (torch.randn(len(x), UNITS),)
        state = model.go_on(
            model.state(began, weights, objective.draw, INTACT), weights, objective.draw
        )
    result = unroll(model, x, objective, weights, state)
    (result.likelihood * of_likelihood + result.divergence * of_divergence).sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    return result, gradients, torch.rand(1)


def compare(model, objective, exact=True, carried=False, scale=3.0):
    x = scale * torch.randn(BATCH, PIXELS)
    ours, by_hand, after = run(IPVAE.unroll, model, objective, x, carried)
    theirs, by_graph, also_after = run(IterativeVAE.unroll, model, objective, x, carried)
    pairs = zip([*ours[:2], *ours.state], [*theirs[:2], *theirs.state], strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert torch.equal(after, also_after)
    assert ours.likelihood.grad_fn.name() != theirs.likelihood.grad_fn.name()
    if exact:
        for name, gradient in by_graph.items():
            assert gradient.abs().max() > 0
            torch.testing.assert_close(by_hand[name], gradient, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("limits", [WIDE, TIGHT])
@pytest.mark.parametrize("kl", ["true", "published"])
@pytest.mark.parametrize("sampling", ["variance-corrected", "straight-through", "relaxed"])
@pytest.mark.parametrize("learned_prior", [True, False])
def test_values_to_the_bit_and_gradients_in_float64(sampling, kl, limits, learned_prior):
    settings = IPVAETraining(sampling=sampling, kl=kl, temperature=0.2)
    model = network(fit_prior=learned_prior, **limits)
    compare(model, model.objective(settings), exact=False)
    with float64():
        model = network(fit_prior=learned_prior, **limits)
        compare(model, model.objective(settings))


def test_from_a_state_that_is_carried_on():
    with float64():
        model = network()
        compare(model, model.objective(IPVAETraining()), carried=True)


def test_softened_counts_with_the_cost_of_variance():
    """Whose derivative is not the rate."""
    with float64():
        model = network()
        objective = model.objective(IPVAETraining(sampling="relaxed", temperature=0.2))
        compare(model, objective._replace(missing=cost_of_variance))


def test_below_the_lowest_potential_nothing_is_sent_back():
    """Of images so large that some changes and potentials are clamped."""
    with float64():
        model = network()
        objective = model.objective(IPVAETraining())
        with torch.no_grad():
            weights = model.weights()
            seen = (30 * torch.randn(BATCH, PIXELS)) @ weights.decoder
            assert (weights.step_size * seen < -8).any()
        compare(model, objective, scale=30.0)


def test_one_image_and_one_neuron():
    with float64():
        torch.manual_seed(1)
        model = IPVAE(input_dim=2, n_latents=1, t_train=STEPS, prior_low=0.0, prior_high=0.5)
        objective = model.objective(IPVAETraining())
        x = torch.randn(1, 2)
        ours, theirs = (
            run(unroll, model, objective, x) for unroll in (IPVAE.unroll, IterativeVAE.unroll)
        )
    assert torch.equal(ours[0].likelihood, theirs[0].likelihood)
    for name, gradient in theirs[1].items():
        torch.testing.assert_close(ours[1][name], gradient, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("settings", [{"n_iters_inner": 2}, {}])
def test_other_steps_are_left_to_automatic_differentiation(settings):
    """Several inner iterations, and draws whose derivative is not known."""
    model = network(**settings)
    objective = model.objective(IPVAETraining())
    if not settings:
        objective = objective._replace(draw=lambda u: u.exp())
    x = torch.randn(BATCH, PIXELS)
    ours, theirs = (
        run(unroll, model, objective, x) for unroll in (IPVAE.unroll, IterativeVAE.unroll)
    )
    assert ours[0].likelihood.grad_fn.name() == theirs[0].likelihood.grad_fn.name()
    assert all(torch.equal(ours[1][name], g) for name, g in theirs[1].items())
