"""What bounds the completion of hidden pixels: where inference starts, how long it lasts, or what
it descends; samples in place of one optimum; and baselines without inference.

Hidden pixels and the label are free, the visible pixels clamped. The baselines look for the digits
of the training set that are nearest in the visible pixels.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from corelib.data.images import ImageDataset
from corelib.models.bpc.analysis import CHUNK, answers, completion_config, labels_of
from corelib.models.bpc.energy import energy, errors
from corelib.models.bpc.inference import Given, InferenceConfig, begin, run_inference
from corelib.models.bpc.network import PredictiveCoding, TwoWay
from corelib.models.bpc.posterior import SamplerConfig, sample

Fill = Literal["grey", "mean image", "nearest digit", "mean of nearest"]
"""What stands in place of hidden pixels: the mean grey of all pixels, each pixel's own mean over
the training images, those of the nearest training digit, or their mean over the nearest."""

NEAREST = 5
"""How many digits are the nearest."""
ROW = 5000  # training digits at once
SAME = 1e-3
"""Energies that differ by less than this share are the same: inference has not quite ended."""


class Task(NamedTuple):
    """Images to complete: ``x`` (batch, pixel), normalised, ``known`` bool (pixel), ``labels``
    (batch), which inference does not see."""

    x: Tensor
    known: Tensor
    labels: Tensor


class Filled(NamedTuple):
    """Images with their hidden pixels filled in, (batch, pixel), and the energy (batch) of each,
    NaN where it was not inferred."""

    image: Tensor
    energy: Tensor


class Searched(NamedTuple):
    """What the search for the least energy has to do with images that are read wrongly.

    ``wrong`` counts them. ``lower``: share of them whose energy is not above that of inference that
    starts at the true pixels. ``answer_lower``: share whose visible pixels have less energy with
    the network's answer clamped than with the true label.
    """

    wrong: int
    lower: float
    answer_lower: float


def task_of(dataset: ImageDataset, known: Tensor, n_images: int) -> Task:
    """The first test images, of which the pixels ``known``, bool (pixel), are visible."""
    x = dataset.inputs(dataset.test.pixels[:n_images])
    return Task(x, known, dataset.test.labels[:n_images])


@torch.no_grad()
def nearest_digits(task: Task, dataset: ImageDataset, k: int = NEAREST) -> Tensor:
    """Places of the training digits nearest in the visible pixels, the nearest first:
    int64 (batch, k)."""
    visible = task.x[:, task.known]
    pixels = dataset.train.pixels
    parts: list[Tensor] = []
    for at in range(0, len(pixels), ROW):
        others = dataset.inputs(pixels[at : at + ROW])[:, task.known]
        # |a - b|² less |a|², which is the same for all b.
        parts.append(others.square().sum(1) - 2 * visible @ others.t())
    return torch.cat(parts, 1).topk(k, largest=False).indices


def vote(labels: Tensor, n_classes: int) -> Tensor:
    """The most frequent of each row's labels, the smallest of several: (batch, k) -> (batch)."""
    return torch.nn.functional.one_hot(labels, n_classes).sum(1).argmax(1)


def fill(task: Task, dataset: ImageDataset, how: Fill, nearest: Tensor) -> Tensor:
    """The images with their hidden pixels replaced: (batch, pixel). ``nearest`` (batch, k) are the
    places of the nearest digits."""
    x, train = task.x, dataset.train.pixels
    if how == "grey":
        new = torch.zeros_like(x)
    elif how == "mean image":
        mean = train.flatten(1).float().mean(0).reshape(1, *train.shape[1:]) / 255
        new = dataset.inputs(mean).expand_as(x)
    else:
        places = nearest if how == "mean of nearest" else nearest[:, :1]
        new = sum_of_digits(dataset, places) / places.shape[1]
    return torch.where(task.known, x, new)


def sum_of_digits(dataset: ImageDataset, places: Tensor) -> Tensor:
    """The sum of k training digits for each row of ``places`` (batch, k): (batch, pixel)."""
    total = dataset.inputs(dataset.train.pixels[places[:, 0]])
    for column in places.t()[1:]:
        total = total + dataset.inputs(dataset.train.pixels[column])
    return total


def random_fill(task: Task, seed: int) -> Tensor:
    """The images with hidden pixels drawn from a standard normal, the distribution that their mean
    and variance have over the training set: (batch, pixel)."""
    noise = torch.randn(task.x.shape, generator=torch.Generator().manual_seed(seed))
    return torch.where(task.known, task.x, noise.to(task.x))


@torch.no_grad()
def fill_by_inference(
    model: TwoWay,
    task: Task,
    start: Tensor | None = None,
    config: InferenceConfig | None = None,
    clamped: Tensor | None = None,
) -> Filled:
    """Infer the hidden pixels from a ``start`` (batch, pixel), without one from grey.

    ``config`` is that of ``analysis.complete`` unless given; ``clamped`` (batch) are labels to
    clamp, else the label is free.

    >>> from corelib import load
    >>> from corelib.data import load_dataset
    >>> from corelib.models.bpc.analysis import mask_of
    >>> model, data = load("bpc-mnist"), load_dataset("mnist")
    >>> task = task_of(data, torch.as_tensor(~mask_of("left half").ravel()), 5)
    >>> fill_by_inference(model, task, random_fill(task, seed=0)).image.shape
    torch.Size([5, 784])
    """
    weights, config = model.weights(), config or completion_config(model)
    y = labels_of(model)[task.labels if clamped is None else clamped]
    y_known = torch.full((model.n_classes,), clamped is not None, device=y.device)
    images: list[Tensor] = []
    energies: list[Tensor] = []
    for at in range(0, len(task.x), CHUNK):
        part = slice(at, at + CHUNK)
        begun = None if start is None else start[part]
        given = Given(task.x[part], y[part], task.known, y_known, begun)
        ended = run_inference(given, weights, config)
        images.append(ended.z[-1])
        energies.append(energy(errors(ended.z, ended.f, weights), config.precision))
    return Filled(torch.cat(images), torch.cat(energies))


def lowest(attempts: Sequence[Filled]) -> Filled:
    """Of several attempts the one with the least energy, image by image."""
    energies = torch.stack([one.energy for one in attempts])
    best = energies.argmin(0)
    images = torch.stack([one.image for one in attempts])
    at = torch.arange(len(best))
    return Filled(images[best, at], energies[best, at])


def accuracy_of(model: TwoWay, task: Task, images: Tensor) -> float:
    """Share of the images that the network reads as their class, by its own rule."""
    return (answers(model, images) == task.labels).double().mean().item()


def error_of(task: Task, images: Tensor) -> float:
    """Mean squared error of a hidden pixel, normalised."""
    return (images - task.x)[:, ~task.known].square().mean().item()


def search(model: PredictiveCoding, task: Task, found: Filled, from_truth: Filled) -> Searched:
    """Whether images that are read wrongly would be read rightly by a better search: ``found``
    is what inference ended with, ``from_truth`` that which starts at the true pixels."""
    read = answers(model, found.image)
    wrong = read != task.labels
    some = Task(task.x[wrong], task.known, task.labels[wrong])
    if not len(some.x):
        return Searched(0, float("nan"), float("nan"))
    as_read = fill_by_inference(model, some, clamped=read[wrong]).energy
    as_true = fill_by_inference(model, some, clamped=some.labels).energy
    return Searched(
        wrong=len(some.x),
        lower=_share(found.energy[wrong] <= (1 + SAME) * from_truth.energy[wrong]),
        answer_lower=_share(as_read < as_true),
    )


def _share(these: Tensor) -> float:
    return these.double().mean().item()


class Sampled(NamedTuple):
    """Completions by samples of the posterior: ``mean`` (batch, pixel) of the kept images;
    ``votes`` (batch, class) counts the classes that they are read as. ``energy`` (batch, sample);
    ``acceptance`` is the mean probability that a proposal is accepted."""

    mean: Tensor
    votes: Tensor
    energy: Tensor
    acceptance: float


@torch.no_grad()
def fill_by_sampling(
    model: TwoWay, task: Task, start: Tensor, config: SamplerConfig, seed: int
) -> Sampled:
    """Sample hidden pixels, hidden activity and label given the visible pixels, one chain an image.

    Chains begin at the images ``start`` (batch, pixel) and the amortiser's pass from them.
    """
    weights = model.weights()
    unknown = torch.zeros(model.n_classes, dtype=torch.bool, device=task.x.device)
    blank = task.x.new_zeros(len(task.x), model.n_classes)
    given = Given(task.x, blank, task.known, unknown, start)
    z = begin(given, weights, completion_config(model).start)
    mean, votes = torch.zeros_like(task.x), blank.clone()
    energies: list[Tensor] = []
    acceptance: list[Tensor] = []
    for kept in sample(given, z, weights, config, torch.Generator().manual_seed(seed)):
        image = kept.z[-1]
        mean += image
        votes += labels_of(model)[answers(model, image)]
        energies.append(kept.energy)
        acceptance.append(kept.acceptance)
    energy_over_time = torch.stack(energies, 1)
    share = torch.stack(acceptance).mean().item()
    return Sampled(mean / len(energies), votes, energy_over_time, share)
