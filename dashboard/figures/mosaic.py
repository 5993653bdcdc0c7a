"""Many small images as one figure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.colors

from dashboard.figures.figure import Figure
from dashboard.figures.spread import DECORATION
from dashboard.figures.style import OKABE_ITO, SIGNED, Palette, Panels, panels, styled
from dashboard.figures.tiles import Tiles

GAP = 2
"""Pixels between two features."""
NARROW = 16
"""Features in a row on a narrow screen."""
ZERO = 128
CHOSEN = OKABE_ITO[0]
EDGE = 1.5


class _Sheet(NamedTuple):
    """Features side by side as one image: ``pixels`` uint8 (row, column), 0 between them; the
    middle of each place at ``x`` and ``y``; ``side`` of one feature."""

    pixels: np.ndarray
    x: np.ndarray
    y: np.ndarray
    side: int


def mosaic(
    features: np.ndarray,
    captions: Sequence[str],
    order: np.ndarray,
    chosen: int | None,
    columns: int,
    palette: Palette,
    *,
    cell: int = 34,
) -> Figure:
    """All features, each scaled by its largest value, in the ``order`` (place,) of their numbers.

    Blue is positive, red negative. A click gives the feature's number as ``customdata``; the chosen
    one is framed. ``cell`` is the width of one on the screen in pixels.
    """
    sheet = _sheet(features, order, columns)
    traces = [
        {
            "type": "heatmap",
            "z": sheet.pixels,
            "name": "features",
            "colorscale": _signed_on(palette),
            "zmin": 0,
            "zmax": 255,
            "showscale": False,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": sheet.x,
            "y": sheet.y,
            "name": "feature",
            "mode": "markers",
            "marker": {"size": cell - 2, "symbol": "square", "opacity": 0},
            "customdata": np.asarray(order),
            "text": [captions[k] for k in order],
            "hovertemplate": "%{text}<extra></extra>",
            "showlegend": False,
            # Places to click.
            "meta": DECORATION,
        },
    ]
    framed = [] if chosen is None else np.flatnonzero(order == chosen)[:1]
    layout = _mosaic_layout(sheet, [_frame(sheet, int(place)) for place in framed])
    step = sheet.side + GAP
    layout["meta"] = Tiles(step, step, columns, NARROW).as_meta()
    rows = -(-len(order) // columns)
    return styled(traces, layout, palette, height=rows * cell + 10)


def _sheet(features: np.ndarray, order: np.ndarray, columns: int) -> _Sheet:
    side = features.shape[-1]
    step = side + GAP
    rows = -(-len(order) // columns)
    pixels = np.zeros((rows * step - GAP, columns * step - GAP), np.uint8)
    x, y = np.empty(len(order)), np.empty(len(order))
    scale = np.abs(features).max((1, 2))
    for place, k in enumerate(order):
        row, column = divmod(place, columns)
        top, left = row * step, column * step
        unit = features[k] / (scale[k] or 1)
        pixels[top : top + side, left : left + side] = np.rint(ZERO + 127 * unit)
        x[place], y[place] = left + (side - 1) / 2, top + (side - 1) / 2
    return _Sheet(pixels, x, y, side)


def _frame(sheet: _Sheet, place: int) -> dict:
    """A frame around the feature at a place."""
    half = (sheet.side + GAP) / 2
    x, y = sheet.x[place], sheet.y[place]
    return {
        "type": "rect",
        "x0": x - half,
        "x1": x + half,
        "y0": y - half,
        "y1": y + half,
        "line": {"color": CHOSEN, "width": 4},
    }


def _mosaic_layout(sheet: _Sheet, shapes: list[dict]) -> dict:
    height, width = sheet.pixels.shape
    return {
        "shapes": shapes,
        "margin": {"l": 2, "r": 2, "t": 4, "b": 4},
        "hovermode": "closest",
        "clickmode": "event+select",
        "xaxis": {
            "visible": False,
            "range": [-0.5 - EDGE, width - 0.5 + EDGE],
            "constrain": "domain",
            "constraintoward": "left",
        },
        "yaxis": {
            "visible": False,
            "range": [height - 0.5 + EDGE, -0.5 - EDGE],
            "scaleanchor": "x",
            "constrain": "domain",
            "constraintoward": "top",
        },
    }


def _signed_on(palette: Palette) -> list:
    """RdBu over 1 to 255; 0 has the colour of the page."""
    colours = plotly.colors.get_colorscale(SIGNED)
    rest = [[(1 + 254 * at) / 255, colour] for at, colour in colours]
    return [
        [0, palette.background],
        [0.5 / 255, palette.background],
        [0.51 / 255, rest[0][1]],
        *rest,
    ]


def row_of_images(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    palette: Palette,
    *,
    limits: Sequence[float] | None = None,
    height: int = 190,
) -> Figure:
    """Images of either sign side by side; ``limits`` are the values shown in full colour."""
    axes, layout = picture_panels(titles)
    limits = [float(np.abs(image).max()) or 1.0 for image in images] if limits is None else limits
    traces = [
        {
            "type": "heatmap",
            "z": image.astype(np.float32),
            "name": title,
            **axis,
            "colorscale": SIGNED,
            "zmin": -limit,
            "zmax": limit,
            "showscale": False,
            "hovertemplate": "row %{y}, column %{x}: %{z:.3g}<extra></extra>",
        }
        for image, title, axis, limit in zip(images, titles, axes, limits, strict=True)
    ]
    layout |= {"margin": {"l": 4, "r": 4, "t": 28, "b": 4}, "hovermode": "closest"}
    return styled(traces, layout, palette, height=height)


def picture_panels(titles: Sequence[str], gap: float = 0.04) -> Panels:
    """Panels without visible axes and with square pixels."""
    axes, layout = panels(titles, {}, {}, gap=gap)
    for k in range(len(titles)):
        number = "" if k == 0 else str(k + 1)
        domain = layout[f"xaxis{number}"]["domain"]
        layout[f"xaxis{number}"] = {
            "visible": False,
            "domain": domain,
            "anchor": f"y{number}",
            "constrain": "domain",
        }
        layout[f"yaxis{number}"] = {
            "visible": False,
            "autorange": "reversed",
            "scaleanchor": f"x{number}",
            "anchor": f"x{number}",
            "constrain": "domain",
        }
    return Panels(axes, layout)


def grid(n: int) -> tuple[int, int]:
    """The number of features in a row, and the width of one on the screen in pixels."""
    columns = int(np.ceil(np.sqrt(2.2 * n)))
    return columns, max(18, min(44, 770 // columns))
