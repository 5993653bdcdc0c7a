"""Images of yours from an npz: its header is checked before anything is read."""

from __future__ import annotations

import zipfile
from typing import IO

import numpy as np
from numpy.lib import format as npy

from corelib import words
from corelib.data.own_asked import MOST_BYTES, MOST_IMAGES, Labelled, checked_names, own_text
from corelib.errors import DataError


def from_npz(content: IO[bytes], called: str) -> Labelled:
    try:
        with zipfile.ZipFile(content) as archive:
            return _from_archive(archive, called)
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib and numpy each raise their own
        raise DataError(
            f"{called} cannot be read as an npz ({error}); save it with "
            "numpy.savez(file, images=images, labels=labels)."
        ) from None


def _from_archive(archive: zipfile.ZipFile, called: str) -> Labelled:
    held = [entry.removesuffix(".npy") for entry in archive.namelist()]
    for key in ("images", "labels"):
        if key not in held:
            names = ", ".join(own_text(h, 30) for h in held[:10]) or "nothing"
            raise DataError(
                f"{called} has no array named {key}; it holds: {names}. Save it with "
                "numpy.savez(file, images=images, labels=labels)."
            )
    shape = _header(archive, "images")[0]
    if len(shape) == 4 and shape[-1] not in (1, 3):
        hint = " Put the channels last." if shape[1] in (1, 3) else ""
        raise DataError(
            f"images have shape {words.shape(shape)}, but should have 1 or 3 channels in the last "
            f"place.{hint}"
        )
    if len(shape) not in (3, 4):
        raise DataError(
            f"images have shape {words.shape(shape)}, but should be (image, row, column) or "
            "(image, row, column, channel)."
        )
    if not all(shape):
        raise DataError(f"images have shape {words.shape(shape)}: there are none.")
    if shape[0] > MOST_IMAGES:
        raise DataError(f"There are {shape[0]:,} images; at most {MOST_IMAGES:,} can be read.")
    given = _header(archive, "labels")[0]
    if given != shape[:1]:
        raise DataError(
            f"labels have shape {words.shape(given)}, but should be one for each of the "
            f"{shape[0]:,} images."
        )
    names = _array(archive, "class_names") if "class_names" in held else None
    labels, class_names = _labels(_array(archive, "labels"), names)
    images, values = in_bytes(_array(archive, "images"))
    return Labelled(images[..., 0] if shape[3:] == (1,) else images, labels, class_names, values)


def _header(archive: zipfile.ZipFile, key: str) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an array, before any of it is read; raises ``DataError`` for one that is
    too large or holds Python objects."""
    with archive.open(f"{key}.npy") as member:
        version = npy.read_magic(member)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, kind = read(member)
    if kind.hasobject:
        raise DataError(
            f"{key} holds Python objects, which are never opened, because they could run code; "
            "save plain numbers of one shape."
        )
    size = kind.itemsize * int(np.prod(shape, dtype=object))
    if size > MOST_BYTES:
        raise DataError(
            f"{key} has shape {words.shape(shape)} and takes {size / 2**20:,.0f} MB; at most "
            f"{MOST_BYTES // 2**20} MB can be read. Give fewer or smaller images, as uint8."
        )
    return shape, kind


def _array(archive: zipfile.ZipFile, key: str) -> np.ndarray:
    _header(archive, key)
    with archive.open(f"{key}.npy") as member:
        return npy.read_array(member, allow_pickle=False)


def _labels(labels: np.ndarray, names: np.ndarray | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Places among the classes, int64 (image,), and their names."""
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels % 1 == 0).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iubUS":
        raise DataError(f"labels are of type {labels.dtype}, but should be whole numbers or names.")
    classes, places = np.unique(labels, return_inverse=True)
    if names is None:
        texts = [c.decode("latin-1") if isinstance(c, bytes) else str(c) for c in classes.tolist()]
    elif labels.dtype.kind in "US" or names.ndim != 1 or names.dtype.kind not in "US":
        raise DataError("class_names should be a list of texts, for labels that are numbers.")
    elif classes[0] < 0 or classes[-1] >= len(names):
        raise DataError(
            f"There are {len(names)} class_names, so labels should be from 0 to {len(names) - 1}, "
            f"but are from {classes[0]} to {classes[-1]}."
        )
    else:
        texts = [str(names[int(c)]) for c in classes]
    return places.reshape(-1).astype(np.int64), checked_names(texts)


def in_bytes(images: np.ndarray) -> tuple[np.ndarray, str]:
    """The images as uint8, and in words what their values were. Raises ``DataError`` for values
    that are no brightness."""
    kind = images.dtype.kind
    if kind == "b":
        return images * np.uint8(255), "yes or no, stored as 255 or 0"
    if kind not in "iuf":
        raise DataError(f"images are of type {images.dtype}, but should be uint8 or floats.")
    if kind == "f" and not np.isfinite(images).all():
        raise DataError("Some pixels are NaN or infinite; replace them before you save the images.")
    low, high = images.min(), images.max()
    span = f"from {low:g} to {high:g}"
    if low < 0 or high > 255:
        raise DataError(
            f"The pixels are {span}, but should be from 0 to 1 as floats, or from 0 to 255. "
            "Shift and scale them, 0 being black."
        )
    if kind in "iu":
        if high <= 1:
            raise DataError(
                f"The pixels are whole numbers {span}, which is almost black; multiply them by 255."
            )
        return images.astype(np.uint8), f"{span}, in whole numbers"
    if high <= 1:
        return np.rint(images * 255).astype(np.uint8), f"{span}, taken as shares of white"
    return np.rint(images).astype(np.uint8), f"{span}, taken as parts of 255"
