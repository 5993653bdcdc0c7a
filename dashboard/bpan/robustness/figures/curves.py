"""Curves of the Robustness page. Networks come as a dict by name; each keeps its style."""

import numpy as np

from corelib.analysis.robustness import OverSeverity
from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, band
from dashboard.figures.style import TALL, Palette, TraceStyle, styled


def over_severity(
    curves: dict[str, OverSeverity],
    styles: dict[str, TraceStyle],
    at: float,
    x_name: str,
    y_name: str,
    palette: Palette,
    *,
    percent: bool = True,
) -> Figure:
    """One line a model, with a band of ± 1 sd where there are several seeds or images; dotted: the
    severity chosen, ``at``."""
    traces = []
    value = "%{y:.1%}" if percent else "%{y:.2f}"
    sd = " ± %{customdata:.1%}" if percent else " ± %{customdata:.2f}"
    for name, curve in curves.items():
        s, x = styles[name], curve.severities
        if curve.n > 1:
            traces.append(band(x, curve.mean, Spread(curve.sd, curve.n), s.colour, name))
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": curve.mean,
                "customdata": curve.sd,
                "name": name,
                "mode": "lines+markers",
                "line": {"color": s.colour, "dash": s.dash, "width": 2},
                "marker": {"symbol": s.mark, "size": 8},
                "hovertemplate": value + (sd if curve.n > 1 else ""),
            }
        )
    layout = {
        "xaxis": {"title": {"text": x_name}},
        "yaxis": {"title": {"text": y_name}, "tickformat": ".0%" if percent else None},
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": at,
                "x1": at,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.text, "dash": "dot", "width": 1.5},
            }
        ],
        # Beside the curves, which fill the panel.
        "legend": {"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top", "font": {"size": 12}},
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=400)


def class_probability(
    probability: dict[str, tuple[np.ndarray, np.ndarray]],
    styles: dict[str, TraceStyle],
    class_name: str,
    palette: Palette,
) -> Figure:
    """Each model's probability of one class over its steps: clean solid, corrupted dotted.

    ``probability`` by name: (time,) clean and corrupted.
    """
    traces = []
    for name, pair in probability.items():
        s = styles[name]
        for values, dash, kind in zip(pair, ("solid", "dot"), ("clean", "corrupted"), strict=True):
            traces.append(
                {
                    "type": "scatter",
                    "x": np.arange(1, len(values) + 1),
                    "y": values,
                    "name": name if kind == "clean" else f"{name}, corrupted",
                    "legendgroup": name,
                    "showlegend": kind == "clean",
                    "mode": "lines+markers",
                    "line": {"color": s.colour, "dash": dash, "width": 2},
                    "marker": {
                        "symbol": s.mark if kind == "clean" else f"{s.mark}-open",
                        "size": 9,
                    },
                    "hovertemplate": "%{y:.3f}",
                }
            )
    layout = {
        "xaxis": {"title": {"text": "step"}, "dtick": 1},
        "yaxis": {"title": {"text": f"probability of {class_name}"}, "range": [-0.03, 1.05]},
        "margin": {"t": 92},
    }
    return styled(traces, layout, palette, height=TALL)
