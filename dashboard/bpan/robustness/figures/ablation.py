"""The arms of the balance ablation, seed by seed."""

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import EXCITATORY, Palette, styled


def arms(values: dict[str, np.ndarray], reference: str, title: str, palette: Palette) -> Figure:
    """A measure in each arm of an ablation: a dot a seed, paired seeds joined, and the mean.

    ``values`` by arm: (seed,), NaN where a seed is missing; the mean of ``reference`` is blue.
    """
    names = list(values)
    table = np.array([values[name] for name in names])
    traces = [
        {
            "type": "scatter",
            "x": names,
            "y": column,
            "name": f"seed {seed}",
            "mode": "lines+markers",
            "line": {"color": palette.grid, "width": 1},
            "marker": {"color": palette.muted, "size": 6},
            "showlegend": False,
            "hovertemplate": f"seed {seed}: %{{y:.4g}}<extra></extra>",
        }
        for seed, column in enumerate(table.T)
    ]
    mean = np.array(
        [row[np.isfinite(row)].mean() if np.isfinite(row).any() else np.nan for row in table]
    )
    traces.append(
        {
            "type": "scatter",
            "x": names,
            "y": mean,
            "name": "mean",
            "mode": "markers",
            "marker": {
                "symbol": "line-ew",
                "size": 26,
                "line": {
                    "width": 3,
                    "color": [EXCITATORY if name == reference else palette.text for name in names],
                },
            },
            "showlegend": False,
            "hovertemplate": "mean %{y:.4g}<extra></extra>",
        }
    )
    layout = {
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper"},
        "xaxis": {"type": "category"},
        "hovermode": "closest",
    }
    return styled(traces, layout, palette, height=320)
