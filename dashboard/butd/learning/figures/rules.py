"""Figures that compare learning rules. They come by name; each keeps its colour, dash and mark."""

from collections.abc import Mapping

from corelib.models.butd.rules import AngleAndAccuracy, OverSeeds
from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, band
from dashboard.figures.style import Palette, TraceStyle, panels, styled


def over_epochs(
    measures: Mapping[str, Mapping[str, OverSeeds]],
    styles: Mapping[str, TraceStyle],
    y_name: str,
    palette: Palette,
    *,
    percent: bool = False,
    limits: tuple[float, float] | None = None,
    height: int = 400,
) -> Figure:
    """A measure over epochs, a panel for each of its titles and a line for each rule, with a band
    of ± 1 sd over seeds."""
    most = max(int(curve.epoch.max()) for curves in measures.values() for curve in curves.values())
    axes, layout = panels(
        list(measures),
        {"title": {"text": "epochs"}, "dtick": -(-most // 8)},
        {"title": {"text": y_name}, "tickformat": ".0%" if percent else None},
    )
    if limits:
        layout["yaxis"]["range"] = list(limits)
    hover = "%{y:.2%}" if percent else "%{y:.2f}"
    traces, named = [], set()
    for axis, curves in zip(axes, measures.values(), strict=True):
        for name, curve in curves.items():
            if curve.n > 1:
                spread = Spread(curve.sd, curve.n)
                area = band(curve.epoch, curve.mean, spread, styles[name].colour, name)
                traces.append(area | axis)
            traces.append(
                _line(name, curve, styles[name])
                | axis
                | {"showlegend": name not in named, "hovertemplate": hover}
            )
            named.add(name)
    # Six rules take two lines.
    layout |= {"legend": {"y": 1.1}, "margin": {"t": 100}}
    return styled(traces, layout, palette, height=height)


def _line(name: str, curve: OverSeeds, style: TraceStyle) -> dict:
    return {
        "type": "scatter",
        "x": curve.epoch,
        "y": curve.mean,
        "name": name,
        "mode": "lines+markers",
        "legendgroup": name,
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "marker": {"symbol": style.mark, "size": 7},
    }


def angle_and_accuracy(
    points: Mapping[str, AngleAndAccuracy], styles: Mapping[str, TraceStyle], palette: Palette
) -> Figure:
    """One mark per network: the angle between its rule's update and the gradient, mean over layers,
    and its test accuracy; ``points`` by rule."""
    most = max(10.0, *(float(angle.max()) for angle, _ in points.values()))
    traces = [
        {
            "type": "scatter",
            "x": angle,
            "y": accuracy,
            "name": name,
            "mode": "markers",
            # Open, since rules that do the same overlap.
            "marker": {
                "symbol": f"{styles[name].mark}-open",
                "size": 14,
                "color": styles[name].colour,
                "line": {"width": 2.5},
            },
            "hovertemplate": f"{name}: %{{x:.1f}}°, %{{y:.2%}}<extra></extra>",
        }
        for name, (angle, accuracy) in points.items()
    ]
    layout = {
        "xaxis": {
            "title": {"text": "mean angle to the gradient / °"},
            "range": [-0.05 * most, 1.1 * most],
            "zeroline": False,
        },
        "yaxis": {"title": {"text": "test accuracy"}, "tickformat": ".1%"},
        "hovermode": "closest",
        "legend": {"orientation": "v", "x": 1.02, "xanchor": "left", "y": 1, "yanchor": "top"},
    }
    return styled(traces, layout, palette, height=380)
