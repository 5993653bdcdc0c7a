"""Training against the slow reference over three steps, and what a step may see."""

import math

import numpy as np
import pytest
import torch

from benchmarks.slow_bpc import SlowBPC
from corelib.data.images import ImageDataset, Split
from corelib.models.bpc.baselines.backprop import Backprop
from corelib.models.bpc.baselines.discriminative import DiscriminativePC
from corelib.models.bpc.baselines.generative import GenerativePC
from corelib.models.bpc.baselines.hybrid import HybridPC
from corelib.models.bpc.config import PRESETS, BPCConfig, TwoWayTraining
from corelib.models.bpc.energy import energy, errors, outputs
from corelib.models.bpc.learner import BackpropLearner, LocalLearner
from corelib.models.bpc.network import BPC
from tests.finite_differences import assert_gradients
from tests.models.bpc.small import CASES, CLASSES, EXACT, PIXELS, draw, make, truth_of, wide
from tests.reference import bpc as reference

RATE = 0.02


def pictures(n: int = 60) -> ImageDataset:
    """Images of six pixels."""
    torch.manual_seed(4)
    pixels = torch.randint(256, (n, 2, 3)).to(torch.uint8)
    split = Split(pixels, torch.arange(n) % CLASSES)
    return ImageDataset("tiny", tuple("012"), 0.5, 0.3, split, split, split)


def settings(**more) -> TwoWayTraining:
    return TwoWayTraining(**{"learning_rate": RATE, "schedule": "constant", "batch_size": 8} | more)


def baselines() -> list:
    sizes = {"input_dim": PIXELS, "n_classes": CLASSES, "widths": "5, 4", "bias": True}
    steps = {"n_steps": 4, "step_size": 0.03}
    return [
        wide(GenerativePC(**sizes, **steps)),
        wide(DiscriminativePC(**sizes, **steps)),
        wide(HybridPC(**sizes, **steps)),
    ]


def arrays(layers) -> tuple[list, list]:
    weights = [None, *(layer.weight.detach().numpy() for layer in layers)]
    biases = [None, *(None if b is None else b.detach().numpy() for b in (m.bias for m in layers))]
    return weights, biases


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("start", ["bottom-up", "top-down"])
def test_three_steps_match_the_reference(case, start):
    model = make(case, n_steps=4, step_size=0.03, start=start)
    truth = truth_of(model.weights())
    learner = LocalLearner(model, settings(), pictures())
    batches = [draw(6, seed) for seed in (10, 11, 12)]
    updates = reference.train(
        truth,
        [(x.numpy(), y.numpy()) for x, y in batches],
        RATE,
        4,
        0.03,
        *case.precision,
        start,
        case.bias,
    )
    for x, y in batches:
        F, (W, V, b, c) = next(updates)
        metrics = learner.learn(x, y)
        assert metrics["loss"] == pytest.approx(F, rel=1e-10)
        for layers, matrices, biases in ((model.generator, W, b), (model.amortiser, V, c)):
            for layer, matrix, bias in zip(layers, matrices[1:], biases[1:], strict=True):
                np.testing.assert_allclose(layer.weight.grad.numpy(), matrix, **EXACT)
                if case.bias:
                    np.testing.assert_allclose(layer.bias.grad.numpy(), bias, **EXACT)
        learner.optimiser.step()
    next(updates, None)  # the reference's last update
    for layers, matrices, biases in (
        (model.generator, truth.W, truth.b),
        (model.amortiser, truth.V, truth.c),
    ):
        weights, own_biases = arrays(layers)
        for layer in range(1, truth.L + 1):
            np.testing.assert_allclose(weights[layer], matrices[layer], rtol=1e-8, atol=1e-9)
            if case.bias:
                np.testing.assert_allclose(own_biases[layer], biases[layer], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_each_baseline_descends_its_own_energy(which):
    """Activity follows autograd of the energy in the docstring of the model; the weights descend
    all errors of the directions it has."""
    model = baselines()[which]
    x, y = draw(6)
    learner = LocalLearner(model, settings(), pictures())
    metrics = learner.learn(x, y)
    weights = model.weights()
    moves = weights._replace(amortiser=()) if weights.generator else weights
    z = [layer.detach() for layer in truth_start(model, x, y)]
    for _ in range(4):
        hidden = [layer.clone().requires_grad_() for layer in z[1:-1]]
        now = (z[0], *hidden, z[-1])
        total = energy(errors(now, outputs(now, moves), moves), (1.0, 1.0)).sum()
        gradients = torch.autograd.grad(total, hidden)
        z[1:-1] = [(layer - 0.03 * g).detach() for layer, g in zip(hidden, gradients, strict=True)]
    final = energy(errors(z, outputs(z, moves), moves), (1.0, 1.0)).mean()
    assert metrics["loss"] == pytest.approx(final.item(), rel=1e-10)
    parameters = list(model.parameters())
    all_errors = energy(errors(z, outputs(z, weights), weights), (1.0, 1.0)).mean()
    for p, truth in zip(parameters, torch.autograd.grad(all_errors, parameters), strict=True):
        torch.testing.assert_close(p.grad, truth, rtol=1e-10, atol=1e-10)


def truth_start(model, x, y):
    truth = truth_of(model.weights())
    one_pass = truth.downward if isinstance(model, GenerativePC) else truth.upward
    ends = y if isinstance(model, GenerativePC) else x
    samples = [one_pass(row.numpy()) for row in ends]
    z = [torch.from_numpy(np.stack([s[k] for s in samples])) for k in range(truth.L + 1)]
    return (y, *z[1:-1], x)


def test_backpropagation_matches_autograd():
    model = wide(Backprop(input_dim=PIXELS, n_classes=CLASSES, widths="5, 4", bias=True))
    truth = truth_of(model.weights())
    x, y = draw(6)
    metrics = BackpropLearner(model, settings(), pictures()).learn(x, y)
    image = np.stack([truth.downward(row.numpy())[-1] for row in y])
    label = np.stack([truth.upward(row.numpy())[0] for row in x])
    parts = ((image - x.numpy()) ** 2).sum(1) / 2, ((label - y.numpy()) ** 2).sum(1) / 2
    assert metrics["loss"] == pytest.approx((parts[0] + parts[1]).mean(), rel=1e-10)
    assert metrics["generator loss"] == pytest.approx(parts[0].mean() / PIXELS, rel=1e-10)
    assert metrics["amortiser loss"] == pytest.approx(parts[1].mean() / CLASSES, rel=1e-10)

    @torch.no_grad()
    def loss() -> float:
        sums = ((model.generate(y) - x) ** 2).sum(1) + ((model(x) - y) ** 2).sum(1)
        return sums.mean().item() / 2

    values = {name: p.detach().numpy() for name, p in model.named_parameters()}  # not copies
    assert_gradients(model, values, loss, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("which", ["generator", "amortiser"])
def test_a_connection_learns_only_from_the_units_it_connects(which):
    """With fixed activity (T = 0), the gradient of one layer stays the same whatever happens to
    all others."""
    model = make(CASES[2], n_steps=0, start="random")
    learner = LocalLearner(model, settings(), pictures())
    x, y = draw(6)

    def gradient_of(layers, k):
        torch.manual_seed(8)
        learner.learn(x, y)
        return layers[k].weight.grad.clone()

    layers = getattr(model, which)
    before = gradient_of(layers, 1)
    with torch.no_grad():
        for p in model.parameters():
            if p is not layers[1].weight:
                p.normal_()
    assert torch.equal(before, gradient_of(layers, 1))
    with torch.no_grad():
        layers[1].weight.add_(0.1)
    assert not torch.equal(before, gradient_of(layers, 1))


def test_the_learning_rate_follows_half_a_cosine_and_resumes_where_it_stopped():
    data = pictures()
    model = make(CASES[0])
    learner = LocalLearner(model.float(), settings(schedule="cosine", epochs=2), data)
    assert learner.total == 16
    rates = []
    for step in range(16):
        rates.append(learner.learning_rate())
        learner.step(data.batch(data.train, step, 8, 0))
    expected = [RATE / 2 * (1 + math.cos(math.pi * k / 16)) for k in range(16)]
    assert rates == pytest.approx(expected, rel=1e-12)
    assert learner.optimiser.learning_rate == rates[-1]
    other = LocalLearner(make(CASES[0]).float(), settings(schedule="cosine", epochs=2), data)
    other.load_state_dict({k: v.clone() for k, v in learner.state_dict().items()})
    assert other.learning_rate() == pytest.approx(0, abs=1e-12)
    constant = LocalLearner(make(CASES[0]).float(), settings(), data)
    constant.load_state_dict(learner.state_dict())
    assert constant.learning_rate() == RATE


@pytest.mark.parametrize("kind", [BPC, GenerativePC, DiscriminativePC, HybridPC, Backprop])
def test_evaluation_matches_metrics_computed_from_answers_and_images(kind):
    torch.manual_seed(0)
    model = kind(input_dim=PIXELS, n_classes=CLASSES, widths="5, 4")
    rule = BackpropLearner if kind is Backprop else LocalLearner
    data = pictures(2100)  # more than two chunks
    metrics = rule(model, settings(), data).evaluate(data.test)
    x, labels = data.inputs(data.test.pixels), data.test.labels
    y = torch.eye(CLASSES)[labels]
    with torch.no_grad():
        right = (model(x).argmax(1) == labels).double().mean().item()
        squares = (model.generate(torch.eye(CLASSES))[labels] - x).square().double()
        assert metrics["accuracy"] == pytest.approx(right)
        assert metrics["generator loss"] == pytest.approx(squares.mean().item() / 2, rel=1e-5)
        summed = squares.sum(1).mean().item() / 2
        assert metrics["generator loss, summed"] == pytest.approx(summed, rel=1e-5)
        assert ("amortiser loss" in metrics) == (kind is not GenerativePC)
        if kind is not GenerativePC:
            squares = (model.amortise(x) - y).square().double()
            assert metrics["amortiser loss"] == pytest.approx(squares.mean().item() / 2, rel=1e-5)
            summed = squares.sum(1).mean().item() / 2
            assert metrics["amortiser loss, summed"] == pytest.approx(summed, rel=1e-5)
    assert ("accuracy of the amortiser" in metrics) == (kind is HybridPC)


def test_evaluation_from_a_random_start_is_repeatable():
    model = BPC(input_dim=PIXELS, n_classes=CLASSES, widths="5, 4", start="random")
    data = pictures()
    learner = LocalLearner(model, settings(), data)
    torch.manual_seed(1)
    first = learner.evaluate(data.test)
    drawn = torch.rand(())
    torch.manual_seed(1)
    assert torch.equal(torch.rand(()), drawn), "evaluating should draw nothing from the training"
    assert learner.evaluate(data.test) == first


def test_presets_are_valid_bpc_settings():
    for preset in PRESETS.values():
        BPCConfig(**preset.config)
        TwoWayTraining(**preset.training)
    seed = BPCConfig(**PRESETS["seed"].config)
    assert seed.step_size * 64 == 0.5
    assert BPC(seed).sizes == (10, 300, 300, 784)


@pytest.mark.parametrize(
    "widths", ["", "300; 300", "0", "3000", "1.5", ",".join(["5"] * 9), "300,,300"]
)
def test_invalid_widths_are_explained(widths):
    from corelib.errors import SettingsError

    with pytest.raises(SettingsError, match="numbers from 1 to 2,048 between commas"):
        BPCConfig(widths=widths)


def test_widths_may_be_written_with_or_without_spaces():
    assert BPCConfig(widths="30,20").widths == "30, 20"


@pytest.mark.parametrize("start", ["bottom-up", "top-down"])
def test_the_slow_step_of_the_benchmark_gives_the_same_update(start):
    model = make(CASES[2], n_steps=4, step_size=0.03, start=start)
    slow, learner = SlowBPC(model, RATE), LocalLearner(model, settings(), pictures())
    for seed in (10, 11, 12):
        x, y = draw(6, seed)
        y = learner.labels[y.argmax(1)]
        assert learner.learn(x, y) == pytest.approx(slow.step(x, y), rel=1e-9)
        learner.optimiser.step()
    for side, own in ((slow.generator, model.generator), (slow.amortiser, model.amortiser)):
        for weight, layer in zip(side, own, strict=True):
            torch.testing.assert_close(weight, layer.weight, rtol=1e-8, atol=1e-9)
