"""The gradient of the expected likelihood against autograd in float64, and its estimates."""

import numpy as np
import pytest
import torch

from corelib.errors import SettingsError
from corelib.models.ipvae.dynamics import stimulus
from corelib.models.ipvae.gradients import exact_gradient, likelihood_gradients
from tests.models.ipvae.test_variance import exact, image, network, potentials

DRAWS = 200_000


def test_the_exact_gradient_is_that_of_the_expectation():
    weights = network().weights()
    found = exact_gradient(weights, potentials(), image())
    torch.testing.assert_close(found, exact(weights), rtol=1e-12, atol=1e-12)


def test_the_expectation_itself_is_that_of_many_draws():
    """So the closed form is the right one: its value against a plain mean over counts."""
    weights = network().weights()
    seen, gram, rate = stimulus(image(), weights), weights.gram, potentials().exp()
    z = torch.poisson(rate.expand(400_000, -1), torch.Generator().manual_seed(3))
    values = (z * (0.5 * z @ gram - seen)).sum(1)
    expected = 0.5 * rate @ gram @ rate + 0.5 * gram.diagonal() @ rate - seen @ rate
    assert (values.mean() - expected).abs() < 5 * values.std() / 400_000**0.5


def test_estimates_over_many_draws():
    model = network()
    found = likelihood_gradients(model, potentials(), image(), DRAWS)
    weights = model.weights()
    left_out = (0.5 * weights.gram.diagonal() * potentials().exp()).detach().numpy()
    # The correction does not depend on the draws.
    np.testing.assert_allclose(found.corrected - found.straight_through, left_out, rtol=1e-12)
    assert found.bias(found.corrected) < 0.02
    assert found.bias(found.straight_through) > 10 * found.bias(found.corrected)
    assert found.bias(found.exact) == 0


def test_the_same_seed_draws_the_same_and_nothing_else_is_drawn():
    model = network()
    torch.manual_seed(7)
    state = torch.get_rng_state()
    one, other, third = (
        likelihood_gradients(model, potentials(), image(), 3000, seed) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(one.relaxed, other.relaxed)
    np.testing.assert_array_equal(one.straight_through, other.straight_through)
    assert not np.array_equal(one.straight_through, third.straight_through)
    np.testing.assert_array_equal(one.exact, third.exact)


def test_a_rate_at_which_each_spike_would_take_too_long_is_refused():
    u = potentials()
    u[0] = np.log(300.0)
    with pytest.raises(SettingsError, match="fires 300 spikes a step"):
        likelihood_gradients(network(), u, image(), 1000)
