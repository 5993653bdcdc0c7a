"""What the BPC page shows, against direct computations in float64."""

import numpy as np
import pytest
import torch

from corelib.models.bpc import analysis
from corelib.models.bpc.energy import energy, errors, outputs
from corelib.models.bpc.inference import Given, InferenceConfig, begin, infer
from corelib.models.bpc.network import BPC

SIZES = {"input_dim": 6, "n_classes": 3, "widths": "5, 4"}


def network(activation: str = "tanh") -> BPC:
    torch.manual_seed(0)
    return BPC(**SIZES, activation=activation).double()


def inputs(n: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(n, 6).double(), torch.arange(n) % 3


def test_label_energies_are_those_of_each_label_alone():
    model, (x, _) = network(), inputs()
    inference_config = InferenceConfig(7, 0.05, 0.7, 1.3)
    found = analysis.label_energies(model, x, inference_config)
    for n in range(len(x)):
        for k in range(3):
            y = torch.eye(3).double()[k : k + 1]
            trace = infer(Given(x[n : n + 1], y), model.weights(), inference_config)
            torch.testing.assert_close(found[n, k], trace.energy[0, -1])


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "leaky-relu"])
@pytest.mark.parametrize("free", ["hidden", "label", "half the image"])
def test_the_gauge_is_the_largest_eigenvalue_of_autograds_hessian(activation, free):
    model, (x, labels) = network(activation), inputs(2)
    weights, precision = model.weights(), (0.6, 1.2)
    x_known = torch.tensor([True, False] * 3) if free == "half the image" else None
    y_known = torch.zeros(3, dtype=torch.bool) if free == "label" else None
    given = Given(x, torch.eye(3).double()[labels], x_known, y_known)
    inference_config = InferenceConfig(5, 0.1, *precision)
    largest = []
    for n in range(len(x)):
        one = Given(given.x[n : n + 1], given.y[n : n + 1], x_known, y_known)
        z = begin(one, weights, inference_config.start)
        layers = [1, 2] + [0] * (y_known is not None) + [3] * (x_known is not None)
        sizes = [z[k].shape[1] for k in layers]

        def total(flat, z=z, layers=layers, sizes=sizes):
            moved = list(z)
            for k, part in zip(layers, flat.split(sizes), strict=True):
                moved[k] = part[None]
            moved = tuple(moved)
            found = errors(moved, outputs(moved, weights), weights)
            return energy(found, inference_config.precision).sum()

        start = torch.cat([z[k][0] for k in layers]).detach()
        hessian = torch.autograd.functional.hessian(total, start)
        kept = torch.cat(
            [
                ~x_known if k == 3 and x_known is not None else torch.ones(size, dtype=torch.bool)
                for k, size in zip(layers, sizes, strict=True)
            ]
        )
        largest.append(torch.linalg.eigvalsh(hessian[kept][:, kept]).abs().max())
    gauge = analysis.stability(given, weights, inference_config)
    assert gauge.eigenvalue == pytest.approx(torch.stack(largest).mean().item(), rel=1e-3)
    assert gauge.value == pytest.approx(0.1 * gauge.eigenvalue)


def test_the_gauge_tells_where_inference_runs_off():
    model, (x, labels) = network(), inputs()
    given = Given(x, torch.eye(3).double()[labels])
    eigenvalue = analysis.stability(given, model.weights(), InferenceConfig(1, 1.0)).eigenvalue
    ends = []
    for value in (0.5, 4.0):
        inference_config = InferenceConfig(80, value / eigenvalue)
        gauge = analysis.stability(given, model.weights(), inference_config)
        assert gauge.value == pytest.approx(value, rel=1e-6)
        assert ("runs off" in str(gauge)) == (value > 2)
        trace = infer(given, model.weights(), inference_config)
        ends.append((trace.energy[:, -1] / trace.energy[:, 0]).max().item())
    assert ends[0] < 1
    assert not ends[1] < 10


def test_decoding_what_a_layer_holds_is_the_generators_pass():
    model = network()
    y = torch.eye(3).double()
    weights = model.weights()
    z1 = y @ weights.generator[0].weight.T
    z2 = torch.tanh(z1) @ weights.generator[1].weight.T
    for layer, z in enumerate((y, z1, z2)):
        torch.testing.assert_close(analysis.decode(model, z, layer), model.imagine(y))


def test_axes_are_where_activity_varies():
    rng = np.random.default_rng(0)
    spread = np.array([5.0, 2.0, 0.1])
    z = torch.from_numpy(3 + rng.standard_normal((4000, 3)) * spread)
    found = analysis.axes(z, np.arange(4000) % 2)
    np.testing.assert_allclose(np.abs(found.axes), np.eye(3)[:2], atol=0.05)
    np.testing.assert_allclose(found.sd, spread[:2], rtol=0.05)
    np.testing.assert_allclose(found.of_class[1], z[1::2].mean(0))
    there = analysis.moved(found.mean, found, np.array([2.0, -1.0]))
    back = (there - found.mean) @ found.axes.T / found.sd
    np.testing.assert_allclose(back, [2, -1], atol=1e-9)
    drawn = analysis.around(found, found.mean, 0.5, 3000, seed=1)
    np.testing.assert_allclose(
        ((drawn - found.mean) @ found.axes.T).std(0), 0.5 * found.sd, rtol=0.1
    )
    np.testing.assert_array_equal(drawn, analysis.around(found, found.mean, 0.5, 3000, seed=1))


def test_no_image_a_class_is_closer_than_its_mean():
    from corelib.data import load_dataset

    data = load_dataset()
    means = analysis.class_means(data)
    sevens = data.inputs(data.train.pixels[data.train.labels == 7])
    torch.testing.assert_close(means[7], sevens.mean(0), rtol=1e-4, atol=1e-4)
    best = analysis.generation_loss(means, data, data.train)
    # The figure stated for the test images.
    assert analysis.generation_loss(means, data, data.test) == pytest.approx(0.2788, abs=5e-4)
    torch.manual_seed(0)
    for _ in range(3):
        other = means + 0.05 * torch.randn_like(means)
        assert analysis.generation_loss(other, data, data.train) > best


def test_completing_changes_only_what_is_hidden_and_lowers_the_energy():
    model, (x, labels) = network(), inputs()
    known = torch.tensor([True, True, False, True, False, True])
    inference_config = InferenceConfig(200, 0.03, optimiser="adam")
    found, image = analysis.complete(model, x, known, labels, True, inference_config)
    assert torch.equal(image[:, known], x[:, known])
    assert not torch.equal(image[:, ~known], torch.zeros_like(x[:, ~known]))
    expected = (image - x)[:, ~known].square().mean().item()
    assert found.error == pytest.approx(expected)
    assert found.error_before == pytest.approx(x[:, ~known].square().mean().item())
    after = (model(image).argmax(1) == labels).double().mean().item()
    assert found.after == pytest.approx(after)
    given = Given(x, torch.eye(3).double()[labels], known)
    trace = infer(given, model.weights(), inference_config)
    assert (trace.energy[:, -1] < trace.energy[:, 0]).all()
    torch.testing.assert_close(trace.image[:, -1], image)
