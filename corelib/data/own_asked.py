"""What is asked of images of yours when they are read, and the limits of what may be kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corelib.data.images import LUMINANCE
from corelib.errors import DataError

SMALLEST, LARGEST = 4, 64
"""Sides of an image in pixels: networks read at most 64 x 64 grey pixels."""
FEWEST, MOST_CLASSES = 10, 1000
"""Images of each class at least, so that one can validate and one test; classes at most."""
MOST_IMAGES, MOST_BYTES = 500_000, 2**29
"""Limits of what is read into memory."""
PATCH_SIDES = (8, 32)
GREY = np.array(LUMINANCE, np.float32)
"""Turns many pictures grey in half the memory."""


class Asked(NamedTuple):
    """How images are to be read: ``grey`` turns colour to luminance, ``side`` fits each image into
    a square of so many pixels (0: as they are; patches of photographs then have 16)."""

    grey: bool = False
    side: int = 0
    licence: str = ""
    seed: int = 0


AS_THEY_ARE = Asked()


class Labelled(NamedTuple):
    """``images`` as they came, (image, row, column[, 3]) or one array each; ``labels`` (image,)
    are places among ``class_names``."""

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    values: str


def fit(image: np.ndarray, side: int) -> np.ndarray:
    """An image uint8 (row, column[, 3]) enlarged or reduced, its aspect ratio kept, to lie in the
    middle of a black square of ``side`` pixels."""
    from PIL import Image

    rows, columns = image.shape[:2]
    scale = side / max(rows, columns)
    height, width = (max(1, round(n * scale)) for n in (rows, columns))
    small = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
    square = np.zeros((side, side, *image.shape[2:]), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = np.asarray(small)
    return square


def one_line(text: str, most: int) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())[:most]


def own_text(text: str, most: int = 40) -> str:
    """A person's text as a name that no page takes for markup: letters, digits, spaces and a few
    signs that mean nothing there."""
    kept = "".join(c if c.isalnum() or c in " ,'()-" else " " for c in text)
    return re.sub(r"^[\s,'()-]+", "", " ".join(kept.split()))[:most].strip()


def checked_names(texts: Sequence[str]) -> tuple[str, ...]:
    names = [own_text(text) or "unnamed" for text in texts]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(
            f"Several classes would be called {twice[0]!r}; names may differ by letters, digits, "
            "spaces, commas and hyphens."
        )
    return tuple(names)


def check_classes(class_names: Sequence[str], counts: np.ndarray) -> None:
    """Raise ``DataError`` for too few or too many classes, and for one with too few images."""
    if not 2 <= len(class_names) <= MOST_CLASSES:
        raise DataError(
            f"The number of classes is {len(class_names):,}, but should be from 2 to "
            f"{MOST_CLASSES:,}."
        )
    few = [f"{n} ({count})" for n, count in zip(class_names, counts, strict=True) if count < FEWEST]
    if few:
        more = f" and {len(few) - 5} more" if len(few) > 5 else ""
        raise DataError(
            f"Each class needs at least {FEWEST} images, to train, validate and test on; fewer "
            f"have: {', '.join(few[:5])}{more}."
        )
