"""Inference against the slow reference, with masks, and what it must leave unchanged."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.models.bpc.energy import Precision, energy, errors, outputs
from corelib.models.bpc.inference import (
    COMPLETION,
    START_SD,
    Given,
    InferenceConfig,
    begin,
    downward,
    infer,
    run_inference,
    upward,
)
from tests.models.bpc.small import CASES, CLASSES, EXACT, PIXELS, draw, make, truth_of

X_KNOWN = torch.tensor([True, False, True, True, False, False])
Y_KNOWN = torch.tensor([False, True, False])
MASKS = {
    "all": (None, None),
    "pixels": (X_KNOWN, None),
    "label": (None, torch.zeros(CLASSES, dtype=torch.bool)),
    "some of both": (X_KNOWN, Y_KNOWN),
}


def numpy(mask):
    return None if mask is None else mask.numpy()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("start", ["bottom-up", "top-down"])
@pytest.mark.parametrize("masks", list(MASKS))
@pytest.mark.parametrize("n_steps", [0, 3, 40])
def test_the_trajectory_matches_the_reference(case, start, masks, n_steps):
    model = make(case)
    weights, truth = model.weights(), truth_of(model.weights())
    x, y = draw(3)
    x_known, y_known = MASKS[masks]
    config = InferenceConfig(n_steps, 0.02, *case.precision, start)
    what = Given(x, y, x_known, y_known)
    ended, trace = (run_inference(what, weights, config), infer(what, weights, config))
    for n in range(3):
        trajectory = truth.infer(
            x[n].numpy(),
            y[n].numpy(),
            n_steps,
            0.02,
            *case.precision,
            start,
            numpy(x_known),
            numpy(y_known),
        )
        for layer, end in zip(ended.z, trajectory[-1], strict=True):
            np.testing.assert_allclose(layer[n].numpy(), end, **EXACT)
        energies = [truth.energy(z, *case.precision) for z in trajectory]
        np.testing.assert_allclose(trace.energy[n].numpy(), energies, **EXACT)
        np.testing.assert_allclose(trace.image[n].numpy(), [z[-1] for z in trajectory], **EXACT)
        np.testing.assert_allclose(trace.label[n].numpy(), [z[0] for z in trajectory], **EXACT)
        for k, hidden in enumerate(trace.hidden, 1):
            np.testing.assert_allclose(hidden[n].numpy(), [z[k] for z in trajectory], **EXACT)
        depth = weights.depth
        e = [[np.sum(truth.e(z, k) ** 2) for k in range(1, depth + 1)] for z in trajectory]
        delta = [[np.sum(truth.delta(z, k) ** 2) for k in range(depth)] for z in trajectory]
        np.testing.assert_allclose(trace.forward[n].numpy(), e, **EXACT)
        np.testing.assert_allclose(trace.backward[n].numpy(), delta, **EXACT)
        predicted = [truth.W[depth] @ truth.f(z, depth - 1) + truth.b[depth] for z in trajectory]
        np.testing.assert_allclose(trace.predicted_image[n].numpy(), predicted, **EXACT)
        predicted = [truth.V[1] @ truth.f(z, 1) + truth.c[1] for z in trajectory]
        np.testing.assert_allclose(trace.predicted_label[n].numpy(), predicted, **EXACT)
    # The errors that come with the end are those of its activity.
    whole = errors(ended.z, outputs(ended.z, weights), weights)
    for a, b in zip(
        (*ended.errors.forward, *ended.errors.backward),
        (*whole.forward, *whole.backward),
        strict=True,
    ):
        torch.testing.assert_close(a, b.detach(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("masks", list(MASKS))
def test_adam_matches_torch_adam_under_autograd(masks):
    case = CASES[2]
    model = make(case)
    weights = model.weights()
    x, y = draw(3)
    x_known, y_known = MASKS[masks]
    config = InferenceConfig(12, 0.03, *case.precision, optimiser="adam")
    what = Given(x, y, x_known, y_known)
    ended = run_inference(what, weights, config)

    z = [layer.detach().clone() for layer in begin(what, weights, "bottom-up")]
    free = [torch.ones_like(layer, dtype=torch.bool) for layer in z]
    free[0] &= False if y_known is None else ~y_known
    free[-1] &= False if x_known is None else ~x_known
    moving = [layer.clone().requires_grad_() for layer in z]
    optimiser = torch.optim.Adam(moving, 0.03)
    for _ in range(12):
        now = [torch.where(m, a, b) for m, a, b in zip(free, moving, z, strict=True)]
        total = energy(errors(now, outputs(now, weights), weights), case.precision).sum()
        for layer, gradient in zip(
            moving, torch.autograd.grad(total, moving, allow_unused=True), strict=True
        ):
            layer.grad = gradient
        optimiser.step()
    for layer, truth, mask in zip(ended.z, moving, free, strict=True):
        torch.testing.assert_close(layer[mask], truth.detach()[mask], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("optimiser", ["gradient", "adam"])
@given(st.integers(0, 2**PIXELS - 1), st.integers(0, 2**CLASSES - 1))
def test_given_values_stay_fixed_and_free_values_move(optimiser, pixels, classes):
    model = make(CASES[2])
    x, y = draw(2)
    x_known = torch.tensor([bool(pixels >> k & 1) for k in range(PIXELS)])
    y_known = torch.tensor([bool(classes >> k & 1) for k in range(CLASSES)])
    config = InferenceConfig(5, 0.02, optimiser=optimiser)
    z = run_inference(Given(x, y, x_known, y_known), model.weights(), config).z
    assert torch.equal(z[-1][:, x_known], x[:, x_known])
    assert torch.equal(z[0][:, y_known], y[:, y_known])
    # Where nothing at all is known the network rests, as it has no bias.
    assert (z[-1][:, ~x_known] != 0).all() or not (x_known.any() or y_known.any())
    # Values at unknown positions play no part in it.
    other = Given(torch.where(x_known, x, 7.0), torch.where(y_known, y, -7.0), x_known, y_known)
    for a, b in zip(z, run_inference(other, model.weights(), config).z, strict=True):
        assert torch.equal(a, b)


def test_masks_may_differ_from_sample_to_sample():
    model = make(CASES[0])
    x, y = draw(4)
    torch.manual_seed(3)
    x_known = torch.rand(x.shape) > 0.5
    y_known = torch.rand(y.shape) > 0.5
    config = InferenceConfig(9, 0.02)
    together = run_inference(Given(x, y, x_known, y_known), model.weights(), config).z
    for n in range(4):
        part = slice(n, n + 1)
        alone = run_inference(
            Given(x[part], y[part], x_known[n], y_known[n]), model.weights(), config
        ).z
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[part], b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_completion_lowers_the_energy(case):
    model = make(case)
    x, y = draw(6)
    unknown = torch.zeros(CLASSES, dtype=torch.bool)
    trace = infer(Given(x, y, X_KNOWN, unknown), model.weights(), COMPLETION)
    assert trace.energy.shape == (6, COMPLETION.n_steps + 1)
    assert (trace.energy[:, -1] < 0.5 * trace.energy[:, 0]).all()


def test_small_steps_never_raise_the_energy():
    model = make(CASES[5])
    x, y = draw(6)
    energies = infer(Given(x, y), model.weights(), InferenceConfig(200, 1e-3, 1e-2, 0.5)).energy
    assert (energies.diff(dim=1) <= 0).all()


def test_a_thinned_trace_samples_the_full_trace():
    model = make(CASES[2])
    x, y = draw(2)
    what, config = Given(x, y, X_KNOWN), InferenceConfig(10, 0.02)
    whole, thin = (infer(what, model.weights(), config, every) for every in (1, 4))
    assert thin.step.tolist() == [0, 4, 8, 10]
    for name in ("energy", "forward", "backward", "image", "label", "predicted_image"):
        torch.testing.assert_close(
            getattr(thin, name), getattr(whole, name)[:, thin.step], rtol=1e-12, atol=1e-12
        )


def test_a_pass_leaves_no_errors_in_its_own_direction():
    model = make(CASES[3])
    weights = model.weights()
    x, y = draw(4)
    with torch.no_grad():
        for z, side in ((upward(x, weights), 1), (downward(y, weights), 0)):
            e = errors(z, outputs(z, weights), weights)
            assert max(error.abs().max() for error in e[side]) < 1e-14
            assert min(error.abs().max() for error in e[1 - side]) > 0.1


def test_a_random_start_is_small_and_follows_the_torch_seed():
    model = make(CASES[2], widths="400, 300")
    x, y = draw(5)
    torch.manual_seed(1)
    first = begin(Given(x, y), model.weights(), "random")
    again = begin(Given(x, y), model.weights(), "random")
    torch.manual_seed(1)
    same = begin(Given(x, y), model.weights(), "random")
    for layer in range(1, 3):
        # Five standard errors of the sd of n normal numbers.
        n = first[layer].numel()
        assert first[layer].std().item() == pytest.approx(START_SD, rel=5 / (2 * n) ** 0.5)
        assert torch.equal(first[layer], same[layer])
        assert not torch.equal(first[layer], again[layer])


@pytest.mark.parametrize("which", ["generator", "amortiser"])
def test_a_direction_of_weight_zero_is_absent(which):
    model = make(CASES[2])
    whole = model.weights()
    x, y = draw(3)
    alphas = Precision(0.0, 0.6) if which == "generator" else Precision(0.6, 0.0)
    lacking = whole._replace(**{which: ()})
    config = InferenceConfig(8, 0.02, *alphas, "top-down" if which == "amortiser" else "bottom-up")
    what = Given(x, y, X_KNOWN, Y_KNOWN)
    for a, b in zip(
        run_inference(what, whole, config).z, run_inference(what, lacking, config).z, strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
    trace = infer(what, lacking, config)
    missing = trace.forward if which == "generator" else trace.backward
    assert missing.shape == (3, 9, 0)
    assert (trace.predicted_image is None) == (which == "generator")
    assert (trace.predicted_label is None) == (which == "amortiser")


def test_impossible_starts_are_refused():
    model = make(CASES[2])
    weights = model.weights()
    x, y = draw(2)
    with pytest.raises(ValueError, match="without a generator"):
        begin(Given(x, y), weights._replace(generator=()), "top-down")
    with pytest.raises(ValueError, match="without an amortiser"):
        begin(Given(x, y), weights._replace(amortiser=()), "bottom-up")
    with pytest.raises(ValueError, match="should be above 0"):
        run_inference(Given(x, y), weights, InferenceConfig(1, 0.1, 0.0, 0.0))
