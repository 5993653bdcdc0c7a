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
            x, y = _middles(trace.x, z.shape[1]), _middles(trace.y, z.shape[0])
            grid_x, grid_y = np.meshgrid(x, y)
            part = {"x": grid_x.ravel(), "y": grid_y.ravel(), "z": z.ravel()}
        else:
            part = {"x": np.asarray(trace.x), "y": np.asarray(trace.y)}
        parts.append(pd.DataFrame({"panel": panel, "series": series, **part}))
    return pd.concat(parts, ignore_index=True)


def _middles(places: object, n: int) -> np.ndarray:
    """Where the ``n`` cells of a heatmap are along one axis, (cell,); given their edges, the middle
    of each."""
    if places is None:
        return np.arange(n)
    places = np.asarray(places)
    return (places[:-1] + places[1:]) / 2 if len(places) == n + 1 else places
