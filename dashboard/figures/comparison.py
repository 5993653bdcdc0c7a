"""Networks beside one another."""

from collections.abc import Sequence
from typing import Any

from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, Palette, styled

ROW = 46
"""Height of a line, in pixels."""


def differences(rows: Sequence[dict[str, Any]], palette: Palette) -> Figure:
    """Each group's accuracy less the first one's, in points, with its interval."""
    names = [str(row["group"]) for row in reversed(rows)]
    points = [100 * row["difference"] for row in reversed(rows)]
    lows = [100 * row["low"] for row in reversed(rows)]
    highs = [100 * row["high"] for row in reversed(rows)]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": points,
        "y": names,
        "name": f"accuracy less {rows[0]['less']}'s",
        "marker": {"size": 10, "color": OKABE_ITO[4], "symbol": "diamond"},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - x for high, x in zip(highs, points, strict=True)],
            "arrayminus": [x - low for low, x in zip(lows, points, strict=True)],
            "color": OKABE_ITO[4],
            "thickness": 2,
            "width": 6,
        },
        "hovertemplate": "%{y}: %{x:+.2f} points<extra></extra>",
    }
    edge = 1.15 * max(max(map(abs, (*lows, *highs))), 0.05)
    layout = {
        "height": 130 + ROW * len(rows),
        "showlegend": False,
        "xaxis": {
            "title": {"text": f"accuracy less {rows[0]['less']}'s / points"},
            "range": [-edge, edge],
            "zeroline": True,
        },
        "yaxis": {"automargin": True, "type": "category"},
    }
    return styled([trace], layout, palette)
