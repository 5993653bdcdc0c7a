"""Measurements of the networks: answers, generated and completed images.

Images are normalised, (batch, pixel), unless a function says otherwise. A random start of inference
is drawn from ``generator``, else from torch's global one.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from corelib.analysis.representation import principal
from corelib.data.images import ImageDataset, Split
from corelib.errors import SettingsError
from corelib.models.bpc.checks import Watching, check_images, checked_label
from corelib.models.bpc.energy import apply, energy, errors
from corelib.models.bpc.inference import COMPLETION, Given, InferenceConfig, infer, run_inference
from corelib.models.bpc.network import PredictiveCoding, TwoWay

SIDE = 28  # pixels along each side of an image of MNIST
CHUNK = 1000  # images at once

Mask = Literal["left half", "right half", "top half", "bottom half", "random half"]
MASKS: tuple[Mask, ...] = get_args(Mask)  # what ``mask_of`` hides


class Axes(NamedTuple):
    """Where the activity of a hidden layer varies most over a set of images.

    ``mean`` (unit), ``axes`` (axis, unit) of length 1, ``sd`` (axis) of the activity along them,
    ``of_class`` (class, unit) the mean activity of each class.
    """

    mean: np.ndarray
    axes: np.ndarray
    sd: np.ndarray
    of_class: np.ndarray


class Completed(NamedTuple):
    """How well a network reads images before and after it fills in their hidden pixels.

    ``before`` and ``after`` are accuracies, as shares. ``error`` is the mean squared error of the
    hidden pixels, normalised, after filling in; ``error_before`` that of grey in their place.
    """

    before: float
    after: float
    error_before: float
    error: float


class Filling(NamedTuple):
    """Hidden pixels while they are inferred: ``step`` (time), ``image`` (batch, time, pixel), and
    ``answer`` (batch, time), the class that the network gives each image."""

    step: Tensor
    image: Tensor
    answer: Tensor


def labels_of(model: TwoWay) -> Tensor:
    """Each class once, one-hot: (class, class)."""
    like = next(model.parameters())
    return torch.eye(model.n_classes, device=like.device, dtype=like.dtype)


def mixed_labels(model: TwoWay, one: int, other: int, shares: Sequence[float]) -> Tensor:
    """Labels between two classes, (1 - s) y_one + s y_other for each share s: (share, class)."""
    labels = labels_of(model)
    s = torch.tensor(list(shares), device=labels.device, dtype=torch.float64)[:, None]
    return ((1 - s) * labels[one] + s * labels[other]).to(labels)


@torch.no_grad()
def answers(model: TwoWay, x: Tensor) -> Tensor:
    """The class that the network gives each image, by its own rule: (batch, pixel) -> (batch)."""
    evidence: list[Tensor] = [model(x[at : at + CHUNK]) for at in range(0, len(x), CHUNK)]
    return torch.cat(evidence).argmax(1)


def to_pixels(images: Tensor, dataset: ImageDataset) -> Tensor:
    """Normalised images (..., pixel) as uint8 (..., row, column), the inverse of
    ``dataset.inputs``; what is darker than black or brighter than white is clipped."""
    grey = (images * dataset.std + dataset.mean).clamp(0, 1).mul(255).round().byte()
    return grey.reshape(*images.shape[:-1], *dataset.train.pixels.shape[-2:])


def clamped(model: TwoWay, x: Tensor, label: int | None, x_known: Tensor | None = None) -> Given:
    """Images, and the label clamped at the other end; with None the label is free.

    x (batch, pixel); ``x_known``, bool (pixel) or (batch, pixel), frees the other pixels. Raises
    ``SettingsError`` for a class that the network does not have.
    """
    label = checked_label(model, label)
    y = x.new_zeros(len(x), model.n_classes)
    if label is None:
        return Given(x, y, x_known, torch.zeros_like(y[0], dtype=torch.bool))
    y[:, label] = 1
    return Given(x, y, x_known)


def trained_inference(model: TwoWay) -> InferenceConfig:
    """How the network infers while it learns; eight steps of 0.1 for one that does not infer."""
    return model.learning if isinstance(model, PredictiveCoding) else InferenceConfig(8, 0.1)


@torch.no_grad()
def label_energies(
    model: TwoWay, x: Tensor, config: InferenceConfig, generator: torch.Generator | None = None
) -> Tensor:
    """The energy after inference with each label clamped in turn: (batch, pixel) ->
    (batch, class). The smallest belongs to the label that the network finds most plausible."""
    weights = model.weights()
    energies: list[Tensor] = []
    for label in labels_of(model):
        both = Given(x, label.expand(len(x), -1))
        inferred = run_inference(both, weights, config, generator)
        energies.append(energy(errors(inferred.z, inferred.f, weights), config.precision))
    return torch.stack(energies, 1)


@torch.no_grad()
def activity(
    model: TwoWay,
    x: Tensor,
    y: Tensor,
    layer: int,
    config: InferenceConfig,
    generator: torch.Generator | None = None,
) -> Tensor:
    """z_layer after inference with image and label clamped: (batch, unit)."""
    return run_inference(Given(x, y), model.weights(), config, generator).z[layer]


def principal_axes(z: Tensor, labels: np.ndarray, n_axes: int = 2) -> Axes:
    """The principal axes of activity (batch, unit) by scikit-learn; ``labels`` (batch)."""
    states: np.ndarray = z.cpu().numpy()
    projection = principal(states, n_axes)
    of_class = np.stack([z[labels == k].mean(0).cpu().numpy() for k in np.unique(labels)])
    return Axes(projection.mean, projection.axes, projection.apply(states).std(0), of_class)


def layer_axes(model: TwoWay, dataset: ImageDataset, layer: int, n_images: int) -> Axes:
    """The two principal axes of a hidden layer over the first test images, with image and label
    clamped and inference as in training, whose random start is always the same; of back-propagation
    those of the amortiser's pass. Raises ``SettingsError`` if inference runs away."""
    x, labels = dataset.inputs(dataset.test.pixels[:n_images]), dataset.test.labels[:n_images]
    config = model.learning if isinstance(model, PredictiveCoding) else InferenceConfig(0, 0.1)
    noise = torch.Generator().manual_seed(0)
    z = activity(model, x, labels_of(model)[labels], layer, config, noise)
    if not torch.isfinite(z).all():
        raise SettingsError(
            f"step_size is {config.step_size:g}, but with it this network's inference "
            "diverges; train with a smaller one."
        )
    return principal_axes(z, labels.numpy())


def moved(start: np.ndarray, along: Axes, steps: np.ndarray) -> np.ndarray:
    """Activity moved along each axis by ``steps`` of its standard deviation.

    ``start`` (unit) or (batch, unit), ``steps`` (..., axis) -> (..., unit).
    """
    return start + (steps * along.sd) @ along.axes


def samples_around(
    start: np.ndarray, along: Axes, spread: float, n: int, seed: int = 0
) -> np.ndarray:
    """Samples of activity around ``start`` (unit): normal along the axes, with ``spread`` times
    the standard deviation of each: (n, unit)."""
    noise = np.random.default_rng(seed).standard_normal((n, len(along.sd)))
    return moved(start, along, spread * noise)


@torch.no_grad()
def decode(model: TwoWay, z: Tensor, layer: int) -> Tensor:
    """The image that the generator makes of z_layer: (batch, unit) -> (batch, pixel)."""
    weights = model.weights()
    phi = weights.phi.value
    for at, affine in enumerate(weights.generator[layer:], layer):
        z = apply(affine, phi(z) if at else z)
    return z


def class_means(dataset: ImageDataset) -> Tensor:
    """The mean training image of each class, normalised: (class, pixel). Of all images that are
    a function of the label alone it has the least squared error."""
    pixels, labels = dataset.train
    member = torch.eye(len(dataset.class_names))[labels]
    # Normalised after the mean: a mean of few images instead of 55,000 images.
    sums = member.t() @ pixels.flatten(1).float()
    means = sums / (255 * member.sum(0)[:, None])
    return dataset.inputs(means.reshape(-1, *pixels.shape[1:]))


def nearest_means(images: Tensor, dataset: ImageDataset) -> Tensor:
    """The class whose mean training image each of ``images`` (image, pixel), normalised, is closest
    to in squared error: (image,) int."""
    return torch.cdist(images.cpu(), class_means(dataset).to(images.dtype)).argmin(1)


def generation_loss(images: Tensor, dataset: ImageDataset, split: Split) -> float:
    """Half the squared error of one image a class (class, pixel) against every image of a split,
    mean over all pixels."""
    x = dataset.inputs(split.pixels)
    return (images.cpu()[split.labels] - x).square().mean().item() / 2


def best_generation_loss(dataset: ImageDataset) -> float:
    """The generation loss of the class means on the test images: the best that a network can do
    that knows the label alone."""
    return generation_loss(class_means(dataset), dataset, dataset.test)


def mask_of(name: Mask, seed: int = 0, side: int = SIDE) -> np.ndarray:
    """Which pixels of an image of ``side`` x ``side`` a mask hides: bool (row, column). ``seed``
    draws those of "random half". Raises ``SettingsError`` for an unknown name."""
    hidden = np.zeros((side, side), bool)
    match name:
        case "left half":
            hidden[:, : side // 2] = True
        case "right half":
            hidden[:, side // 2 :] = True
        case "top half":
            hidden[: side // 2] = True
        case "bottom half":
            hidden[side // 2 :] = True
        case "random half":
            hidden.flat[np.random.default_rng(seed).permutation(side**2)[: side**2 // 2]] = True
        case _:
            raise SettingsError(f"mask is {name!r}, but should be one of: {', '.join(MASKS)}.")
    return hidden


def completion_config(model: TwoWay, n_steps: int = COMPLETION.n_steps) -> InferenceConfig:
    """How a network fills in pixels: by Adam, with all the errors that it has at equal weight,
    from the amortiser's pass or, without an amortiser, from the generator's."""
    start = COMPLETION.start if model.amortiser else "top-down"
    return COMPLETION._replace(n_steps=n_steps, start=start)


@torch.no_grad()
def complete(
    model: TwoWay,
    x: Tensor,
    known: Tensor,
    labels: Tensor,
    label_known: bool,
    config: InferenceConfig = COMPLETION,
) -> tuple[Completed, Tensor]:
    """Fill in the pixels that are not ``known``, bool (pixel) or (batch, pixel).

    x (batch, pixel); ``labels`` (batch) are given to the network only if ``label_known``. It reads
    the images by its own rule, before with grey (the mean) in place of the hidden pixels and after
    they are inferred. Returns the measurements, and the completed images (batch, pixel).
    """
    known = known.expand_as(x)
    grey = torch.where(known, x, torch.zeros_like(x))
    weights, eye = model.weights(), labels_of(model)
    y_known = torch.full((model.n_classes,), label_known, device=x.device)
    filled: list[Tensor] = []
    for at in range(0, len(x), CHUNK):
        part = slice(at, at + CHUNK)
        some = Given(grey[part], eye[labels[part]], known[part], y_known)
        filled.append(run_inference(some, weights, config).z[-1])
    image = torch.cat(filled)
    hidden = (~known).sum().clamp(min=1)
    return Completed(
        before=_accuracy(model, grey, labels),
        after=_accuracy(model, image, labels),
        error_before=((grey - x).square().sum() / hidden).item(),
        error=((image - x).square().sum() / hidden).item(),
    ), image


def completed_test_images(
    model: TwoWay, dataset: ImageDataset, hidden: np.ndarray, n_images: int, label_known: bool
) -> Completed:
    """How well the network reads the first test images before and after it fills in the pixels
    that are ``hidden``, bool (row, column)."""
    x, labels = dataset.inputs(dataset.test.pixels[:n_images]), dataset.test.labels[:n_images]
    known = torch.as_tensor(~hidden.ravel())
    return complete(model, x, known, labels, label_known, completion_config(model))[0]


def watch_completion(
    model: TwoWay, x: Tensor, hidden: np.ndarray, label: int | None, n_steps: int, every: int
) -> Filling:
    """Images (batch, pixel) at each ``every`` steps while their ``hidden`` pixels, bool (row,
    column), are filled in. ``label`` is clamped; with None it is free. Raises ``SettingsError``."""
    check_images(model, x, hidden)
    watching = Watching(n_steps=n_steps, every=every)
    known = torch.as_tensor(~hidden.ravel()).to(x.device)
    given, config = clamped(model, x, label, known), completion_config(model, watching.n_steps)
    trace = infer(given, model.weights(), config, watching.every)
    answer = answers(model, trace.image.flatten(0, 1)).reshape(trace.image.shape[:2])
    return Filling(trace.step, trace.image, answer)


def _accuracy(model: TwoWay, x: Tensor, labels: Tensor) -> float:
    return (answers(model, x) == labels).float().mean().item()
