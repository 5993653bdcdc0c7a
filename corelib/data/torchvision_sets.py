"""KMNIST, EMNIST letters and SVHN by torchvision, and CIFAR-10 made grey: from a folder, or
downloaded on request.

Each is split alike: the published test images are the test set; a tenth of the others, drawn once
by a fixed seed, validates. Pixels are normalised by the mean and deviation of the training pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from corelib.data import cifar
from corelib.data.images import ImageDataset, Split
from corelib.data.own_asked import GREY
from corelib.environment import data_root
from corelib.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

SPLIT_SEED, VALIDATION = 0, 10
"""One of so many training images validates."""


class Published(NamedTuple):
    """A data set that torchvision reads.

    ``read`` gives pixels uint8 (image, row, column[, 3 before them]) and labels (image,) of the
    training or the test images; with True as its second argument it downloads them first. ``files``
    are those that it needs, below the data folder.
    """

    title: str
    about: str
    class_names: tuple[str, ...]
    files: tuple[str, ...]
    read: Callable[[bool, bool], tuple[Tensor, Tensor]]
    input_dim: int = 784
    colour: bool = False

    def here(self) -> bool:
        return all((data_root() / file).is_file() for file in self.files)


def _kmnist(train: bool, download: bool) -> tuple[Tensor, Tensor]:
    from torchvision.datasets import KMNIST

    read = KMNIST(data_root(), train=train, download=download)
    return read.data, read.targets


def _letters(train: bool, download: bool) -> tuple[Tensor, Tensor]:
    """The files hold each image with rows and columns exchanged, and labels from 1 to 26."""
    from torchvision.datasets import EMNIST

    read = EMNIST(data_root(), split="letters", train=train, download=download)
    return read.data.transpose(1, 2).contiguous(), read.targets - 1


def _svhn(train: bool, download: bool) -> tuple[Tensor, Tensor]:
    import torch
    from torchvision.datasets import SVHN

    read: Any = SVHN(data_root(), split="train" if train else "test", download=download)
    pixels = np.ascontiguousarray(read.data)
    return torch.from_numpy(pixels), torch.from_numpy(read.labels)


def _svhn_grey(train: bool, download: bool) -> tuple[Tensor, Tensor]:
    pixels, labels = _svhn(train, download)
    return grey(pixels), labels


def grey(pixels: Tensor) -> Tensor:
    """Colour pictures uint8 (image, 3, row, column) by their luminance: uint8 (image, row,
    column)."""
    import torch

    weights = torch.from_numpy(GREY)
    parts = [torch.einsum("nchw,c->nhw", part.float(), weights) for part in pixels.split(4096)]
    return torch.cat([part.round().to(torch.uint8) for part in parts])


def _idx(folder: str, prefixes: tuple[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{folder}/raw/{prefix}-{kind}-ubyte"
        for prefix in prefixes
        for kind in ("images-idx3", "labels-idx1")
    )


DIGITS = tuple("0123456789")
_SVHN_FILES = ("train_32x32.mat", "test_32x32.mat")

PUBLISHED: dict[str, Published] = {
    "kmnist": Published(
        "Kuzushiji-MNIST",
        "70,000 cursive Japanese characters of ten kinds, 28 x 28 pixels; from a folder or "
        "downloaded on request",
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        _idx("KMNIST", ("train", "t10k")),
        _kmnist,
    ),
    "emnist-letters": Published(
        "EMNIST letters",
        "145,600 handwritten letters, upper and lower case together, 28 x 28 pixels; from a folder "
        "or downloaded on request",
        tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        _idx("EMNIST", ("emnist-letters-train", "emnist-letters-test")),
        _letters,
    ),
    "svhn-grey": Published(
        "Street View house numbers, grey",
        "99,289 digits of house numbers of 32 x 32 pixels, made grey by luminance; from a folder "
        "or downloaded on request",
        DIGITS,
        _SVHN_FILES,
        _svhn_grey,
        32**2,
    ),
    "svhn": Published(
        "Street View house numbers",
        "99,289 digits of house numbers in colour, 32 x 32 pixels; from a folder or downloaded on "
        "request",
        DIGITS,
        _SVHN_FILES,
        _svhn,
        3 * 32**2,
        colour=True,
    ),
}


def download(name: str) -> None:
    """Fetch a data set by torchvision into the data folder; raises ``DataError`` on failure."""
    published = PUBLISHED[name]
    try:
        for train in (True, False):
            published.read(train, True)
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(
            f"{published.title} could not be downloaded ({error}). Put {_files(published)} into "
            f"{data_root()}."
        ) from None


def _files(published: Published) -> str:
    *others, last = published.files
    return f"{', '.join(others)} and {last}"


def load(name: str) -> ImageDataset:
    """A data set in its fixed split; raises ``DataError`` that says how to get it."""
    published = PUBLISHED[name]
    if not published.here():
        raise DataError(
            f"{published.title} is not here. Put {_files(published)} into {data_root()}, or "
            f"download it with: python -m corelib data {name}"
        )
    try:
        (pixels, labels), test = (published.read(train, False) for train in (True, False))
    except Exception as error:  # torch, scipy and torchvision each raise their own
        raise DataError(
            f"{published.title} in {data_root()} is damaged ({error}); download it again."
        ) from None
    _check(published, labels, test[1])
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    held = len(labels) // VALIDATION
    train, validation = order[held:], order[:held]
    return _dataset(
        name,
        published.class_names,
        Split(pixels[train], labels[train].long()),
        Split(pixels[validation], labels[validation].long()),
        Split(test[0], test[1].long()),
    )


def _check(published: Published, *labels: Tensor) -> None:
    n = len(published.class_names)
    if any(not len(part) or part.min() < 0 or part.max() >= n for part in labels):
        raise DataError(
            f"{published.title} in {data_root()} should hold labels of {n} classes; download it "
            "again."
        )


def _dataset(
    name: str, class_names: tuple[str, ...], train: Split, validation: Split, test: Split
) -> ImageDataset:
    unit = train.pixels.float().div_(255)
    mean, std = unit.mean().item(), unit.std(correction=0).item()
    return ImageDataset(name, class_names, mean, std, train, validation, test)


def load_grey_cifar() -> ImageDataset:
    """CIFAR-10 by its luminance, in the split of ``cifar.load``; raises ``DataError`` as it."""
    data = cifar.load()
    train, validation, test = (
        Split(grey(part.pixels), part.labels) for part in (data.train, data.validation, data.test)
    )
    return _dataset("cifar-10-grey", data.class_names, train, validation, test)
