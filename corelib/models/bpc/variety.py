"""Various images of one label: samples of hidden activity, sent down the generator.

All digits of a class have the same label, so the label alone generates one image, at best the mean
of the class. The activity of a hidden layer differs from digit to digit. Here it is Gaussian within
a class, and the generator makes an image of each sample:

    z_l = m + s C^(1/2) ε,  ε standard normal                   s is the scale; 0 gives the mean
    C = (1 - λ) S + λ tr(S)/n I                                 S the covariance, n the units

with the shrinkage λ of Ledoit and Wolf (2004). The paper generates from labels alone; this is ours.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.data.images import ImageDataset, Split, first_of
from corelib.errors import SettingsError
from corelib.models.bpc.analysis import activity, decode, labels_of
from corelib.models.bpc.checks import checked_label
from corelib.models.bpc.inference import InferenceConfig
from corelib.models.bpc.network import PredictiveCoding, TwoWay
from corelib.settings import Settings, setting

CHUNK = 1000  # images at once

Classify = Callable[[Tensor], Tensor]
"""Evidence of a classifier: images (batch, pixel) -> (batch, class), or (batch, 1, class) as an MLP
gives it."""


class Sampling(Settings):
    """Which samples to draw. The same seed draws the same directions at every scale."""

    n: int = setting(10, "Samples", ge=1, le=10_000)
    scale: float = setting(1.0, "Times the standard deviation of the class", ge=0, le=10)
    seed: int = setting(0, "Noise seed", ge=0)


class ClassGaussian(NamedTuple):
    """Activity of a hidden layer within a class: ``mean`` (unit) and ``root`` (unit, unit), the
    symmetric square root of the covariance, shrunk by ``shrinkage``; from ``n`` images."""

    layer: int
    mean: np.ndarray
    root: np.ndarray
    shrinkage: float
    n: int


class Variety(NamedTuple):
    """What images of known classes are like.

    ``accuracy``: share that a classifier gives their class, NaN without one. ``distance``: mean
    squared difference of a pixel to the nearest training digit of the class. ``spread``: the same
    between two images of one class, mean over pairs; NaN for one image a class. Pixels are
    normalised.
    """

    accuracy: float
    distance: float
    spread: float


def class_activity(
    model: TwoWay, dataset: ImageDataset, label: int, layer: int, split: Split | None = None
) -> Tensor:
    """A hidden layer's activity in the digits of a class, image and label clamped: (image, unit).

    It is inferred as in training, a random start always the same; of back-propagation it is the
    amortiser's pass. ``split`` is the training split unless given. Raises ``SettingsError`` for a
    class or layer that the network lacks, and if inference runs away.
    """
    _check_layer(model, layer)
    split = split or dataset.train
    own = first_of(split, len(split.labels), checked_label(model, label))
    config = model.learning if isinstance(model, PredictiveCoding) else InferenceConfig(0, 0.1)
    noise = torch.Generator().manual_seed(0)
    y = labels_of(model)[label]
    parts: list[Tensor] = []
    for at in range(0, len(own.labels), CHUNK):
        x = dataset.inputs(own.pixels[at : at + CHUNK])
        parts.append(activity(model, x, y.expand(len(x), -1), layer, config, noise))
    z = torch.cat(parts)
    if not z.isfinite().all():
        raise SettingsError(
            f"step_size is {config.step_size:g}, but with it this network's inference "
            "diverges; train with a smaller one."
        )
    return z


def _check_layer(model: TwoWay, layer: int) -> None:
    deepest = len(model.sizes) - 2
    if not 1 <= layer <= deepest:
        raise SettingsError(f"layer is {layer}, but should be from 1 to {deepest}.")
    if not model.generator:
        raise SettingsError("This network has no generator: it makes no image of hidden activity.")


def gaussian(z: Tensor, layer: int) -> ClassGaussian:
    """The Gaussian of activity (image, unit) of a class."""
    # scikit-learn has no types.
    from sklearn.covariance import LedoitWolf  # pyright: ignore[reportMissingTypeStubs]

    states: np.ndarray = z.cpu().numpy().astype(float)
    fitted: Any = LedoitWolf(store_precision=False)
    fitted.fit(states)
    covariance: np.ndarray = fitted.covariance_
    variance, axes = np.linalg.eigh(covariance)
    root = (axes * np.sqrt(variance.clip(0))) @ axes.T
    return ClassGaussian(layer, states.mean(0), root, float(fitted.shrinkage_), len(states))


def class_gaussian(model: TwoWay, dataset: ImageDataset, label: int, layer: int) -> ClassGaussian:
    """The Gaussian of a hidden layer's activity over the training digits of a class.

    >>> from corelib import load
    >>> from corelib.data import load_dataset
    >>> model, data = load("bpc-mnist"), load_dataset("mnist")
    >>> fours = class_gaussian(model, data, label=4, layer=2)
    >>> sample_images(model, fours, Sampling(n=3, scale=0.8)).shape
    torch.Size([3, 784])

    Raises ``SettingsError`` as ``class_activity`` does.
    """
    return gaussian(class_activity(model, dataset, label, layer), layer)


def sample_activity(fitted: ClassGaussian, sampling: Sampling) -> np.ndarray:
    """Samples of a hidden layer's activity: (sample, unit)."""
    noise = np.random.default_rng(sampling.seed).standard_normal((sampling.n, len(fitted.mean)))
    return fitted.mean + sampling.scale * noise @ fitted.root


def sample_images(model: TwoWay, fitted: ClassGaussian, sampling: Sampling) -> Tensor:
    """The images that the generator makes of samples of activity: (sample, pixel), normalised."""
    z = torch.as_tensor(sample_activity(fitted, sampling)).to(next(model.parameters()))
    return decode(model, z, fitted.layer)


@torch.no_grad()
def nearest_distances(images: Tensor, others: Tensor) -> Tensor:
    """Mean squared difference of a pixel to the nearest of ``others``: (image, pixel) and
    (other, pixel) -> (image)."""
    lengths = others.square().sum(1)
    nearest: list[Tensor] = []
    for at in range(0, len(images), CHUNK):
        part = images[at : at + CHUNK]
        nearest.append((lengths - 2 * part @ others.t()).amin(1) + part.square().sum(1))
    return torch.cat(nearest).clamp(min=0) / images.shape[1]


def mean_pair_distance(images: Tensor) -> float:
    """Mean squared difference of a pixel between two of the images, over all pairs: (image, pixel).
    It is twice the mean variance; NaN for fewer than two."""
    return 2 * images.var(0).mean().item() if len(images) > 1 else float("nan")


def variety(images: Tensor, label: int, own: Tensor, classify: Classify | None) -> Variety:
    """What images (image, pixel) of a class are like; ``own`` (digit, pixel) are its training
    digits."""
    accuracy = float("nan")
    if classify is not None:
        with torch.no_grad():
            read = classify(images).argmax(-1).flatten() == label
        accuracy = read.double().mean().item()
    return Variety(
        accuracy=accuracy,
        distance=nearest_distances(images, own).mean().item(),
        spread=mean_pair_distance(images),
    )
