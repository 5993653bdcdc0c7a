"""Figures of the Halting page. Models come as a dict by name; each keeps its colour and dash."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corelib.analysis.anytime import Calibration, pareto_front
from dashboard.figures.figure import Figure
from dashboard.figures.style import TALL, Palette, TraceStyle, styled

STEP_TICKS = (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60)


class Priced(NamedTuple):
    """A model's accuracy at each of its costs, and where the threshold stands now."""

    cost: np.ndarray
    accuracy: np.ndarray
    cost_now: float
    accuracy_now: float


class Published(NamedTuple):
    """A published point: hollow, in the colour of the model of that name."""

    model: str
    cost: float
    accuracy: float
    source: str


def accuracy_against_cost(
    models: dict[str, Priced],
    published: Sequence[Published],
    styles: dict[str, TraceStyle],
    cost_name: str,
    palette: Palette,
) -> Figure:
    """Accuracy against cost as the threshold moves; the large marks stand where it is now."""
    traces = []
    for name, priced in models.items():
        s = styles[name]
        if len(priced.cost) > 1 and np.ptp(priced.cost) > 0:
            traces.append(
                {
                    "type": "scatter",
                    "x": priced.cost,
                    "y": priced.accuracy,
                    "name": name,
                    "legendgroup": name,
                    "mode": "lines",
                    "showlegend": False,
                    "line": {"color": s.colour, "dash": s.dash, "width": 2},
                    "hovertemplate": f"{name}: %{{y:.2%}} at %{{x:,.3g}}<extra></extra>",
                }
            )
        traces.append(
            {
                "type": "scatter",
                "x": [priced.cost_now],
                "y": [priced.accuracy_now],
                "name": name,
                "legendgroup": name,
                "mode": "markers",
                "marker": {
                    "symbol": s.mark,
                    "size": 14,
                    "color": s.colour,
                    "line": {"color": palette.background, "width": 1},
                },
                "hovertemplate": f"{name} now: %{{y:.2%}} at %{{x:,.3g}}<extra></extra>",
            }
        )
    told = set()
    for point in published:
        s = styles[point.model]
        traces.append(
            {
                "type": "scatter",
                "x": [point.cost],
                "y": [point.accuracy],
                "name": point.source,
                "legendgroup": point.source,
                "showlegend": point.source not in told,
                "mode": "markers",
                "marker": {
                    "symbol": f"{s.mark}-open",
                    "size": 14,
                    "color": s.colour,
                    "line": {"width": 2},
                },
                "hovertemplate": f"{point.model}, {point.source}: %{{y:.2%}}<extra></extra>",
            }
        )
        told.add(point.source)
    costs = np.concatenate([m.cost for m in models.values()])
    accuracies = np.concatenate([m.accuracy for m in models.values()])
    front = pareto_front(costs, accuracies)
    traces.append(
        {
            "type": "scatter",
            "x": costs[front],
            "y": accuracies[front],
            "name": "Pareto front",
            "mode": "lines",
            "hoverinfo": "skip",
            "line": {"color": palette.text, "width": 1.5, "dash": "dot", "shape": "hv"},
        }
    )
    # Logarithmic: what matters lies near the cheap end.
    ticks = {"dtick": "D2", "tickformat": "~s"}
    if costs.max() < 100:
        ticks = {"tickvals": [v for v in STEP_TICKS if v <= 1.1 * costs.max()]}
    layout = {
        "hovermode": "closest",
        "legend": {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"},
        "xaxis": {"title": {"text": cost_name}, "type": "log", **ticks},
        "yaxis": {"title": {"text": "accuracy on the test set"}, "tickformat": ".1%"},
    }
    return styled(traces, layout, palette, height=TALL)


def halting_heatmap(
    shares: np.ndarray, groups: Sequence[str], palette: Palette, y_name: str
) -> Figure:
    """Share of each group that halts at each step: (group, time)."""
    trace = {
        "type": "heatmap",
        "x": np.arange(1, shares.shape[1] + 1),
        "y": list(groups),
        "z": shares.astype(np.float32),
        "name": "share",
        "colorscale": "Cividis",
        "zmin": 0,
        "zmax": 1,
        "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0},
        "hovertemplate": "%{y}, step %{x}: %{z:.1%}<extra></extra>",
    }
    layout = {
        "hovermode": "closest",
        "xaxis": {"title": {"text": "step"}, "dtick": 1, "showgrid": False},
        "yaxis": {
            "title": {"text": y_name},
            "type": "category",
            "showgrid": False,
            "autorange": "reversed",
        },
    }
    return styled([trace], layout, palette)


def reliability(
    found: dict[str, Calibration], styles: dict[str, TraceStyle], palette: Palette
) -> Figure:
    """Accuracy against the confidence that halted, by bins; on the diagonal it is honest."""
    traces = [
        {
            "type": "scatter",
            "x": [0, 1],
            "y": [0, 1],
            "name": "honest",
            "mode": "lines",
            "line": {"color": palette.muted, "dash": "dot"},
            "hoverinfo": "skip",
        }
    ]
    for name, c in found.items():
        seen = c.share > 0
        s = styles[name]
        traces.append(
            {
                "type": "scatter",
                "x": c.confidence[seen],
                "y": c.accuracy[seen],
                "customdata": c.share[seen],
                "name": f"{name}, ECE {c.error:.2%}",
                "mode": "lines+markers",
                "line": {"color": s.colour, "dash": s.dash, "width": 1.5},
                "marker": {
                    "symbol": s.mark,
                    "color": s.colour,
                    "size": 4 + 16 * np.sqrt(c.share[seen]),
                },
                "hovertemplate": "%{y:.1%} right where %{x:.1%} sure "
                "(%{customdata:.1%} of the images)",
            }
        )
    layout = {
        "hovermode": "closest",
        "legend": {"orientation": "v", "x": 0.02, "y": 0.98, "yanchor": "top"},
        "xaxis": {
            "title": {"text": "confidence that halted"},
            "tickformat": ".0%",
            "range": [0, 1.02],
        },
        "yaxis": {"title": {"text": "share correct"}, "tickformat": ".0%", "range": [0, 1.02]},
    }
    return styled(traces, layout, palette, height=TALL)
