"""How far inference is from the limit of its step size: a gauge, and what moves it."""

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, Palette, panels, styled

VALUE = "γ λ<sub>max</sub>"


def gauge(value: float, limit: float, palette: Palette) -> Figure:
    """Step size times largest eigenvalue as a bar, beside its limit."""
    trace = {
        "type": "bar",
        "x": [value],
        "y": [""],
        "orientation": "h",
        "name": "γ λ_max",
        "marker": {"color": _colour(value, limit)},
        "width": 0.6,
        "hovertemplate": f"{VALUE} = %{{x:.3g}}<extra></extra>",
        "showlegend": False,
    }
    layout = {
        "xaxis": {
            "title": {"text": f"step size × largest eigenvalue, {VALUE}"},
            "range": [0, max(1.5 * limit, 1.1 * value)],
        },
        "yaxis": {"visible": False},
        "shapes": [_limit(limit, palette, upright=True)],
        "annotations": [
            {
                "x": limit,
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "text": f"limit {limit:g}",
                "showarrow": False,
            }
        ],
        "hovermode": "closest",
        "margin": {"l": 20, "t": 28, "b": 52},
    }
    return styled([trace], layout, palette, height=140)


def curves(
    step: np.ndarray,
    value: np.ndarray,
    step_size: np.ndarray,
    largest: np.ndarray,
    shown: float,
    limit: float,
    palette: Palette,
) -> Figure:
    """``value`` (time) over the ``step`` of inference; on the right the ``largest`` value on the
    way for each ``step_size`` (size), with the one that is ``shown``."""
    axes, layout = panels(["during inference", "at other step sizes"], {}, {}, gap=0.14)
    layout["xaxis"] |= {"title": {"text": "step of inference"}}
    layout["xaxis2"] |= {"title": {"text": "step size γ"}, "type": "log"}
    layout["yaxis"] |= {"title": {"text": VALUE}, "range": [0, _top(value, limit)]}
    layout["yaxis2"] = {"anchor": "x2", "type": "log", "title": {"text": f"largest {VALUE}"}}
    common = {
        "type": "scatter",
        "showlegend": False,
        "hovertemplate": f"{VALUE} = %{{y:.3g}}<extra></extra>",
    }
    line = {"color": OKABE_ITO[4], "width": 2}
    marker = {"size": 7}
    traces = [
        {**common, **axes[0], "x": step, "y": value, "name": "γ λ_max", "line": line}
        | {"mode": "lines+markers", "marker": marker},
        {**common, **axes[1], "x": step_size, "y": largest, "name": "largest γ λ_max"}
        | {"mode": "lines", "line": line},
        {**common, **axes[1], "x": [shown], "y": [float(value.max())], "name": "shown"}
        | {"mode": "markers", "marker": {"size": 11, "symbol": "diamond", "color": OKABE_ITO[5]}},
    ]
    shapes = [
        _limit(limit, palette, upright=False) | {"xref": f"{axis} domain", "yref": y}
        for axis, y in (("x", "y"), ("x2", "y2"))
    ]
    return styled(traces, {**layout, "shapes": shapes}, palette)


def _top(value: np.ndarray, limit: float) -> float:
    return max(1.25 * limit, 1.1 * float(value.max()))


def _colour(value: float, limit: float) -> str:
    return OKABE_ITO[5] if value >= limit else OKABE_ITO[2]


def _limit(limit: float, palette: Palette, *, upright: bool) -> dict:
    """The line at the limit, over the whole panel."""
    across, along = ("x", "y") if upright else ("y", "x")
    return {
        "type": "line",
        f"{across}0": limit,
        f"{across}1": limit,
        f"{along}0": 0,
        f"{along}1": 1,
        f"{along}ref": "paper",
        "line": {"color": palette.text, "width": 2, "dash": "dash"},
    }
