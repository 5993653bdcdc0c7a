"""Occlusion sensitivity: accuracy against the place of the occluding square."""

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import TALL, Palette, panels, styled


def sensitivity(
    accuracy: np.ndarray,
    centres: np.ndarray,
    mean_image: np.ndarray,
    clean: float,
    palette: Palette,
) -> Figure:
    """Accuracy against the place of the occluder's centre, beside the mean digit that it covers.

    ``accuracy`` (row, column) over ``centres`` in pixels; ``mean_image`` (row, column) uint8.
    """
    axes, layout = panels(
        ["accuracy with the occluder centred here", "the mean digit"],
        {"showgrid": False, "title": {"text": "column / pixels"}, "constrain": "domain"},
        {"showgrid": False, "title": {"text": "row / pixels"}, "autorange": "reversed"},
        gap=0.2,
    )
    layout["yaxis"] |= {"scaleanchor": "x"}
    layout["yaxis2"] |= {"scaleanchor": "x2"}
    traces = [
        {
            "type": "heatmap",
            "x": centres,
            "y": centres,
            "z": accuracy.astype(np.float32),
            "name": "accuracy",
            "colorscale": "Cividis",
            "zmin": float(accuracy.min()),
            "zmax": clean,
            **axes[0],
            "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0, "x": 0.42},
            "hovertemplate": "centre at row %{y:.0f}, column %{x:.0f}: %{z:.1%}<extra></extra>",
        },
        {
            "type": "heatmap",
            "z": mean_image,
            "name": "mean digit",
            "colorscale": "gray",
            "zmin": 0,
            "zmax": 255,
            "showscale": False,
            **axes[1],
            "hoverinfo": "skip",
        },
    ]
    return styled(traces, {**layout, "hovermode": "closest"}, palette, height=TALL)
