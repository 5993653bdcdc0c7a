"""LCA finds the optimum of the lasso, and its features learn; its curve keeps its laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import sparse_encode
from sklearn.linear_model import Lasso

from corelib.errors import DivergedError, SettingsError
from corelib.models.ipvae.baselines import lca
from corelib.models.ipvae.baselines.config import LCATraining
from corelib.models.ipvae.learner import r_squared
from tests.reference import lca as reference

PIXELS, UNITS, BATCH = 16, 20, 4
SIGNS = ("signed", "non-negative")
LONG = 6000


def problem(seed: int = 0, pixels: int = PIXELS, units: int = UNITS, batch: int = BATCH):
    """Features of unit norm and images, float64."""
    generator = torch.Generator().manual_seed(seed)
    features = lca.first_features(pixels, units, generator).double()
    features = features / features.norm(dim=0)
    return features, 2 * torch.randn(batch, pixels, generator=generator, dtype=torch.float64)


def sparse_images(n: int, seed: int) -> torch.Tensor:
    """Few of 24 fixed causes each, and a little noise: (image, pixel)."""
    causes = lca.first_features(PIXELS, 24, torch.Generator().manual_seed(99))
    generator = torch.Generator().manual_seed(seed)
    active = (torch.rand(n, 24, generator=generator) < 0.1).float()
    amounts = active * (2 + torch.randn(n, 24, generator=generator).abs())
    return amounts @ causes.T + 0.05 * torch.randn(n, PIXELS, generator=generator)


TRAINING = LCATraining(
    n_latents=24, threshold=0.3, epochs=8, batch_size=50, n_steps=60, learning_rate=0.3
)


def changed(**values) -> LCATraining:
    return LCATraining.from_arguments(TRAINING, values)


@pytest.mark.parametrize("sign", SIGNS)
def test_each_step_is_the_circuits(sign):
    features, x = problem()
    circuit = lca.circuit_of(features, 0.6, sign)
    stimulus = x @ features
    state = lca.resting_state(stimulus)
    slow = [
        reference.lca(features.numpy(), image, 0.6, sign, circuit.step_size, 15)
        for image in x.numpy()
    ]
    for t in range(15):
        state = lca.step(stimulus, state, circuit)
        np.testing.assert_allclose(state.activity, [trace[t] for trace in slow], atol=1e-12)
    torch.testing.assert_close(lca.code(features, x, 0.6, 15, sign), state.activity)


@pytest.mark.parametrize("sign", SIGNS)
def test_the_circuit_rests_at_the_optimum_that_ista_finds(sign):
    features, x = problem(1)
    activity = lca.code(features, x, 0.8, LONG, sign)
    truth = [reference.ista(features.numpy(), image, 0.8, sign) for image in x.numpy()]
    np.testing.assert_allclose(activity, truth, atol=1e-4)
    found = lca.objective(features, x, activity, 0.8)
    slow = [
        reference.objective(features.numpy(), image, a, 0.8)
        for image, a in zip(x.numpy(), truth, strict=True)
    ]
    np.testing.assert_allclose(found, slow, rtol=1e-7)


@pytest.mark.parametrize("sign", SIGNS)
def test_the_circuit_rests_at_scikit_learns_lasso(sign):
    """Its Lasso divides the squared error by twice the number of pixels: alpha = λ / pixels."""
    features, x = problem(2)
    activity = lca.code(features, x, 0.5, LONG, sign).numpy()
    lasso = Lasso(
        alpha=0.5 / PIXELS,
        fit_intercept=False,
        positive=sign == "non-negative",
        tol=1e-12,
        max_iter=100_000,
    )
    truth = [lasso.fit(features.numpy(), image).coef_ for image in x.numpy()]
    np.testing.assert_allclose(activity, truth, atol=1e-4)
    encoded = sparse_encode(
        x.numpy(),
        features.numpy().T,
        algorithm="lasso_lars",
        alpha=0.5,
        positive=sign == "non-negative",
    )
    np.testing.assert_allclose(activity, encoded, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), threshold=st.floats(0.5, 2.0), sign=st.sampled_from(SIGNS))
def test_at_rest_the_conditions_of_karush_kuhn_and_tucker_hold(seed, threshold, sign):
    features, x = problem(seed, units=15)
    a = lca.code(features, x, threshold, LONG, sign)
    assert lca.violation(features, x, a, threshold, sign).max() < 1e-4
    # The same, condition by condition.
    for image, activity in zip(x, a, strict=True):
        for k in range(15):
            g = float(features[:, k] @ (image - features @ activity))
            if activity[k] != 0:
                assert g == pytest.approx(threshold * np.sign(float(activity[k])), abs=1e-4)
            else:
                assert (abs(g) if sign == "signed" else g) <= threshold + 1e-4
    if sign == "non-negative":
        assert (a >= 0).all()


def test_a_code_that_is_not_optimal_violates_the_conditions():
    features, x = torch.eye(2), torch.tensor([[3.0, -2.0]])
    best = torch.tensor([[2.0, -1.0]])
    assert lca.violation(features, x, best, 1.0) == 0
    assert lca.violation(features, x, torch.tensor([[2.0, 0.0]]), 1.0) == 1  # |g| = 2
    assert lca.violation(features, x, torch.tensor([[1.5, -1.0]]), 1.0) == 0.5
    # Where activity must not be negative, a silent neuron may miss a negative cause.
    assert lca.violation(features, x, torch.tensor([[2.0, 0.0]]), 1.0, "non-negative") == 0


@pytest.mark.parametrize("sign", SIGNS)
def test_the_objective_falls_during_inference(sign):
    features, x = problem(3)
    circuit = lca.circuit_of(features, 0.5, sign)._replace(step_size=0.01)
    stimulus = x @ features
    state = lca.resting_state(stimulus)
    values = [lca.objective(features, x, state.activity, 0.5)]
    torch.testing.assert_close(values[0], 0.5 * x.square().sum(1))
    for _ in range(600):
        state = lca.step(stimulus, state, circuit)
        values.append(lca.objective(features, x, state.activity, 0.5))
    over_time = torch.stack(values)
    assert (over_time.diff(dim=0) <= 1e-9).all()
    assert (over_time[-1] < 0.9 * over_time[0]).all()


def test_one_image_alone_has_the_code_it_has_in_a_batch():
    features, x = problem(4)
    together = lca.code(features, x, 0.5, 200)
    for image, activity in zip(x, together, strict=True):
        torch.testing.assert_close(lca.code(features, image[None], 0.5, 200)[0], activity)


def test_alike_features_do_not_make_the_steps_run_away():
    """Twenty near-copies: dt / τ = 0.1 would be beyond 2 over the largest eigenvalue."""
    torch.manual_seed(0)
    features = torch.nn.functional.normalize(1 + 0.01 * torch.randn(PIXELS, 40), dim=0).double()
    x = 3 * torch.ones(1, PIXELS, dtype=torch.float64)
    # The noise of 0.01 makes the cosine of two of them 1 - 0.0001.
    assert lca.circuit_of(features, 0.1).step_size == pytest.approx(1 / 40, rel=2e-4)
    a = lca.code(features, x, 0.1, 2000)
    assert float(a.sum()) == pytest.approx(3 * PIXELS**0.5 - 0.1, rel=1e-3)


@pytest.mark.parametrize("sign", SIGNS)
def test_learning_lowers_the_objective_of_held_out_images(sign):
    training = changed(sign=sign)
    train, held_out = sparse_images(1000, 0), sparse_images(200, 1)

    def mean_objective(features: torch.Tensor) -> float:
        activity = lca.code(features, held_out, training.threshold, 300, sign)
        return lca.objective(features, held_out, activity, training.threshold).mean().item()

    first = lca.first_features(PIXELS, 24, torch.Generator().manual_seed(5))
    features = lca.learn(train, training, seed=5)
    assert mean_objective(features) < 0.85 * mean_objective(first)
    torch.testing.assert_close(features.norm(dim=0), torch.ones(24))


@pytest.mark.parametrize(("rate", "bounded"), [(1e-3, False), (0.2, True)])
def test_an_update_goes_down_the_gradient_and_back_to_unit_norm(rate, bounded):
    features, x = problem(6)
    training = LCATraining(n_latents=UNITS, threshold=0.4, n_steps=50)
    activity = lca.infer(x @ features, lca.Circuit(features.T @ features, 0.4), 50).activity
    free = features.clone().requires_grad_()
    (0.5 * (x - activity @ free.T).square().sum(1).mean()).backward()
    step = rate / activity.square().mean().item()
    largest = 1 / np.linalg.eigvalsh(activity.numpy().T @ activity.numpy() / len(x))[-1]
    assert (largest < step) == bounded
    stepped = features - min(step, largest) * free.grad
    truth = stepped / stepped.norm(dim=0)
    torch.testing.assert_close(lca.updated(features, x, rate, training), truth)


def test_learning_at_a_low_threshold_stays_finite():
    """Many active neurons: without a bound of the step the features ran away after four updates."""
    x = sparse_images(400, 0)
    features = lca.learn(x, changed(threshold=0.01, learning_rate=10.0, epochs=1))
    assert features.isfinite().all()


def test_no_activity_changes_no_feature():
    features, x = problem(7)
    silent = LCATraining(n_latents=UNITS, threshold=100)
    assert torch.equal(lca.updated(features, x, 0.3, silent), features)


def test_the_same_seed_learns_the_same_features():
    x = sparse_images(300, 0)
    brief = changed(epochs=1)
    first = lca.learn(x, brief, seed=3)
    torch.manual_seed(1)
    assert torch.equal(lca.learn(x, brief, seed=3), first)
    assert not torch.equal(lca.learn(x, brief, seed=4), first)


def test_what_is_refused():
    features, x = problem()
    with pytest.raises(SettingsError, match="threshold is -1, but should be 0 or more"):
        lca.code(features, x, -1.0)
    with pytest.raises(SettingsError, match="threshold"):
        changed(threshold=-1.0)
    broken = torch.full((60, PIXELS), float("nan"))
    with pytest.raises(DivergedError, match="diverged at update 1: a feature is not finite"):
        lca.learn(broken, TRAINING)


def test_a_point_is_the_portion_of_zeros_and_the_mean_r2():
    features, x = problem(8)
    activity = lca.code(features, x, 0.7, 300)
    point = lca.point(x, features, activity)
    slow = [
        1 - np.sum((a - features.numpy() @ z) ** 2) / np.sum((a - a.mean()) ** 2)
        for a, z in zip(x.numpy(), activity.numpy(), strict=True)
    ]
    assert point.r2 == pytest.approx(np.mean(slow))
    assert point.r2 == pytest.approx(r_squared(x, activity @ features.T).mean().item())
    assert point.zeros == pytest.approx((activity.numpy() == 0).mean())
    assert 0 < point.zeros < 1


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("learned", ["one dictionary", "one for each threshold"])
def test_along_a_curve_zeros_rise_and_r2_falls(sign, learned):
    training = changed(sign=sign, epochs=3)
    train, x = sparse_images(500, 0), sparse_images(100, 1)
    thresholds = (0.1, 0.3, 0.8, 2.0)
    if learned == "one dictionary":
        points = lca.curve(lca.learn(train, training), x, thresholds, sign)
    else:
        points = lca.learned_curve(train, x, thresholds, training)
    assert (np.diff([point.zeros for point in points]) > 0).all()
    assert (np.diff([point.r2 for point in points]) < 0).all()


def test_a_curve_over_dictionaries_learns_each_at_its_threshold():
    train, x = sparse_images(200, 0), sparse_images(50, 1)
    brief = changed(epochs=1)
    (_, second) = lca.learned_curve(train, x, (0.2, 1.0), brief, seed=2)
    features = lca.learn(train, changed(epochs=1, threshold=1.0), seed=2)
    assert lca.curve(features, x, [1.0]) == [second]
    assert lca.point(x, features, lca.code(features, x, 1.0)) == second
