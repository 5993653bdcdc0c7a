"""Figures of the Halting page. Networks come as a dict by name; each keeps its colour and dash."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corelib.analysis.anytime import Calibration, pareto_front
from corelib.words import percent
from dashboard.figures.figure import Figure
from dashboard.figures.spread import beside
from dashboard.figures.style import TALL, Palette, TraceStyle, styled

STEP_TICKS = (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60)


class CostCurve(NamedTuple):
    """A network's accuracy at each of its costs, both by threshold, and at the current one."""

    thresholds: np.ndarray
    cost: np.ndarray
    accuracy: np.ndarray
    cost_now: float
    accuracy_now: float


class Point(NamedTuple):
    """A point beside the curves, in the colour of the network of that name. ``source`` says whose
    it is and by which rule; each has its own mark."""

    network: str
    cost: float
    accuracy: float
    source: str


OWN = "ours, by its own rule"
PUBLISHED, RERUN = "published, θ = 0.9", "authors' code run again, θ = 0.9"
PUBLISHED_OWN = "published, like its own rule"
POINT_MARKS = {
    OWN: "x",
    PUBLISHED_OWN: "x-open",
    PUBLISHED: "circle-open",
    RERUN: "circle-open-dot",
}
"""A cross: the network's own rule. Hollow: published."""


def accuracy_against_cost(
    curves: dict[str, CostCurve],
    points: Sequence[Point],
    styles: dict[str, TraceStyle],
    cost_name: str,
    theta: float,
    palette: Palette,
) -> Figure:
    """Accuracy against cost as the threshold moves; filled marks show the current threshold,
    ``theta``."""
    traces = []
    for name, curve in curves.items():
        if len(curve.cost) > 1 and np.ptp(curve.cost) > 0:
            traces.append(_cost_line(name, curve, styles[name]))
        traces.append(_cost_mark(name, curve, styles[name], theta, palette))
    sources = set()
    for point in points:
        traces.append(_point(point, styles[point.network], point.source not in sources))
        sources.add(point.source)
    costs = np.concatenate([curve.cost for curve in curves.values()])
    accuracies = np.concatenate([curve.accuracy for curve in curves.values()])
    traces.append(_front(costs, accuracies, palette))
    # Logarithmic: what matters lies near the cheap end.
    ticks = {"dtick": "D2", "tickformat": "~s"}
    if costs.max() < 100:
        ticks = {"tickvals": [v for v in STEP_TICKS if v <= 1.1 * costs.max()]}
    layout = {
        "hovermode": "closest",
        "legend": {
            "orientation": "v",
            "x": 1.01,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "title": {"text": f"ours, θ = {theta:.2f}", "font": {"size": 12}},
            "font": {"size": 12},
        },
        "xaxis": {"title": {"text": cost_name}, "type": "log", **ticks},
        "yaxis": {"title": {"text": "accuracy on the test set"}, "tickformat": ".1%"},
    }
    return styled(traces, layout, palette, height=460)


def _cost_line(name: str, curve: CostCurve, style: TraceStyle) -> dict:
    return {
        "type": "scatter",
        "x": curve.cost,
        "y": curve.accuracy,
        "name": name,
        "legendgroup": name,
        "mode": "lines",
        "showlegend": False,
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "hovertemplate": f"{name}: %{{y:.2%}} at %{{x:,.3g}}<extra></extra>",
        "meta": beside(theta=curve.thresholds),
    }


def _cost_mark(
    name: str, curve: CostCurve, style: TraceStyle, theta: float, palette: Palette
) -> dict:
    return {
        "type": "scatter",
        "x": [curve.cost_now],
        "y": [curve.accuracy_now],
        "name": name,
        "legendgroup": name,
        "mode": "markers",
        "marker": {
            "symbol": style.mark,
            "size": 14,
            "color": style.colour,
            "line": {"color": palette.background, "width": 1},
        },
        "hovertemplate": f"{name} now: %{{y:.2%}} at %{{x:,.3g}}<extra></extra>",
        "meta": beside(theta=theta),
    }


def _point(point: Point, style: TraceStyle, in_legend: bool) -> dict:
    """A point beside the curves; each source stands in the legend once."""
    return {
        "type": "scatter",
        "x": [point.cost],
        "y": [point.accuracy],
        "name": point.source,
        "legendgroup": point.source,
        "showlegend": in_legend,
        "mode": "markers",
        "marker": {
            "symbol": POINT_MARKS[point.source],
            "size": 13,
            "color": style.colour,
            "line": {"width": 2},
        },
        "hovertemplate": (
            f"{point.network}, {point.source}: %{{y:.2%}} at %{{x:,.3g}}<extra></extra>"
        ),
        "meta": beside(network=point.network),
    }


def _front(costs: np.ndarray, accuracies: np.ndarray, palette: Palette) -> dict:
    """The Pareto front of all points together."""
    front = pareto_front(costs, accuracies)
    return {
        "type": "scatter",
        "x": costs[front],
        "y": accuracies[front],
        "name": "Pareto front",
        "mode": "lines",
        "hoverinfo": "skip",
        "line": {"color": palette.text, "width": 1.5, "dash": "dot", "shape": "hv"},
    }


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
    calibrations: dict[str, Calibration], styles: dict[str, TraceStyle], palette: Palette
) -> Figure:
    """Accuracy against the confidence that halted, by bins; on the diagonal it is calibrated."""
    diagonal = {
        "type": "scatter",
        "x": [0, 1],
        "y": [0, 1],
        "name": "perfectly calibrated",
        "mode": "lines",
        "line": {"color": palette.muted, "dash": "dot"},
        "hoverinfo": "skip",
    }
    bins = [_bins(name, c, styles[name]) for name, c in calibrations.items()]
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
    return styled([diagonal, *bins], layout, palette, height=TALL)


def _bins(name: str, calibration: Calibration, style: TraceStyle) -> dict:
    """The bins that hold images; larger marks hold more."""
    held = calibration.share > 0
    share = calibration.share[held]
    return {
        "type": "scatter",
        "x": calibration.confidence[held],
        "y": calibration.accuracy[held],
        "customdata": share,
        "name": f"{name}, ECE {percent(calibration.error, 2)}",
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 1.5},
        "marker": {"symbol": style.mark, "color": style.colour, "size": 4 + 16 * np.sqrt(share)},
        "hovertemplate": "%{y:.1%} correct at a confidence of %{x:.1%} "
        "(%{customdata:.1%} of the images)",
    }
