"""What films are drawn on: text, lines, boxes and pictures, by Pillow, with smooth edges."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from corelib.files import printable
from corelib.films.colours import BACKGROUND, TEXT

FONT = Path(__file__).parents[2] / "assets" / "fonts" / "SourceSans3.woff2"
FINER = 2
"""Everything is drawn so many times larger and then reduced, which smooths all edges."""
REGULAR, STRONG = 400, 600


class Canvas:
    """A white picture to draw on, ``width`` by ``height``. Places are in pixels from the left and
    from the top; colours are written as #rrggbb."""

    def __init__(self, width: int, height: int) -> None:
        self._use(Image.new("RGB", (FINER * width, FINER * height), BACKGROUND))

    def _use(self, image: Image.Image) -> None:
        self._image = image
        self._pen = ImageDraw.Draw(image)

    def copy(self) -> "Canvas":
        """The same picture, to draw on from here."""
        other = object.__new__(Canvas)
        other._use(self._image.copy())
        return other

    def pixels(self) -> np.ndarray:
        """The picture, uint8 (height, width, 3)."""
        return np.asarray(self._image.reduce(FINER))

    def text(
        self,
        place: tuple[float, float],
        text: str,
        size: float = 15,
        colour: str = TEXT,
        *,
        anchor: str = "ls",
        weight: int = REGULAR,
    ) -> None:
        """Text at a place, which is the left end of its base line, or what Pillow's ``anchor``
        says."""
        # A title that a person chose may hold what would break the line.
        line = printable(" ".join(text.split()))
        at = (FINER * place[0], FINER * place[1])
        self._pen.text(at, line, colour, _font(size, weight), anchor)

    def width_of(self, text: str, size: float = 15, weight: int = REGULAR) -> float:
        """How wide a text is."""
        return _font(size, weight).getlength(text) / FINER

    def fitted(self, text: str, size: float, width: float, weight: int = STRONG) -> str:
        """The text, its end left out where it is wider than ``width``."""
        short = text
        while short and self.width_of(short + "…" * (short != text), size, weight) > width:
            short = short[:-1]
        return short + "…" * (short != text)

    def line(self, points: np.ndarray, colour: str, width: float = 2) -> None:
        """A line through points (point, 2)."""
        if len(points) > 1:
            ends = (FINER * points).ravel().tolist()
            self._pen.line(ends, colour, round(FINER * width), "curve")

    def box(
        self,
        corners: tuple[float, float, float, float],
        fill: str | None = None,
        outline: str | None = None,
        width: float = 1,
    ) -> None:
        """A box from left and top to right and bottom, which are its outer edges."""
        left, top, right, bottom = (round(FINER * at) for at in corners)
        if right > left and bottom > top:
            inside = (left, top, right - 1, bottom - 1)
            self._pen.rectangle(inside, fill, outline, round(FINER * width))

    def disc(self, place: np.ndarray, radius: float, fill: str) -> None:
        """A filled circle."""
        (left, top), (right, bottom) = FINER * (place - radius), FINER * (place + radius)
        self._pen.ellipse((left, top, right, bottom), fill)

    def picture(self, place: tuple[int, int], colours: np.ndarray, cell: int) -> None:
        """Pixels (row, column, 3) from 0 to 255 as squares with sides of ``cell``."""
        small = Image.fromarray(colours.round().astype(np.uint8))
        size = (FINER * cell * small.width, FINER * cell * small.height)
        large = small.resize(size, Image.Resampling.NEAREST)
        self._image.paste(large, (FINER * place[0], FINER * place[1]))

    def picture_within(
        self, corners: tuple[float, float, float, float], colours: np.ndarray
    ) -> tuple[float, float, float, float]:
        """Pixels (row, column, 3) from 0 to 255 in the middle of a box, as large as fits, however
        many they are; where they are too many to be seen, means of neighbours. Returns the corners
        of what was drawn."""
        left, top, right, bottom = (FINER * at for at in corners)
        small = Image.fromarray(colours.round().astype(np.uint8))
        side = min((right - left) / small.width, (bottom - top) / small.height)
        width, height = (max(1, round(side * n)) for n in small.size)
        x, y = round((left + right - width) / 2), round((top + bottom - height) / 2)
        self._image.paste(small.resize((width, height), Image.Resampling.BOX), (x, y))
        return (x / FINER, y / FINER, (x + width) / FINER, (y + height) / FINER)


@lru_cache(maxsize=32)
def _font(size: float, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(FONT, FINER * size)
    font.set_variation_by_axes([weight])
    return font
