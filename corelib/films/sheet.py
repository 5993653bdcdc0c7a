"""The sheet that every film is drawn on: its size, its title, and where the panels are."""

from collections.abc import Sequence

import numpy as np

from corelib.films.canvas import STRONG, Canvas
from corelib.films.colours import MUTED
from corelib.films.panel import Panel

WIDTH, HEIGHT = 960, 540
LEFT, TOP, RIGHT, BOTTOM = 32, 116, 928, 484
PICTURE = 336
"""The largest picture at the left, in pixels; a patch of 16 pixels and a digit of 28 fill it."""
PANELS_FROM = 444
GAP = 44
"""Between panels, one below the other."""


def titled(title: str, about: str) -> Canvas:
    """A sheet with its title, and below it what it is ``about``."""
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.text((LEFT, 46), title, 24, weight=STRONG)
    canvas.text((LEFT, 72), about[:1].upper() + about[1:], 16, MUTED)
    return canvas


def say_moment(canvas: Canvas, text: str) -> None:
    """Which moment is shown, at the top right."""
    canvas.text((RIGHT, 46), text, 18, anchor="rs")


def cell_of(shape: tuple[int, ...]) -> int:
    """The side of each pixel of a picture of that ``shape``, which begins with rows and columns:
    as large as whole pixels allow."""
    return max(1, PICTURE // max(shape[:2]))


def draw_picture(canvas: Canvas, colours: np.ndarray) -> None:
    """Pixels (row, column, 3) at the left."""
    canvas.picture((LEFT, TOP), colours, cell_of(colours.shape))


def name_picture(canvas: Canvas, shape: tuple[int, ...], above: str, below: Sequence[str]) -> None:
    """What the picture at the left, of that ``shape``, is, and lines that say how to read it."""
    canvas.text((LEFT, TOP - 8), above, 15, weight=STRONG)
    bottom = TOP + shape[0] * cell_of(shape)
    for k, line in enumerate(below):
        canvas.text((LEFT, bottom + 20 + 19 * k), line, 14, MUTED)


def stacked(
    shares: Sequence[float],
    x: tuple[float, float],
    ys: Sequence[tuple[float, float]],
    gap: float = GAP,
) -> list[Panel]:
    """Panels one below the other at the right, whose heights are as ``shares``; they have the same
    x axis."""
    height = (BOTTOM - TOP - gap * (len(shares) - 1)) / sum(shares)
    panels, top = [], float(TOP)
    for share, y in zip(shares, ys, strict=True):
        panels.append(Panel(PANELS_FROM, top, RIGHT, top + share * height, x, y))
        top += share * height + gap
    return panels


def gridded(n: int, x: tuple[float, float], y: tuple[float, float]) -> list[Panel]:
    """So many equal panels at the right, in one column up to three of them, else in two."""
    columns = 1 if n <= 3 else 2
    rows = -(-n // columns)
    across, down = 44, 58
    width = (RIGHT - PANELS_FROM - across * (columns - 1)) / columns
    height = (BOTTOM - TOP - down * (rows - 1)) / rows
    panels: list[Panel] = []
    for k in range(n):
        left = PANELS_FROM + (k % columns) * (width + across)
        top = TOP + (k // columns) * (height + down)
        panels.append(Panel(left, top, left + width, top + height, x, y))
    return panels
