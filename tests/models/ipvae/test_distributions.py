"""Draws against the laws of what they should follow, derivatives against autograd, divergences
against torch.distributions and Monte Carlo."""

import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Normal, Poisson, kl_divergence

from corelib.models.ipvae import distributions as d

RATES = (0.02, 0.3, 1.0, 4.0, 30.0)


def drawn(draw, rate: float, n: int = 40_000, seed: int = 0) -> np.ndarray:
    torch.manual_seed(seed)
    u = torch.full((n, 1), float(np.log(rate)), dtype=torch.float64)
    return draw(u).numpy().ravel()


def assert_poisson(counts: np.ndarray, rate: float) -> None:
    """A chi-square test of the counts; cells with few expected counts are merged."""
    assert (counts == counts.round()).all()
    assert (counts >= 0).all()
    n = len(counts)
    low, high = stats.poisson(rate).ppf([20 / n, 1 - 20 / n]).astype(int)
    inside = np.clip(counts, low, high).astype(int) - low
    seen = np.bincount(inside, minlength=high - low + 1)
    law = stats.poisson(rate)
    share = law.pmf(np.arange(low, high + 1))
    share[0], share[-1] = law.cdf(low), law.sf(high - 1)
    if len(share) > 1:
        assert stats.chisquare(seen, n * share).pvalue > 1e-4


@pytest.mark.parametrize("rate", RATES)
def test_counts_are_poisson(rate):
    assert_poisson(drawn(d.poisson, rate), rate)


@pytest.mark.parametrize("rate", RATES)
def test_shared_counts_are_poisson_over_processes(rate):
    def draw(u):
        return d.shared_poisson(torch.Generator().manual_seed(3))(u.T)

    assert_poisson(drawn(draw, rate), rate)


def test_counts_of_mixed_rates_are_independent():
    torch.manual_seed(0)
    u = torch.log(torch.tensor(RATES, dtype=torch.float64)).expand(20_000, -1)
    counts = d.poisson(u).numpy()
    # Five standard errors of the mean of as many counts.
    rates = np.array(RATES)
    assert (np.abs(counts.mean(0) - rates) <= 5 * np.sqrt(rates / 20_000)).all()
    together = np.corrcoef(counts.T) - np.eye(len(RATES))
    assert np.abs(together).max() < 0.03


def test_shared_counts_do_not_depend_on_other_rows():
    torch.manual_seed(0)
    u = torch.randn(30, 7) * 2

    def draws(rows):
        draw = d.shared_poisson(torch.Generator().manual_seed(5))
        return torch.stack([draw(rows), draw(rows + 0.3)])

    together, turned = draws(u), draws(u.flip(0))
    assert torch.equal(turned.flip(1), together)
    alone = torch.cat([draws(row[None]) for row in u], 1)
    assert torch.equal(alone, together)
    assert not torch.equal(together[0], together[1])
    # One process: a higher rate has at least as many events.
    assert (together[0].take_along_dim(u.argsort(0), 0).diff(dim=0) >= 0).all()


def test_shared_normal_numbers_are_normal_and_the_same_in_all_rows():
    draw = d.shared_normal(torch.Generator().manual_seed(5))
    first, second = draw(torch.zeros(3, 20_000)), draw(torch.zeros(2, 20_000))
    assert torch.equal(first[0], first[2])
    assert not torch.equal(first[0], second[0])
    assert stats.kstest(first[0].numpy(), "norm").pvalue > 1e-3


def autograd_counts(u, waits, temperature):
    """Softened counts as the published code computes them, all through autograd."""
    intensity = u.exp() + torch.finfo(u.dtype).eps
    arrivals = torch.cumsum(waits / intensity, 0)
    return torch.sigmoid((1 - arrivals) / temperature).sum(0)


@pytest.mark.parametrize("temperature", [0.02, 0.3, 1.0])
def test_softened_counts_have_the_derivative_of_the_cumulative_sum(temperature):
    torch.manual_seed(0)
    u = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
    waits = torch.empty(40, 6, 5, dtype=torch.float64).exponential_()
    weight = torch.randn(6, 5, dtype=torch.float64)
    truth = autograd_counts(u, waits, temperature)
    (expected,) = torch.autograd.grad((truth * weight).sum(), u)
    counts = d.relaxed(u, waits, temperature)
    (slope,) = torch.autograd.grad((counts * weight).sum(), u)
    torch.testing.assert_close(counts, truth, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slope, expected, rtol=1e-10, atol=1e-12)
    assert expected.abs().max() > 0.1


def test_barely_softened_counts_equal_the_number_of_arrivals():
    torch.manual_seed(0)
    u = torch.randn(50, dtype=torch.float64)
    waits = torch.empty(60, 50, dtype=torch.float64).exponential_()
    counts = ((waits / u.exp()).cumsum(0) < 1).sum(0).double()
    torch.testing.assert_close(d.relaxed(u, waits, 1e-9), counts)
    assert_poisson(drawn(d.relaxed_poisson(1e-6), 2.0, 4000).round(), 2.0)


def test_softened_draws_do_not_keep_their_times(monkeypatch):
    """There are as many of them as the largest rate, which would fill the memory."""
    times, alive = weakref.WeakSet(), []

    def noted(like, generator=None, draw=d.exponential):
        times.add(wait := draw(like, generator))
        alive.append(len(times))
        return wait

    monkeypatch.setattr(d, "exponential", noted)
    u = torch.full((64,), 5.0, requires_grad=True)
    counts = d.relaxed_poisson(0.1)(u)
    assert len(alive) > np.exp(5.0)
    assert max(alive) <= 3
    # Five standard errors of the mean of 64, whose variance is at most that of counts.
    assert counts.mean().item() == pytest.approx(np.exp(5.0), abs=5 * np.sqrt(np.exp(5.0) / 64))


def test_an_infinite_rate_shows_and_does_not_draw_for_ever():
    u = torch.tensor([0.0, 200.0], requires_grad=True)
    counts = d.relaxed_poisson(0.1)(u)
    assert counts.isnan().all()
    (slope,) = torch.autograd.grad(counts.sum(), u)
    assert slope.isnan().all()


def test_softened_draws_include_all_arrivals_that_matter():
    """The mean of a softened count is rate times the integral of the sigmoid over time."""
    for temperature in (0.1, 1.0):
        t = np.linspace(0, 60, 400_001)
        whole = np.trapezoid(1 / (1 + np.exp((t - 1) / temperature)), t)
        for rate in (0.5, 12.0):
            mean = drawn(d.relaxed_poisson(temperature), rate, 4000).mean()
            assert mean == pytest.approx(rate * whole, abs=5 * np.sqrt(rate * whole / 4000))


def test_straight_through_counts_have_the_gradient_of_their_mean():
    torch.manual_seed(0)
    u = torch.randn(200, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(200, dtype=torch.float64)
    counts = d.straight_through(u)
    (slope,) = torch.autograd.grad((counts * weight).sum(), u)
    torch.testing.assert_close(counts, counts.round())
    torch.testing.assert_close(slope, weight * u.exp())


FINITE = st.floats(-5, 3)


@given(FINITE, FINITE)
def test_poisson_divergence_matches_torch(u, prior):
    u, prior = (torch.tensor(v, dtype=torch.float64) for v in (u, prior))
    truth = kl_divergence(Poisson(u.exp()), Poisson(prior.exp()))
    torch.testing.assert_close(d.kl_poisson(u, prior), truth, rtol=1e-9, atol=1e-12)


def test_poisson_divergence_matches_monte_carlo():
    u, prior = 1.2, 0.4
    counts = stats.poisson(np.exp(u)).rvs(400_000, random_state=0)
    ratio = stats.poisson(np.exp(u)).logpmf(counts) - stats.poisson(np.exp(prior)).logpmf(counts)
    own = d.kl_poisson(torch.tensor(u), torch.tensor(prior)).item()
    assert own == pytest.approx(ratio.mean(), abs=4 * ratio.std() / np.sqrt(len(counts)))


@given(FINITE, FINITE)
def test_published_divergence_is_the_true_one_times_the_ratio_of_rates(u, prior):
    u, prior = (torch.tensor(v, dtype=torch.float64) for v in (u, prior))
    own = d.kl_poisson_published(u, prior)
    torch.testing.assert_close(own, (u - prior).exp() * d.kl_poisson(u, prior))
    # As the authors' code writes it.
    du = u - prior
    torch.testing.assert_close(own, u.exp() * (1 + du.exp() * (du - 1)))


@given(FINITE, st.floats(-2, 2), FINITE, st.floats(-2, 2))
def test_gaussian_divergence_matches_torch(mu, xi, prior_mu, prior_xi):
    mu, xi, prior_mu, prior_xi = (
        torch.tensor(v, dtype=torch.float64) for v in (mu, xi, prior_mu, prior_xi)
    )
    truth = kl_divergence(Normal(mu, xi.exp()), Normal(prior_mu, prior_xi.exp()))
    own = d.kl_gaussian(mu, xi, prior_mu, prior_xi)
    torch.testing.assert_close(own, truth, rtol=1e-9, atol=1e-12)


@given(st.floats(-30, 30), st.floats(0.5, 10))
def test_clamps_enforce_limits_and_preserve_values_far_from_them(x, c):
    value = torch.tensor(x, dtype=torch.float64)
    above, both = d.clamp_above(value, c).item(), d.clamp_both(value, c).item()
    assert above == pytest.approx(c - np.logaddexp(0, c - x), abs=1e-8)
    assert above <= min(c, x) + 1e-12
    assert both == pytest.approx(c * np.tanh(x / c))
