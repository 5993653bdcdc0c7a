"""Small image data sets that live in memory, and the batches drawn from them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corelib.errors import DataError

LUMINANCE = (0.2125, 0.7154, 0.0721)
"""What red, green and blue add to grey, as in ITU-R BT.709."""

if TYPE_CHECKING:
    from torch import Tensor

TRAIN, VALIDATION = 55_000, 5_000
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""x_train, y_train, x_test, y_test."""


class Split(NamedTuple):
    """Images as uint8 (image, row, column), in colour (image, channel, row, column), 0 is black;
    labels as int64 (image,), or (image, task) where each image has several."""

    pixels: Tensor
    labels: Tensor


class ImageDataset(NamedTuple):
    """Three fixed splits of images, with their normalisation and the names of labels.

    ``mean`` and ``std`` are those of the training pixels on the scale [0, 1]; ``task_names`` name
    the labels' columns and are empty if each image has one label.
    """

    name: str
    class_names: tuple[str, ...]
    mean: float
    std: float
    train: Split
    validation: Split
    test: Split
    task_names: tuple[str, ...] = ()

    @property
    def input_dim(self) -> int:
        return self.train.pixels[0].numel()

    @property
    def size_in_words(self) -> str:
        return f"images of {self.name} have {self.input_dim} pixels"

    def inputs(self, pixels: Tensor) -> Tensor:
        """Network input from pixels: uint8 (batch, ...), or float on [0, 1], becomes normalised
        (batch, unit) of torch's default type."""
        import torch

        kind = torch.get_default_dtype()
        unit = pixels.to(kind) if pixels.is_floating_point() else pixels.to(kind) / 255
        return unit.flatten(1).sub(self.mean).div_(self.std)

    def batch(self, train: Split, step: int, size: int, seed: int) -> Split:
        """The batch of a training step; ``train`` is that split, on any device."""
        return batch(train, step, size, seed)


def split_in_three(
    name: str, class_names: tuple[str, ...], mean: float, std: float, arrays: Arrays
) -> ImageDataset:
    """The fixed split: the first 55,000 training images, the next 5,000 to validate, the test set.

    ``arrays`` are x_train, y_train, x_test, y_test as uint8. Raises ``DataError`` for wrong shapes
    or labels.
    """
    import torch

    x_train, y_train, x_test, y_test = arrays
    if x_train.shape != (60_000, 28, 28) or x_test.shape != (10_000, 28, 28):
        raise DataError(
            f"{name} should hold 60,000 and 10,000 images of 28 x 28, "
            f"but holds {x_train.shape} and {x_test.shape}; replace the file."
        )
    for x, y in ((x_train, y_train), (x_test, y_test)):
        if y.shape != x.shape[:1] or y.max() >= len(class_names):
            raise DataError(
                f"{name} should hold one label from 0 to {len(class_names) - 1} for each image; "
                "replace the file."
            )

    def split(x: np.ndarray, y: np.ndarray) -> Split:
        return Split(torch.from_numpy(x), torch.from_numpy(y.astype(np.int64)))

    return ImageDataset(
        name=name,
        class_names=class_names,
        mean=mean,
        std=std,
        train=split(x_train[:TRAIN], y_train[:TRAIN]),
        validation=split(x_train[TRAIN:], y_train[TRAIN:]),
        test=split(x_test, y_test),
    )


def first_of(split: Split, most: int, label: int | None = None) -> Split:
    """The first images of a split, at most ``most``, of one class or of all."""
    pixels, labels = split
    if label is not None:
        chosen = labels == label
        pixels, labels = pixels[chosen], labels[chosen]
    return Split(pixels[:most], labels[:most])


def steps_per_epoch(n: int, size: int) -> int:
    """Batches in one pass over n images; the last may be smaller."""
    return -(-n // size)


@lru_cache(maxsize=4)
def _order(n: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(n)


def places(n: int, step: int, size: int, seed: int) -> np.ndarray:
    """The indices of the images, out of n, in the batch of a training step: int64 (image,)."""
    epoch, position = divmod(step, steps_per_epoch(n, size))
    return _order(n, seed, epoch)[position * size : (position + 1) * size]


def batch(split: Split, step: int, size: int, seed: int) -> Split:
    """The batch of a training step: a pure function of its arguments.

    Each epoch visits every image once, in an order drawn from (seed, epoch).
    """
    import torch

    chosen = torch.from_numpy(places(len(split.labels), step, size, seed)).to(split.labels.device)
    return Split(split.pixels[chosen], split.labels[chosen])
