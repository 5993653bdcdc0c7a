"""Images of yours from folders: a folder of pictures for each class, or one of photographs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from corelib.data import own, photographs
from corelib.data.own import OwnSet
from corelib.data.own_asked import (
    GREY,
    LARGEST,
    MOST_BYTES,
    MOST_CLASSES,
    MOST_IMAGES,
    PATCH_SIDES,
    SMALLEST,
    Asked,
    Labelled,
    check_classes,
    checked_names,
    fit,
    one_line,
)
from corelib.errors import DataError


def _pictures(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))


def class_folders(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))


def from_folder(folder: Path, asked: Asked) -> Labelled:
    """One folder a class, whose pictures are all that is in it."""
    folders = class_folders(folder)
    if len(folders) > MOST_CLASSES:
        raise DataError(f"{folder} holds {len(folders):,} folders; at most {MOST_CLASSES:,}.")
    names = checked_names([f.name for f in folders])
    files = [(file, k) for k, f in enumerate(folders) for file in _pictures(f)]
    if len(files) > MOST_IMAGES:
        raise DataError(f"There are {len(files):,} pictures; at most {MOST_IMAGES:,} can be read.")
    if not files:
        raise DataError(f"The folders in {folder} hold no pictures.")
    check_classes(names, np.bincount([k for _, k in files], minlength=len(names)))
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
        pixels = np.rint(pixels @ GREY).astype(np.uint8)
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


def add_photographs(folder: Path, name: str, asked: Asked) -> OwnSet:
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
        class_names=checked_names(texts),
        counts=(1,) * len(found),
        values="photographs, made grey by luminance, their longer side at most "
        f"{photographs.LONGEST:,} pixels",
        licence=one_line(asked.licence, 500),
        seed=asked.seed,
    )
    return own.store(item, arrays)
