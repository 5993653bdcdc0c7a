"""A panel of a film: axes with ticks and names, curves and bars in it."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from corelib.films.canvas import REGULAR, STRONG, Canvas
from corelib.films.colours import GRID, MUTED, TEXT


class Panel(NamedTuple):
    """Where it is, in pixels, and the lowest and highest values of its axes."""

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: ArrayLike, y: ArrayLike) -> np.ndarray:
        """Where values (...) are, (..., 2) in pixels; one of x and y may be a single number."""
        across = (np.asarray(x, float) - self.x[0]) / (self.x[1] - self.x[0])
        up = (np.asarray(y, float) - self.y[0]) / (self.y[1] - self.y[0])
        left = self.left + across * (self.right - self.left)
        top = self.bottom - up * (self.bottom - self.top)
        return np.stack(np.broadcast_arrays(left, top), -1)


def range_of(values: np.ndarray, *, zero: bool = False) -> tuple[float, float]:
    """The lowest and the highest of the finite values with some room around; with ``zero``, 0 is
    among them and is the end where all are on one side of it."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = 0.08 * (high - low or 1.0)
    return (low - room * (not zero or low < 0), high + room * (not zero or high > 0 or low == high))


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` round numbers within a range, 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    for step in power * np.array([1, 2, 5, 10, 20]):
        first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
        if last - first + 1 <= most:
            return [float(f"{k * step:.12g}") for k in range(first, last + 1)]
    return []


def number(value: float) -> str:
    """A number at a tick."""
    return f"{value:g}".replace("-", "−")


def draw_axes(canvas: Canvas, panel: Panel, title: str, x_name: str = "") -> None:
    """The panel's axes with ticks and grid, the ``title`` above it, which names what goes up with
    its unit; the numbers and the name of what goes across only with an ``x_name``."""
    canvas.text((panel.left, panel.top - 8), title, 15, weight=STRONG)
    most = max(3, int((panel.bottom - panel.top) / 32))
    for value in ticks(*panel.y, most):
        (_, y) = panel.at(panel.x[0], value)
        canvas.line(np.array([[panel.left, y], [panel.right, y]]), GRID, 1)
        canvas.text((panel.left - 8, y), number(value), 13, MUTED, anchor="rm")
    corners = [(panel.left, panel.top), (panel.left, panel.bottom), (panel.right, panel.bottom)]
    canvas.line(np.array(corners), MUTED, 1)
    if not x_name:
        return
    for value in ticks(*panel.x, 8):
        (x, _) = panel.at(value, panel.y[0])
        canvas.line(np.array([[x, panel.bottom], [x, panel.bottom + 5]]), MUTED, 1)
        canvas.text((x, panel.bottom + 8), number(value), 13, MUTED, anchor="ma")
    name_x(canvas, panel, x_name)


def name_x(canvas: Canvas, panel: Panel, name: str) -> None:
    """What goes across, below the numbers."""
    middle = (panel.left + panel.right) / 2
    canvas.text((middle, panel.bottom + 28), name, 14, anchor="ma")


def curve(canvas: Canvas, panel: Panel, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    """A line through values (value,), cut to the panel."""
    canvas.line(panel.at(x, np.clip(y, *panel.y)), colour, 2)


def bars(
    canvas: Canvas, panel: Panel, x: np.ndarray, y: np.ndarray, colour: str, width: float = 1.0
) -> None:
    """Bars from 0 to values (value,), ``width`` wide in the unit of x; no bar where it is 0."""
    for at, value in zip(x[y != 0], y[y != 0], strict=True):
        bar(canvas, panel, at, value, colour, width)


def bar(
    canvas: Canvas, panel: Panel, x: float, y: float, fill: str, width: float, frame: str = ""
) -> None:
    """One bar from 0 to y, with an outline if ``frame`` names its colour."""
    ends = panel.at([x - width / 2, x + width / 2], [0.0, y])
    (left, right), (top, bottom) = ends[:, 0], sorted(ends[:, 1])
    # A lone spike among hundreds of frames should still be seen.
    right = max(right, left + 1.5)
    canvas.box((left, top, right, bottom), fill, frame or None, 2)


def draw_classes(
    canvas: Canvas,
    panel: Panel,
    values: np.ndarray,
    names: Sequence[str],
    colour: str,
    framed: int | None,
) -> None:
    """A bar for each class, (class,), with their names below where there is room, else with the
    numbers of as many as have room; that of the class ``framed`` has an outline."""
    for k, value in enumerate(values):
        bar(canvas, panel, k, float(value), colour, 0.72, TEXT if k == framed else "")
    each = (panel.right - panel.left) / len(names)
    fit = all(canvas.width_of(name, 13) <= each - 4 for name in names)
    shown = names if fit else [str(k) for k in range(len(names))]
    every = 1 if fit else ceil((canvas.width_of(shown[-1], 13) + 4) / each)
    for k, name in enumerate(shown):
        # The class framed takes the place of others beside it.
        beside = framed is not None and abs(k - framed) < every
        if k != framed and (k % every or beside):
            continue
        (x, _) = panel.at(k, panel.y[0])
        colour, weight = (TEXT, STRONG) if k == framed else (MUTED, REGULAR)
        canvas.text((x, panel.bottom + 8), name, 13, colour, anchor="ma", weight=weight)
