"""Codes side by side: quality against sparsity, and how sparsity is distributed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import TALL, Palette, TraceStyle, faded, panels, styled

if TYPE_CHECKING:
    from corelib.models.ipvae.coding import CodePoint, Sparsity


def rate_distortion(
    own: "Mapping[str, CodePoint]",
    published: "Mapping[str, CodePoint]",
    styles: Mapping[str, TraceStyle],
    same_kind: Mapping[str, str],
    palette: Palette,
    curves: "Mapping[str, Mapping[float, CodePoint]] | None" = None,
) -> Figure:
    """R² against the portion of zeros; filled: ours, hollow: the paper's; lines: ``curves`` by
    name, the setting that moves along each by point.

    ``same_kind`` gives the name of ours that a published code is drawn like; the others are grey
    crosses.
    """
    traces = [_own_point(name, point, styles[name], palette) for name, point in own.items()]
    style_of = {name: styles.get(same_kind.get(name, "")) for name in published}
    sparsest = max(
        (name for name, style in style_of.items() if style),
        key=lambda name: published[name].zeros,
        default="",
    )
    traces += [
        _published_point(
            name, point, style_of[name], palette, "top" if name == sparsest else "bottom"
        )
        for name, point in published.items()
    ]
    lines = zip(curves.items(), ("dot", "dash"), strict=False) if curves else ()
    traces += [_curve(name, points, dash, palette) for (name, points), dash in lines]
    layout = {
        "xaxis": {"title": {"text": "portion of zeros (sparser →)"}, "range": [-0.04, 1.04]},
        "yaxis": {"title": {"text": "R² of the reconstruction"}},
        "hovermode": "closest",
        "margin": {"t": 72},
    }
    return styled(traces, layout, palette, height=TALL)


def _curve(name: str, points: "Mapping[float, CodePoint]", dash: str, palette: Palette) -> dict:
    return {
        "type": "scatter",
        "x": [point.zeros for point in points.values()],
        "y": [point.r2 for point in points.values()],
        "name": name,
        "mode": "lines+markers",
        "line": {"color": palette.muted, "dash": dash, "width": 2},
        "marker": {"size": 6, "color": palette.muted},
        "customdata": list(points),
        "hovertemplate": f"{name} = %{{customdata:g}}: R² %{{y:.3f}}, zeros %{{x:.3f}}"
        "<extra></extra>",
    }


def _own_point(name: str, point: "CodePoint", style: TraceStyle, palette: Palette) -> dict:
    return {
        "type": "scatter",
        "x": [point.zeros],
        "y": [point.r2],
        "name": name,
        "mode": "markers",
        "marker": {
            "symbol": style.mark,
            "size": 15,
            "color": style.colour,
            "line": {"color": palette.background, "width": 1},
        },
        "hovertemplate": f"{name}: R² %{{y:.3f}}, zeros %{{x:.3f}}<extra></extra>",
    }


def _published_point(
    name: str, point: "CodePoint", style: TraceStyle | None, palette: Palette, side: str
) -> dict:
    """Its name stands at the left, where on a phone there is room too; that of the sparsest on the
    other ``side`` than those of codes that lie close to it."""
    marker = {"size": 13, "line": {"width": 2.5}}
    if style is None:
        marker |= {"symbol": "x-thin-open", "color": palette.muted}
    else:
        marker |= {"symbol": f"{style.mark}-open", "color": style.colour}
    return {
        "type": "scatter",
        "x": [point.zeros],
        "y": [point.r2],
        "name": name,
        "mode": "markers+text",
        "marker": marker,
        "showlegend": False,
        # Wide spaces, or the words would touch the mark.
        "text": [f"\u2002{name}\u2002"],
        "textposition": f"{side} left" if point.zeros > 0.3 else "middle right",
        "textfont": {"color": palette.muted, "size": 12},
        "hovertemplate": f"{name}, published: R² %{{y:.3f}}, zeros %{{x:.3f}}<extra></extra>",
    }


def sparsities(
    codes: "Mapping[str, Sparsity]", styles: Mapping[str, TraceStyle], palette: Palette
) -> Figure:
    """The distributions of lifetime sparsity over neurons and population sparsity over images."""
    axes, layout = panels(
        ["lifetime sparsity of the neurons", "population sparsity of the images"],
        {"range": [-0.02, 1.02], "title": {"text": "sparsity (0: dense, 1: one alone)"}},
        {"title": {"text": "share"}, "tickformat": ".0%", "rangemode": "tozero"},
    )
    lifetime = {name: sparsity.lifetime for name, sparsity in codes.items()}
    population = {name: sparsity.population for name, sparsity in codes.items()}
    traces = [
        _distribution(values, name, styles[name], axis, axis is axes[0])
        for by_name, axis in ((lifetime, axes[0]), (population, axes[1]))
        for name, values in by_name.items()
    ]
    return styled(traces, {**layout, "legend": {"y": 1.08}, "margin": {"t": 76}}, palette)


def _distribution(
    values: np.ndarray, name: str, style: TraceStyle, axis: dict[str, str], in_legend: bool
) -> dict:
    edges = np.linspace(0, 1, 26)
    values = values[np.isfinite(values)]
    return {
        "type": "scatter",
        "x": (edges[1:] + edges[:-1]) / 2,
        "y": np.histogram(values, edges)[0] / max(len(values), 1),
        "name": name,
        **axis,
        "mode": "lines",
        "legendgroup": name,
        "showlegend": in_legend,
        "line": {"color": style.colour, "dash": style.dash, "width": 2, "shape": "hvh"},
        "fill": "tozeroy",
        "fillcolor": faded(style.colour, 0.12),
        "hovertemplate": "%{y:.1%}",
    }
