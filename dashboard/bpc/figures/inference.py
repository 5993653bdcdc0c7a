"""Inference of one image: class evidence, the energy of each label, and its steps."""

from collections.abc import Sequence

import numpy as np

from corelib.models.bpc.moments import InferenceView
from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, SIGNED, Palette, Panels, panels, playing, styled

FRAME_MS = 350


def bars(
    series: dict[str, np.ndarray],
    class_names: Sequence[str],
    label: int | None,
    y_name: str,
    palette: Palette,
) -> Figure:
    """A value for each class, one colour a series; the true class is framed."""
    traces = []
    for k, (name, values) in enumerate(series.items()):
        traces.append(
            {
                "type": "bar",
                "x": list(class_names),
                "y": values,
                "name": name,
                "marker": {
                    "color": OKABE_ITO[(1, 2, 0)[k % 3]],
                    "line": _framed(len(values), label, palette),
                },
                "hovertemplate": "%{y:.3f}",
            }
        )
    layout = {
        "xaxis": {"title": {"text": "class"}, "type": "category"},
        "yaxis": {"title": {"text": y_name}},
        "barmode": "group",
    }
    return styled(traces, layout, palette)


def energies(
    values: np.ndarray, class_names: Sequence[str], label: int | None, palette: Palette
) -> Figure:
    """The energy after inference with each label clamped; the lowest bar is coloured, the true
    class framed."""
    least = int(values.argmin())
    colours = [OKABE_ITO[2] if k == least else palette.muted for k in range(len(values))]
    trace = {
        "type": "bar",
        "x": list(class_names),
        "y": values,
        "name": "energy",
        "marker": {"color": colours, "line": _framed(len(values), label, palette)},
        "hovertemplate": "class %{x}: %{y:.4g}<extra></extra>",
    }
    low, high = float(values.min()), float(values.max())
    margin = 0.15 * (high - low + 1e-9)
    layout = {
        "xaxis": {"title": {"text": "clamped label"}, "type": "category"},
        "yaxis": {
            "title": {"text": "energy after inference"},
            "range": [low - margin, high + margin],
        },
        "hovermode": "closest",
    }
    return styled([trace], layout, palette)


def inference_curves(view: InferenceView, palette: Palette) -> Figure:
    """Energy, and each layer's forward and backward errors, over the steps of inference."""
    axes, layout = panels(
        ["energy", "forward errors |e|²", "backward errors |δ|²"],
        {"title": {"text": "step of inference"}},
        {},
        gap=0.08,
    )
    for k in (2, 3):
        layout[f"yaxis{k}"] = {"anchor": f"x{k}"}
    if len(view.step) > 2:
        for k in ("yaxis", "yaxis2", "yaxis3"):
            layout[k] |= {"rangemode": "tozero"}
    traces = [_line(view.step, view.energy, "energy", palette.text, "circle", axes[0], False)]
    for errors, name, panel, first in ((view.forward, "e", 1, 1), (view.backward, "δ", 2, 0)):
        for k in range(errors.shape[1]):
            colour = OKABE_ITO[(2, 4, 5, 0, 1, 3, 6)[k % 7]]
            mark = ("circle", "square", "diamond", "triangle-up")[k % 4]
            traces.append(
                _line(
                    view.step,
                    errors[:, k],
                    f"{name}{_low(k + first)}",
                    colour,
                    mark,
                    axes[panel],
                    True,
                )
            )
    legend = {"y": 1.08}
    return styled(traces, {**layout, "legend": legend, "margin": {"t": 76}}, palette, height=400)


def _low(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _line(
    x: np.ndarray, y: np.ndarray, name: str, colour: str, mark: str, axis: dict, legend: bool
) -> dict:
    few = len(x) <= 40
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "name": name,
        **axis,
        "showlegend": legend,
        "mode": "lines+markers" if few else "lines",
        "line": {"color": colour, "width": 2},
        "marker": {"symbol": mark, "size": 7},
        "hovertemplate": "%{y:.4g}",
    }


def player(
    view: InferenceView, class_names: Sequence[str], label: int | None, palette: Palette
) -> Figure:
    """Inference to be played: the predicted image, the class evidence, the hidden activity; the
    true class is framed."""
    titles = ["predicted image", "class evidence"]
    titles += [f"activity z{_low(k + 1)}" for k in range(len(view.hidden))]
    axes, layout = _player_panels(view, titles)
    last = len(view.step) - 1
    styles = _player_styles(view, titles, class_names, label, palette)
    traces = [
        {**data, **style, **axis}
        for data, style, axis in zip(_moment(view, last), styles, axes, strict=True)
    ]
    frames = [
        {"name": str(step), "data": _moment(view, t), "traces": list(range(len(traces)))}
        for t, step in enumerate(view.step)
    ]
    layout |= playing([str(step) for step in view.step], last, "step ", FRAME_MS, palette)
    layout |= {"hovermode": "closest", "margin": {"l": 20, "r": 20, "t": 40, "b": 110}}
    return styled(traces, layout, palette, frames=frames, height=400)


def _player_panels(view: InferenceView, titles: Sequence[str]) -> Panels:
    """Pictures without axes, apart from the bars of the second panel."""
    axes, layout = panels(titles, {}, {}, gap=0.05)
    for k in range(len(titles)):
        number = "" if k == 0 else str(k + 1)
        domain = layout[f"xaxis{number}"]["domain"]
        if k == 1:
            layout["xaxis2"] = {"domain": domain, "anchor": "y2", "type": "category"}
            span = float(np.abs(view.label).max()) or 1.0
            low = min(float(view.label.min()), 0.0)
            layout["yaxis2"] = {"anchor": "x2", "range": [1.1 * low, 1.1 * max(span, 1.0)]}
            continue
        layout[f"xaxis{number}"] = {"visible": False, "domain": domain, "constrain": "domain"}
        layout[f"yaxis{number}"] = {
            "visible": False,
            "autorange": "reversed",
            "scaleanchor": f"x{number}",
            "anchor": f"x{number}",
        }
    return Panels(axes, layout)


def _moment(view: InferenceView, t: int) -> list[dict]:
    """The data of every panel at one moment."""
    return [
        {"type": "heatmap", "z": view.image[t]},
        {"type": "bar", "y": view.label[t].astype(np.float32)},
        *({"type": "heatmap", "z": _square(h[t])} for h in view.hidden),
    ]


def _player_styles(
    view: InferenceView,
    titles: Sequence[str],
    class_names: Sequence[str],
    label: int | None,
    palette: Palette,
) -> list[dict]:
    """The look of every panel's trace, which stays the same at all moments."""
    image = {
        "name": titles[0],
        "colorscale": "gray",
        "zmin": 0,
        "zmax": 255,
        "showscale": False,
        "hoverinfo": "skip",
    }
    evidence = {
        "name": titles[1],
        "x": list(class_names),
        "showlegend": False,
        "marker": {"color": OKABE_ITO[1], "line": _framed(len(class_names), label, palette)},
        "hovertemplate": "class %{x}: %{y:.3f}<extra></extra>",
    }
    limits = [float(np.abs(h).max()) or 1.0 for h in view.hidden]
    hidden = [
        {
            "name": title,
            "colorscale": SIGNED,
            "zmin": -limit,
            "zmax": limit,
            "showscale": False,
            "hovertemplate": "%{z:.3f}<extra></extra>",
        }
        for title, limit in zip(titles[2:], limits, strict=True)
    ]
    return [image, evidence, *hidden]


def _framed(n: int, label: int | None, palette: Palette) -> dict:
    """The outlines of n bars, of which the true class alone has one."""
    return {"color": palette.text, "width": [2.5 if k == label else 0 for k in range(n)]}


def _square(activity: np.ndarray) -> np.ndarray:
    """Units row by row in about a square; NaN where the last row has no more units."""
    width = int(np.ceil(np.sqrt(len(activity))))
    sheet = np.full(width * -(-len(activity) // width), np.nan, np.float32)
    sheet[: len(activity)] = activity
    return sheet.reshape(-1, width)
