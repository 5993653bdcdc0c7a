"""Patches of natural images, whitened: from pictures that scikit-image and scikit-learn ship, or
van Hateren's from a folder.

Our pictures are made grey, extended by reflection over 32 pixels, and whitened as a whole: each
amplitude at frequency f (cycles per pixel) is multiplied by |f| exp(-(|f| / 0.4)⁴), which flattens
the 1/f spectrum of natural images and fades out before the corners of the spectrum (Olshausen and
Field 1997). Patches lie at random places, most of them in large pictures. The mean of each is
removed; the flattest quarter of a split is dropped; the others are scaled to unit deviation.

Splits are strips of every picture but one, as the authors of iP-VAE split van Hateren's: training
patches lie within the left seven tenths, validation patches within the next tenth, test patches
within the right fifth, and no patch crosses from one into another. The picture left out, china, is
never trained on; ``unseen`` draws from it, because how well a network does there is another
question.
The label of a patch is the number of its picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from corelib.data.images import LUMINANCE, ImageDataset, Split
from corelib.environment import data_root
from corelib.errors import DataError

TRAIN, HELD_OUT = 40_000, 5_000
SETS = ("natural-16", "natural-12")
"""The names of the data sets that are cut from our pictures."""
SEEN = (
    "camera",
    "astronaut",
    "chelsea",
    "rocket",
    "motorcycle",
    "coins",
    "gravel",
    "flower",
    "coffee",
)
UNSEEN = "china"
NAMES = (*SEEN, UNSEEN)
STRIPS = {"train": (0.0, 0.7), "validation": (0.7, 0.8), "test": (0.8, 1.0)}
"""Where each split lies in every picture, as shares of its width from the left."""
PAD = 32
CUTOFF = 0.4
FLAT = 0.25
BLOCKS, THEIR_TEST, OUR_VALIDATION = 10, 0.2, 0.1
DOVES_SIDE = 16


class _Drawn(NamedTuple):
    """``patches`` float32 (patch, row, column) and the number of the picture of each (patch,)."""

    patches: np.ndarray
    pictures: np.ndarray


def picture(name: str) -> np.ndarray:
    """One of ``NAMES`` as a grey image (row, column) from 0 to 1."""
    if name in ("china", "flower"):
        from sklearn.datasets import load_sample_image

        pixels = load_sample_image(f"{name}.jpg")
    else:
        from skimage import data

        pixels = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    pixels = pixels / 255
    return pixels @ LUMINANCE if pixels.ndim == 3 else pixels


def whiten(image: np.ndarray) -> np.ndarray:
    """The image (row, column) whitened, with mean 0 and deviation 1."""
    padded = np.pad(image, PAD, mode="reflect")
    rows, columns = padded.shape
    f = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns))
    gain = f * np.exp(-((f / CUTOFF) ** 4))
    white = np.fft.irfft2(np.fft.rfft2(padded) * gain, s=padded.shape)[PAD:-PAD, PAD:-PAD]
    return (white - white.mean()) / white.std()


@lru_cache(maxsize=1)
def _whitened() -> dict[str, np.ndarray]:
    return {name: whiten(picture(name)) for name in NAMES}


def _draw(images: Mapping[int, np.ndarray], n: int, side: int, seed: int) -> _Drawn:
    """n patches of whitened images, by the numbers of their pictures, in a random order."""
    rng = np.random.default_rng(seed)
    shares = np.array([image.size for image in images.values()], float)
    counts = np.ceil(n / (1 - FLAT) * shares / shares.sum()).astype(int)
    patches, pictures = [], []
    for (number, image), count in zip(images.items(), counts, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(image, (side, side))
        at = (rng.integers(size, size=count) for size in windows.shape[:2])
        patches.append(windows[tuple(at)].astype(np.float32))
        pictures.append(np.full(count, number))
    cut, pictures = np.concatenate(patches), np.concatenate(pictures)
    cut -= cut.mean((1, 2), keepdims=True)
    deviation = cut.std((1, 2))
    order = rng.permutation(np.argsort(deviation)[-n:])
    return _Drawn(cut[order] / deviation[order, None, None], pictures[order])


def in_strips(
    name: str, class_names: tuple[str, ...], whitened: Sequence[np.ndarray], side: int
) -> ImageDataset:
    """40,000 patches to train, 5,000 to validate, 5,000 to test, of ``side`` x ``side`` pixels,
    from strips of whitened images (row, column), whose names ``class_names`` begin with."""
    drawn: list[_Drawn] = []
    for seed, (split, strip) in enumerate(STRIPS.items()):
        strips = {
            number: image[:, slice(*(round(share * image.shape[1]) for share in strip))]
            for number, image in enumerate(whitened)
        }
        drawn.append(_draw(strips, TRAIN if split == "train" else HELD_OUT, side, seed))
    return _dataset(name, class_names, *drawn)


def load(side: int) -> ImageDataset:
    """Patches of our pictures but the unseen one, in strips, of ``side`` x ``side`` pixels."""
    return in_strips(f"natural-{side}", NAMES, [_whitened()[name] for name in SEEN], side)


def unseen(side: int) -> Split:
    """5,000 patches of ``side`` x ``side`` pixels from the picture that no network was trained
    on."""
    image = {NAMES.index(UNSEEN): _whitened()[UNSEEN]}
    return _split(_draw(image, HELD_OUT, side, len(STRIPS)))


def doves_file() -> Path:
    """The file of van Hateren's patches: DOVES/vH16/processed.npy in the folder named by
    SYNAPTARIUM_DATA, or in ./data."""
    return data_root() / "DOVES" / "vH16" / "processed.npy"


def load_doves() -> ImageDataset:
    """Van Hateren's images whitened and cut by Vafaii and others, float (patch, 1, 16, 16).

    As in their code all patches are shifted and scaled to mean 0 and deviation 1, and the last
    fifth of each of ten blocks is held out. They select models on it; here it is the test set, and
    the last tenth of the rest of each block is the validation set.

    Raises ``DataError`` that says how to get the file, or what is wrong with it.
    """
    file = doves_file()
    try:
        array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise DataError(
            "Van Hateren's patches are not here. Take processed.npy from the folder DOVES/vH16 of "
            "the data that https://github.com/hadivafaii/IterativeVAE links to, and put it at "
            f"{file}."
        ) from None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{file} cannot be read ({error}); replace the file.") from None
    if array.ndim != 4 or array.shape[1:] != (1, DOVES_SIDE, DOVES_SIDE) or len(array) < BLOCKS**2:
        raise DataError(
            f"{file} should hold patches of shape (N, 1, 16, 16), but holds {array.shape}; "
            "put the authors' file there."
        )
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise DataError(f"{file} should hold finite numbers; put the authors' file there.")
    patches = ((array - array.mean()) / array.std()).astype(np.float32)[:, 0]
    parts: dict[str, list[np.ndarray]] = {"train": [], "validation": [], "test": []}
    size = len(patches) // BLOCKS
    for k in range(BLOCKS):
        block = patches[k * size : (k + 1) * size if k < BLOCKS - 1 else None]
        kept = len(block) - round(len(block) * THEIR_TEST)
        learned = kept - round(kept * OUR_VALIDATION)
        parts["train"].append(block[:learned])
        parts["validation"].append(block[learned:kept])
        parts["test"].append(block[kept:])
    drawn = (np.concatenate(blocks) for blocks in parts.values())
    return _dataset("doves", ("van Hateren",), *(_Drawn(d, np.zeros(len(d), int)) for d in drawn))


def _dataset(name: str, classes: tuple[str, ...], *drawn: _Drawn) -> ImageDataset:
    """The patches are already normalised: ``inputs`` returns them unchanged."""
    train, validation, test = map(_split, drawn)
    return ImageDataset(name, classes, 0.0, 1.0, train, validation, test)


def _split(drawn: _Drawn) -> Split:
    import torch

    return Split(torch.from_numpy(drawn.patches), torch.from_numpy(drawn.pictures))
