"""Figures of the Sequential evidence page. Models come as a dict by name."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dashboard.figures.figure import Figure
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

FRAME_MS = 900
FATES = (
    ("right, and stays right", OKABE_ITO[2]),
    ("right, would turn wrong", OKABE_ITO[1]),
    ("wrong, would turn right", OKABE_ITO[5]),
    ("wrong, and stays wrong", OKABE_ITO[3]),
    ("never sure", "#888888"),
)


class Seen(NamedTuple):
    """What is seen of an image as time goes on.

    ``whole`` uint8 (row, column) is the image, ``shown`` bool (time, row, column) what has been
    seen up to each step, ``boxes`` (time, 4) the part of that step as top, left, height, width.
    """

    whole: np.ndarray
    shown: np.ndarray
    boxes: np.ndarray


def player(
    seen: Seen,
    beliefs: dict[str, np.ndarray],
    class_names: Sequence[str],
    label: int | None,
    styles: dict[str, TraceStyle],
    part: str,
    palette: Palette,
) -> Figure:
    """The image as it is uncovered, beside each network's belief after each part, to be played.

    ``beliefs`` by name: probabilities (time, class). ``label`` is marked, where it is known.
    """
    axes, layout = panels(
        [f"the {part}s so far", *beliefs],
        {"title": {"text": "class"}, "type": "category"},
        {"range": [0, 1.02]},
        gap=0.035,
    )
    n_panels = len(axes)
    # The picture's panel has an axis of its own, and is wider.
    wide, gap = 0.3, 0.09
    width = (1 - wide - gap - 0.035 * (n_panels - 2)) / max(n_panels - 1, 1)
    layout["xaxis"] = {"visible": False, "domain": [0, wide], "constrain": "domain"}
    layout["yaxis"] = {"visible": False, "autorange": "reversed", "scaleanchor": "x", "anchor": "x"}
    layout["annotations"][0]["x"] = wide / 2
    for k in range(1, n_panels):
        left = wide + gap + (k - 1) * (width + 0.035)
        layout[f"xaxis{k + 1}"]["domain"] = [left, left + width]
        layout["annotations"][k]["x"] = left + width / 2
        first = k == 1
        layout[f"yaxis{k + 1}"] |= {
            "matches": None if first else "y2",
            "showticklabels": first,
            "tickformat": ".0%",
            "title": {"text": "belief"} if first else None,
            "range": [0, 1.02],
        }
    n = len(seen.shown)

    def picture(t: int) -> dict:
        # What is not seen yet stays faintly there: a person should know what is missed.
        dim = (0.25 * seen.whole).astype(np.uint8)
        return {"type": "heatmap", "z": np.where(seen.shown[t], seen.whole, dim)}

    def bars(name: str, t: int) -> dict:
        return {"type": "bar", "y": beliefs[name][t].astype(np.float32)}

    def shapes(t: int) -> list[dict]:
        found = []
        for k, (top, left, height, span) in enumerate(seen.boxes[: t + 1]):
            now = k == t
            found.append(
                {
                    "type": "rect",
                    "xref": "x",
                    "yref": "y",
                    "x0": left - 0.5,
                    "x1": left + span - 0.5,
                    "y0": top - 0.5,
                    "y1": top + height - 0.5,
                    "line": {
                        "color": OKABE_ITO[0] if now else palette.muted,
                        "width": 3 if now else 1,
                    },
                    "label": {
                        "text": str(k + 1),
                        "textposition": "top left",
                        "padding": 2,
                        "font": {"size": 12, "color": OKABE_ITO[0]},
                    },
                }
            )
        return found

    traces = [
        {
            **picture(n - 1),
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
        colours = [
            styles[name].colour if k == label else faded(styles[name].colour, 0.55)
            for k in range(belief.shape[1])
        ]
        edges = [2.5 if k == label else 0 for k in range(belief.shape[1])]
        traces.append(
            {
                **bars(name, n - 1),
                "x": list(class_names),
                **axis,
                "name": name,
                "showlegend": False,
                "marker": {"color": colours, "line": {"color": palette.text, "width": edges}},
                "hovertemplate": f"{name}, class %{{x}}: %{{y:.1%}}<extra></extra>",
            }
        )
    frames = [
        {
            "name": str(t + 1),
            "data": [picture(t), *(bars(name, t) for name in beliefs)],
            "traces": list(range(len(traces))),
            "layout": {"shapes": shapes(t)},
        }
        for t in range(n)
    ]
    layout |= playing([str(t + 1) for t in range(n)], n - 1, f"{part} ", FRAME_MS, palette)
    layout |= {
        "shapes": shapes(n - 1),
        "hovermode": "closest",
        "margin": {"l": 20, "r": 20, "t": 52, "b": 110},
    }
    return styled(traces, layout, palette, frames=frames, height=480)


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
    curves: dict[str, tuple[np.ndarray, np.ndarray]],
    published: dict[str, float],
    styles: dict[str, TraceStyle],
    part: str,
    palette: Palette,
) -> Figure:
    """Accuracy after each part: mean and sd over seeds, (time,) each; hollow: published."""
    traces, n = [], 1
    for name, (mean, sd) in curves.items():
        s, x = styles[name], np.arange(1, len(mean) + 1)
        n = max(n, len(mean))
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": mean,
                "name": name,
                "mode": "lines+markers",
                "error_y": {"array": sd, "thickness": 1.5, "width": 4, "visible": bool(sd.any())},
                "line": {"color": s.colour, "dash": s.dash, "width": 2},
                "marker": {"symbol": s.mark, "size": 9},
                "hovertemplate": "%{y:.1%}",
            }
        )
        if name in published:
            traces.append(
                {
                    "type": "scatter",
                    "x": [len(mean)],
                    "y": [published[name]],
                    "name": "published",
                    "legendgroup": "published",
                    "mode": "markers",
                    "showlegend": not any(t["name"] == "published" for t in traces),
                    "marker": {
                        "symbol": f"{s.mark}-open",
                        "size": 15,
                        "color": s.colour,
                        "line": {"width": 2.5},
                    },
                    "hovertemplate": f"{name}, published: %{{y:.2%}}<extra></extra>",
                }
            )
    layout = {
        "xaxis": {"title": {"text": f"{part}s seen"}, "dtick": 1, "range": [0.7, n + 0.3]},
        "yaxis": {"title": {"text": "accuracy"}, "tickformat": ".0%", "rangemode": "tozero"},
    }
    return styled(traces, layout, palette, height=400)


def outcomes(shares: dict[str, np.ndarray], palette: Palette) -> Figure:
    """What becomes of the answers given at θ, shares in the order of ``FATES``, a bar a network."""
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
        for k, (outcome, colour) in enumerate(FATES)
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
