"""Long inference: its trace obeys the equations of the reference, its controls work as stated."""

import numpy as np
import pytest
import torch

from corelib.models.ipvae import inference
from corelib.models.ipvae.dynamics import Controls
from corelib.models.ipvae.learner import r_squared
from tests.models.ipvae.small import KINDS, UNITS, images, make, parameters_of
from tests.reference import ipvae as reference

EXACT = {"rtol": 1e-9, "atol": 1e-10}


def seen_by_neurons(p: reference.Parameters, activity: np.ndarray) -> np.ndarray:
    """(W^T W / σ²) a, (..., unit)."""
    sd = reference.pixel_sd(p)
    return (activity @ p.decoder.T / sd**2) @ p.decoder


def test_a_trace_of_spikes_obeys_the_equations():
    """For any draw, each potential follows from the previous one and the spikes in between."""
    model = make("iP")
    p, x = parameters_of(model), images()
    trace = inference.trace(model, x, 30, Controls(explaining_away=0.8, leak=0.05), seed=3)
    sd = reference.pixel_sd(p)
    expected = (x.numpy() / sd**2) @ p.decoder
    for t in range(30):
        np.testing.assert_allclose(trace.stimulus[:, t], expected, **EXACT)
    np.testing.assert_allclose(trace.threshold, -np.exp(p.log_bias), **EXACT)
    np.testing.assert_allclose(trace.rate, np.exp(trace.potential), **EXACT)
    assert (trace.activity == trace.activity.round()).all()
    for t in range(1, 30):
        away = -0.8 * seen_by_neurons(p, trace.activity[:, t - 1])
        leak = -0.05 * (trace.potential[:, t - 1] - p.u_init)
        np.testing.assert_allclose(trace.explaining_away[:, t], away, **EXACT)
        np.testing.assert_allclose(trace.leak[:, t], leak, **EXACT)
        net = trace.stimulus[:, t] + away + trace.threshold + leak
        change = reference.below(np.exp(p.log_step) * net, model.limits.du)
        potential = reference.below(trace.potential[:, t - 1] + change, model.limits.u)
        np.testing.assert_allclose(trace.potential[:, t], potential, **EXACT)
    np.testing.assert_allclose(trace.reconstruction, trace.activity @ p.decoder.T, **EXACT)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_static_film_gives_the_same_response_as_its_image(kind):
    model, x = make(kind), images()
    film = x[:, None].expand(-1, 90, -1)
    still, moving = inference.trace(model, x, 90), inference.trace(model, film)
    for name, a, b in zip(still._fields, still, moving, strict=True):
        np.testing.assert_allclose(a, b, **EXACT, err_msg=name)
    response = inference.respond(model, film)
    np.testing.assert_allclose(response.activity, still.activity, rtol=1e-5)
    np.testing.assert_allclose(response.rate, still.rate, rtol=1e-5)


@pytest.mark.parametrize("kind", list(KINDS))
def test_run_inference_summarises_the_trace(kind):
    model, x = make(kind), images()
    summary, traced = (
        inference.run_inference(model, x, 12, seed=2),
        inference.trace(model, x, 12, seed=2),
    )
    reconstruction = torch.from_numpy(traced.reconstruction)
    np.testing.assert_allclose(summary.r2, r_squared(x[:, None], reconstruction).mean(0), rtol=1e-5)
    np.testing.assert_allclose(summary.zeros, (traced.activity == 0).mean((0, 2)), rtol=1e-5)
    steps = np.diff(traced.potential, axis=1)
    change = np.linalg.norm(steps, axis=2).mean(0)
    np.testing.assert_allclose(summary.change[1:], change, rtol=1e-5)
    np.testing.assert_allclose(summary.rate, traced.rate[:, -1])
    assert summary.r2_of_each.mean() == pytest.approx(summary.r2[-1])


@pytest.mark.parametrize("kind", list(KINDS))
def test_noise_depends_on_the_seed_alone(kind):
    model, x = make(kind), images()
    first = inference.trace(model, x, 10, seed=1)
    torch.manual_seed(99)
    again, other = inference.trace(model, x, 10, seed=1), inference.trace(model, x, 10, seed=2)
    assert np.array_equal(first.activity, again.activity)
    assert not np.array_equal(first.activity, other.activity)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_lesioned_neuron_is_silent_and_sends_nothing_to_the_others(kind):
    """It sends nothing: the others respond as if its feature were blank."""
    model, x = make(kind), images()
    mask = torch.zeros(UNITS, dtype=torch.bool)
    mask[2] = True
    trace = inference.trace(model, x, 8, Controls(lesioned=mask), seed=1)
    assert not trace.activity[..., 2].any()
    assert not trace.rate[..., 2].any()
    assert trace.activity[..., ~mask].any()
    away = -seen_by_neurons(parameters_of(model), trace.activity[:, :-1])
    if kind == "iP":
        np.testing.assert_allclose(trace.explaining_away[:, 1:], away, **EXACT)


def test_without_explaining_away_potentials_follow_a_constant_drive():
    model, x = make("iP"), images()
    trace = inference.trace(model, x, 6, Controls(explaining_away=0.0), seed=1)
    assert not trace.explaining_away.any()
    # All remaining input is constant, so each potential moves in one direction only.
    net = trace.stimulus[:, 0] + trace.threshold
    moves = np.diff(trace.potential, axis=1)
    assert (np.sign(moves[:, 0]) == np.sign(net))[np.abs(net) > 0.2].all()


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_reset_restores_the_initial_state(kind):
    model, x = make(kind), images()
    p = parameters_of(model)
    resting = p.u_init if kind == "iP" else p.mu_init
    trace = inference.trace(model, x, 9, Controls(leak=0.1), seed=1, reset_at=(4, 6))
    own = [t for t in range(9) if np.allclose(trace.leak[:, t], 0, atol=1e-12)]
    assert own == [0, 4, 6], "the leak is 0 where the potential is at rest"
    assert np.isfinite(resting).all()


def test_leak_returns_potentials_to_rest_without_input():
    # Wide limits: narrow ones pull potentials down by themselves.
    model = make("iP", clamp_u=10.0, clamp_du=10.0)
    with torch.no_grad():
        model.log_bias.fill_(-20.0)
        model.decoder.mul_(0.3)
    x = torch.cat([images()[:, None].repeat(1, 20, 1), torch.zeros(3, 400, 9)], 1)
    rest = model.u_init.detach().numpy()
    with_leak = inference.trace(model, x, controls=Controls(0.0, 0.2)).potential
    without = inference.trace(model, x, controls=Controls(0.0, 0.0)).potential
    far = np.abs(without[:, 19] - rest).mean()
    assert np.abs(with_leak[:, -1] - rest).mean() < 0.1 * far
    assert np.abs(without[:, -1] - rest).mean() > 0.5 * far


def test_results_carry_no_gradient():
    model, x = make("iP"), images()
    summary = inference.run_inference(model, x, 3)
    assert all(isinstance(part, np.ndarray) for part in summary)
    assert all(p.grad is None for p in model.parameters())
    assert torch.is_grad_enabled()
