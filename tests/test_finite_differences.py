"""The helper that other tests trust: derivatives that are known, and a gradient that is wrong."""

import numpy as np
import pytest
import torch

from tests.finite_differences import assert_gradients, precise_slopes, slopes


def test_slopes_of_a_number_and_of_an_array():
    at = np.arange(6.0).reshape(2, 3)
    kept = at.copy()
    np.testing.assert_allclose(slopes(lambda: (at**3).sum(), at), 3 * at**2, atol=1e-8)
    by_entry = slopes(lambda: at[0] ** 2, at)
    assert by_entry.shape == (2, 3, 3)
    np.testing.assert_allclose(by_entry[0], np.diag(2 * at[0]), atol=1e-9)
    assert (by_entry[1] == 0).all()
    assert (at == kept).all()


def test_precise_slopes_are_exact_for_a_cubic():
    at = np.array([1.0, 2.0])
    np.testing.assert_allclose(slopes(lambda: (at**3).sum(), at, 0.1), 3 * at**2 + 0.01)
    np.testing.assert_allclose(precise_slopes(lambda: (at**3).sum(), at, 0.1), 3 * at**2)


def test_a_wrong_gradient_and_an_idle_parameter_are_noticed():
    model = torch.nn.Linear(2, 1).double()
    values = {name: p.detach().numpy() for name, p in model.named_parameters()}
    x = torch.tensor([[0.5, 2.0]], dtype=torch.float64)

    @torch.no_grad()
    def loss() -> float:
        return model(x).square().sum().item()

    model(x).square().sum().backward()
    assert_gradients(model, values, loss, rtol=1e-6)
    with pytest.raises(AssertionError, match="does not depend on weight"):
        assert_gradients(model, values, loss, least=1e3, rtol=1e-6)
    model.weight.grad[0, 1] *= 1.001
    with pytest.raises(AssertionError, match="weight"):
        assert_gradients(model, values, loss, rtol=1e-6)
