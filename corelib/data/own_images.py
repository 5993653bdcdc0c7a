"""Images of your own, from Python: added under a name, and removed."""

from pathlib import Path

from corelib.data import own, own_reading
from corelib.data.own import OwnSet
from corelib.data.own_asked import Asked
from corelib.data.sources import BUILT_IN


def add_images(
    path: str | Path,
    name: str,
    *,
    side: int = 0,
    grey: bool = False,
    licence: str = "",
    seed: int = 0,
) -> OwnSet:
    """Check images and keep them as the data set ``name``; every network that can read them then
    trains on them.

    ``path`` is an npz with ``images`` (image, row, column) or (image, row, column, 3) and
    ``labels`` (image,), numbers or names, and perhaps ``class_names``; or a folder with a folder of
    pictures for each class; or a folder of photographs, at least 160 pixels a side, that patches
    are cut from. ``side`` fits each image into a square of so many pixels (0: as they are; patches
    of photographs then have 16), ``grey`` turns colour to luminance, ``seed`` draws the split.
    Raises ``DataError`` saying what is wrong and what to do.
    """
    asked = Asked(grey, side, licence, seed)
    return own_reading.add(path, name, asked, tuple(BUILT_IN))


def remove_images(name: str) -> None:
    """Delete an own set from the data folder; what it was added from stays. Raises ``DataError`` if
    there is none of this name."""
    own.remove(name)
