"""Figures of the Counter-Hebb page. Learning rules come by name; each keeps its sign."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corelib.models.butd.analysis import Difference, ThreePasses
from dashboard.figures.figure import Figure
from dashboard.figures.populations import sheet
from dashboard.figures.style import (
    OKABE_ITO,
    SIGNED,
    Palette,
    TraceStyle,
    faded,
    panels,
    playing,
    styled,
)

FRAME_MS = 700
TO_COME = 0.0
ROW_HEIGHT = 165
EXACT = 1e-17
"""Where a difference of zero is drawn on a logarithmic axis."""


class OverSeeds(NamedTuple):
    """A measure over training: ``epoch`` (moment,), mean and sd over ``n`` seeds (moment,)."""

    epoch: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n: int


class Cell(NamedTuple):
    """A population in one of the passes: where it stands, what is shown, and its moment's name."""

    row: int
    column: int
    values: np.ndarray
    moment: str
    signed: bool


def three_passes(
    view: ThreePasses,
    image: np.ndarray,
    shown: Sequence[int],
    class_names: Sequence[str],
    label: int,
    palette: Palette,
) -> Figure:
    """The three passes of one image, to be played moment by moment: down with the instruction if
    there is one, up with the image, down with the error.

    Columns are the ``image`` (row, column), the populations ``shown``, by place, and the answer;
    rows h̄, h and δ.
    """
    told = bool(view.instruction)
    rows = ["instruction h̄", "activity h", "error δ"][not told :]
    cells = _cells(view, shown, told)
    columns = len(shown) + 2
    titles = ["image", *(view.names[k] for k in shown), "answer"]
    layout, axes = _grid(rows, titles, palette)
    traces = []
    for cell in cells:
        values = sheet(cell.values.astype(np.float32), 1.0).values
        most = float(np.abs(cell.values).max()) or 1.0
        traces.append(
            {
                "type": "heatmap",
                "z": values,
                "name": cell.moment,
                **axes[cell.row * columns + cell.column + 1],
                "colorscale": SIGNED if cell.signed else "Cividis",
                "zmin": -most if cell.signed else 0,
                "zmax": most,
                "showscale": False,
                "hovertemplate": "%{z:.3g}<extra></extra>",
            }
        )
    edge = [2.5 if k == label else 0 for k in range(len(class_names))]
    for row, values, name, colour in (
        (len(rows) - 2, view.probability, "the answer", OKABE_ITO[1]),
        (len(rows) - 1, view.output_error, "its error", OKABE_ITO[5]),
    ):
        # The answer comes after all activities, its error before all others.
        at = len(shown) * (1 + told) + (row == len(rows) - 1)
        traces.insert(
            at,
            {
                "type": "bar",
                "x": list(class_names),
                "y": values.astype(np.float32),
                "name": name,
                **axes[row * columns + columns - 1],
                "showlegend": False,
                "marker": {"color": colour, "line": {"color": palette.text, "width": edge}},
                "hovertemplate": "class %{x}: %{y:.3g}<extra></extra>",
            },
        )
    picture = {
        "type": "heatmap",
        "z": image.astype(np.float32),
        "name": "the image",
        **axes[int(told) * columns],
        "colorscale": "gray",
        "showscale": False,
        "hoverinfo": "skip",
    }
    traces.insert(len(shown) * told, picture)
    kinds = [trace["type"] for trace in traces]
    frames = [
        {
            "name": trace["name"],
            "data": [
                {"type": kind, "opacity": 1.0 if k <= moment else TO_COME}
                for k, kind in enumerate(kinds)
            ],
            "traces": list(range(len(traces))),
        }
        for moment, trace in enumerate(traces)
    ]
    layout |= playing([t["name"] for t in traces], len(traces) - 1, "now: ", FRAME_MS, palette)
    # Below the last row, at whatever height the figure has.
    height = 150 + ROW_HEIGHT * len(rows)
    below = -70 / (height - 150)
    layout["updatemenus"][0]["y"] = layout["sliders"][0]["y"] = below
    layout["sliders"][0]["ticklen"] = 0
    layout["sliders"][0]["font"] = {"size": 1, "color": "rgba(0,0,0,0)"}
    layout["sliders"][0]["currentvalue"]["font"] = {"size": 14, "color": palette.text}
    layout |= {"hovermode": "closest", "margin": {"l": 110, "r": 72, "t": 36, "b": 114}}
    return styled(traces, layout, palette, frames=frames, height=height)


def _cells(view: ThreePasses, shown: Sequence[int], told: bool) -> list[Cell]:
    """In the order of the passes: down, up, down."""
    up = [
        Cell(int(told), j, view.activity[k], f"h of {view.names[k]}", False)
        for j, k in enumerate(shown)
    ]
    down = [
        Cell(int(told) + 1, j, view.error[k], f"δ of {view.names[k]}", True)
        for j, k in enumerate(shown)
    ][::-1]
    instruction = [
        Cell(0, j, view.instruction[k], f"h̄ of {view.names[k]}", False)
        for j, k in enumerate(shown)
        if told
    ][::-1]
    return [*instruction, *up, *down]


def _grid(rows: Sequence[str], columns: Sequence[str], palette: Palette) -> tuple[dict, list[dict]]:
    """A layout of small panels, row by row, and the axes of each."""
    n, m = len(rows), len(columns)
    gap_x, gap_y = 0.02, 0.07
    width, height = (1 - gap_x * (m - 1)) / m, (1 - gap_y * (n - 1)) / n
    layout, axes, annotations = {}, [], []
    for i in range(n):
        bottom = max(0.0, 1 - (i + 1) * height - i * gap_y)
        for j in range(m):
            number = i * m + j + 1
            suffix = "" if number == 1 else str(number)
            left = j * (width + gap_x)
            bars = j == m - 1
            layout[f"xaxis{suffix}"] = {
                "domain": [left, min(1.0, left + width)],
                "anchor": f"y{suffix}",
                "showgrid": False,
                "visible": bars,
                "type": "category" if bars else "linear",
                "tickfont": {"size": 11},
                "showline": False,
                "ticks": "",
            }
            layout[f"yaxis{suffix}"] = {
                "domain": [bottom, min(1.0, bottom + height)],
                "anchor": f"x{suffix}",
                "showgrid": False,
                "visible": bars,
                "tickfont": {"size": 11},
                "side": "right",
                "nticks": 4,
                "exponentformat": "e",
            }
            if bars:
                name = {n - 2: "probability", n - 1: "error"}.get(i)
                layout[f"yaxis{suffix}"]["title"] = {"text": name, "font": {"size": 12}}
            if not bars:
                layout[f"yaxis{suffix}"] |= {
                    "autorange": "reversed",
                    "scaleanchor": f"x{suffix}",
                    "constrain": "domain",
                }
                layout[f"xaxis{suffix}"]["constrain"] = "domain"
            axes.append({"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"})
        annotations.append(
            {
                "text": rows[i],
                "x": 0,
                "xref": "paper",
                "xanchor": "right",
                "xshift": -10,
                "y": bottom + height / 2,
                "yref": "paper",
                "showarrow": False,
            }
        )
    annotations += [
        {
            "text": title,
            "x": j * (width + gap_x) + width / 2,
            "xref": "paper",
            "y": 1,
            "xanchor": "center",
            "yref": "paper",
            "yanchor": "bottom",
            "showarrow": False,
        }
        for j, title in enumerate(columns)
    ]
    return {**layout, "annotations": annotations}, axes


def off_the_gradient(found: Difference, palette: Palette) -> Figure:
    """How far each layer's update is from back-propagation's: relative length of the difference,
    and angle."""
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
    layout["yaxis2"] = {"anchor": "x2", "range": [0, 180], "dtick": 45}
    relative = np.maximum(found.relative, EXACT)
    traces = [
        {
            "type": "scatter",
            "x": list(found.layers),
            "y": relative,
            "customdata": found.relative,
            "name": "relative difference",
            **axes[0],
            "mode": "markers",
            "showlegend": False,
            "marker": {
                "symbol": "diamond",
                "size": 13,
                "color": [OKABE_ITO[2] if value < 1e-10 else OKABE_ITO[5] for value in relative],
            },
            "hovertemplate": "%{customdata:.2g}",
        },
        {
            "type": "bar",
            "x": list(found.layers),
            "y": found.angle,
            "name": "angle",
            **axes[1],
            "showlegend": False,
            "marker": {"color": OKABE_ITO[5]},
            "hovertemplate": "%{y:.2f}°",
        },
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


def over_epochs(
    measures: dict[str, dict[str, OverSeeds]],
    styles: dict[str, TraceStyle],
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
    traces, named = [], set()
    for axis, curves in zip(axes, measures.values(), strict=True):
        for name, curve in curves.items():
            s, x = styles[name], curve.epoch
            if curve.n > 1:
                low, high = curve.mean - curve.sd, curve.mean + curve.sd
                traces.append(
                    {
                        "type": "scatter",
                        "x": np.concatenate([x, x[::-1]]),
                        **axis,
                        "y": np.concatenate([high, low[::-1]]),
                        "mode": "lines",
                        "fill": "toself",
                        "fillcolor": faded(s.colour, 0.18),
                        "line": {"width": 0},
                        "name": f"{name} ± sd",
                        "legendgroup": name,
                        "showlegend": False,
                        "hoverinfo": "skip",
                    }
                )
            traces.append(
                {
                    "type": "scatter",
                    "x": x,
                    "y": curve.mean,
                    "name": name,
                    **axis,
                    "mode": "lines+markers",
                    "legendgroup": name,
                    "showlegend": name not in named,
                    "line": {"color": s.colour, "dash": s.dash, "width": 2},
                    "marker": {"symbol": s.mark, "size": 7},
                    "hovertemplate": "%{y:.2%}" if percent else "%{y:.2f}",
                }
            )
            named.add(name)
    # Six rules take two lines.
    layout |= {"legend": {"y": 1.1}, "margin": {"t": 100}}
    return styled(traces, layout, palette, height=height)


def angle_and_accuracy(
    points: dict[str, tuple[np.ndarray, np.ndarray]],
    styles: dict[str, TraceStyle],
    palette: Palette,
) -> Figure:
    """A dot a network: the angle between its rule's update and the gradient, mean over layers, and
    its test accuracy; ``points`` by rule: (network,) each."""
    most = max(10.0, *(float(angle.max()) for angle, _ in points.values()))
    traces = [
        {
            "type": "scatter",
            "x": angle,
            "y": accuracy,
            "name": name,
            "mode": "markers",
            # Open: rules that do the same lie on one another.
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


def ways_apart(
    cosine: dict[str, np.ndarray],
    distance: dict[str, np.ndarray],
    layers: Sequence[str],
    styles: dict[str, TraceStyle],
    palette: Palette,
) -> Figure:
    """W and W̄ᵀ of each layer after training: cosine and ‖W − W̄ᵀ‖, (layer,) by rule."""
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
            "x": list(layers),
            "y": values[name],
            "name": name,
            **axes[k],
            "marker": {"color": styles[name].colour},
            "hovertemplate": "%{y:.3f}",
        }
        for k, values in enumerate((cosine, distance))
        for name in values
    ]
    layout |= {"barmode": "group", "showlegend": False}
    return styled(traces, layout, palette, height=380)
