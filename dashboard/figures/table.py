"""The data of a figure as a table, so that it can be exported."""

import numpy as np
import pandas as pd

from dashboard.figures.figure import Figure


def to_frame(figure: Figure) -> pd.DataFrame:
    """One row per point: panel, series, x, y, and z for heatmaps.

    Bands (unnamed helper traces) come with the names of their groups.
    """
    parts = []
    for trace in figure.data:
        series = trace.name or trace.legendgroup or trace.type
        panel = (trace.xaxis or "x").removeprefix("x") or "1"
        if trace.type == "heatmap":
            z = np.asarray(trace.z)
            x = np.arange(z.shape[1]) if trace.x is None else np.asarray(trace.x)
            y = np.arange(z.shape[0]) if trace.y is None else np.asarray(trace.y)
            grid_x, grid_y = np.meshgrid(x, y)
            part = {"x": grid_x.ravel(), "y": grid_y.ravel(), "z": z.ravel()}
        else:
            part = {"x": np.asarray(trace.x), "y": np.asarray(trace.y)}
        parts.append(pd.DataFrame({"panel": panel, "series": series, **part}))
    return pd.concat(parts, ignore_index=True)
