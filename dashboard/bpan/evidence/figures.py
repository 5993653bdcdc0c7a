"""Figures of the Sequential evidence page. Networks come as a dict by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from corelib.data.evidence import Evidence
from dashboard.figures.figure import Figure
from dashboard.figures.spread import DECORATION, Spread, bars
from dashboard.figures.style import (
    OKABE_ITO,
    TALL,
    Palette,
    TraceStyle,
    faded,
    panels,
    playing,
    styled,
)

if TYPE_CHECKING:
    from corelib.reproduce.sequential import OverSteps

FRAME_MS = 900
HEIGHT = 400
PICTURE, GAP, BETWEEN = 0.3, 0.09, 0.035
"""Shares of the width: the picture, the gap beside it, and that between the other panels."""
HOLLOW = {"size": 15, "line": {"width": 2.5}}
OUTCOMES = (
    ("correct, and stays correct", OKABE_ITO[2]),
    ("correct, would become wrong", OKABE_ITO[1]),
    ("wrong, would become correct", OKABE_ITO[5]),
    ("wrong, and stays wrong", OKABE_ITO[3]),
    ("never confident", "#888888"),
)
"""Names and colours in the order of ``corelib.analysis.anytime.outcomes``."""


def player(
    evidence: Evidence,
    beliefs: dict[str, np.ndarray],
    class_names: Sequence[str],
    label: int | None,
    styles: dict[str, TraceStyle],
    part: str,
    palette: Palette,
) -> Figure:
    """The image as it is revealed, beside each network's belief after each part, to be played.

    ``beliefs`` by name: probabilities (time, class). ``label`` is marked, if it is known.
    """
    axes, layout = _player_panels(list(beliefs), part)
    n = len(evidence.shown)
    traces = [
        {
            **_picture(evidence, n - 1),
            **axes[0],
            "name": "image",
            "colorscale": "gray",
            "zmin": 0,
            "zmax": 255,
            "showscale": False,
            "hoverinfo": "skip",
        }
    ]
    for (name, belief), axis in zip(beliefs.items(), axes[1:], strict=True):
        look = _belief_look(name, belief.shape[1], label, styles[name], palette)
        traces.append({**_heights(belief, n - 1), "x": list(class_names), **axis, **look})
    frames = [
        {
            "name": str(t + 1),
            "data": [_picture(evidence, t), *(_heights(b, t) for b in beliefs.values())],
            "traces": list(range(len(traces))),
            "layout": {"shapes": _boxes(evidence, t, palette)},
        }
        for t in range(n)
    ]
    layout |= playing([str(t + 1) for t in range(n)], n - 1, f"{part} ", FRAME_MS, palette)
    layout |= {
        "shapes": _boxes(evidence, n - 1, palette),
        "hovermode": "closest",
        "margin": {"l": 20, "r": 20, "t": 52, "b": 110},
    }
    return styled(traces, layout, palette, frames=frames, height=480)


def _player_panels(names: Sequence[str], part: str) -> tuple[list[dict], dict]:
    """The picture's panel, which has axes of its own and is wider, and one for each network."""
    axes, layout = panels(
        [f"the {part}s so far", *names],
        {"title": {"text": "class"}, "type": "category"},
        {"range": [0, 1.02]},
        gap=BETWEEN,
    )
    n_panels = len(axes)
    width = (1 - PICTURE - GAP - BETWEEN * (n_panels - 2)) / max(n_panels - 1, 1)
    layout["xaxis"] = {"visible": False, "domain": [0, PICTURE], "constrain": "domain"}
    layout["yaxis"] = {"visible": False, "autorange": "reversed", "scaleanchor": "x", "anchor": "x"}
    for k in range(1, n_panels):
        left = PICTURE + GAP + (k - 1) * (width + BETWEEN)
        layout[f"xaxis{k + 1}"]["domain"] = [left, left + width]
        first = k == 1
        layout[f"yaxis{k + 1}"] |= {
            "matches": None if first else "y2",
            "showticklabels": first,
            "tickformat": ".0%",
            "title": {"text": "belief"} if first else None,
            "range": [0, 1.02],
        }
    return axes, layout


def _picture(evidence: Evidence, t: int) -> dict:
    """The image after step t, from 0; what is not seen yet is dimmed, to show what is missed."""
    dim = (0.25 * evidence.whole).astype(np.uint8)
    return {"type": "heatmap", "z": np.where(evidence.shown[t], evidence.whole, dim)}


def _heights(belief: np.ndarray, t: int) -> dict:
    return {"type": "bar", "y": belief[t].astype(np.float32)}


def _belief_look(
    name: str, n_classes: int, label: int | None, style: TraceStyle, palette: Palette
) -> dict:
    """How the bars of a network look; that of the true class is framed."""
    classes = range(n_classes)
    colours = [style.colour if k == label else faded(style.colour, 0.55) for k in classes]
    edges = [2.5 if k == label else 0 for k in classes]
    return {
        "name": name,
        "showlegend": False,
        "marker": {"color": colours, "line": {"color": palette.text, "width": edges}},
        "hovertemplate": f"{name}, class %{{x}}: %{{y:.1%}}<extra></extra>",
    }


def _boxes(evidence: Evidence, t: int, palette: Palette) -> list[dict]:
    """Frames around the parts seen up to step t, from 0; that of the step itself stands out."""
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "y",
            "x0": left - 0.5,
            "x1": left + span - 0.5,
            "y0": top - 0.5,
            "y1": top + height - 0.5,
            "line": {
                "color": OKABE_ITO[0] if k == t else palette.muted,
                "width": 3 if k == t else 1,
            },
            "label": {
                "text": str(k + 1),
                "textposition": "top left",
                "padding": 2,
                "font": {"size": 12, "color": OKABE_ITO[0]},
            },
        }
        for k, (top, left, height, span) in enumerate(evidence.boxes[: t + 1])
    ]


def beliefs(
    views: dict[str, np.ndarray],
    halts: dict[str, int],
    class_names: Sequence[str],
    part: str,
    palette: Palette,
) -> Figure:
    """Belief in each class after each part, one panel a network; the ring is where it answers."""
    axes, layout = panels(
        [f"{name}<br>answers after {halts[name]}" for name in views],
        {"title": {"text": part}, "dtick": 1, "showgrid": False},
        {"title": {"text": "class"}, "type": "category", "showgrid": False},
        gap=0.03,
    )
    traces = []
    for k, ((name, belief), axis) in enumerate(zip(views.items(), axes, strict=True)):
        x = np.arange(1, len(belief) + 1)
        traces.append(
            {
                "type": "heatmap",
                "x": x,
                "y": list(class_names),
                "z": belief.T.astype(np.float32),
                **axis,
                "name": name,
                "colorscale": "Cividis",
                "zmin": 0,
                "zmax": 1,
                "showscale": k == len(views) - 1,
                "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0},
                "hovertemplate": f"{name}, after %{{x}}: %{{z:.1%}} for %{{y}}<extra></extra>",
            }
        )
        at = halts[name]
        traces.append(
            {
                "type": "scatter",
                "x": [at],
                "y": [class_names[int(belief[at - 1].argmax())]],
                **axis,
                "name": "answer",
                "mode": "markers",
                "showlegend": False,
                "marker": {
                    "symbol": "circle-open",
                    "size": 18,
                    "color": "#ffffff",
                    "line": {"width": 3},
                },
                "hoverinfo": "skip",
            }
        )
    return styled(traces, {**layout, "hovermode": "closest", "margin": {"t": 72}}, palette)


def accuracy_over_parts(
    curves: "dict[str, OverSteps]",
    published: dict[str, float],
    styles: dict[str, TraceStyle],
    part: str,
    palette: Palette,
) -> Figure:
    """Accuracy after each part, mean and sd over seeds; hollow: published."""
    traces: list[dict] = []
    n = max((len(curve.mean) for curve in curves.values()), default=1)
    for name, curve in curves.items():
        traces.append(_accuracy_line(name, curve, styles[name]))
        if name in published:
            traces.append(_published(name, len(curve.mean), published[name], styles[name]))
    if published.keys() & curves.keys():
        traces.append(_hollow(palette))
    layout = {
        "xaxis": {"title": {"text": f"{part}s seen"}, "dtick": 1, "range": [0.7, n + 0.3]},
        "yaxis": {"title": {"text": "accuracy"}, "tickformat": ".0%", "rangemode": "tozero"},
    }
    return styled(traces, layout, palette, height=HEIGHT)


def _accuracy_line(name: str, curve: "OverSteps", style: TraceStyle) -> dict:
    spread = Spread(curve.sd, curve.n_seeds)
    return {
        "type": "scatter",
        "x": np.arange(1, len(curve.mean) + 1),
        "y": curve.mean,
        "name": name,
        "mode": "lines+markers",
        **bars(spread, thickness=1.5, width=4, visible=bool(curve.sd.any())),
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "marker": {"symbol": style.mark, "size": 9},
        "hovertemplate": "%{y:.1%}",
    }


def _published(name: str, step: int, share: float, style: TraceStyle) -> dict:
    return {
        "type": "scatter",
        "x": [step],
        "y": [share],
        "name": "published",
        "legendgroup": "published",
        "mode": "markers",
        "showlegend": False,
        "marker": {"symbol": f"{style.mark}-open", "color": style.colour, **HOLLOW},
        "hovertemplate": f"{name}, published: %{{y:.2%}}<extra></extra>",
    }


def _hollow(palette: Palette) -> dict:
    """The hollow marks in the legend: of no network's colour, as each network has its own."""
    return {
        "type": "scatter",
        "x": [None],
        "y": [None],
        "name": "published",
        "legendgroup": "published",
        "mode": "markers",
        "marker": {"symbol": "circle-open", "color": palette.muted, **HOLLOW},
        "meta": DECORATION,
    }


def outcomes(shares: dict[str, np.ndarray], palette: Palette) -> Figure:
    """Outcomes of the answers given at θ: for each network shares in the order of ``OUTCOMES``."""
    names = list(shares)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": names,
            "x": [shares[name][k] for name in names],
            "name": outcome,
            "marker": {"color": colour},
            "hovertemplate": f"{outcome}: %{{x:.1%}}<extra>%{{y}}</extra>",
        }
        for k, (outcome, colour) in enumerate(OUTCOMES)
    ]
    layout = {
        "barmode": "stack",
        "xaxis": {
            "title": {"text": "share of the test sequences"},
            "tickformat": ".0%",
            "range": [0, 1],
        },
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
        "hovermode": "closest",
        "margin": {"t": 72},
        "legend": {"traceorder": "normal"},
    }
    return styled(traces, layout, palette, height=min(TALL, 190 + 44 * len(names)))
