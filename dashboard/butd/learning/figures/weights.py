"""Figures of a rule's updates against the gradient, and of forward against feedback weights."""

from collections.abc import Mapping

import numpy as np

from corelib.models.butd.analysis import Alignment, Difference
from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, Palette, TraceStyle, panels, styled

EXACT = 1e-17
"""Where a difference of zero is drawn on a logarithmic axis."""


def difference(shown: Difference, palette: Palette) -> Figure:
    """How far the update of each layer is from that of back-propagation: relative length of the
    difference, and angle."""
    axes, layout = panels(
        ["|Δ − gradient| / |gradient|", "angle to the gradient / °"],
        {"title": {"text": "layer"}, "type": "category"},
        {},
        gap=0.12,
    )
    powers = {-16: "10⁻¹⁶", -12: "10⁻¹²", -8: "10⁻⁸", -4: "10⁻⁴", 0: "1"}
    layout["yaxis"] |= {
        "type": "log",
        "range": [-17.5, 2.5],
        "tickvals": [10.0**k for k in powers],
        "ticktext": list(powers.values()),
    }
    layout["yaxis2"] = {"anchor": "x2", "range": [-8, 188], "dtick": 45}
    relative = np.maximum(shown.relative, EXACT)
    # Marks in both panels, not bars: one of no height would not be seen.
    marks = {
        "type": "scatter",
        "x": list(shown.layers),
        "mode": "markers",
        "showlegend": False,
        "marker": {
            "symbol": "diamond",
            "size": 13,
            "color": [OKABE_ITO[2] if value < 1e-10 else OKABE_ITO[5] for value in relative],
        },
    }
    traces = [
        {
            **marks,
            **axes[0],
            "y": relative,
            "customdata": shown.relative,
            "name": "relative difference",
            "hovertemplate": "%{customdata:.2g}",
        },
        {**marks, **axes[1], "y": shown.angle, "name": "angle", "hovertemplate": "%{y:.2f}°"},
    ]
    layout["shapes"] = [
        {
            "type": "line",
            "xref": "x2 domain",
            "yref": "y2",
            "x0": 0,
            "x1": 1,
            "y0": 90,
            "y1": 90,
            "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
        }
    ]
    return styled(traces, layout, palette, height=320)


def alignments(
    aligned: Mapping[str, Alignment], styles: Mapping[str, TraceStyle], palette: Palette
) -> Figure:
    """W and W̄ᵀ of each layer after training, by rule or network: cosine and ‖W − W̄ᵀ‖."""
    axes, layout = panels(
        ["cosine of W and W̄ᵀ", "‖W − W̄ᵀ‖"],
        {"title": {"text": "layer"}, "type": "category"},
        {},
        gap=0.1,
    )
    layout["yaxis"] |= {"range": [-0.1, 1.05]}
    layout["yaxis2"] = {"anchor": "x2", "rangemode": "tozero"}
    traces = [
        {
            "type": "bar",
            "x": list(own.layers),
            "y": own.cosine if k == 0 else own.distance,
            "name": name,
            **axes[k],
            "marker": {"color": styles[name].colour},
            "hovertemplate": "%{y:.3f}",
        }
        for k in (0, 1)
        for name, own in aligned.items()
    ]
    layout |= {"barmode": "group", "showlegend": False}
    return styled(traces, layout, palette, height=380)
