"""Energies and gradients by hand, against the slow reference and automatic differentiation."""

import numpy as np
import pytest
import torch

from corelib.models.bpc import energy as e
from corelib.models.bpc.energy import ACTIVATIONS, NOTHING, Errors, Precision
from corelib.models.bpc.inference import InferenceConfig, constants
from tests.models.bpc.small import CASES, EXACT, draw_activity, make, samples, truth_of
from tests.reference import bpc as reference

GENERATES, AMORTISES, BOTH = "generates", "amortises", "both"


def sides(weights, which):
    if which == GENERATES:
        return weights._replace(amortiser=())
    return weights._replace(generator=()) if which == AMORTISES else weights


def plain(weights):
    return weights._replace(
        generator=tuple(map(detached, weights.generator)),
        amortiser=tuple(map(detached, weights.amortiser)),
    )


def detached(layer):
    return layer._replace(
        weight=layer.weight.detach(), bias=None if layer.bias is None else layer.bias.detach()
    )


def energy_of(z, weights, precision):
    return e.energy(e.errors(z, e.outputs(z, weights), weights), precision)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_activations_match_the_reference_and_their_slopes_autograd(name):
    phi = ACTIVATIONS[name]
    z = torch.linspace(-4, 4, 101, dtype=torch.float64)[1::2].clone().requires_grad_()
    value = phi.value(z)
    np.testing.assert_allclose(
        value.detach().numpy(), reference.phi(z.detach().numpy(), name), **EXACT
    )
    g = torch.randn_like(z)
    (by_autograd,) = torch.autograd.grad(value, z, g, create_graph=True)
    by_hand = phi.back(g, z, value)
    torch.testing.assert_close(by_hand, by_autograd, rtol=1e-12, atol=1e-14)
    truth = g.numpy() * reference.slope(z.detach().numpy(), name)
    np.testing.assert_allclose(by_hand.detach().numpy(), truth, **EXACT)
    curvature = torch.zeros_like(z)
    if name in ("gelu", "tanh"):
        (curvature,) = torch.autograd.grad(phi.back(torch.ones_like(g), z, phi.value(z)).sum(), z)
    torch.testing.assert_close(phi.curvature(z.detach()), curvature, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("which", [GENERATES, AMORTISES, BOTH])
def test_energy_and_gradients_match_the_reference(case, which):
    model = make(case)
    weights = plain(sides(model.weights(), which))
    z, truth = draw_activity(model, 5), truth_of(weights)
    f = e.outputs(z, weights)
    own = e.errors(z, f, weights)
    energies = [truth.energy(sample, *case.precision) for sample in samples(z)]
    np.testing.assert_allclose(e.energy(own, case.precision).numpy(), energies, **EXACT)

    layers = range(weights.depth + 1)
    gradients = e.activity_gradients(z, f, own, weights, case.precision, layers)
    expected = [truth.activity_gradient(sample, *case.precision) for sample in samples(z)]
    for layer in layers:
        np.testing.assert_allclose(
            gradients[layer].numpy(), [sample[layer] for sample in expected], **EXACT
        )

    of_weights = e.parameter_gradients(f, own, weights, case.precision)
    each = [truth.parameter_gradient(sample, *case.precision) for sample in samples(z)]
    for at, side in ((0, of_weights.generator), (1, of_weights.amortiser)):
        for layer, gradient in enumerate(side, 1):
            mean = np.mean([sample[at][layer] for sample in each], 0)
            np.testing.assert_allclose(gradient.weight.numpy(), mean, **EXACT)
            assert (gradient.bias is None) is not case.bias
            if case.bias:
                mean = np.mean([sample[at + 2][layer] for sample in each], 0)
                np.testing.assert_allclose(gradient.bias.numpy(), mean, **EXACT)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("which", [GENERATES, AMORTISES, BOTH])
def test_gradients_match_autograd(case, which):
    model = make(case)
    weights = sides(model.weights(), which)
    z = tuple(layer.requires_grad_() for layer in draw_activity(model, 5))
    energies = energy_of(z, weights, case.precision)
    for_activity = torch.autograd.grad(energies.sum(), z, retain_graph=True)
    parameters = [p for side in weights[:2] for layer in side for p in layer if p is not None]
    for_parameters = torch.autograd.grad(energies.mean(), parameters)
    with torch.no_grad():
        f = e.outputs(z, weights)
        errors = e.errors(z, f, weights)
        by_hand = e.activity_gradients(z, f, errors, weights, case.precision, range(len(z)))
        gradients = e.parameter_gradients(f, errors, weights, case.precision)
    for a, b in zip(by_hand, for_activity, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    flat = [p for side in gradients[:2] for layer in side for p in layer if p is not None]
    for a, b in zip(flat, for_parameters, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n_steps", [1, 1000])
def test_precomputed_constants_give_the_same_errors(case, n_steps):
    """The Gram matrix is precomputed for many steps but not for few."""
    model = make(case)
    weights = plain(model.weights())
    z = draw_activity(model, 2)
    hidden = range(1, weights.depth)
    constant = constants(z, weights, hidden, InferenceConfig(n_steps, 0.1, start="random"))
    assert constant.below is not None
    assert constant.above is not None
    assert (constant.gram is not None) == (n_steps > 1)
    f = e.outputs(z, weights)
    shorter, whole = e.errors(z, f, weights, constant), e.errors(z, f, weights)
    assert len(shorter.forward) == weights.depth - (constant.gram is not None)
    by_hand = e.activity_gradients(z, f, shorter, weights, case.precision, hidden, constant)
    truth = e.activity_gradients(z, f, whole, weights, case.precision, hidden)
    for a, b in zip(by_hand, truth, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    # What a free end would change is not taken for constant.
    assert (
        constants(z, weights, [0, *hidden], InferenceConfig(1000, 0.1, start="random")).below
        is None
    )
    free_image = constants(z, weights, [*hidden, weights.depth], InferenceConfig(1000, 0.1))
    assert free_image[1:] == (None, None, None)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("which", [GENERATES, AMORTISES, BOTH])
def test_hessian_products_match_the_full_hessian_of_autograd(case, ends, which):
    model = make(case)
    weights = plain(sides(model.weights(), which))
    z = draw_activity(model, 3)
    layers = list(range(len(z))) if ends else list(range(1, weights.depth))
    product = e.hessian_product(z, weights, case.precision, layers)
    torch.manual_seed(5)
    v = [torch.randn_like(z[layer]) for layer in layers]
    products = product(v)
    for n in range(3):
        sizes = [z[layer].shape[1] for layer in layers]

        def of_sample(flat, n=n, sizes=sizes):
            parts = dict(zip(layers, flat.split(sizes), strict=True))
            own = tuple(parts.get(k, layer[n])[None] for k, layer in enumerate(z))
            return energy_of(own, weights, case.precision)[0]

        flat = torch.cat([z[layer][n] for layer in layers])
        hessian = torch.autograd.functional.hessian(of_sample, flat)
        truth = hessian @ torch.cat([part[n] for part in v])
        ours = torch.cat([part[n] for part in products])
        torch.testing.assert_close(ours, truth, rtol=1e-9, atol=1e-9)


def test_each_direction_adds_only_its_own_energy():
    model = make(CASES[2])
    weights, z = plain(model.weights()), draw_activity(model, 4)
    whole = energy_of(z, weights, Precision(0.3, 1.7))
    parts = [
        energy_of(z, sides(weights, GENERATES), Precision(0.3, 9.0)),
        energy_of(z, sides(weights, AMORTISES), Precision(9.0, 1.7)),
    ]
    torch.testing.assert_close(whole, parts[0] + parts[1], rtol=1e-12, atol=0)


def test_energy_counts_each_error_once():
    """By hand: 0.5 * 2 * (1 + 4) + 0.5 * 3 * 9."""
    own = Errors((torch.tensor([[1.0, 2.0]]),), (torch.tensor([[3.0]]),))
    assert e.energy(own, Precision(2.0, 3.0)).tolist() == [18.5]
    assert NOTHING == (None, None, None, None)
