"""Several networks on the same stimulus."""

from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, bars
from dashboard.figures.style import TALL, Palette, TraceStyle, faded, panels, styled
from dashboard.ipvae.bars.figures.geometry import level, upright

if TYPE_CHECKING:
    from corelib.models.ipvae.contrast import ContrastCurve


def selectivities(
    values: dict[str, np.ndarray],
    published: dict[str, float],
    styles: dict[str, TraceStyle],
    x_name: str,
    palette: Palette,
) -> Figure:
    """How a selectivity is distributed over neurons, (unit,) by network; upright lines: medians,
    and dotted the ``published`` ones."""
    edges = np.linspace(0, 1, 26)
    traces, shapes = [], []
    for name, of_all in values.items():
        s = styles[name]
        known = of_all[np.isfinite(of_all)]
        traces.append(
            {
                "type": "scatter",
                "x": (edges[1:] + edges[:-1]) / 2,
                "y": np.histogram(known, edges)[0] / max(len(known), 1),
                "name": name,
                "mode": "lines",
                "line": {"color": s.colour, "dash": s.dash, "width": 2, "shape": "hvh"},
                "fill": "tozeroy",
                "fillcolor": faded(s.colour, 0.12),
                "hovertemplate": "%{y:.1%}",
            }
        )
        medians = [(float(np.median(known)), "solid")] if len(known) else []
        medians += [(published[name], "dot")] if name in published else []
        for at, dash in medians:
            line = {"color": s.colour, "dash": dash, "width": 2}
            shapes.append({**upright(at, palette), "line": line})
    layout = {
        "shapes": shapes,
        "xaxis": {"title": {"text": x_name}, "range": [0, 1]},
        "yaxis": {"title": {"text": "share of the neurons"}, "tickformat": ".0%"},
        "margin": {"t": 72},
    }
    return styled(traces, layout, palette, height=400)


def by_contrast(
    curves: "dict[str, ContrastCurve]",
    published: dict[str, float],
    styles: dict[str, TraceStyle],
    palette: Palette,
) -> Figure:
    """Selectivity against contrast by network, with intervals; dotted the ``published`` ones."""
    traces, shapes = [], []
    for name, curve in curves.items():
        s = styles[name]
        traces.append(
            {
                "type": "scatter",
                "x": curve.contrasts,
                "y": curve.median,
                **bars(
                    Spread(curve.high - curve.median, curve.responsive, "interval"),
                    symmetric=False,
                    arrayminus=curve.median - curve.low,
                    width=4,
                    thickness=1.5,
                ),
                "name": name,
                "mode": "lines+markers",
                "marker": {"symbol": s.mark, "size": 9},
                "line": {"color": s.colour, "dash": s.dash, "width": 2},
                "hovertemplate": "%{y:.2f}",
            }
        )
        if name in published:
            shapes.append(level(published[name], {"color": s.colour, "dash": "dot", "width": 2}))
    layout = {
        "shapes": shapes,
        "xaxis": {
            "title": {"text": "contrast / standard deviations of the patches"},
            "rangemode": "tozero",
        },
        "yaxis": {"title": {"text": "1 − circular variance, orientation"}, "range": [0, 1.02]},
        "margin": {"t": 52},
    }
    return styled(traces, layout, palette, height=400)


def over_time(
    rates: dict[str, np.ndarray],
    styles: dict[str, TraceStyle],
    baseline_frames: int,
    palette: Palette,
) -> Figure:
    """Neurons' mean rates over time, (time,) by network, each on an axis of its own."""
    axes, layout = panels(list(rates), {"title": {"text": "frame"}}, {}, stacked=True, gap=0.1)
    traces = [
        {
            "type": "scatter",
            "x": np.arange(len(rate)) - baseline_frames,
            "y": rate,
            "name": name,
            **axis,
            "mode": "lines",
            "line": {"color": styles[name].colour, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.3g}",
        }
        for (name, rate), axis in zip(rates.items(), axes, strict=True)
    ]
    layout |= {"shapes": [upright(0, palette)], "margin": {"t": 32}}
    return styled(traces, layout, palette, height=TALL)
