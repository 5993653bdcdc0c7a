"""Figures of answers over time that several BPAN pages share. Networks come as a dict by name."""

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import HEIGHT, Palette, TraceStyle, panels, styled


def halting_histograms(
    shares: dict[str, np.ndarray],
    means: dict[str, float],
    styles: dict[str, TraceStyle],
    palette: Palette,
    *,
    height: int = HEIGHT,
) -> Figure:
    """Share of the images that halt at each step, one panel a model, the same axes for all.

    ``shares`` (time,) sum to 1. Bars can be clicked: ``customdata`` is the model's name.
    """
    most = max(len(share) for share in shares.values())
    axes, layout = panels(
        [f"{name}<br>{means[name]:.2f} steps" for name in shares],
        {"title": {"text": "step"}, "range": [0.4, most + 0.6], "dtick": 1},
        {"title": {"text": "share of the images"}, "range": [0, 1.02], "tickformat": ".0%"},
        gap=0.02,
    )
    bars = [
        {
            "type": "bar",
            "x": np.arange(1, len(share) + 1),
            "y": share,
            **axis,
            "name": name,
            "customdata": [name] * len(share),
            "marker": {"color": styles[name].colour},
            "showlegend": False,
            "hovertemplate": f"{name}: %{{y:.1%}} answer at step %{{x}}<extra></extra>",
        }
        for (name, share), axis in zip(shares.items(), axes, strict=True)
    ]
    shapes = [
        {
            "type": "line",
            "xref": axis["xaxis"],
            "yref": f"{axis['yaxis']} domain",
            "x0": means[name],
            "x1": means[name],
            "y0": 0,
            "y1": 1,
            "line": {"color": palette.text, "dash": "dot", "width": 1.5},
        }
        for name, axis in zip(shares, axes, strict=True)
    ]
    own = {"margin": {"t": 64}, "bargap": 0.15, "hovermode": "closest", "clickmode": "event+select"}
    return styled(bars, {**layout, "shapes": shapes, **own}, palette, height=height)


def lines_over_steps(
    series: dict[str, np.ndarray],
    styles: dict[str, TraceStyle],
    y_name: str,
    palette: Palette,
    *,
    percent: bool = True,
) -> Figure:
    """One line a series over steps counted from 1."""
    traces = [
        {
            "type": "scatter",
            "x": np.arange(1, len(values) + 1),
            "y": values,
            "name": name,
            "mode": "lines+markers",
            "line": {"color": styles[name].colour, "dash": styles[name].dash, "width": 2},
            "marker": {"symbol": styles[name].mark, "size": 9},
            "hovertemplate": "%{y:.2%}" if percent else "%{y:.3f}",
        }
        for name, values in series.items()
    ]
    layout = {
        "xaxis": {"title": {"text": "step"}, "dtick": 1},
        "yaxis": {"title": {"text": y_name}, "tickformat": ".1%" if percent else None},
    }
    return styled(traces, layout, palette)
