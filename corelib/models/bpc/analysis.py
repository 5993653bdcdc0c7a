"""What the BPC page shows: energies of labels, moved activity, completed digits, stability."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.analysis.representation import principal
from corelib.data.images import ImageDataset, Split
from corelib.models.bpc.energy import Weights, apply, energy, errors, hessian_product
from corelib.models.bpc.inference import COMPLETION, Given, InferenceConfig, begin, run_inference
from corelib.models.bpc.network import TwoWay

CHUNK = 1000
POWER_STEPS = 60


class Axes(NamedTuple):
    """Where the activity of a hidden layer varies most over a set of digits.

    ``mean`` (unit), ``axes`` (axis, unit) of length 1, ``sd`` (axis) of the activity along them,
    ``of_class`` (class, unit) the mean activity of each class.
    """

    mean: np.ndarray
    axes: np.ndarray
    sd: np.ndarray
    of_class: np.ndarray


class Gauge(NamedTuple):
    """Whether inference converges: ``eigenvalue`` is the largest of the energy's Hessian over the
    free activity, mean over samples; ``value`` = step size times it. Gradient steps settle below 2
    and run off above."""

    eigenvalue: float
    value: float

    def __str__(self) -> str:
        if self.value < 1:
            return "Each step of inference lowers the energy: stable."
        if self.value < 2:
            return "Inference overshoots along its steepest direction, but settles."
        return "Inference runs off along its steepest direction: lower the step size."


class Completed(NamedTuple):
    """Digits with hidden pixels, read before and after these are inferred, as shares that are
    right; ``error`` is the mean squared error of the hidden pixels, normalised, ``error_before``
    with grey in their place."""

    before: float
    after: float
    error_before: float
    error: float


def labels_of(model: TwoWay) -> Tensor:
    """Each class once, one-hot: (class, class)."""
    like = next(model.parameters())
    return torch.eye(model.n_classes, device=like.device, dtype=like.dtype)


@torch.no_grad()
def label_energies(model: TwoWay, x: Tensor, inference_config: InferenceConfig) -> Tensor:
    """The energy after inference with each label clamped in turn: (batch, pixel) ->
    (batch, class). The smallest is the label that the network finds most plausible."""
    weights, labels = model.weights(), labels_of(model)
    found = []
    for label in labels:
        inferred = run_inference(Given(x, label.expand(len(x), -1)), weights, inference_config)
        found.append(energy(errors(inferred.z, inferred.f, weights), inference_config.precision))
    return torch.stack(found, 1)


@torch.no_grad()
def activity(
    model: TwoWay, x: Tensor, y: Tensor, layer: int, inference_config: InferenceConfig
) -> Tensor:
    """z_layer after inference with image and label given: (batch, unit)."""
    return run_inference(Given(x, y), model.weights(), inference_config).z[layer]


def axes(z: Tensor, labels: np.ndarray, n_axes: int = 2) -> Axes:
    """The principal axes of activity (batch, unit) by scikit-learn; ``labels`` (batch,)."""
    found = principal(z.cpu().numpy(), n_axes)
    along = found.apply(z.cpu().numpy())
    of_class = np.stack([z[labels == k].mean(0).cpu().numpy() for k in np.unique(labels)])
    return Axes(found.mean, found.axes, along.std(0), of_class)


def moved(start: np.ndarray, along: Axes, steps: np.ndarray) -> np.ndarray:
    """Activity moved by so many standard deviations along each axis.

    ``start`` (unit) or (batch, unit), ``steps`` (..., axis) -> (..., unit).
    """
    return start + (steps * along.sd) @ along.axes


@torch.no_grad()
def decode(model: TwoWay, z: Tensor, layer: int) -> Tensor:
    """The image that the generator makes of z_layer: (batch, unit) -> (batch, pixel)."""
    weights = model.weights()
    phi = weights.phi.value
    for at, below in enumerate(weights.generator[layer:], layer):
        z = apply(below, phi(z) if at else z)
    return z


def around(along: Axes, start: np.ndarray, spread: float, n: int, seed: int) -> np.ndarray:
    """Activity drawn around a digit's own, normal along the axes with ``spread`` times their
    standard deviation: (n, unit)."""
    drawn = np.random.default_rng(seed).standard_normal((n, len(along.sd)))
    return moved(start, along, spread * drawn)


def class_means(dataset: ImageDataset) -> Tensor:
    """The mean training image of each class, normalised: (class, pixel). No function of the label
    alone can be closer to the images in squared error."""
    pixels, labels = dataset.train
    member = torch.eye(len(dataset.class_names))[labels]
    # Normalised after the mean: a mean of few images instead of 55,000 images.
    sums = member.t() @ pixels.flatten(1).float()
    return dataset.inputs((sums / (255 * member.sum(0)[:, None])).unflatten(1, pixels.shape[1:]))


def generation_loss(images: Tensor, dataset: ImageDataset, split: Split) -> float:
    """Half the squared error of one image a class (class, pixel) against every image of a split,
    mean over all pixels."""
    x = dataset.inputs(split.pixels)
    return (images.cpu()[split.labels] - x).square().mean().item() / 2


@torch.no_grad()
def complete(
    model: TwoWay,
    x: Tensor,
    known: Tensor,
    labels: Tensor,
    label_known: bool,
    inference_config: InferenceConfig = COMPLETION,
) -> tuple[Completed, Tensor]:
    """Fill in the pixels that are not ``known``, bool (pixel) or (batch, pixel).

    x (batch, pixel); ``labels`` (batch,) are given to the network only if ``label_known``. It
    answers from the image, by its own rule: before with grey (the mean) in place of the hidden
    pixels, after with what was inferred. Returns that, and the images.
    """
    known = known.expand_as(x)
    grey = torch.where(known, x, torch.zeros_like(x))
    weights, eye = model.weights(), labels_of(model)
    y_known = torch.full((model.n_classes,), label_known, device=x.device)
    filled = []
    for at in range(0, len(x), CHUNK):
        part = slice(at, at + CHUNK)
        given = Given(grey[part], eye[labels[part]], known[part], y_known)
        filled.append(run_inference(given, weights, inference_config).z[-1])
    image = torch.cat(filled)
    hidden = (~known).sum().clamp(min=1)
    return Completed(
        before=_right(model, grey, labels),
        after=_right(model, image, labels),
        error_before=((grey - x).square().sum() / hidden).item(),
        error=((image - x).square().sum() / hidden).item(),
    ), image


def _right(model: TwoWay, x: Tensor, labels: Tensor) -> float:
    answers = torch.cat([model(part).argmax(1) for part in x.split(CHUNK)])
    return (answers == labels).float().mean().item()


@torch.no_grad()
def stability(given: Given, weights: Weights, inference_config: InferenceConfig) -> Gauge:
    """The gauge of inference from its start, by power iteration on each sample's Hessian over the
    layers that are free, with products written by hand (``energy.hessian_product``)."""
    z = begin(given, weights, inference_config.start)
    known = {0: given.y_known, weights.depth: given.x_known}
    free = [k for k in range(weights.depth + 1) if 0 < k < weights.depth or known[k] is not None]
    masks = [None if known.get(k) is None else ~known[k] for k in free]
    product = hessian_product(z, weights, inference_config.precision, free)
    generator = torch.Generator().manual_seed(0)
    v = [torch.randn(z[k].shape, generator=generator, dtype=z[k].dtype).to(z[k]) for k in free]
    for _ in range(POWER_STEPS + 1):
        # What is clamped does not move.
        v = [a if mask is None else a * mask for a, mask in zip(v, masks, strict=True)]
        size = sum(a.square().sum(1, keepdim=True) for a in v).sqrt().clamp(min=1e-30)
        v = product([a / size for a in v])
    eigenvalue = size.mean().item()
    return Gauge(eigenvalue, inference_config.step_size * eigenvalue)
