"""What training's estimates of a gradient are worth, and what codes they lead to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures import spread
from dashboard.figures.figure import Figure
from dashboard.figures.style import TALL, Palette, styled, trace_styles

if TYPE_CHECKING:
    from corelib.analysis.anytime import Spread
    from corelib.models.ipvae.gradients import Gradients


def estimates(found: "Gradients", palette: Palette) -> Figure:
    """Each neuron's mean estimate against the exact gradient, for three ways to draw counts."""
    ways = {
        "straight-through": found.straight_through,
        "softened counts": found.relaxed,
        "with the cost of variance": found.corrected,
    }
    styles = trace_styles(list(ways))
    traces = [
        {
            "type": "scatter",
            "x": found.exact,
            "y": estimate,
            "name": name,
            "mode": "markers",
            "marker": {"symbol": styles[name].mark, "color": styles[name].colour, "size": 8},
            "customdata": np.arange(len(estimate)),
            "hovertemplate": "neuron %{customdata}: %{y:.2f}, exact %{x:.2f}",
        }
        for name, estimate in ways.items()
    ]
    everything = np.concatenate([found.exact, *ways.values()])
    ends = [float(everything.min()), float(everything.max())]
    traces.append(
        {
            "type": "scatter",
            "x": ends,
            "y": ends,
            "name": "exact",
            "mode": "lines",
            "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
            "hoverinfo": "skip",
        }
    )
    layout = {
        "xaxis": {"title": {"text": "exact gradient in the neuron's potential / nats"}},
        "yaxis": {"title": {"text": "mean estimate / nats"}},
        "hovermode": "closest",
    }
    return styled(traces, layout, palette, height=TALL)


def codes(points: "Mapping[str, tuple[Spread, Spread]]", palette: Palette) -> Figure:
    """R² against zeros, in per cent, mean and sd over seeds of networks trained in several ways."""
    styles = trace_styles(list(points))
    traces = [
        {
            "type": "scatter",
            "x": [zeros.mean],
            "y": [r2.mean],
            "error_x": {"type": "data", "array": [_sd(zeros)]},
            **spread.bars(spread.Spread(np.array([_sd(r2)]), r2.n)),
            "name": name,
            "mode": "markers",
            "marker": {"symbol": styles[name].mark, "color": styles[name].colour, "size": 13},
            "hovertemplate": f"{name}: R² %{{y:.1f}} %, zeros %{{x:.1f}} %<extra></extra>",
        }
        for name, (r2, zeros) in points.items()
    ]
    layout = {
        "xaxis": {"title": {"text": "zeros / % (sparser →)"}},
        "yaxis": {"title": {"text": "R² of the reconstruction / %"}},
        "hovermode": "closest",
        # One name a line: they are long.
        "legend": {"orientation": "v", "y": -0.2, "yanchor": "top"},
        "margin": {"t": 20, "b": 190},
    }
    return styled(traces, layout, palette, height=TALL + 120)


def _sd(spread: "Spread") -> float:
    return spread.sd if spread.n > 1 else 0.0
