"""Scenes: digits laid over one another; each task is to name one of them.

Multi-MNIST is made of MNIST, and the same is made of any grey images: ``multi-NAME`` of your own
images ``NAME``.

As in the authors' loader for Abel and Ullman (2024), after Sener and Koltun (2018): the left digit
lies at [0:28, 0:28] and the right one at [6:34, 6:34] of a canvas of 36 x 36, the brighter pixel
wins where they overlap, and the canvas is reduced to 28 x 28 by the nearest neighbour. "Left" is
the upper left one. The first 50,000 training images give the training set, the next 10,000 the
validation set, the test images the test set; each is the left digit of one image, and its partner
is any from the same set. Their loader draws new partners on each machine; here the seed fixes them.
"""

from typing import NamedTuple

import numpy as np

from corelib.data.images import ImageDataset, Split
from corelib.data.mnist import read_arrays

SIDE, SHIFT, MARGIN = 28, 6, 2
TRAIN = 50_000
TASKS = ("left", "right")
MULTI = "multi-"
"""How the name of a data set of scenes begins; the rest is that of its images."""


class Layout(NamedTuple):
    """``n_digits`` lie over one another, ``shift`` pixels apart, None for ``shift_of`` their side;
    ``seed`` draws the partners; ``larger`` adds the task to name the largest digit."""

    n_digits: int = 2
    shift: int | None = None
    seed: int = 0
    larger: bool = False


PAIR = Layout()
"""As in the paper."""


def digits_of(scenes: str) -> str | None:
    """The name of the images that a data set of scenes is composed of; None for others."""
    return scenes.removeprefix(MULTI) if scenes.startswith(MULTI) else None


def shift_of(side: int) -> int:
    """How far apart images of this side lie: as far as those of MNIST, for their size."""
    return max(1, round(SHIFT * side / SIDE))


def compose(digits: np.ndarray, shift: int = SHIFT) -> np.ndarray:
    """Digits uint8 (image, digit, row, column) laid over one another: uint8 (image, row, column),
    as large as they are.

    Each lies ``shift`` pixels further down and to the right than the one before it; a larger
    canvas is reduced more.
    """
    n_images, n_digits, own = digits.shape[:3]
    side = own + (n_digits - 1) * shift + MARGIN
    canvas = np.zeros((n_images, side, side), np.uint8)
    for k in range(n_digits):
        place = slice(k * shift, k * shift + own)
        part = canvas[:, place, place]
        np.maximum(part, digits[:, k], out=part)
    picked = np.floor((np.arange(own) + 0.5) * side / own).astype(int)
    pixels = canvas.reshape(n_images, -1).take((picked[:, None] * side + picked).ravel(), axis=1)
    return pixels.reshape(n_images, own, own)


def overlap(left: np.ndarray, right: np.ndarray, shift: int = SHIFT) -> np.ndarray:
    """How far digits hide each other when they are laid over one another, from 0 (nowhere) to 1.

    ``left`` and ``right`` uint8 (image, row, column) -> (left image, right image): the darker of
    both brightnesses, summed over pixels, as a share of that of the fainter digit.
    """
    own = left.shape[-1]
    side = own + shift
    canvas = np.zeros((2, max(len(left), len(right)), side, side), np.float32)
    canvas[0, : len(left), :own, :own] = left
    canvas[1, : len(right), shift:, shift:] = right
    a = canvas[0, : len(left)].reshape(len(left), -1)
    b = canvas[1, : len(right)].reshape(len(right), -1)
    shared = np.stack([np.minimum(one, b).sum(1) for one in a])
    return shared / np.maximum(np.minimum(a.sum(1)[:, None], b.sum(1)), 1)


def clearest_pair(digits: np.ndarray, labels: np.ndarray, shift: int = SHIFT) -> tuple[int, int]:
    """The left and the right digit of different classes that hide each other least, by their
    places among ``digits`` uint8 (image, row, column) of ``labels`` (image). Raises ``ValueError``
    where all are of one class."""
    if len(np.unique(labels)) < 2:
        raise ValueError("A pair of different digits needs images of two classes.")
    hidden = overlap(digits, digits, shift)
    hidden[np.equal.outer(labels, labels)] = np.inf
    first, second = np.unravel_index(hidden.argmin(), hidden.shape)
    return int(first), int(second)


def load(layout: Layout = PAIR) -> ImageDataset:
    """Multi-MNIST in memory, in about a second. Pixels are normalised by MNIST's own mean and
    standard deviation, as in the authors' code."""
    import torch

    x_train, y_train, x_test, y_test = (torch.from_numpy(a) for a in read_arrays())
    digits = ImageDataset(
        name="mnist",
        class_names=tuple("0123456789"),
        mean=0.1307,
        std=0.3081,
        train=Split(x_train[:TRAIN], y_train[:TRAIN]),
        validation=Split(x_train[TRAIN:], y_train[TRAIN:]),
        test=Split(x_test, y_test),
    )
    return scenes(digits, layout)


def scenes(digits: ImageDataset, layout: Layout = PAIR) -> ImageDataset:
    """Scenes of grey images, named and normalised after them, as many in each split as it has
    images; labels are (image, task)."""
    import torch

    n_digits, shift, seed, larger = layout
    shift = shift_of(digits.train.pixels.shape[-1]) if shift is None else shift
    rng = np.random.default_rng(seed)

    def split(images: Split) -> Split:
        x, y = images.pixels.numpy(), images.labels.numpy()
        n = len(x)
        others = rng.integers(n, size=(n, n_digits - 1))
        chosen = np.concatenate([np.arange(n)[:, None], others], 1)
        labels = y[chosen].astype(np.int64)
        if larger:
            labels = np.concatenate([labels, labels.max(1, keepdims=True)], 1)
        parts = np.array_split(chosen, max(n // 1000, 1))
        pixels = np.concatenate([compose(x[part], shift) for part in parts])
        return Split(torch.from_numpy(pixels), torch.from_numpy(labels))

    names = TASKS if n_digits == 2 else tuple(f"digit {k + 1}" for k in range(n_digits))
    return ImageDataset(
        name=f"{MULTI}{digits.name}",
        class_names=digits.class_names,
        mean=digits.mean,
        std=digits.std,
        train=split(digits.train),
        validation=split(digits.validation),
        test=split(digits.test),
        task_names=(*names, "larger") if larger else names,
    )
