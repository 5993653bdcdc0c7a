"""The film of Counter-Hebb learning: an image passes up through a network, its error down."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corelib.errors import SettingsError
from corelib.films.canvas import STRONG, Canvas
from corelib.films.colours import MUTED, OKABE_ITO, grey, scale, signed
from corelib.films.film import Film, held
from corelib.films.panel import Panel, draw_axes, draw_classes, range_of
from corelib.films.sheet import HEIGHT, LEFT, RIGHT, TOP, say_moment, titled
from corelib.models.butd.analysis import ThreePasses
from corelib.models.butd.moments import Moment, Moments, moments_of
from corelib.models.butd.populations import sheet

MAPS_FROM, MAPS_TO, MAPS_BOTTOM, BARS_FROM = 138, 722, 496, 768
GAP_X, GAP_Y = 12, 24
INSET = 14
"""What a panel of bars leaves free above and below in its row, for its title and the classes."""
BARS = {"answer": OKABE_ITO[1], "output error": OKABE_ITO[5]}
STEP_SECONDS, LAST_SECONDS = 0.7, 2.4

Corners = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""


class Grid(NamedTuple):
    """Boxes for maps, ``rows`` by ``columns``, with panels of bars right of them."""

    rows: int
    columns: int

    def box(self, row: int, column: int) -> Corners:
        """Where the map of a row and a column is, in the middle."""
        width = (MAPS_TO - MAPS_FROM - GAP_X * (self.columns - 1)) / self.columns
        height = (MAPS_BOTTOM - TOP - GAP_Y * (self.rows - 1)) / self.rows
        left, top = MAPS_FROM + column * (width + GAP_X), TOP + row * (height + GAP_Y)
        return (left, top, left + width, top + height)

    def panel(self, row: int, values: np.ndarray) -> Panel:
        """Where the bars of a row are, for values (class,)."""
        _, top, _, bottom = self.box(row, 0)
        x, y = (-0.6, len(values) - 0.4), range_of(values, zero=True)
        return Panel(BARS_FROM, top + INSET, RIGHT, bottom - INSET, x, y)


def passes_film(
    view: ThreePasses,
    image: np.ndarray,
    shown: Sequence[int],
    class_names: Sequence[str],
    label: int,
    network: str = "",
    about: str = "",
) -> Film:
    """The three passes of one image, one map after the other in the order of ``moments_of``: the
    instruction top-down, if there is one, the activity bottom-up, the error top-down.

    ``image`` (row, column); ``shown`` the populations by place in ``view.names``, the lowest first;
    ``label`` the target, which is framed. ``network`` and ``about`` are the title and the line
    below it. Each moment stands still for 0.7 s. Raises ``SettingsError`` for an image that is not
    (row, column), for populations or a target that are not there, and for another number of classes
    than the view's.
    """
    _check(view, image, shown, class_names, label)
    moments = moments_of(view, image, shown)
    grid = Grid(len(moments.rows), len(moments.columns) - 1)
    base = titled(network or "Counter-Hebb learning", about)
    _name(base, moments, grid)
    n = len(moments.order)

    def draw(t: int) -> np.ndarray:
        canvas = base.copy()
        drawn = [
            _draw(canvas, moment, grid, class_names, label) for moment in moments.order[: t + 1]
        ]
        left, top, right, bottom = drawn[-1]
        canvas.box((left - 4, top - 4, right + 4, bottom + 4), outline=OKABE_ITO[0], width=2)
        say_moment(canvas, f"moment {t + 1} of {n}: {moments.order[t].name}")
        return canvas.pixels()

    return held([draw(t) for t in range(n)], STEP_SECONDS, LAST_SECONDS)


def _check(
    view: ThreePasses,
    image: np.ndarray,
    shown: Sequence[int],
    class_names: Sequence[str],
    label: int,
) -> None:
    """Whether all is of one image and one network."""
    n, n_classes = len(view.names), len(view.probability)
    if image.ndim != 2:
        raise SettingsError(f"The image is {image.shape}, but should be (row, column).")
    if not len(shown) or not all(0 <= k < n for k in shown):
        raise SettingsError(
            f"shown is {list(shown)}, but should be one or more numbers from 0 to {n - 1}: the "
            f"places of {', '.join(view.names)}."
        )
    if len(class_names) != n_classes:
        raise SettingsError(
            f"class_names has {len(class_names)} names, but the network has {n_classes} classes: "
            "use those of the data set it was trained on."
        )
    if not 0 <= label < n_classes:
        raise SettingsError(f"label is {label}, but should be from 0 to {n_classes - 1}.")


def _name(canvas: Canvas, moments: Moments, grid: Grid) -> None:
    """The names of rows and columns, the axes of the bars, and how to read it all."""
    for row, name in enumerate(moments.rows):
        _, top, _, bottom = grid.box(row, 0)
        middle = (top + bottom) / 2
        canvas.text((LEFT, middle - 2), name, 15, weight=STRONG)
        upward = row == len(moments.rows) - 2
        canvas.text((LEFT, middle + 17), "→ bottom-up" if upward else "← top-down", 14, MUTED)
    names, width = moments.columns[:-1], grid.box(0, 0)[2] - MAPS_FROM
    size = 15 if all(canvas.width_of(name, 15, STRONG) <= width for name in names) else 13
    for column, name in enumerate(names):
        # The image has no map in the row of the instruction.
        left, top, right, _ = grid.box(0 if column else len(moments.rows) - 2, column)
        fitted = canvas.fitted(name, size, width)
        canvas.text(((left + right) / 2, top - 8), fitted, size, anchor="ms", weight=STRONG)
    for moment in moments.order:
        if moment.kind in BARS:
            title = "answer" if moment.kind == "answer" else "output error"
            draw_axes(canvas, grid.panel(moment.row, moment.values), title)
    line = "Each map has its own scale: dark blue is 0, yellow its largest value. "
    line += "Error: blue positive, red negative. Framed: the target."
    canvas.text((LEFT, HEIGHT - 14), line, 14, MUTED)


def _draw(
    canvas: Canvas, moment: Moment, grid: Grid, class_names: Sequence[str], label: int
) -> Corners:
    """What one moment computes; returns where it was drawn."""
    if moment.kind in BARS:
        panel = grid.panel(moment.row, moment.values)
        draw_classes(canvas, panel, moment.values, class_names, BARS[moment.kind], label)
        return (panel.left, panel.top, panel.right, panel.bottom)
    box = grid.box(moment.row, moment.column)
    if moment.kind == "image":
        low, high = float(moment.values.min()), float(moment.values.max())
        return canvas.picture_within(box, grey(255 * (moment.values - low) / (high - low or 1.0)))
    values = sheet(moment.values.astype(float), 1.0).values
    colours = signed(values, moment.most) if moment.signed else scale(values, 0, moment.most)
    return canvas.picture_within(box, colours)
