"""Many small grey images as one picture."""

from collections.abc import Sequence

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import Palette, styled
from dashboard.figures.tiles import Tiles

NARROW = 10
"""Images in a row on a narrow screen."""


def mosaic(pixels: np.ndarray, captions: Sequence[str], columns: int, palette: Palette) -> Figure:
    """Small clickable images in a grid; ``pixels`` (image, row, column) uint8.

    The picture is one image; invisible marks above it take the clicks; ``pointIndex`` is the place.
    """
    n, side = len(pixels), pixels.shape[1]
    rows = -(-n // columns)
    sheet = np.zeros((rows * (side + 2), columns * (side + 2)), np.uint8)
    x, y = [], []
    for i, image in enumerate(pixels):
        row, column = divmod(i, columns)
        top, left = row * (side + 2) + 1, column * (side + 2) + 1
        sheet[top : top + side, left : left + side] = image
        x.append(left + side / 2)
        y.append(top + side / 2)
    traces = [
        {
            "type": "heatmap",
            "z": sheet,
            "name": "images",
            "colorscale": "gray",
            "showscale": False,
            "zmin": 0,
            "zmax": 255,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": x,
            "y": y,
            "name": "image",
            "mode": "markers",
            "marker": {"size": 30, "symbol": "square", "opacity": 0},
            "text": list(captions),
            "showlegend": False,
            "hovertemplate": "%{text}<extra></extra>",
        },
    ]
    layout = {
        "meta": Tiles(side + 2, side + 2, columns, NARROW).as_meta(),
        "margin": {"l": 0, "r": 0, "t": 10, "b": 10},
        "hovermode": "closest",
        "clickmode": "event+select",
        "xaxis": {"visible": False, "constrain": "domain"},
        "yaxis": {"visible": False, "autorange": "reversed", "scaleanchor": "x"},
    }
    return styled(traces, layout, palette, height=44 * rows + 20)
