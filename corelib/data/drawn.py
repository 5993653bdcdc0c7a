"""A drawing or an uploaded picture, converted to an image like those of MNIST.

MNIST's recipe: keep the aspect ratio, fit the ink into a box of 20 x 20 pixels with
anti-aliasing, then move it by whole pixels so that the centre of mass lies at row 14,
column 14 of 28 x 28. White ink on black; pixels are uint8 from 0 to 255.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps, UnidentifiedImageError

from corelib.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE, BOX = 28, 20

PEN = 2.2  # pixels of the 20-pixel box: a common width of MNIST's own strokes
FINE = 16  # drawn at this many times the resolution, then averaged
SMALLEST = 0.08  # drawings smaller than this part of the canvas are not enlarged further
MAX_POINTS = 10_000

MAX_BYTES = 5 * 2**20
MAX_PIXELS = 16_000_000
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
WORKING_SIDE = 1024  # larger pictures are first averaged down to at most this side
FAINT = 24  # grey levels, of 255: weaker marks are not ink
SPECKS = 200  # from this side on, single specks are removed if the background is not clean
RIPPLE = 0.15  # of the strongest ink: what JPEG and WebP may leave on a clean background
FRAMES = 6  # frames within each other, a soft edge between two tones counted as one
FILLED = 0.67  # of the outline of its box: no digit by hand fills more of it than a rectangle would
TOUCHING = 0.02  # of the edge: more than specks there
THIN = 0.9  # pixels of the 20-pixel box: no test digit of MNIST has thinner strokes
# What Pillow's decoders raise on damaged files; each was raised after random changes of bytes.
DAMAGED = (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError)
DAMAGED += (OverflowError, struct.error, zlib.error)


def from_strokes(strokes: Sequence, canvas_size: float) -> np.ndarray | None:
    """The image of a drawing, uint8 (row, column) of 28 x 28; None if nothing is drawn.

    ``strokes`` is a list of strokes, each a list of [x, y] points in canvas units, x to the
    right and y down; a stroke of one point is a dot. Points beyond the canvas are moved to its
    edge. The pen is round and has the same width in the result whatever the drawing's size.

    Raises ``DataError`` when the strokes are malformed or have more than 10,000 points.
    """
    lines = _checked(strokes, canvas_size)
    if not lines:
        return None
    points = np.concatenate(lines)
    low, high = points.min(0), points.max(0)
    # The pen's edge, not its middle, touches the box.
    scale = (BOX - PEN) / max(*(high - low), SMALLEST * canvas_size)
    fine = [((line - low) * scale + PEN / 2) * FINE for line in lines]
    width, height = np.ceil((high - low) * scale + PEN - 1e-6).astype(int)

    image = Image.new("L", (int(width) * FINE, int(height) * FINE))
    draw = ImageDraw.Draw(image)
    radius = PEN / 2 * FINE
    for line in fine:
        joints = [tuple(point) for point in line.round(3).tolist()]
        draw.line(joints, fill=255, width=round(2 * radius))
        for x, y in joints:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return _centred(np.asarray(image.reduce(FINE)))


def _checked(strokes: Sequence, canvas_size: float) -> list[np.ndarray]:
    """The strokes as float arrays (point, 2), without empty ones and within the canvas."""
    unreadable = DataError("The drawing cannot be read; clear it and draw again.")
    if not isinstance(strokes, (list, tuple)):
        raise unreadable
    if not all(isinstance(stroke, (list, tuple)) for stroke in strokes):
        raise unreadable
    if sum(map(len, strokes)) > MAX_POINTS or len(strokes) > MAX_POINTS:
        raise DataError(
            f"The drawing has more than {MAX_POINTS:,} points; "
            "clear it and draw with fewer strokes."
        )
    lines = []
    for stroke in strokes:
        for point in stroke:
            if not isinstance(point, (list, tuple)) or len(point) != 2:
                raise unreadable
            # bool is an int to Python; an int may be too large to be a float.
            if not all(type(value) in (int, float) and abs(value) < 1e9 for value in point):
                raise unreadable
        if stroke:
            lines.append(np.clip(np.array(stroke, dtype=float), 0, canvas_size))
    return lines


def from_image(data: bytes) -> np.ndarray:
    """The image of an uploaded picture, uint8 (row, column) of 28 x 28.

    The picture is made grey, light ink on nothing laid on black and dark ink on white; frames are
    taken away; dark ink on a light background is inverted (the brightness of the border decides);
    the background is removed and the contrast stretched; then the ink is fitted and centred as in
    MNIST. A picture of 28 x 28 on black is left unchanged. An animation gives its first frame. The
    format is read from the file's bytes.

    Raises ``DataError`` when the file is too large, is not a picture, is damaged, has more than
    16 million pixels (by its header, before anything is decoded), or is blank.
    """
    grey, lossy = _grey(data)
    inner, ink = _unframed(grey, lossy)
    if not ink.any():
        raise _blank()
    ground, dark_ink = _background(inner)
    if inner.shape == grey.shape == (SIDE, SIDE) and not dark_ink and ground < FAINT:
        return grey.copy()
    ink = _thickened(_cropped(ink))
    # The shorter side need not be whole: its last pixel is then only partly covered.
    scale = BOX / max(ink.shape)
    height, width = (math.ceil(side * scale - 1e-6) for side in ink.shape)
    extent = (0, 0, width / scale, height / scale)
    ink = np.pad(ink, ((0, math.ceil(1 / scale)), (0, math.ceil(1 / scale))))
    # A box filter is the exact average when shrinking; enlarging needs interpolation.
    method = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BICUBIC
    fitted = np.asarray(Image.fromarray(ink).resize((width, height), method, extent))
    return _centred((fitted * (255 / fitted.max())).round().astype(np.uint8))


def _unframed(grey: np.ndarray, lossy: bool, frames: int = FRAMES) -> tuple[np.ndarray, np.ndarray]:
    """The picture within its frames, and its ink, both uint8 (row, column).

    What fills the outline of its own box is a frame, or the paper within one, if the inside of
    that box shows a digit that stands free. Otherwise it is the digit itself, say a block letter.
    """
    ground, dark_ink = _background(grey)
    difference = grey.astype(np.int16) - ground
    marks = np.abs(difference)
    if int(marks.max()) < FAINT:
        return grey, np.zeros_like(grey)
    marks = marks > marks.max() / 2
    box = _box(marks)
    if frames and _outline(marks[box]).mean() > FILLED:
        inner, digit = _unframed(grey[box], lossy, frames - 1)
        if _stands_free(digit):
            return inner, digit
    return grey, _ink(-difference if dark_ink else difference, lossy)


def _ink(difference: np.ndarray, lossy: bool) -> np.ndarray:
    """Uint8 ink of differences from the background, int (row, column); those below 0 are none."""
    peak = int(difference.max())
    if peak < FAINT:
        return np.zeros(difference.shape, np.uint8)
    # Shade, grain and compression show at the border too: values up to three times its 90 %
    # quantile are background. A clean border gives 0, and nothing is lost; but lossy compression
    # leaves ripples around the ink itself.
    spread = np.quantile(np.abs(_outline(difference)), 0.9)
    threshold = min(max(3 * spread, RIPPLE * peak * lossy), peak / 2)
    ink = np.where(difference > threshold, difference.clip(0) * (255 / peak), 0)
    ink = ink.round().astype(np.uint8)
    if spread > 0 and max(ink.shape) >= SPECKS:
        ink = np.asarray(Image.fromarray(ink).filter(ImageFilter.MedianFilter(3)))
    return _without_corners(ink)


def _without_corners(ink: np.ndarray) -> np.ndarray:
    """Without what reaches into a corner of the picture, if there is other ink: the bars beside a
    narrow picture, what lies beside the paper on a photograph."""
    from scipy import ndimage

    labels = np.zeros(ink.shape, np.int32)
    ndimage.label(ink, np.ones((3, 3)), output=labels)
    aside = np.unique(labels[[0, 0, -1, -1], [0, -1, 0, -1]])
    others = [
        max(side.stop - side.start for side in box)
        for label, box in enumerate(ndimage.find_objects(labels), 1)
        if label not in aside
    ]
    if max(others, default=0) < max(ink.shape) / 10:
        return ink
    return np.where(np.isin(labels, aside), 0, ink)


def _background(grey: np.ndarray) -> tuple[int, bool]:
    """The brightness of the background, and whether the ink is darker than that."""
    ground = int(np.median(_outline(grey)))
    return ground, ground > (int(grey.min()) + int(grey.max())) / 2


def _outline(values: np.ndarray) -> np.ndarray:
    """The outermost values of (row, column), (value,)."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


def _stands_free(ink: np.ndarray) -> bool:
    """Whether there is ink that keeps off the edges and is not a rectangle, unless one narrower
    than the space on either side, as a straight stroke is."""
    if not ink.any() or (_outline(ink) > 0).mean() > TOUCHING:
        return False
    box = _box(ink)
    sides = ink[box].shape
    narrow = int(sides[1] <= sides[0])
    space = min(box[narrow].start, ink.shape[narrow] - box[narrow].stop)
    return sides[narrow] < space or (_outline(ink[box]) > 0).mean() <= FILLED


def _box(ink: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns that hold ink; all if there is none."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return slice(0, ink.shape[0]), slice(0, ink.shape[1])
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _cropped(ink: np.ndarray) -> np.ndarray:
    return ink[_box(ink)]


def _stroke_width(ink: np.ndarray) -> float:
    """Mean width of the strokes, in pixels of the ink (row, column).

    A line of length l and width w covers w l pixels and has, over all directions, 8 l / pi
    pixel edges on average.
    """
    mask = np.pad(ink > 127, 1)
    edges = (mask[1:] ^ mask[:-1]).sum() + (mask[:, 1:] ^ mask[:, :-1]).sum()
    return 8 / math.pi * float(mask.sum()) / float(edges)


def _thickened(ink: np.ndarray) -> np.ndarray:
    """Widen strokes to PEN if they would be thinner in the box than those of MNIST.

    A ballpoint's strokes on paper are so thin that shrinking would leave only a haze.
    """
    if _stroke_width(ink) * BOX / max(ink.shape) >= THIN:
        return ink
    block = max(1, max(ink.shape) // (8 * BOX))
    high, wide = (-(-side // block) for side in ink.shape)
    full = np.zeros((high * block, wide * block), np.uint8)
    full[: ink.shape[0], : ink.shape[1]] = ink
    ink = full.reshape(high, block, wide, block).max(axis=(1, 3))
    reach = round((PEN * max(ink.shape) / BOX - _stroke_width(ink)) / 2)
    if reach < 1:
        return ink
    padded = Image.fromarray(np.pad(ink, reach))
    return np.asarray(padded.filter(ImageFilter.MaxFilter(2 * reach + 1)))


def _grey(data: bytes) -> tuple[np.ndarray, bool]:
    """The first frame as uint8 (row, column), upright, on white, at most 1,024 a side; and
    whether its compression is lossy."""
    if len(data) > MAX_BYTES:
        raise DataError(
            f"The file is {len(data) / 2**20:.1f} MB; choose one of at most {MAX_BYTES >> 20} MB."
        )
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        lossy = image.format not in ("PNG", "GIF", "BMP")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except UnidentifiedImageError:
        raise DataError(
            "The file is not a readable picture; choose a PNG, JPEG, GIF, BMP or WebP."
        ) from None
    except DAMAGED:
        raise _damaged() from None
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(width, height)
    try:
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith(("I", "F")):
            # Deep grey: Pillow would clip it at 255 instead of scaling it.
            deep = np.asarray(image, dtype=float)
            scaled = (deep / max(deep.max(), 1) * 255).astype(np.uint8)
            return _reduced(Image.fromarray(scaled)), lossy
        if image.has_transparency_data:
            image = _on_paper(image.convert("RGBA"))
        return _reduced(image.convert("L")), lossy
    except DAMAGED:
        raise _damaged() from None


def _on_paper(image: Image.Image) -> Image.Image:
    """A transparent picture on black if what can be seen of it is light, else on white."""
    alpha = np.asarray(image.getchannel("A"), dtype=float)
    light = np.asarray(image.convert("L"), dtype=float)
    bright = float((light * alpha).sum()) > 127.5 * float(alpha.sum())
    paper = Image.new("RGBA", image.size, "black" if bright else "white")
    return Image.alpha_composite(paper, image)


def _reduced(image: Image.Image) -> np.ndarray:
    factor = math.ceil(max(image.size) / WORKING_SIDE)
    return np.asarray(image.reduce(factor) if factor > 1 else image)


def _too_many_pixels(width: int = 0, height: int = 0) -> DataError:
    size = f" ({width:,} x {height:,})" if width else ""
    return DataError(
        f"The picture has too many pixels{size}; "
        f"choose one of at most {MAX_PIXELS // 10**6} million."
    )


def _blank() -> DataError:
    return DataError(
        "The picture looks blank; choose one that shows a digit, dark on light or light on dark."
    )


def _damaged() -> DataError:
    return DataError("The picture is truncated or damaged; save it again or choose another.")


def _centred(ink: np.ndarray) -> np.ndarray:
    """Ink (row, column), at most 28 x 28, on black with its centre of mass nearest to (14, 14).

    The shift is in whole pixels, as in MNIST, and is limited so that no ink is cut off.
    """
    mass = ink.sum(dtype=float)
    corner = []
    for axis in (0, 1):
        along = ink.sum(axis=1 - axis, dtype=float)
        centre = float(along @ np.arange(len(along))) / mass
        # Rows and columns count from 0, so MNIST's centres lie in [13.5, 14.5).
        shift = math.ceil(SIDE / 2 - 0.5 - round(centre, 6))
        corner.append(min(max(shift, 0), SIDE - ink.shape[axis]))
    image = np.zeros((SIDE, SIDE), np.uint8)
    row, column = corner
    image[row : row + ink.shape[0], column : column + ink.shape[1]] = ink
    return image
