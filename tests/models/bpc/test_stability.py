"""Step sizes of inference against automatic differentiation, closed forms, and what happens."""

import pytest
import torch

from corelib.models.bpc.energy import Affine, Weights, energy, errors, outputs
from corelib.models.bpc.inference import Given, InferenceConfig, begin, infer
from corelib.models.bpc.stability import LIMIT, eigenvalues_along, over_step_sizes, stability
from tests.models.bpc.small import Case, draw, make


def given_of(weights: Weights, free: str) -> tuple[Given, list[int]]:
    """Two images of which something is free, and the layers that move."""
    x, y = draw(2)
    x_known = torch.tensor([True, False] * 3) if free == "half the image" else None
    y_known = torch.zeros(3, dtype=torch.bool) if free == "label" else None
    ends = [0] * (y_known is not None) + [weights.depth] * (x_known is not None)
    return Given(x, y, x_known, y_known), [*range(1, weights.depth), *ends]


def by_autograd(z, given: Given, weights: Weights, config: InferenceConfig, layers) -> torch.Tensor:
    """The largest eigenvalue of each sample's Hessian over what is free: (batch)."""
    largest = []
    for n in range(len(z[0])):
        sizes = [z[k].shape[1] for k in layers]

        def total(flat, n=n, sizes=sizes):
            moved = [layer[n : n + 1] for layer in z]
            for k, part in zip(layers, flat.split(sizes), strict=True):
                moved[k] = part[None]
            e = errors(tuple(moved), outputs(tuple(moved), weights), weights)
            return energy(e, config.precision).sum()

        hessian = torch.autograd.functional.hessian(total, torch.cat([z[k][n] for k in layers]))
        last = weights.depth
        kept = torch.cat(
            [
                ~given.x_known
                if k == last and given.x_known is not None
                else torch.ones(size, dtype=torch.bool)
                for k, size in zip(layers, sizes, strict=True)
            ]
        )
        largest.append(torch.linalg.eigvalsh(hessian[kept][:, kept]).abs().max())
    return torch.stack(largest)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "leaky-relu"])
@pytest.mark.parametrize("free", ["hidden", "label", "half the image"])
def test_it_matches_the_largest_eigenvalue_of_the_hessian_of_autograd(activation, free):
    weights = make(Case(activation)).weights()
    given, layers = given_of(weights, free)
    config = InferenceConfig(5, 0.1, 0.6, 1.2)
    expected = by_autograd(begin(given, weights, config.start), given, weights, config, layers)
    stable = stability(given, weights, config)
    assert stable.eigenvalue == pytest.approx(expected.mean().item(), rel=1e-3)
    assert stable.value == pytest.approx(0.1 * stable.eigenvalue)


@pytest.mark.parametrize("free", ["hidden", "label", "half the image"])
def test_along_inference_it_is_that_of_each_moments_activity(free):
    weights = make(Case("tanh")).weights()
    given, layers = given_of(weights, free)
    config = InferenceConfig(7, 0.02, 0.6, 1.2)
    along = eigenvalues_along(given, weights, config, 3)
    assert along.step.tolist() == [0, 3, 6, 7]
    trace = infer(given, weights, config, 3)
    for t in range(4):
        z = [trace.label[:, t], *(h[:, t] for h in trace.hidden), trace.image[:, t]]
        expected = by_autograd(z, given, weights, config, layers)
        torch.testing.assert_close(along.eigenvalue[:, t], expected, rtol=2e-3, atol=1e-6)
    assert along.eigenvalue[:, 0].mean() == pytest.approx(
        stability(given, weights, config).eigenvalue, rel=1e-3
    )
    largest = along.eigenvalue.max().item()
    assert along.limiting_step_size() == pytest.approx(LIMIT / largest)


def test_a_mask_of_each_sample_follows_it_through_all_moments():
    weights = make(Case("tanh")).weights()
    x, y = draw(2)
    masks = torch.tensor([[True, False] * 3, [True, True, False] * 2])
    config = InferenceConfig(4, 0.02, 0.6, 1.2)
    both = eigenvalues_along(Given(x, y, masks), weights, config, 2).eigenvalue
    for n in range(2):
        one = Given(x[n : n + 1], y[n : n + 1], masks[n])
        alone = eigenvalues_along(one, weights, config, 2).eigenvalue
        torch.testing.assert_close(both[n : n + 1], alone, rtol=2e-3, atol=1e-6)


def quadratic() -> tuple[Given, Weights, float]:
    """A network with a quadratic energy: one hidden layer, whose ReLU is always open.

    With W and V diagonal, the Hessian is α_f (1 + w²) + α_b (1 + v²) in each of its units.
    """
    w, v = torch.tensor([0.5, 2.0]).double(), torch.tensor([1.0, 0.25]).double()
    eye = torch.eye(2).double()
    weights = make(Case("relu", widths="2")).weights()
    generator = (Affine(eye, None), Affine(w.diag(), None))
    amortiser = (Affine(v.diag(), None), Affine(eye, None))
    x, y = torch.tensor([[3.0, 4.0]]).double(), torch.tensor([[2.0, 5.0]]).double()
    largest = max(1 + 0.5**2 + 1 + 1, 1 + 2.0**2 + 1 + 0.25**2)
    return Given(x, y), weights._replace(generator=generator, amortiser=amortiser), largest


def test_a_quadratic_energy_has_the_eigenvalue_of_its_closed_form_at_every_step():
    given, weights, largest = quadratic()
    config = InferenceConfig(6, 0.5 / largest)
    along = eigenvalues_along(given, weights, config)
    torch.testing.assert_close(along.eigenvalue, torch.full((1, 7), largest).double())
    # Each step multiplies the distance to the minimum along the steepest unit by 1 - γ λ.
    steepest = infer(given, weights, config._replace(n_steps=200)).hidden[0][0, :, 1]
    distance = steepest - steepest[-1]
    torch.testing.assert_close(distance[1:6], 0.5 * distance[:5])


def test_inference_fails_from_the_limit_on():
    given, weights, largest = quadratic()
    limit = eigenvalues_along(given, weights, InferenceConfig(3, 0.01)).limiting_step_size()
    assert limit == pytest.approx(2 / largest)
    sizes = [0.5 * limit, 0.97 * limit, 1.03 * limit]
    # So few steps that the ReLU stays open.
    many = over_step_sizes(given, weights, InferenceConfig(20, 1.0), sizes)
    assert many.step_size.tolist() == pytest.approx(sizes)
    torch.testing.assert_close(many.value, torch.tensor([1.0, 1.94, 2.06]).double())
    start = infer(given, weights, InferenceConfig(0, 1.0)).energy[0, 0]
    assert many.energy[0] < many.energy[1] < start < many.energy[2]


def test_what_ran_away_to_infinity_is_left_out():
    weights = make(Case("relu")).weights()
    given, _ = given_of(weights, "hidden")
    config = InferenceConfig(400, 20.0)
    along = eigenvalues_along(given, weights, config, 40)
    assert 0 < len(along.step) < 11
    assert along.eigenvalue.isfinite().all()
    many = over_step_sizes(given, weights, config, [1e-3, 20.0])
    assert many.energy.isfinite().tolist() == [True, False]
    assert many.value.isfinite().all()


def test_a_random_start_is_the_same_for_each_step_size():
    weights = make(Case("tanh")).weights()
    given, _ = given_of(weights, "hidden")
    config = InferenceConfig(3, 0.01, start="random")
    noise = torch.Generator().manual_seed(5)
    many = over_step_sizes(given, weights, config, [0.01, 0.01], noise)
    assert many.value[0] == many.value[1]
    assert many.energy[0] == many.energy[1]
    alone = infer(given, weights, config, 3, torch.Generator().manual_seed(5)).energy[:, -1].mean()
    assert many.energy[0] == alone


@pytest.mark.parametrize("value", [0.5, 4.0])
def test_its_sentence_says_whether_inference_runs_away(value):
    weights = make(Case("gelu")).weights()
    given, _ = given_of(weights, "hidden")
    eigenvalue = stability(given, weights, InferenceConfig(1, 1.0)).eigenvalue
    config = InferenceConfig(80, value / eigenvalue)
    stable = stability(given, weights, config)
    assert stable.value == pytest.approx(value, rel=1e-6)
    assert ("runs away" in str(stable)) == (value > LIMIT)
