"""The Counter-Hebb rule at work: three passes of an image, angles, alignment of the weights."""

import numpy as np
import pytest
import torch

from corelib.models.butd.analysis import (
    Difference,
    alignment,
    angle,
    answer,
    difference,
    layers_of,
    mean_alignment,
    three_passes,
    validation_sample,
)
from tests.models.butd.small import apart, dataset, distance, filled, net, reference_of
from tests.reference import butd as reference

X = torch.linspace(-1, 2, 784, dtype=torch.float64)[None].sin()


@pytest.mark.parametrize("weights", ["shared", "separate"])
def test_three_passes_match_the_reference(weights):
    model = net("simple", n_tasks=2, weights=weights, width=3)
    shown = three_passes(model, X, label=3, task=1)
    slow = reference_of(model.core)
    top = model.instruct(model.instructions()).signals[-1][1].detach().numpy()
    instruction = reference.instruct(slow, model.shape, top)
    gates = [(signal > 0) * 1.0 for signal in instruction]
    activity = reference.bottom_up(slow, X[0].reshape(1, 28, 28).numpy(), gates)
    head = reference_of(torch.nn.Sequential(model.head))[0]
    logits = reference.up(head, activity[-1])
    error = reference.output_error(logits, 3, "cross-entropy")
    top = reference.galu(reference.down(head, error, (9,), False), activity[-1])
    errors = reference.errors(slow, model.shape, top, activity)
    for ours, truth in (
        (shown.instruction, instruction),
        (shown.gate, gates),
        (shown.activity, activity),
        (shown.error, errors),
    ):
        for a, b in zip(ours, truth, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(shown.output_error, error, atol=1e-12)
    np.testing.assert_allclose(shown.output_error[3], shown.probability[3] - 1, atol=1e-12)
    assert shown.names == ("conv1", "pool1", "conv2", "pool2", "fc")


def test_three_passes_without_instructions():
    shown = three_passes(net("fc"), X, label=0, loss="bce")
    assert shown.instruction == shown.gate == ()
    assert [a.shape for a in shown.activity] == [(9,)]


def test_the_difference_compares_the_updates_of_the_two_rules():
    """Against the learner's own, for the same images."""
    model = net("simple", weights="separate")
    before = {name: p.clone() for name, p in model.named_parameters()}
    data = dataset()
    x, labels = data.inputs(data.train.pixels).double(), data.train.labels
    measured = difference(model, x, labels)
    assert measured.layers == ("conv1", "pool1", "conv2", "pool2", "fc", "head")
    hebb, truth = filled(model, "counter-hebb"), filled(model, "backprop")
    for k, name in enumerate(measured.layers):
        name = "head.weight" if name == "head" else f"core.{name}.weight"
        assert measured.relative[k] == pytest.approx(distance(hebb[name], truth[name]), abs=1e-12)
        a, b = hebb[name].flatten().numpy(), truth[name].flatten().numpy()
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert np.cos(np.radians(measured.angle[k])) == pytest.approx(cosine, abs=1e-9)
    assert measured.angle[-1] == pytest.approx(0, abs=1e-6)
    assert measured.angle[0] > 10
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name])
        assert parameter.grad is None


def test_the_difference_is_zero_where_the_rule_is_backpropagation():
    model = net("resnet18", n_tasks=2, width=3, input_dim=3 * 9**2)
    x = torch.randn(4, 3 * 9**2, dtype=torch.float64)
    task = torch.tensor([0, 1, 1, 0])
    measured = difference(model, x, torch.tensor([1, 2, 3, 4]), task)
    assert "block3.downsample" in measured.layers
    assert len(measured.layers) == len(layers_of(model)) == 21
    np.testing.assert_allclose(measured.relative, 0, atol=1e-12)
    np.testing.assert_allclose(measured.angle, 0, atol=1e-5)


def test_noise_takes_each_layer_as_far_off_as_its_synapses_say():
    """With g the gradient and ε normal, |0.2 g ε|² / |g|² is 0.04 up to chance: its standard error
    is √(2 Σ g⁴) / Σ g² of it."""
    model = net("resnet18", n_tasks=2, width=3, input_dim=3 * 9**2)
    x, labels = torch.randn(4, 3 * 9**2, dtype=torch.float64), torch.tensor([1, 2, 3, 4])
    task = torch.tensor([0, 1, 1, 0])
    gates = tuple(gate[task] for gate in model.gates())
    torch.nn.functional.cross_entropy(model.bottom_up(x, gates).logits, labels).backward()
    square = [layer.weight.grad.square().numpy() for layer in layers_of(model).values()]
    generator = torch.Generator().manual_seed(0)
    noisy = difference(model, x, labels, task, noise=0.2, generator=generator)
    for off, g2 in zip(noisy.relative, square, strict=True):
        error = np.sqrt(2 * (g2**2).sum()) / g2.sum()
        assert off**2 / 0.04 == pytest.approx(1, abs=5 * error)
    # All layers together are the more certain.
    total, quartic = sum(g2.sum() for g2 in square), sum((g2**2).sum() for g2 in square)
    whole = sum(off**2 * g2.sum() for off, g2 in zip(noisy.relative, square, strict=True))
    assert whole / 0.04 == pytest.approx(total, abs=5 * np.sqrt(2 * quartic))


def test_small_angles_are_exact():
    a = torch.tensor([1.0, 0.0], dtype=torch.float64)
    for degrees in (0.0, 1e-6, 0.3, 45, 90, 135, 180):
        t = np.radians(degrees)
        b = 3 * torch.tensor([np.cos(t), np.sin(t)])
        assert angle(a, b) == pytest.approx(degrees, rel=1e-9, abs=1e-12)
    assert np.isnan(angle(a, torch.zeros(2)))


def test_alignment():
    assert alignment(net("fc")).layers == ()
    measured = alignment(net("fc", weights="symmetric"))
    assert measured.layers == ("fc", "head")
    np.testing.assert_allclose(measured.cosine, 1)
    assert not measured.distance.any()
    np.testing.assert_allclose(measured.up, measured.down)
    model = net("simple", weights="separate")
    measured = alignment(model)
    up = model.core.fc.weight.detach().numpy()
    down = model.core.fc.back_weight.detach().numpy().T
    k = measured.layers.index("fc")
    assert measured.distance[k] == pytest.approx(np.linalg.norm(up - down))
    assert measured.up[k] == pytest.approx(np.linalg.norm(up))
    assert measured.down[k] == pytest.approx(np.linalg.norm(down))
    assert measured.cosine[k] == pytest.approx(
        (up * down).sum() / measured.up[k] / measured.down[k]
    )
    assert abs(measured.cosine[k]) < 0.3


def test_the_largest_difference_and_the_mean_angle():
    nan = float("nan")
    measured = Difference(
        ("a", "b", "c", "head"), np.array([10.0, nan, 50.0, 0.0]), np.array([0.2, nan, 0.1, 1e-16])
    )
    assert measured.largest() == ("a", 10.0, 0.2)
    # The readout is left out, and so is a layer without a gradient.
    assert measured.mean_angle() == 30
    assert Difference(("a", "head"), np.array([nan, nan]), np.array([nan, nan])).largest() is None


def test_the_mean_alignment_is_computed_per_layer():
    models = [net("fc", seed, weights="separate") for seed in (0, 1, 2)]
    mean = mean_alignment([alignment(model) for model in models])
    assert mean.layers == ("fc", "head")
    for k, name in enumerate(("fc", "head")):
        values = []
        for model in models:
            layer = layers_of(model)[name]
            up = layer.weight.detach().numpy().ravel()
            down = layer.back_weight.detach().numpy().T.ravel()
            lengths = np.linalg.norm(up), np.linalg.norm(down)
            values.append(
                (up @ down / lengths[0] / lengths[1], np.linalg.norm(up - down), *lengths)
            )
        ours = [each[k] for each in (mean.cosine, mean.distance, mean.up, mean.down)]
        np.testing.assert_allclose(ours, np.mean(values, 0))
    for wrong in ([], [alignment(models[0]), alignment(net("simple", weights="separate"))]):
        with pytest.raises(ValueError, match="same layers"):
            mean_alignment(wrong)


def test_tasks_alternate_in_a_sample():
    data = apart(dataset(n_tasks=3, n=8))
    x, labels, task = validation_sample(data, 7)
    assert task.tolist() == [0, 1, 2, 0, 1, 2, 0]
    for k in range(7):
        assert labels[k] == data.validation.labels[k, k % 3]
    torch.testing.assert_close(x, data.inputs(data.validation.pixels[:7]))
    single = apart(dataset(n=8))
    assert validation_sample(single, 5).task is None
    assert validation_sample(single, 5).labels.tolist() == single.validation.labels[:5].tolist()


@torch.no_grad()
def test_the_answer_is_that_of_the_forward_pass():
    model = net("simple", n_tasks=2)
    assert [answer(model, X, task) for task in (0, 1)] == model(X)[0].argmax(1).tolist()
    single = net("fc")
    assert answer(single, X) == single(X).argmax()
