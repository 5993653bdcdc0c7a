"""The figure that plays the three passes of one image."""

from collections.abc import Sequence

import numpy as np

from corelib.models.butd.analysis import ThreePasses
from corelib.models.butd.moments import Moment, moments_of
from corelib.models.butd.populations import sheet
from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, SIGNED, Palette, playing, styled

FRAME_MS = 700
TO_COME = 0.0
"""The opacity of what is not yet computed."""
ROW_HEIGHT = 165
GAP_X, GAP_Y = 0.02, 0.07
BARS = {"answer": OKABE_ITO[1], "output error": OKABE_ITO[5]}
"""The colour of what has a bar for each class."""


def three_passes(
    view: ThreePasses,
    image: np.ndarray,
    shown: Sequence[int],
    class_names: Sequence[str],
    label: int,
    palette: Palette,
) -> Figure:
    """The three passes of one image, to be played in the order of ``moments_of``.

    Columns are the ``image`` (row, column), the populations ``shown``, by place, and the answer;
    rows h̄, h and δ. The bar of the target ``label`` is framed.
    """
    rows, columns, order = moments_of(view, image, shown)
    layout, axes = _grid(rows, columns, palette)
    traces: list[dict] = []
    for moment in order:
        if moment.kind in BARS:
            trace = _bars(moment, class_names, label, palette)
        else:
            trace = _picture(moment) if moment.kind == "image" else _heatmap(moment)
        traces.append(trace | axes[moment.row * len(columns) + moment.column])
    height = 150 + ROW_HEIGHT * len(rows)
    layout |= _player([trace["name"] for trace in traces], height, palette)
    layout |= {"hovermode": "closest", "margin": {"l": 110, "r": 72, "t": 36, "b": 114}}
    return styled(traces, layout, palette, frames=_frames(traces), height=height)


def _picture(moment: Moment) -> dict:
    return {
        "type": "heatmap",
        "z": moment.values.astype(np.float32),
        "name": moment.name,
        "colorscale": "gray",
        "showscale": False,
        "hoverinfo": "skip",
    }


def _heatmap(moment: Moment) -> dict:
    return {
        "type": "heatmap",
        "z": sheet(moment.values.astype(np.float32), 1.0).values,
        "name": moment.name,
        "colorscale": SIGNED if moment.signed else "Cividis",
        "zmin": -moment.most if moment.signed else 0,
        "zmax": moment.most,
        "showscale": False,
        "hovertemplate": "%{z:.3g}<extra></extra>",
    }


def _bars(moment: Moment, class_names: Sequence[str], label: int, palette: Palette) -> dict:
    edge = [2.5 if k == label else 0 for k in range(len(class_names))]
    return {
        "type": "bar",
        "x": list(class_names),
        "y": moment.values.astype(np.float32),
        "name": moment.name,
        "showlegend": False,
        "marker": {"color": BARS[moment.kind], "line": {"color": palette.text, "width": edge}},
        "hovertemplate": "class %{x}: %{y:.3g}<extra></extra>",
    }


def _frames(traces: Sequence[dict]) -> list[dict]:
    """One frame for each trace: all up to it are shown."""
    kinds = [trace["type"] for trace in traces]
    return [
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


def _player(names: Sequence[str], height: int, palette: Palette) -> dict:
    """Buttons and a slider below the last row, whatever height the figure has."""
    player = playing(names, len(names) - 1, "now: ", FRAME_MS, palette)
    slider = player["sliders"][0]
    player["updatemenus"][0]["y"] = slider["y"] = -70 / (height - 150)
    slider["ticklen"] = 0
    slider["font"] = {"size": 1, "color": "rgba(0,0,0,0)"}
    slider["currentvalue"]["font"] = {"size": 14, "color": palette.text}
    return player


def _grid(rows: Sequence[str], columns: Sequence[str], palette: Palette) -> tuple[dict, list[dict]]:
    """A layout of small panels, row by row, and the axes of each; the last column holds bars."""
    n, m = len(rows), len(columns)
    width, height = (1 - GAP_X * (m - 1)) / m, (1 - GAP_Y * (n - 1)) / n
    layout, axes, annotations = {}, [], []
    for i, title in enumerate(rows):
        bottom = max(0.0, 1 - (i + 1) * height - i * GAP_Y)
        for j in range(m):
            number = i * m + j + 1
            suffix = "" if number == 1 else str(number)
            left = j * (width + GAP_X)
            x, y = _bar_axes({n - 2: "probability", n - 1: "error"}.get(i))
            if j < m - 1:
                x, y = _map_axes(suffix)
            layout[f"xaxis{suffix}"] = {
                **x,
                "domain": [left, min(1.0, left + width)],
                "anchor": f"y{suffix}",
                "showgrid": False,
            }
            layout[f"yaxis{suffix}"] = {
                **y,
                "domain": [bottom, min(1.0, bottom + height)],
                "anchor": f"x{suffix}",
                "showgrid": False,
            }
            axes.append({"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"})
        # The first column is empty but for the image.
        beside = {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -10}
        annotations.append(_text(title, axes[i * m + 1]) | beside)
    for j, title in enumerate(columns):
        above = {"y": 1, "yanchor": "bottom"}
        # The image and the answer have no panel in the row of the instruction.
        top = 0 if 0 < j < m - 1 else n - 2
        annotations.append(_text(title, axes[top * m + j]) | above)
    return {**layout, "annotations": annotations}, axes


def _text(text: str, axis: dict[str, str]) -> dict:
    """Text in the middle of a panel."""
    place = {"x": 0.5, "xref": f"{axis['xaxis']} domain", "xanchor": "center"}
    return {**place, "text": text, "y": 0.5, "yref": f"{axis['yaxis']} domain", "showarrow": False}


def _map_axes(suffix: str) -> tuple[dict, dict]:
    """Of a population as a map: hidden, with square units."""
    x = {"visible": False, "type": "linear", "constrain": "domain"}
    y = {"visible": False, "autorange": "reversed", "scaleanchor": f"x{suffix}"}
    common = {"tickfont": {"size": 11}}
    return (
        {**x, **common, "showline": False, "ticks": ""},
        {**y, **common, "constrain": "domain", "side": "right", "nticks": 4},
    )


def _bar_axes(name: str | None) -> tuple[dict, dict]:
    """Of bars by class."""
    common = {"visible": True, "tickfont": {"size": 11}}
    y = {**common, "side": "right", "nticks": 4}
    return (
        {**common, "type": "category", "showline": False, "ticks": ""},
        {**y, "title": {"text": name, "font": {"size": 12}}},
    )
