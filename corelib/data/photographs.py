"""Patches of photographs from a folder: your own, or the seven of nature, still life and dogs in
Debian's package lomiri-wallpapers-16.04 that are CC0 or CC-BY.

A camera's picture is smooth from pixel to pixel, so it is first shrunk by averaging until its
longer side has at most ``LONGEST`` pixels, about the size of van Hateren's images; then it is
whitened, and split in strips, as in ``patches``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corelib.data.images import LUMINANCE, ImageDataset
from corelib.data.patches import in_strips, whiten
from corelib.environment import data_root
from corelib.errors import DataError

SIDE = 16
LONGEST, SHORTEST, MOST_PIXELS = 1536, 160, 200_000_000
"""Sides in pixels: the longer one after shrinking, and the shorter one at least, so that a tenth of
a picture still holds a patch. A file of more pixels than the last is refused."""
MOST_FILES = 500
ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")
DEBIAN_FOLDER = Path("/usr/share/backgrounds")
DEBIAN = (
    "aitzgorri_by_Aitzol_Berasategi.jpg",
    "friends_by_Aitzol_Berasategi.jpg",
    "life_by_Aitzol_Berasategi.jpg",
    "picosdeeuropa_by_Aitzol_Berasategi.jpg",
    "Picture_0B_by_freespace.jpg",
    "seeding_by_Clements_Engelhardt.jpg",
    "sunset_by_Aitzol_Berasategi.jpg",
)


def folder() -> Path:
    """Where your own photographs are looked for: ``photographs`` in the folder named by
    SYNAPTARIUM_DATA, or in ./data."""
    return data_root() / "photographs"


def find() -> tuple[Path, ...]:
    """The files of your folder, sorted by name, else those of Debian that are installed."""
    own = folder()
    if own.is_dir():
        files = sorted(f for f in own.iterdir() if f.suffix.lower() in ENDINGS and f.is_file())
        if files:
            return tuple(files[:MOST_FILES])
    return tuple(f for f in (DEBIAN_FOLDER / name for name in DEBIAN) if f.is_file())


def load() -> ImageDataset:
    """The patches; raises ``DataError`` that says how to get photographs, or which file is wrong
    and how."""
    files = find()
    if not files:
        raise DataError(
            f"There are no photographs. Put some (jpg, png, tiff or webp) into {folder()}, or "
            "install Debian's package lomiri-wallpapers-16.04."
        )
    names = tuple(file.stem for file in files)
    return in_strips("photographs-16", names, [whiten(read(file)) for file in files], SIDE)


def read(file: Path) -> np.ndarray:
    """A photograph as a grey image (row, column) from 0 to 1, shrunk if it is large.

    Raises ``DataError`` for a file that is no image, is too small or too large, or is of one
    brightness.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise DataError(
                    f"{file} has {opened.width} x {opened.height} pixels; take one of at most "
                    f"{MOST_PIXELS:,}, or take it out of the folder."
                )
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file} cannot be read as an image ({error}); take it out of the folder."
        ) from None
    factor = -(-max(upright.size) // LONGEST)
    if factor > 1:
        upright = upright.reduce(factor)
    # Luminance as in ITU-R BT.709.
    grey = np.asarray(upright, float) / 255 @ LUMINANCE
    if min(grey.shape) < SHORTEST:
        raise DataError(
            f"{file} has {upright.width} x {upright.height} pixels; each side should have at least "
            f"{SHORTEST}. Take it out of the folder."
        )
    if np.ptp(grey) < 1 / 510:
        raise DataError(f"{file} is of one brightness throughout; take it out of the folder.")
    return grey
