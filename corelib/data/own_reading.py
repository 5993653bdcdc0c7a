"""Images of yours, read from an npz or a folder, and what is wrong with them in words."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as npy

from corelib.data import own, photographs
from corelib.data.own import Contents, OwnSet
from corelib.errors import DataError

SMALLEST, LARGEST = 4, 64
"""Sides of an image in pixels: networks read at most 64 x 64 grey pixels."""
FEWEST, MOST_CLASSES = 10, 1000
"""Images of each class at least, so that one can validate and one test; classes at most."""
MOST_IMAGES, MOST_BYTES = 500_000, 2**29
"""Limits of what is read into memory."""
PATCH_SIDES = (8, 32)
LUMINANCE = np.array((0.2125, 0.7154, 0.0721), np.float32)
"""As in ITU-R BT.709."""


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


def add(
    path: str | Path, name: str, asked: Asked = AS_THEY_ARE, taken: Sequence[str] = ()
) -> OwnSet:
    """Check images and keep them as the data set ``name``.

    ``path`` is an npz with ``images`` (image, row, column) or (image, row, column, 3) and
    ``labels`` (image,), numbers or names, and perhaps ``class_names``; or a folder with a folder of
    pictures for each class; or a folder of photographs, at least 160 pixels a side, that patches
    are cut from. ``taken`` are the names of other data sets. Raises ``DataError`` saying what is
    wrong and what to do.
    """
    source = Path(path).expanduser()
    own.check_name(name, taken)
    if not 0 <= asked.seed < 2**32:
        raise DataError(f"The seed is {asked.seed}, but should be from 0 to 4,294,967,295.")
    if source.is_dir():
        if not _class_folders(source):
            return _add_photographs(source, name, asked)
        read = _from_folder(source, asked)
    elif source.is_file():
        with source.open("rb") as opened:
            read = _from_npz(opened, source.name)
    else:
        raise DataError(f"There is no file or folder {source}.")
    return _keep(read, name, asked)


def add_file(content: IO[bytes], name: str, asked: Asked, taken: Sequence[str] = ()) -> OwnSet:
    """Like ``add``, for the content of an npz that was uploaded."""
    own.check_name(name, taken)
    return _keep(_from_npz(content, "The file"), name, asked)


def _keep(read: Labelled, name: str, asked: Asked) -> OwnSet:
    images, labels, class_names, values = read
    if asked.grey and images.ndim == 4:
        images = np.rint(images @ LUMINANCE).astype(np.uint8)
        values += "; made grey by luminance"
    images, resized = _fitted(images, asked.side)
    counts = np.bincount(labels, minlength=len(class_names))
    _check_classes(class_names, counts)
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
        licence=_one_line(asked.licence, 500),
        seed=asked.seed,
    )
    return own.store(item, Contents(images, labels)._asdict())


def _check_classes(class_names: Sequence[str], counts: np.ndarray) -> None:
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


# An npz


def _from_npz(content: IO[bytes], called: str) -> Labelled:
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
            f"images have shape {_shape(shape)}, but should have 1 or 3 channels in the last "
            f"place.{hint}"
        )
    if len(shape) not in (3, 4):
        raise DataError(
            f"images have shape {_shape(shape)}, but should be (image, row, column) or "
            "(image, row, column, channel)."
        )
    if not all(shape):
        raise DataError(f"images have shape {_shape(shape)}: there are none.")
    if shape[0] > MOST_IMAGES:
        raise DataError(f"There are {shape[0]:,} images; at most {MOST_IMAGES:,} can be read.")
    given = _header(archive, "labels")[0]
    if given != shape[:1]:
        raise DataError(
            f"labels have shape {_shape(given)}, but should be one for each of the {shape[0]:,} "
            "images."
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
            f"{key} has shape {_shape(shape)} and takes {size / 2**20:,.0f} MB; at most "
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
    return places.reshape(-1).astype(np.int64), _class_names(texts)


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


# Folders


def _pictures(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))


def _class_folders(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))


def _from_folder(folder: Path, asked: Asked) -> Labelled:
    """One folder a class, whose pictures are all that is in it."""
    folders = _class_folders(folder)
    if len(folders) > MOST_CLASSES:
        raise DataError(f"{folder} holds {len(folders):,} folders; at most {MOST_CLASSES:,}.")
    names = _class_names([f.name for f in folders])
    files = [(file, k) for k, f in enumerate(folders) for file in _pictures(f)]
    if len(files) > MOST_IMAGES:
        raise DataError(f"There are {len(files):,} pictures; at most {MOST_IMAGES:,} can be read.")
    if not files:
        raise DataError(f"The folders in {folder} hold no pictures.")
    _check_classes(names, np.bincount([k for _, k in files], minlength=len(names)))
    images, sizes = [], Counter()
    used, most = 0, MOST_BYTES
    for file, _ in files:
        image, size = _picture(file, asked)
        sizes[size] += 1
        if len(sizes) > 1 and not asked.side:
            (usual, _), *_ = sizes.most_common()
            raise DataError(
                f"{file} has {size[0]} x {size[1]} pixels, but others have {usual[0]} x "
                f"{usual[1]}; give a side, such as {min(max(usual), LARGEST)}, and each is fitted "
                "into a square of so many pixels."
            )
        used += image.nbytes
        if used > most:
            raise DataError(f"The pictures take more than {most // 2**20} MB; give fewer of them.")
        images.append(image)
    values = "pictures of 8 bits a channel"
    if any(i.ndim == 3 for i in images):
        images = [i if i.ndim == 3 else np.repeat(i[..., None], 3, 2) for i in images]
    if asked.side:
        sides = ", ".join(f"{w} x {h}" for (w, h), _ in sizes.most_common(3))
        values += f" ({sides}{', ...' if len(sizes) > 3 else ''}), fitted into a square"
    labels = np.array([k for _, k in files], np.int64)
    return Labelled(np.stack(images), labels, names, values)


def _picture(file: Path, asked: Asked) -> tuple[np.ndarray, tuple[int, int]]:
    """A picture as uint8 (row, column[, 3]), and its width and height; fitted into the side that
    was asked for."""
    from PIL import Image, ImageOps

    from corelib.data.drawn import DAMAGED, MAX_PIXELS

    try:
        with Image.open(file) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise DataError(
                    f"{file} has {opened.width:,} x {opened.height:,} pixels, more than "
                    f"{MAX_PIXELS:,}; make it smaller or take it out."
                )
            upright = ImageOps.exif_transpose(opened)
            grey = upright.mode in ("1", "L", "I;16", "LA") or asked.grey
            pixels = np.asarray(upright.convert("L" if upright.mode in ("1", "L") else "RGB"))
    except (*DAMAGED, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file} cannot be read as a picture ({error}); take it out of the folder."
        ) from None
    if grey and pixels.ndim == 3:
        pixels = np.rint(pixels @ LUMINANCE).astype(np.uint8)
    size = (pixels.shape[1], pixels.shape[0])
    if asked.side:
        if not SMALLEST <= asked.side <= LARGEST:
            raise DataError(
                f"side is {asked.side}, but should be from {SMALLEST} to {LARGEST} pixels."
            )
        return fit(pixels, asked.side), size
    if not SMALLEST <= max(size) <= LARGEST:
        raise DataError(
            f"{file} has {size[0]:,} x {size[1]:,} pixels; give a side from {SMALLEST} to "
            f"{LARGEST}, and each picture is fitted into a square of so many pixels."
        )
    return pixels, size


def _add_photographs(folder: Path, name: str, asked: Asked) -> OwnSet:
    found = [f for f in _pictures(folder) if f.suffix.lower() in photographs.ENDINGS]
    if not found:
        raise DataError(
            f"{folder} holds no pictures. Give a folder with a folder of pictures for each class, "
            "or a folder of photographs (jpg, png, tiff or webp)."
        )
    if len(found) > photographs.MOST_FILES:
        raise DataError(
            f"{folder} holds {len(found):,} photographs; at most {photographs.MOST_FILES} are read."
        )
    side = asked.side or photographs.SIDE
    if not PATCH_SIDES[0] <= side <= PATCH_SIDES[1]:
        raise DataError(
            f"side is {side}, but should be from {PATCH_SIDES[0]} to {PATCH_SIDES[1]} pixels: the "
            "side of the patches that are cut."
        )
    arrays, used = {}, 0
    for k, file in enumerate(found):
        arrays[f"photograph-{k}"] = np.rint(photographs.read(file) * 255).astype(np.uint8)
        used += arrays[f"photograph-{k}"].nbytes
        if used > MOST_BYTES:
            raise DataError(
                f"The photographs take more than {MOST_BYTES // 2**20} MB; give fewer of them."
            )
    texts = [f"{k + 1} {file.stem}" for k, file in enumerate(found)]
    item = OwnSet(
        name=name,
        kind="fragment",
        side=side,
        class_names=_class_names(texts),
        counts=(1,) * len(found),
        values="photographs, made grey by luminance, their longer side at most "
        f"{photographs.LONGEST:,} pixels",
        licence=_one_line(asked.licence, 500),
        seed=asked.seed,
    )
    return own.store(item, arrays)


# Words that come from a person


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))})"


def _one_line(text: str, most: int) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())[:most]


def own_text(text: str, most: int = 40) -> str:
    """A person's text as a name that no page takes for markup: letters, digits, spaces and a few
    signs that mean nothing there."""
    kept = "".join(c if c.isalnum() or c in " ,'()-" else " " for c in text)
    return re.sub(r"^[\s,'()-]+", "", " ".join(kept.split()))[:most].strip()


def _class_names(texts: Sequence[str]) -> tuple[str, ...]:
    names = [own_text(text) or "unnamed" for text in texts]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(
            f"Several classes would be called {twice[0]!r}; names may differ by letters, digits, "
            "spaces, commas and hyphens."
        )
    return tuple(names)
