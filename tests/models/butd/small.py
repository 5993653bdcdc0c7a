"""Small networks in float64, and the same ones for the slow reference."""

from contextlib import contextmanager
from math import prod

import numpy as np
import torch
from torch import nn

from corelib.data.images import ImageDataset, Split
from corelib.models.butd.analysis import ThreePasses
from corelib.models.butd.blocks import BUTDBasicBlock, BUTDSequential
from corelib.models.butd.config import BUTDConfig, BUTDTraining, CounterHebbConfig, image_shape
from corelib.models.butd.layers import BUTDConv2d, BUTDFlatten, BUTDLayer, BUTDLinear
from corelib.models.butd.learner import BUTDLearner
from corelib.models.butd.networks import BUTDNet
from tests.reference import butd as reference

N = 40
"""Images in the fixture ``images``."""


@contextmanager
def float64():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def net(network: str = "simple", seed: int = 0, n_tasks: int = 1, **settings) -> BUTDNet:
    """A narrow network, without instructions if it has one task."""
    sizes = {"width": 4, "hidden": 9, "n_classes": 5, **settings}
    kind = CounterHebbConfig
    if n_tasks > 1:
        kind, sizes = BUTDConfig, {"embedding": 6, "n_tasks": n_tasks, **sizes}
    torch.manual_seed(seed)
    with float64():
        return BUTDNet(kind(network=network, **sizes))


def parts(weights: str = "shared", back_bias: bool = True) -> dict[str, nn.Module]:
    """Strides that skip the last row or column, depthwise layers, both kinds of block."""
    more = {"weights": weights, "back_bias": back_bias}
    return {
        "conv": BUTDConv2d(2, 4, 3, stride=2, padding=1, **more),
        "pool": BUTDConv2d(4, 4, 2, stride=2, groups=4, **more),
        "same": BUTDBasicBlock(4, 4, 1, weights),
        "halved": BUTDBasicBlock(4, 6, 2, weights),
        "flatten": BUTDFlatten(),
        "fc": BUTDLinear(6 * 2 * 1, 7, **more),
    }


SHAPE = (2, 14, 10)
"""14 -> 7 -> 3 -> 3 -> 2 rows and 10 -> 5 -> 2 -> 2 -> 1 columns."""


def graph(weights: str = "shared", seed: int = 0) -> BUTDSequential:
    torch.manual_seed(seed)
    with float64():
        return BUTDSequential(parts(weights))


def layer_of(layer: BUTDLayer) -> reference.Linear | reference.Conv:
    linear = isinstance(layer, BUTDLinear)
    weight = layer.weight.detach().numpy()
    shared = weight.T if linear else weight
    below = layer.in_features if linear else layer.in_channels
    common = (
        weight,
        np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy(),
        shared if layer.back_weight is None else layer.back_weight.detach().numpy(),
        np.zeros(below) if layer.back_bias is None else layer.back_bias.detach().numpy(),
    )
    if linear:
        return reference.Linear(*common)
    return reference.Conv(*common, layer.stride[0], layer.padding[0], layer.groups)


def reference_of(sequence: BUTDSequential) -> list:
    layers = []
    for part in sequence.children():
        if isinstance(part, BUTDBasicBlock):
            skip = part.downsample
            layers.append(
                reference.Block(layer_of(part.conv1), layer_of(part.conv2), skip and layer_of(skip))
            )
        elif isinstance(part, BUTDLayer):
            layers.append(layer_of(part))
    return layers


def layers_of(sequence: BUTDSequential) -> list[BUTDLayer]:
    """In the reference's order: first, second, skip within a block."""
    return [edge.layer for edge in sequence.edges if edge.layer is not None]


def dataset(input_dim: int = 784, n_tasks: int = 1, n_classes: int = 5, n: int = 6) -> ImageDataset:
    """Random pixels and labels: (image,), or (image, task) if there are several tasks."""
    torch.manual_seed(5)
    pixels = torch.randint(256, (n, *image_shape(input_dim)), dtype=torch.uint8)
    shape = (n,) if n_tasks == 1 else (n, n_tasks)
    split = Split(pixels, torch.randint(max(n_classes, 2), shape))
    names = tuple(f"task {k}" for k in range(n_tasks)) if n_tasks > 1 else ()
    return ImageDataset("random", tuple("abcde"), 0.5, 0.3, split, split, split, names)


def apart(data: ImageDataset) -> ImageDataset:
    """The same with other images in each split, so that it shows which of them is read."""

    def turned(split: Split, by: int) -> Split:
        return Split(split.pixels.roll(by, 0) ^ by, split.labels.roll(by, 0))

    return data._replace(validation=turned(data.validation, 1), test=turned(data.test, 2))


def grads(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def filled(model: BUTDNet, rule: str, seed: int = 3, **settings) -> dict[str, torch.Tensor]:
    """The gradients of one batch by a rule; the model is left without gradients."""
    data = dataset(prod(model.shape), model.n_tasks, model.n_classes)
    learner = BUTDLearner(model, BUTDTraining(rule=rule, batch_size=6, **settings), data)
    torch.manual_seed(seed)
    learner.fill(data.inputs(data.train.pixels).double(), data.train.labels)
    gradients = grads(model)
    model.zero_grad()
    return gradients


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The distance of a from b, relative to the length of b."""
    return ((a - b).norm() / b.norm()).item()


def signals(instructed: bool) -> ThreePasses:
    """The three passes of no network: a layer of two channels, one of six units, ten classes."""
    rng = np.random.default_rng(0)
    shapes = [(2, 4, 4), (6,)]
    drawn = [tuple(rng.normal(size=s) for s in shapes) for _ in range(3)]
    first = (drawn[0], drawn[0]) if instructed else ((), ())
    return ThreePasses(
        ("conv", "fc"), *first, drawn[1], drawn[2], rng.random(10), rng.normal(size=10)
    )
