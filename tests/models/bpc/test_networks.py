"""How each network answers and generates, against the slow reference."""

import math

import numpy as np
import pytest
import torch

from corelib.models.bpc.baselines.backprop import Backprop
from corelib.models.bpc.baselines.discriminative import DiscriminativePC
from corelib.models.bpc.baselines.generative import GenerativePC
from corelib.models.bpc.baselines.hybrid import HybridPC
from corelib.models.bpc.inference import COMPLETION, Given, infer
from corelib.models.bpc.network import BPC
from tests.models.bpc.small import CLASSES, EXACT, PIXELS, draw, truth_of, wide

KINDS = [BPC, GenerativePC, DiscriminativePC, HybridPC, Backprop]
ANSWERS = {"n_answer_steps": 25}


SIZES = {
    "input_dim": PIXELS, "n_classes": CLASSES, "widths": "5, 4", "activation": "tanh", "bias": True
}  # fmt: skip


def build(kind):
    more = ANSWERS if kind in (GenerativePC, DiscriminativePC, HybridPC) else {}
    if kind in (GenerativePC, HybridPC):
        more = more | {"answer_step_size": 0.02}
    return wide(kind(**SIZES, **more))


@pytest.mark.parametrize("kind", KINDS)
def test_answers(kind):
    model = build(kind)
    truth, (x, _) = truth_of(model.weights()), draw(3)
    unknown = np.zeros(CLASSES, bool)
    expected = []
    for row in x.numpy():
        if kind is GenerativePC:
            trajectory = truth.infer(
                row, np.zeros(CLASSES), 25, 0.02, 1, 0, "top-down", None, unknown
            )
        elif kind is HybridPC:
            trajectory = truth.infer(
                row, np.zeros(CLASSES), 25, 0.02, 1, 0, "bottom-up", None, unknown
            )
        else:
            trajectory = [truth.upward(row)]
        expected.append(trajectory[-1][0])
    np.testing.assert_allclose(model(x).detach().numpy(), expected, **EXACT)


@pytest.mark.parametrize("kind", [k for k in KINDS if k is not DiscriminativePC])
def test_generated_images(kind):
    model = build(kind)
    truth, (_, y) = truth_of(model.weights()), draw(3)
    expected = [truth.downward(row)[-1] for row in y.numpy()]
    np.testing.assert_allclose(model.generate(y).detach().numpy(), expected, **EXACT)


def test_the_discriminative_network_infers_an_image_of_lower_energy():
    model = build(DiscriminativePC)
    _, (_, y) = truth_of(model.weights()), draw(3)
    grey, unknown = torch.zeros(3, PIXELS).double(), torch.zeros(PIXELS, dtype=torch.bool)
    # Against the steps of inference, which have their own reference.
    config = COMPLETION._replace(n_steps=25, alpha_f=0.0)
    trace = infer(Given(grey, y, unknown), model.weights(), config)
    image = model.generate(y)
    torch.testing.assert_close(image, trace.image[:, -1])
    assert (trace.energy[:, -1] < trace.energy[:, 0]).all()
    assert image.abs().max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [False, True])
def test_parameters_and_their_initialisation(kind, bias):
    torch.manual_seed(0)
    model = kind(widths="300, 200", bias=bias)
    low, high = 10 * 300 + 300 * 200 + 200 * 784, 300 + 200
    generator, amortiser = low + bias * (high + 784), low + bias * (high + 10)
    expected = generator * (kind is not DiscriminativePC) + amortiser * (kind is not GenerativePC)
    assert sum(p.numel() for p in model.parameters()) == expected
    for side in (model.generator, model.amortiser):
        for layer in side:
            # torch's own: uniform within one over the root of the inputs.
            bound = 1 / math.sqrt(layer.in_features)
            assert layer.weight.abs().max() <= bound
            # Four standard errors of the sd of n uniform numbers, sd √(1 / 5n).
            error = math.sqrt(1 / (5 * layer.weight.numel()))
            assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=4 * error)
            assert (layer.bias is None) is not bias


@pytest.mark.parametrize("kind", KINDS)
def test_a_gain_multiplies_the_initial_weights(kind):
    models = []
    for gain in (1.0, 1.5):
        torch.manual_seed(0)
        models.append(kind(widths="5, 4", bias=True, gain=gain))
    for once, more in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(more, 1.5 * once)
        assert more.requires_grad


def test_settings_are_turned_into_the_inference_config():
    model = BPC(n_steps=3, step_size=0.2, alpha_f=0.5, alpha_b=2.0, start="random")
    assert model.learning == (3, 0.2, 0.5, 2.0, "random", "gradient")
    assert model.learning_precision == (0.5, 2.0)
    assert HybridPC().learning_precision == (1.0, 1.0)
    assert (HybridPC().learning.alpha_b, DiscriminativePC().learning.alpha_f) == (0, 0)
