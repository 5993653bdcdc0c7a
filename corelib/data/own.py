"""Your own images: one checked file each, ``own/NAME.npz`` in the data folder.

A file holds ``images`` uint8 (image, row, column) or (image, row, column, 3), ``labels`` int64
(image,) and ``about``, the fields of ``OwnSet`` as JSON; photographs hold ``photograph-0``,
``photograph-1``, ... uint8 (row, column) instead. Nothing in it is ever unpickled. What may become
one, and what is wrong with what may not, is in ``own_reading``.

The split is fixed by its seed and stratified: of each class a tenth is the test set and a tenth the
validation set, at least one image each, and the rest is trained on.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from corelib import files
from corelib.data.images import ImageDataset, Split
from corelib.data.patches import in_strips, whiten
from corelib.environment import data_root
from corelib.errors import DataError, SettingsError
from corelib.settings import Settings, setting

OwnKind = Literal["image", "picture", "fragment"]
"""Grey images, colour pictures, or photographs that patches are cut from."""
FORMAT = 1
HELD_OUT = 0.1
"""The share of each class that is the test set, and the share that is the validation set."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,29}", re.ASCII)
RESERVED = ("add", "list", "remove", "show", "none", "draw", "upload")
"""Words of the command line and of addresses, which no set can have as its name."""


class OwnSet(Settings):
    """What an own set is."""

    name: str = setting(..., "What it is called")
    kind: OwnKind = setting(..., "Grey images, colour pictures, or photographs to cut patches from")
    side: int = setting(..., "Side of an image or of a patch in pixels", ge=1, le=1024)
    class_names: tuple[str, ...] = setting(..., "The classes; of photographs, their names")
    counts: tuple[int, ...] = setting(..., "Images of each class; of photographs, 1 each")
    values: str = setting(..., "What the pixels' values were, and what was done with them")
    licence: str = setting("", "Where they come from, and what may be done with them")
    seed: int = setting(0, "Seed of the split", ge=0, lt=2**32)
    checksum: str = setting("", "SHA-256 of what is stored")

    @property
    def n_images(self) -> int:
        return sum(self.counts)

    @property
    def input_dim(self) -> int:
        return self.side**2 * (3 if self.kind == "picture" else 1)

    @property
    def about(self) -> str:
        """A description in one line."""
        size = f"{self.side} x {self.side} pixels"
        if self.kind == "fragment":
            return f"50,000 whitened patches of {size} from {self.n_images:,} photographs of yours"
        colour = " in colour" if self.kind == "picture" else ""
        classes = len(self.class_names)
        return f"{self.n_images:,} images of your own{colour}, {size}, {classes} classes"


class Contents(NamedTuple):
    """What is stored of labelled images: ``images`` uint8 (image, row, column[, 3]), ``labels``
    int64 (image,)."""

    images: np.ndarray
    labels: np.ndarray


def folder() -> Path:
    """Where own sets lie; it need not exist."""
    return data_root() / "own"


def file_of(name: str) -> Path:
    return folder() / f"{name}.npz"


def sets() -> dict[str, OwnSet]:
    """The own sets by name, in alphabetical order; files that are none are left out."""
    found = {}
    for file in _files():
        if (item := _described(file)) is not None:
            found[item.name] = item
    return found


def find(name: str) -> OwnSet | None:
    """An own set by name, None if there is none."""
    if not NAME.fullmatch(name):
        return None
    try:
        return _described(file_of(name))
    except SettingsError:  # no data folder
        return None


def get(name: str) -> OwnSet:
    """An own set by name; raises ``DataError`` naming those that exist."""
    item = find(name)
    if item is None:
        known = ", ".join(sets())
        there = f"there are: {known}" if known else "you have added none yet"
        raise DataError(f"There are no images of your own named {name[:60]!r}; {there}.")
    return item


def unreadable() -> list[str]:
    """A sentence for each file among the own sets that cannot be used."""
    return [
        f"{file.name} in {file.parent} is no checked set of images; remove it, and add the images "
        "again."
        for file in _files()
        if _described(file) is None
    ]


def state() -> tuple:
    """Changes whenever an own set is added, replaced or removed."""
    return tuple(_stamp(file) for file in _files())


def _files() -> Iterator[Path]:
    try:
        yield from sorted(folder().glob("[!.]*.npz"))
    except (OSError, SettingsError):  # no data folder: said where it is asked for
        return


def _stamp(file: Path) -> tuple[str, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return str(file), status.st_mtime_ns, status.st_size


def _described(file: Path) -> OwnSet | None:
    stamp = _stamp(file)
    return None if stamp is None else _read_about(stamp)


@lru_cache(maxsize=256)
def _read_about(stamp: tuple[str, int, int]) -> OwnSet | None:
    """The description in a file as it was at a time; None if it is no own set."""
    file = Path(stamp[0])
    try:
        with np.load(file, allow_pickle=False) as opened:
            values = json.loads(str(opened["about"]))
        if values.pop("format") != FORMAT:
            return None
        item = OwnSet(**values)
        whole = item.name == file.stem and len(item.counts) == len(item.class_names) > 0
        return item if whole else None
    except Exception:  # zipfile, zlib, json and numpy each raise their own
        return None


def check_name(name: str, taken: Sequence[str] = ()) -> None:
    """Raise ``DataError`` if an own set cannot have this name: it is none, or it is ``taken``."""
    if not NAME.fullmatch(name):
        raise DataError(
            f"The name is {name[:60]!r}, but should hold up to 30 small letters, digits and "
            "hyphens, and begin with a letter or digit."
        )
    if name in RESERVED or name.startswith("multi-"):
        raise DataError(f"The name {name!r} has another meaning here; choose another name.")
    if name in taken:
        raise DataError(f"There is a data set named {name!r} already; choose another name.")
    if file_of(name).exists():
        raise DataError(
            f"You have images named {name!r} already; choose another name, or remove them first."
        )


def digest(arrays: Sequence[np.ndarray]) -> str:
    """The SHA-256 of arrays: their shapes and their bytes."""
    sum = hashlib.sha256()
    for array in arrays:
        sum.update(repr(array.shape).encode())
        sum.update(np.ascontiguousarray(array).tobytes())
    return sum.hexdigest()


def store(item: OwnSet, arrays: dict[str, np.ndarray]) -> OwnSet:
    """Write a set in one rename; returns it with its checksum."""
    item = item.model_copy(update={"checksum": digest(list(arrays.values()))})
    content = io.BytesIO()
    about = json.dumps({"format": FORMAT, **item.model_dump()})
    np.savez_compressed(content, allow_pickle=False, about=np.array(about), **arrays)
    folder().mkdir(parents=True, exist_ok=True)
    files.write_bytes(file_of(item.name), content.getvalue())
    return item


def remove(name: str) -> None:
    """Delete an own set; raises ``DataError`` if there is none."""
    get(name)
    file_of(name).unlink(missing_ok=True)


def _arrays(item: OwnSet, names: Sequence[str]) -> list[np.ndarray]:
    file = file_of(item.name)
    try:
        with np.load(file, allow_pickle=False) as opened:
            arrays = [opened[name] for name in names]
    except Exception as error:  # zipfile, zlib and numpy each raise their own
        raise DataError(
            f"{file} cannot be read ({error}); remove it, and add the images again."
        ) from None
    if digest(arrays) != item.checksum:
        raise DataError(f"{file} has changed since it was checked; remove it, and add it again.")
    return arrays


def contents(name: str) -> Contents:
    """The images and labels of an own set; raises ``DataError`` if they are damaged, or if the set
    holds photographs."""
    item = get(name)
    if item.kind == "fragment":
        raise DataError(f"{name!r} holds photographs, which have no labels.")
    return Contents(*_arrays(item, ("images", "labels")))


def examples(name: str, n_classes: int, each: int) -> np.ndarray:
    """The first images of the first classes, uint8 (class, each, row, column[, 3]); black where a
    class has fewer."""
    images, labels = contents(name)
    rows = np.zeros((min(n_classes, labels.max() + 1), each, *images.shape[1:]), np.uint8)
    for label, row in enumerate(rows):
        first = images[labels == label][:each]
        row[: len(first)] = first
    return rows


def photographs(name: str) -> list[np.ndarray]:
    """The photographs of an own set, uint8 (row, column) each; raises ``DataError``."""
    item = get(name)
    if item.kind != "fragment":
        raise DataError(f"{name!r} holds labelled images, not photographs.")
    return _arrays(item, [f"photograph-{k}" for k in range(item.n_images)])


def load(name: str) -> ImageDataset:
    """The own set as a data set, normalised by the mean and deviation of its training pixels;
    patches as ``corelib.data.patches`` cuts them. Raises ``DataError`` if it is damaged."""
    item = get(name)
    if item.kind == "fragment":
        whitened = [whiten(photo / 255) for photo in photographs(name)]
        return in_strips(name, item.class_names, whitened, item.side)
    images, labels = contents(name)
    parts = split(labels, item.seed)
    unit = images[parts[0]] / np.float32(255)
    train, validation, test = (_part(images[part], labels[part]) for part in parts)
    mean, std = float(unit.mean(dtype=np.float64)), float(unit.std(dtype=np.float64))
    return ImageDataset(name, item.class_names, mean, std, train, validation, test)


def _part(images: np.ndarray, labels: np.ndarray) -> Split:
    import torch

    if images.ndim == 4:
        images = images.transpose(0, 3, 1, 2)
    return Split(torch.from_numpy(np.ascontiguousarray(images)), torch.from_numpy(labels))


def sizes(item: OwnSet) -> tuple[int, int, int]:
    """How many images of a labelled set train, validate and test."""
    held = sum(_held_out(n) for n in item.counts)
    return item.n_images - 2 * held, held, held


def _held_out(n: int) -> int:
    """How many of a class of n images validate, and how many test."""
    return max(1, round(n * HELD_OUT))


def split(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places of the training, validation and test images, in a random order each.

    ``labels`` (image,); of a class of n images round(n / 10), at least one, go to each of the
    last two.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    part = np.zeros(len(labels), int)
    for label in np.unique(labels):
        own = order[labels[order] == label]
        n = _held_out(len(own))
        part[own[:n]], part[own[n : 2 * n]] = 2, 1
    train, validation, test = (order[part[order] == k] for k in range(3))
    return train, validation, test
