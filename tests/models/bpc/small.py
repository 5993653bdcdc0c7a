"""Small networks in float64, and the same ones for the slow reference."""

from typing import NamedTuple

import numpy as np
import torch

from corelib.models.bpc.energy import Precision, Weights
from corelib.models.bpc.network import BPC, TwoWay
from tests.reference import bpc as reference

PIXELS, CLASSES = 6, 3
EXACT = {"rtol": 1e-10, "atol": 1e-10}


class Case(NamedTuple):
    """The settings in which the networks differ."""

    activation: str = "gelu"
    bias: bool = False
    widths: str = "5, 4"
    alpha_f: float = 1.0
    alpha_b: float = 1.0

    @property
    def precision(self) -> Precision:
        return Precision(self.alpha_f, self.alpha_b)


CASES = [
    Case("relu"),
    Case("tanh", bias=True),
    Case("gelu", alpha_f=0.3, alpha_b=1.7),
    Case("leaky-relu", widths="3, 7, 4"),
    Case("gelu", bias=True, widths="8", alpha_f=2.0),
    Case("tanh", bias=True, widths="4, 2, 6", alpha_f=1e-2, alpha_b=0.5),
]


def wide(model: TwoWay, seed: int = 0) -> TwoWay:
    """In float64, its parameters drawn wide so that every term matters."""
    torch.manual_seed(seed)
    model = model.double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.7 * torch.randn_like(parameter))
    return model


def make(case: Case, seed: int = 0, **more) -> BPC:
    settings = case._asdict() | more
    return wide(BPC(input_dim=PIXELS, n_classes=CLASSES, **settings), seed)


def draw(n: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels; the labels are any numbers."""
    torch.manual_seed(seed)
    images = torch.randn(n, PIXELS, dtype=torch.float64)
    return images, torch.rand(n, CLASSES, dtype=torch.float64)


def draw_activity(model: TwoWay, n: int, seed: int = 2) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(seed)
    return tuple(torch.randn(n, size, dtype=torch.float64) for size in model.sizes)


def truth_of(weights: Weights) -> reference.Network:
    """The reference's network with the same weights; biases that are absent are zero."""

    def arrays(side):
        matrices, biases = [None], [None]
        for layer in side:
            matrices.append(layer.weight.detach().numpy().copy())
            none = np.zeros(len(layer.weight))
            biases.append(none if layer.bias is None else layer.bias.detach().numpy().copy())
        return (matrices, biases) if side else ([], [])

    (W, b), (V, c) = arrays(weights.generator), arrays(weights.amortiser)
    return reference.Network(W, V, b, c, weights.activation)


def samples(z) -> list[list[np.ndarray]]:
    """The activity of each sample, as the reference takes it."""
    return [[layer[n].numpy() for layer in z] for n in range(len(z[0]))]
