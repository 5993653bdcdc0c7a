"""Images of yours, read from an npz or a folder, and what is wrong with them in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from corelib.data import own
from corelib.data.own import Contents, OwnSet
from corelib.data.own_asked import (
    AS_THEY_ARE,
    GREY,
    LARGEST,
    SMALLEST,
    Asked,
    Labelled,
    check_classes,
    fit,
    one_line,
)
from corelib.data.own_folder import add_photographs, class_folders, from_folder
from corelib.data.own_npz import from_npz
from corelib.errors import DataError


def add(
    path: str | Path, name: str, asked: Asked = AS_THEY_ARE, taken: Sequence[str] = ()
) -> OwnSet:
    """Check images and keep them as the data set ``name``; ``own_images.add_images`` says what
    ``path`` may be. ``taken`` are the names of other data sets. Raises ``DataError`` saying what is
    wrong and what to do."""
    source = Path(path).expanduser()
    own.check_name(name, taken)
    if not 0 <= asked.seed < 2**32:
        raise DataError(f"The seed is {asked.seed}, but should be from 0 to 4,294,967,295.")
    if source.is_dir():
        if not class_folders(source):
            return add_photographs(source, name, asked)
        read = from_folder(source, asked)
    elif source.is_file():
        with source.open("rb") as opened:
            read = from_npz(opened, source.name)
    else:
        raise DataError(f"There is no file or folder {source}.")
    return _keep(read, name, asked)


def add_file(content: IO[bytes], name: str, asked: Asked, taken: Sequence[str] = ()) -> OwnSet:
    """Like ``add``, for the content of an npz that was uploaded."""
    own.check_name(name, taken)
    return _keep(from_npz(content, "The file"), name, asked)


def _keep(read: Labelled, name: str, asked: Asked) -> OwnSet:
    images, labels, class_names, values = read
    if asked.grey and images.ndim == 4:
        images = np.rint(images @ GREY).astype(np.uint8)
        values += "; made grey by luminance"
    images, resized = _fitted(images, asked.side)
    counts = np.bincount(labels, minlength=len(class_names))
    check_classes(class_names, counts)
    train = images[own.split(labels, asked.seed)[0]]
    if train.min() == train.max():
        raise DataError("All pixels have the same value, so there is nothing to tell apart.")
    item = OwnSet(
        name=name,
        kind="picture" if images.ndim == 4 else "image",
        side=images.shape[1],
        class_names=class_names,
        counts=tuple(map(int, counts)),
        values=values + resized,
        licence=one_line(asked.licence, 500),
        seed=asked.seed,
    )
    return own.store(item, Contents(images, labels)._asdict())


def _fitted(images: np.ndarray, side: int) -> tuple[np.ndarray, str]:
    """The images as squares of ``side`` pixels, and what was done; unchanged if ``side`` is 0."""
    rows, columns = images.shape[1:3]
    if side and not SMALLEST <= side <= LARGEST:
        raise DataError(f"side is {side}, but should be from {SMALLEST} to {LARGEST} pixels.")
    if side and (rows, columns) != (side, side):
        fitted = np.stack([fit(image, side) for image in images])
        return fitted, f"; {rows} x {columns} pixels fitted into {side} x {side}"
    if rows != columns or not SMALLEST <= rows <= LARGEST:
        offered = min(max(rows, columns, SMALLEST), LARGEST)
        raise DataError(
            f"The images have {rows} x {columns} pixels, but should be squares with sides from "
            f"{SMALLEST} to {LARGEST} pixels; give a side, such as {offered}, and each is fitted "
            "into such a square, with black beside it."
        )
    return images, ""
