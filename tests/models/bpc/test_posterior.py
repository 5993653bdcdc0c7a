"""The sampler against the exact posterior of a linear Gaussian network."""

import numpy as np
import pytest
import torch

from corelib.errors import SettingsError
from corelib.models.bpc import posterior
from corelib.models.bpc.energy import ACTIVATIONS, Activation, energy, errors, outputs
from corelib.models.bpc.inference import Given, begin
from corelib.models.bpc.posterior import SamplerConfig
from tests.models.bpc.small import CLASSES, PIXELS, Case, draw, make

CHAINS = 4000
KNOWN = torch.tensor([True, True, False, True, False, False])
LINEAR = Activation(lambda z: z, lambda g, z, f: g, torch.zeros_like)
CASE = Case("tanh", bias=True, alpha_f=1.3, alpha_b=0.6)


def given(n: int = CHAINS) -> Given:
    x = draw(1)[0].expand(n, -1)
    unknown = torch.zeros(CLASSES, dtype=torch.bool)
    return Given(x, x.new_zeros(n, CLASSES), KNOWN, unknown)


def started(n: int = CHAINS):
    weights = make(CASE).weights()
    with torch.no_grad():
        return weights, begin(given(n), weights, "bottom-up")


def flat(z) -> torch.Tensor:
    """What is free: (batch, unit)."""
    return torch.cat([*z[:-1], z[-1][:, ~KNOWN]], 1)


def exact(weights, z) -> tuple[np.ndarray, np.ndarray]:
    """Mean and inverse Hessian of the energy, a quadratic, by automatic differentiation."""
    sizes, image = [layer.shape[1] for layer in z[:-1]], z[-1][:1]

    def of(u):
        *below, hidden = u.split([*sizes, int((~KNOWN).sum())])
        whole = image.clone()
        whole[0, ~KNOWN] = hidden
        state = (*(layer[None] for layer in below), whole)
        return energy(errors(state, outputs(state, weights), weights), CASE.precision)[0]

    zero = torch.zeros(sum(sizes) + int((~KNOWN).sum()), dtype=torch.float64)
    gradient = torch.autograd.functional.jacobian(of, zero)
    inverse = torch.linalg.inv(torch.autograd.functional.hessian(of, zero))
    return (-inverse @ gradient).numpy(), inverse.numpy()


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_samples_of_a_linear_network_have_the_exact_mean_and_covariance(monkeypatch, temperature):
    monkeypatch.setitem(ACTIVATIONS, "tanh", LINEAR)
    weights, start = started()
    config = SamplerConfig(600, 1, 1, 0.05, temperature, CASE.precision)
    generator = torch.Generator().manual_seed(0)
    (found,) = posterior.sample(given(), start, weights, config, generator)
    torch.testing.assert_close(found.z[-1][:, KNOWN], given().x[:, KNOWN])
    u = flat(found.z).numpy()
    mean, inverse = exact(weights, start)
    covariance = temperature * inverse
    sd = np.sqrt(np.diag(covariance))
    # Five standard errors of independent chains.
    assert (np.abs(u.mean(0) - mean) / sd).max() < 5 / np.sqrt(CHAINS)
    off = np.abs(np.cov(u.T) - covariance) / np.outer(sd, sd)
    assert off.max() < 5 * np.sqrt(2 / CHAINS)
    # Burn-in has brought acceptance where it should be: four standard errors of a mean over chains
    # of a number from 0 to 1, whose sd is at most a half.
    error = 0.5 / np.sqrt(CHAINS)
    assert found.acceptance.mean().item() == pytest.approx(posterior.ACCEPTANCE, abs=4 * error)


def test_one_step_is_that_of_a_loop_over_chains():
    weights, start = started(3)
    free = posterior.free_of(given(3), start)
    config = SamplerConfig(temperature=0.7, precision=CASE.precision)
    step_size = torch.tensor([0.01, 0.05, 0.2], dtype=torch.float64)
    chain = posterior.chain_at(start, free, weights, CASE.precision)
    with torch.no_grad():
        got = posterior.step(
            chain, free, weights, config, step_size, torch.Generator().manual_seed(3)
        )

    def gradient(u):
        state = tuple(layer.clone().requires_grad_() for layer in u)
        value = energy(errors(state, outputs(state, weights), weights), CASE.precision)
        return value.detach(), torch.autograd.grad(value.sum(), state)

    again = torch.Generator().manual_seed(3)
    noise = [torch.randn(a.shape, generator=again, dtype=a.dtype) for a in start]
    coin = torch.rand(3, generator=again, dtype=torch.float64)
    e0, g0 = gradient(start)
    for n, eps in enumerate(step_size.tolist()):
        proposal = [
            a + m * (-eps * g + (2 * eps * 0.7) ** 0.5 * r)
            for a, m, g, r in zip(start, free, g0, noise, strict=True)
        ]
        e1, g1 = gradient(proposal)
        there = back = 0.0
        for a, b, m, p, q in zip(start, proposal, free, g0, g1, strict=True):
            there += ((b - a + eps * m * p)[n] ** 2).sum().item()
            back += ((a - b + eps * m * q)[n] ** 2).sum().item()
        log_ratio = (e0[n] - e1[n]).item() / 0.7 + (there - back) / (4 * eps * 0.7)
        share = min(1.0, np.exp(log_ratio))
        assert got.acceptance[n].item() == pytest.approx(share, rel=1e-8)
        kept = proposal if coin[n] < share else start
        for a, b in zip(got.chain.z, kept, strict=True):
            torch.testing.assert_close(a[n], b[n])


def test_kept_states_and_refused_settings():
    weights, start = started(2)
    assert start[-1].shape[1] == PIXELS

    def kept(**settings):
        config = SamplerConfig(5, 12, 4)._replace(**settings)
        generator = torch.Generator().manual_seed(1)
        return list(posterior.sample(given(2), start, weights, config, generator))

    assert len(kept()) == 3
    for wrong in ({"temperature": 0.0}, {"step_size": -1.0}, {"every": 13}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            kept(**wrong)
