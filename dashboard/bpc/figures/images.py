"""Images in a grid. They are uint8 (image, row, column), 0 is black."""

from collections.abc import Sequence

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import Palette, styled
from dashboard.figures.tiles import Tiles

GAP, TITLE = 3, 7
"""Pixels of the images between them, and above each where it has a title."""

NARROW = 5
"""Images in a row on a narrow screen."""


def gallery(
    images: np.ndarray, titles: Sequence[str], columns: int, palette: Palette, *, cell: int = 92
) -> Figure:
    """Images in a grid, each below its title; ``cell`` is its width on the screen in pixels."""
    n, side = len(images), images.shape[-1]
    rows, head = -(-n // columns), TITLE if any(titles) else GAP
    wide, high = side + GAP, side + head
    # Between the images the page's background shows.
    sheet = np.full((rows * high, columns * wide), np.nan, np.float32)
    x, y = [], []
    for i, image in enumerate(images):
        row, column = divmod(i, columns)
        top, left = row * high + head, column * wide
        sheet[top : top + side, left : left + side] = image
        x.append(left + side / 2 - 0.5)
        y.append(row * high + head / 2 - 0.5)
    layout = {
        "meta": Tiles(wide, high, columns, NARROW).as_meta(),
        "xaxis": {
            "visible": False,
            "range": [-0.5, columns * wide - GAP - 0.5],
            "constrain": "domain",
            "constraintoward": "left",
        },
        "yaxis": {"visible": False, "range": [rows * high - 0.5, -0.5], "scaleanchor": "x"},
        "margin": {"l": 4, "r": 4, "t": 6, "b": 6},
        "hovermode": False,
    }
    height = 12 + round(cell * rows * high / wide)
    traces = [_sheet(sheet), _titles(x, y, titles, palette)]
    return styled(traces, layout, palette, height=height)


def _sheet(sheet: np.ndarray) -> dict:
    return {
        "type": "heatmap",
        "z": sheet,
        "name": "images",
        "colorscale": "gray",
        "zmin": 0,
        "zmax": 255,
        "showscale": False,
        "hoverinfo": "skip",
    }


def _titles(x: list[float], y: list[float], titles: Sequence[str], palette: Palette) -> dict:
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "name": "titles",
        "mode": "text",
        "text": list(titles),
        "textfont": {"size": 13, "color": palette.text},
        "showlegend": False,
        "hoverinfo": "skip",
    }
