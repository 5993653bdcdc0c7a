"""PonderNet: a distribution that sums to 1 by itself, its divergence, and its halting rules."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.models.bpan.baselines import pondernet
from corelib.models.bpan.baselines.config import PonderNetTraining
from corelib.models.bpan.baselines.pondernet import (
    faithful_distribution,
    halting_distribution,
    truncated_geometric,
)
from tests.models.bpan.baselines.small import draw, make, values
from tests.reference import baselines as reference

LOGITS = st.lists(st.floats(-30, 30), min_size=1, max_size=8)


def steady(halting: float, **options):
    """A network with constant λ and an uninformative readout."""
    model = make("pondernet", **options)
    with torch.no_grad():
        model.halt.weight.zero_()
        model.halt.bias.fill_(math.log(halting / (1 - halting)))
        model.readout.weight.zero_()
        model.readout.bias.zero_()
    return model


def distributions(model, x) -> np.ndarray:
    """p of each sample from the reference: (batch, time)."""
    p = values(model)
    states = [reference.gru_states(np.tile(row, (model.n_steps, 1)), p) for row in x.numpy()]
    return np.array(
        [reference.halting_distribution(reference.halting_values(s, p)) for s in states]
    )


@given(LOGITS)
def test_p_matches_the_reference_and_sums_to_one(logits):
    log_p = halting_distribution(torch.tensor([logits], dtype=torch.float64))[0].numpy()
    truth = reference.halting_distribution(reference.sigmoid(np.array(logits)))
    np.testing.assert_allclose(np.exp(log_p), truth, rtol=1e-9, atol=1e-13)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-13)


@given(st.lists(st.floats(-5000, 5000), min_size=1, max_size=8))
def test_log_p_stays_finite_where_p_does_not(logits):
    log_p = halting_distribution(torch.tensor([logits], dtype=torch.float32))
    assert log_p.isfinite().all()
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-6)


@given(st.lists(st.floats(-15, 15), min_size=1, max_size=8))
def test_the_faithful_p_is_normalised_by_its_sum(logits):
    log_p = faithful_distribution(torch.tensor([logits], dtype=torch.float64))[0].numpy()
    truth = reference.faithful_distribution(reference.sigmoid(np.array(logits)))
    np.testing.assert_allclose(np.exp(log_p), truth, rtol=1e-9, atol=1e-13)


@given(st.floats(0.001, 0.999), st.integers(1, 20))
def test_prior_is_the_truncated_geometric(lambda_p, n_steps):
    log_prior = truncated_geometric(lambda_p, torch.zeros(3, n_steps, dtype=torch.float64))
    truth = reference.truncated_geometric(lambda_p, n_steps)
    np.testing.assert_allclose(log_prior.exp().numpy(), truth, rtol=1e-9)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.integers(1, 9))
def test_divergence_in_closed_form(halting, lambda_p, n_steps):
    """Of a steady λ from the prior; E[N] - 1 = sum over k = 1 ... T - 1 of (1 - λ)^k."""
    model = steady(halting, n_steps=n_steps)
    x, y = draw(3)
    loss, _ = model.loss_and_logits(x, y, PonderNetTraining(lambda_p=lambda_p, beta=1.0))
    stay = 1 - halting
    further = (stay - stay**n_steps) / halting
    truth = (
        (1 - stay ** (n_steps - 1)) * math.log(halting)
        - math.log(lambda_p)
        + further * math.log(stay / (1 - lambda_p))
        + math.log(1 - (1 - lambda_p) ** n_steps)
    )
    assert loss.item() == pytest.approx(math.log(4) + truth, rel=1e-9, abs=1e-12)
    assert truth > -1e-12


@given(st.floats(0.05, 0.95), st.integers(2, 9))
def test_divergence_is_zero_only_at_the_prior(lambda_p, n_steps):
    prior = reference.truncated_geometric(lambda_p, n_steps)
    hazard = prior[:-1] / prior[::-1].cumsum()[::-1][:-1]
    logits = torch.tensor([[*np.log(hazard / (1 - hazard)), 0.0]], dtype=torch.float64)
    log_prior = truncated_geometric(lambda_p, logits)

    def divergence(halting):
        log_p = halting_distribution(halting)
        return (log_p.exp() * (log_p - log_prior)).sum().item()

    assert divergence(logits) == pytest.approx(0, abs=1e-12)
    moved = logits.clone()
    moved[0, 0] += 0.1
    assert divergence(moved) > 1e-6


@pytest.mark.parametrize("faithful", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.01, 2.0])
@pytest.mark.parametrize("n_steps", [1, 5])
def test_the_loss_matches_the_reference(faithful, beta, n_steps):
    model = make("pondernet", n_steps=n_steps, faithful=faithful)
    x, y = draw(4)
    settings = PonderNetTraining(lambda_p=0.35, beta=beta)
    truth = reference.pondernet_loss(
        x.numpy(), y.numpy(), values(model), n_steps, 0.35, beta, faithful
    )
    loss, last = model.loss_and_logits(x, y, settings)
    assert loss.item() == pytest.approx(truth, rel=1e-10)
    assert torch.equal(last, model(x)[:, -1])


def test_the_faithful_loss_does_not_determine_when_to_halt():
    """λ of which all p shrink alike: one loss, but another halting step. Ours tells them apart."""
    value, shrink = 0.6, 1e-3
    shrunk, left = [], 1.0
    for n in range(4):
        p = shrink * value * (1 - value) ** n
        shrunk.append(p / left)
        left -= p
    eager, lazy = (
        torch.tensor(h, dtype=torch.float64).logit()[None] for h in ([value] * 4, shrunk)
    )
    torch.testing.assert_close(faithful_distribution(eager), faithful_distribution(lazy))
    assert halting_distribution(eager).exp()[0, -1] < 0.1
    assert halting_distribution(lazy).exp()[0, -1] > 0.99


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.9, 1.0, 1.1])
@pytest.mark.parametrize("faithful", [False, True])
def test_cumulative_halts_at_the_first_step_that_reaches_the_threshold(threshold, faithful):
    model = make("pondernet", faithful=faithful)
    x, _ = draw(40)
    logits = model(x).detach()
    answers, steps = model.own_rule(x, threshold=threshold)
    for k, p in enumerate(distributions(model, x)):
        # The published rule, too, adds up p as it is and ends at the last step.
        reached = [n for n in range(1, 5) if p[:n].sum() >= threshold]
        first = min(reached, default=5)
        assert steps[k] == first
        torch.testing.assert_close(answers[k], logits[k, first - 1])


def test_the_examples_halt_at_every_step():
    x, _ = draw(60)
    assert set(make("pondernet").own_rule(x).steps.tolist()) == {1, 2, 3, 4, 5}


def test_half_is_the_default_and_the_median():
    model = steady(0.3)
    x, _ = draw(3)
    assert model.own_rule(x).steps.tolist() == [2] * 3  # 1 - 0.7² = 0.51
    assert model.own_rule(x, threshold=0.52).steps.tolist() == [3] * 3
    # A sum that equals the threshold reaches it.
    assert steady(0.5).own_rule(x).steps.tolist() == [1] * 3


def test_sampled_halting_frequencies_follow_p():
    model = make("pondernet", seed=4, n_steps=4, scale=0.5)
    x, _ = draw(3)
    n = 20_000
    many = x.repeat_interleave(n, 0)
    generator = torch.Generator().manual_seed(0)
    answers, steps = model.own_rule(many, "sampled", generator=generator)
    p = distributions(model, x)
    for k in range(3):
        seen = np.bincount(steps[k * n : (k + 1) * n], minlength=5)[1:] / n
        np.testing.assert_allclose(seen, p[k], atol=4 * np.sqrt(0.25 / n))
    assert p.min(0).max() > 0.05, "each step should have its share"
    logits = model(x).detach().repeat_interleave(n, 0)
    torch.testing.assert_close(answers, logits[torch.arange(3 * n), steps - 1])


def test_sampled_halting_is_repeatable_with_the_same_seed():
    model = steady(0.3)
    x, _ = draw(200)
    first, again, other = (
        model.own_rule(x, "sampled", generator=torch.Generator().manual_seed(seed)).steps
        for seed in (5, 5, 6)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_expected_is_the_mean_over_p():
    model = make("pondernet")
    x, _ = draw(7)
    answers, steps = model.own_rule(x, "expected")
    p = distributions(model, x)
    np.testing.assert_allclose(steps.numpy(), p @ np.arange(1, 6), rtol=1e-10)
    chances = model(x).detach().softmax(-1).numpy()
    mixed = (p[..., None] * chances).sum(1)
    np.testing.assert_allclose(answers.exp().numpy(), mixed, rtol=1e-9)
    np.testing.assert_allclose(mixed.sum(1), 1)


@pytest.mark.parametrize("rule", ["cumulative", "sampled"])
def test_halted_samples_are_not_computed_further(rule, monkeypatch):
    model = make("pondernet")
    x, _ = draw(60)

    def halt():
        return model.own_rule(x, rule, generator=torch.Generator().manual_seed(1)).steps

    steps, rows = halt(), []

    def counting(drive, state, weights, real=pondernet.step):
        rows.append(len(drive))
        return real(drive, state, weights)

    monkeypatch.setattr(pondernet, "step", counting)
    halt()
    assert rows == [int((steps > t).sum()) for t in range(1, 5)]
