"""Figures of the BPC digits page. Images are uint8 (…, row, column), 0 is black."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import (
    OKABE_ITO,
    SIGNED,
    TALL,
    Palette,
    TraceStyle,
    faded,
    panels,
    playing,
    styled,
)

FRAME_MS = 350
GAP = 3


class InferenceView(NamedTuple):
    """Inference over time: ``step`` (time,), ``energy`` (time,), squared errors ``forward`` and
    ``backward`` (time, layer), ``image`` as it is predicted, uint8 (time, row, column), ``label``
    as it is predicted (time, class), ``hidden``: activities, each (time, unit)."""

    step: np.ndarray
    energy: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    image: np.ndarray
    label: np.ndarray
    hidden: tuple[np.ndarray, ...]


def gallery(
    images: np.ndarray, titles: Sequence[str], columns: int, palette: Palette, *, cell: int = 92
) -> Figure:
    """Images in a grid, each below its title; ``cell`` is its width on the screen in pixels."""
    n, side = len(images), images.shape[-1]
    rows, head = -(-n // columns), 7 if any(titles) else GAP
    wide, high = side + GAP, side + head
    # Between the images the sheet shows through.
    sheet = np.full((rows * high, columns * wide), np.nan, np.float32)
    x, y = [], []
    for i, image in enumerate(images):
        row, column = divmod(i, columns)
        top, left = row * high + head, column * wide
        sheet[top : top + side, left : left + side] = image
        x.append(left + side / 2 - 0.5)
        y.append(row * high + head / 2 - 0.5)
    traces = [
        {
            "type": "heatmap",
            "z": sheet,
            "name": "images",
            "colorscale": "gray",
            "zmin": 0,
            "zmax": 255,
            "showscale": False,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": x,
            "y": y,
            "name": "titles",
            "mode": "text",
            "text": list(titles),
            "textfont": {"size": 13, "color": palette.text},
            "showlegend": False,
            "hoverinfo": "skip",
        },
    ]
    layout = {
        "xaxis": {
            "visible": False,
            "range": [-0.5, columns * wide - GAP - 0.5],
            "constrain": "domain",
            "constraintoward": "left",
        },
        "yaxis": {"visible": False, "range": [rows * high - 0.5, -0.5], "scaleanchor": "x"},
        "margin": {"l": 4, "r": 4, "t": 6, "b": 6},
        "hovermode": False,
    }
    height = 12 + round(cell * rows * high / wide)
    return styled(traces, layout, palette, height=height)


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
        edge = [2.5 if c == label else 0 for c in range(len(values))]
        traces.append(
            {
                "type": "bar",
                "x": list(class_names),
                "y": values,
                "name": name,
                "marker": {
                    "color": OKABE_ITO[(1, 2, 0)[k % 3]],
                    "line": {"color": palette.text, "width": edge},
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
    """The energy with each label clamped, less the smallest; the lowest bar is the answer."""
    least = int(values.argmin())
    colours = [OKABE_ITO[2] if k == least else palette.muted for k in range(len(values))]
    edge = [2.5 if k == label else 0 for k in range(len(values))]
    trace = {
        "type": "bar",
        "x": list(class_names),
        "y": values,
        "name": "energy",
        "marker": {"color": colours, "line": {"color": palette.text, "width": edge}},
        "hovertemplate": "class %{x}: %{y:.4g}<extra></extra>",
    }
    low, high = float(values.min()), float(values.max())
    margin = 0.15 * (high - low + 1e-9)
    layout = {
        "xaxis": {"title": {"text": "label that is clamped"}, "type": "category"},
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
    """Inference to be played: the predicted image, the class evidence, the hidden activity."""
    titles = ["predicted image", "class evidence"]
    titles += [f"activity z{_low(k + 1)}" for k in range(len(view.hidden))]
    axes, layout = panels(titles, {}, {}, gap=0.05)
    n_panels = len(titles)
    for k in range(n_panels):
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
    limit = [float(np.abs(h).max()) or 1.0 for h in view.hidden]

    def moment(t: int) -> list[dict]:
        return [
            {"type": "heatmap", "z": view.image[t]},
            {"type": "bar", "y": view.label[t].astype(np.float32)},
            *({"type": "heatmap", "z": _square(h[t])} for h in view.hidden),
        ]

    last = len(view.step) - 1
    looks = [
        {
            "name": "predicted image",
            "colorscale": "gray",
            "zmin": 0,
            "zmax": 255,
            "showscale": False,
            "hoverinfo": "skip",
        },
        {
            "name": "class evidence",
            "x": list(class_names),
            "showlegend": False,
            "marker": {
                "color": OKABE_ITO[1],
                "line": {
                    "color": palette.text,
                    "width": [2.5 if k == label else 0 for k in range(len(class_names))],
                },
            },
            "hovertemplate": "class %{x}: %{y:.3f}<extra></extra>",
        },
        *(
            {
                "name": title,
                "colorscale": SIGNED,
                "zmin": -bound,
                "zmax": bound,
                "showscale": False,
                "hovertemplate": "%{z:.3f}<extra></extra>",
            }
            for title, bound in zip(titles[2:], limit, strict=True)
        ),
    ]
    traces = [
        {**data, **own, **axis} for data, own, axis in zip(moment(last), looks, axes, strict=True)
    ]
    frames = [
        {"name": str(step), "data": moment(t), "traces": list(range(len(traces)))}
        for t, step in enumerate(view.step)
    ]
    layout |= playing([str(step) for step in view.step], last, "step ", FRAME_MS, palette)
    layout |= {"hovermode": "closest", "margin": {"l": 20, "r": 20, "t": 40, "b": 110}}
    return styled(traces, layout, palette, frames=frames, height=400)


def _square(activity: np.ndarray) -> np.ndarray:
    """Units row by row in about a square; the last row is filled up with nothing."""
    width = int(np.ceil(np.sqrt(len(activity))))
    sheet = np.full(width * -(-len(activity) // width), np.nan, np.float32)
    sheet[: len(activity)] = activity
    return sheet.reshape(-1, width)


def losses(
    steps: np.ndarray, generator: np.ndarray, amortiser: np.ndarray, best: float, palette: Palette
) -> Figure:
    """Both losses of the training batches against updates, NaN where a network has not both;
    dotted: the best that one image a class can do."""
    axes, layout = panels(
        ["generator loss", "amortiser loss"], {"title": {"text": "updates"}}, {}, gap=0.09
    )
    layout["yaxis2"] = {"anchor": "x2"}
    traces = [
        {
            "type": "scatter",
            "x": steps,
            "y": values,
            "name": name,
            **axis,
            "mode": "lines",
            "line": {"color": colour, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.4f}",
        }
        for name, values, colour, axis in (
            ("generator loss", generator, OKABE_ITO[4], axes[0]),
            ("amortiser loss", amortiser, OKABE_ITO[5], axes[1]),
        )
    ]
    layout["shapes"] = [
        {
            "type": "line",
            "xref": "x domain",
            "yref": "y",
            "x0": 0,
            "x1": 1,
            "y0": best,
            "y1": best,
            "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
        }
    ]
    return styled(traces, layout, palette, height=260)


def trade_off(
    points: dict[str, tuple[float, float]],
    x_name: str,
    styles: dict[str, TraceStyle],
    bound: float,
    palette: Palette,
) -> Figure:
    """Accuracy against the error of what is generated, a point a network; dotted: the best that
    one image a class can do."""
    traces = [
        {
            "type": "scatter",
            "x": [x],
            "y": [y],
            "name": name,
            "mode": "markers",
            "marker": {
                "symbol": styles[name].mark,
                "size": 15,
                "color": styles[name].colour,
                "line": {"color": palette.background, "width": 1},
            },
            "hovertemplate": f"{name}: %{{y:.2%}}, %{{x:.4f}}<extra></extra>",
        }
        for name, (x, y) in points.items()
    ]
    layout = {
        "xaxis": {"title": {"text": x_name}},
        "yaxis": {"title": {"text": "accuracy on the test set"}, "tickformat": ".0%"},
        "shapes": [
            {
                "type": "line",
                "yref": "paper",
                "x0": bound,
                "x1": bound,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
            }
        ],
        "hovermode": "closest",
        "margin": {"t": 72},
    }
    return styled(traces, layout, palette, height=TALL)


def weighing(alpha: np.ndarray, accuracy: np.ndarray, loss: np.ndarray, palette: Palette) -> Figure:
    """Accuracy and generation loss against α_f; ``accuracy`` and ``loss`` (alpha, 2): mean, sd."""
    axes, layout = panels(
        ["accuracy on the test set", "generator loss"],
        {"title": {"text": "α_f"}, "type": "log", "dtick": 1, "exponentformat": "power"},
        {},
        gap=0.12,
    )
    layout["yaxis"] |= {"tickformat": ".1%"}
    layout["yaxis2"] = {"anchor": "x2"}
    traces = [
        {
            "type": "scatter",
            "x": alpha,
            "y": values[:, 0],
            "name": name,
            **axis,
            "error_y": {"array": values[:, 1], "thickness": 1.5, "width": 5},
            "mode": "lines+markers",
            "line": {"color": colour, "width": 2},
            "marker": {"size": 9},
            "showlegend": False,
            "hovertemplate": "%{y:.4f}",
        }
        for name, values, colour, axis in (
            ("accuracy", accuracy, OKABE_ITO[2], axes[0]),
            ("generator loss", loss, OKABE_ITO[4], axes[1]),
        )
    ]
    return styled(traces, layout, palette, height=320)


def completion(
    before: dict[str, float], after: dict[str, float], chance: float, palette: Palette
) -> Figure:
    """Accuracy by mask, before and after the hidden pixels are filled in."""
    names = list(before)
    traces = [
        {
            "type": "bar",
            "x": names,
            "y": [values[n] for n in names],
            "name": title,
            "marker": {"color": colour},
            "hovertemplate": "%{y:.1%}",
        }
        for title, values, colour in (
            ("before", before, faded(palette.muted, 0.7)),
            ("after inference", after, OKABE_ITO[2]),
        )
    ]
    layout = {
        "barmode": "group",
        "xaxis": {"type": "category", "title": {"text": "what is hidden"}},
        "yaxis": {"title": {"text": "accuracy"}, "tickformat": ".0%", "range": [0, 1.02]},
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": chance,
                "y1": chance,
                "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
            }
        ],
    }
    return styled(traces, layout, palette)
