"""Multi-MNIST: digits of MNIST laid over one another; each task is to name one of them.

As in the authors' loader for Abel and Ullman (2024), after Sener and Koltun (2018): the left digit
lies at [0:28, 0:28] and the right one at [6:34, 6:34] of a canvas of 36 x 36, the brighter pixel
wins where they overlap, and the canvas is reduced to 28 x 28 by the nearest neighbour. "Left" is
the upper left one. The first 50,000 training images give the training set, the next 10,000 the
validation set, the test images the test set; each is the left digit of one image, and its partner
is any from the same set. Their loader draws new partners on each machine; here the seed fixes them.
"""

import numpy as np

from corelib.data.images import ImageDataset, Split
from corelib.data.mnist import read_arrays

SIDE, SHIFT, MARGIN = 28, 6, 2
TRAIN = 50_000
TASKS = ("left", "right")


def compose(digits: np.ndarray, shift: int = SHIFT) -> np.ndarray:
    """Digits uint8 (image, digit, 28, 28) laid over one another: uint8 (image, 28, 28).

    Each lies ``shift`` pixels further down and to the right than the one before it; a larger
    canvas is reduced more.
    """
    n_images, n_digits = digits.shape[:2]
    side = SIDE + (n_digits - 1) * shift + MARGIN
    canvas = np.zeros((n_images, side, side), np.uint8)
    for k in range(n_digits):
        place = slice(k * shift, k * shift + SIDE)
        part = canvas[:, place, place]
        np.maximum(part, digits[:, k], out=part)
    picked = np.floor((np.arange(SIDE) + 0.5) * side / SIDE).astype(int)
    pixels = canvas.reshape(n_images, -1).take((picked[:, None] * side + picked).ravel(), axis=1)
    return pixels.reshape(n_images, SIDE, SIDE)


def overlap(left: np.ndarray, right: np.ndarray, shift: int = SHIFT) -> np.ndarray:
    """How far digits hide each other when they are laid over one another, from 0 (nowhere) to 1.

    ``left`` and ``right`` uint8 (image, 28, 28) -> (left image, right image): the darker of both
    brightnesses, summed over pixels, as a share of that of the fainter digit.
    """
    side = SIDE + shift
    canvas = np.zeros((2, max(len(left), len(right)), side, side), np.float32)
    canvas[0, : len(left), :SIDE, :SIDE] = left
    canvas[1, : len(right), shift:, shift:] = right
    a = canvas[0, : len(left)].reshape(len(left), -1)
    b = canvas[1, : len(right)].reshape(len(right), -1)
    shared = np.stack([np.minimum(one, b).sum(1) for one in a])
    return shared / np.maximum(np.minimum(a.sum(1)[:, None], b.sum(1)), 1)


def clearest_pair(digits: np.ndarray, labels: np.ndarray, shift: int = SHIFT) -> tuple[int, int]:
    """The left and the right digit of different classes that hide each other least, by their
    places among ``digits`` uint8 (image, 28, 28) of ``labels`` (image). Raises ``ValueError`` where
    all are of one class."""
    if len(np.unique(labels)) < 2:
        raise ValueError("A pair of different digits needs images of two classes.")
    hidden = overlap(digits, digits, shift)
    hidden[np.equal.outer(labels, labels)] = np.inf
    first, second = np.unravel_index(hidden.argmin(), hidden.shape)
    return int(first), int(second)


def load(
    n_digits: int = 2, shift: int = SHIFT, seed: int = 0, larger: bool = False
) -> ImageDataset:
    """Multi-MNIST in memory, in about a second; labels are (image, task).

    ``n_digits`` lie over one another, ``shift`` pixels apart; ``seed`` draws the partners;
    ``larger`` adds the task to name the largest digit. Pixels are normalised by MNIST's own mean
    and standard deviation, as in the authors' code.
    """
    import torch

    x_train, y_train, x_test, y_test = read_arrays()
    rng = np.random.default_rng(seed)

    def split(x: np.ndarray, y: np.ndarray) -> Split:
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
        name="multi-mnist",
        class_names=tuple("0123456789"),
        mean=0.1307,
        std=0.3081,
        train=split(x_train[:TRAIN], y_train[:TRAIN]),
        validation=split(x_train[TRAIN:], y_train[TRAIN:]),
        test=split(x_test, y_test),
        task_names=(*names, "larger") if larger else names,
    )
