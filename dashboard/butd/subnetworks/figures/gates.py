"""Figures of the Sub-networks page that show gates and answers. Populations come by name, the
lowest first; a task has the colour of the units that only it opens."""

from collections.abc import Sequence

import numpy as np

from corelib.models.butd.history import OverlapHistory
from corelib.models.butd.populations import Sheet, sheet
from corelib.models.butd.subnetworks import REACHABLE, Composition, Kind
from corelib.words import percent
from dashboard.figures.figure import Figure
from dashboard.figures.style import DASHES, MARKS, OKABE_ITO, Palette, panels, styled

TASK_COLOURS = (OKABE_ITO[1], OKABE_ITO[0])
SHARED = OKABE_ITO[2]
MOST_NAMED = 6000
"""Units of a map that are named one by one on hover; more would make the page heavy."""
WIDE = 1.8
ROW = 360
"""Height of a map and of the figures beside it."""


def kind_names(tasks: Sequence[str]) -> dict[Kind, str]:
    """Words for the kinds of units of two tasks."""
    return {
        Kind.SHARED: "shared",
        Kind.ONLY_FIRST: f"only {tasks[0]}",
        Kind.ONLY_SECOND: f"only {tasks[1]}",
        Kind.NEVER: "never",
        Kind.UNREACHABLE: "unreachable",
    }


def kind_colours(palette: Palette) -> dict[Kind, str]:
    return {
        Kind.NEVER: palette.grid,
        Kind.SHARED: SHARED,
        Kind.ONLY_FIRST: TASK_COLOURS[0],
        Kind.ONLY_SECOND: TASK_COLOURS[1],
        Kind.UNREACHABLE: palette.faint,
    }


def gate_map(kinds: np.ndarray, tasks: Sequence[str], palette: Palette) -> Figure:
    """``Kind`` of each unit of a population, uint8 (unit,) or (channel, row, column): units row by
    row, or channels side by side, each a map of its positions."""
    names, colours = kind_names(tasks), kind_colours(palette)
    placed = sheet(kinds.astype(np.float32), WIDE)
    # Thin lines between units, where they are large enough on the screen.
    gap = 1 if len(placed.values) < 60 else 0
    trace = {
        "type": "heatmap",
        "z": placed.values,
        "name": "gates",
        "colorscale": _steps(colours),
        "zmin": -0.5,
        "zmax": len(Kind) - 0.5,
        "showscale": False,
        "xgap": gap,
        "ygap": gap,
        "hoverinfo": "skip",
    }
    if kinds.size <= MOST_NAMED:
        trace |= {"text": sheet(_unit_texts(kinds, names), WIDE, "").values, "hoverinfo": "text"}
    legend = [
        {
            "type": "scatter",
            "x": [None],
            "y": [None],
            "name": names[kind],
            "mode": "markers",
            "marker": {"symbol": "square", "size": 13, "color": colours[kind]},
        }
        for kind in names
    ]
    return styled([trace, *legend], _map_layout(kinds, placed), palette, height=ROW)


def _map_layout(kinds: np.ndarray, placed: Sheet) -> dict:
    """Square units, and the numbers of those in each row on the y axis."""
    down, columns = placed.values.shape
    maps = kinds.ndim == 3
    starts = range(0, len(kinds), placed.across)
    return {
        "xaxis": {"visible": False, "range": [-0.5, columns - 0.5], "constrain": "domain"},
        "yaxis": {
            "title": {"text": "channels" if maps else "units"},
            "showgrid": False,
            "range": [down - 0.5, -0.5],
            "scaleanchor": "x",
            "constrain": "domain",
            "tickvals": [
                (k + 0.5) * placed.high - (1.5 if maps else 0.5) for k in range(len(starts))
            ],
            "ticktext": [f"{k}–{min(k + placed.across, len(kinds)) - 1}" for k in starts],
            "ticks": "",
            "ticklabelstandoff": 6,
            "showline": False,
            "zeroline": False,
        },
        "hovermode": "closest",
        "margin": {"r": 10, "b": 16},
    }


def _unit_texts(kinds: np.ndarray, names: dict[Kind, str]) -> np.ndarray:
    """Where each unit is and what kind it is of, in words."""
    texts = np.empty(kinds.shape, object)
    for place, kind in np.ndenumerate(kinds):
        where = "channel {}, row {}, column {}" if kinds.ndim == 3 else "unit {}"
        texts[place] = f"{where.format(*place)}: {names[Kind(int(kind))]}"
    return texts


def _steps(colours: dict[Kind, str]) -> list[list]:
    """A colour scale of whole numbers."""
    n = len(colours)
    return [[at / n, colours[Kind(k)]] for k in range(n) for at in (k, k + 1)]


def composition(
    names: Sequence[str], parts: Composition, tasks: Sequence[str], chosen: int, palette: Palette
) -> Figure:
    """The kinds of units that each population is made of; the ``chosen`` name is bold."""
    words, colours = kind_names(tasks), kind_colours(palette)
    labels = [f"<b>{name}</b>" if k == chosen else name for k, name in enumerate(names)]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": labels,
            "x": parts.shares[:, k],
            "name": words[kind],
            "marker": {"color": colours[kind]},
            "hovertemplate": f"{words[kind]}: %{{x:.1%}}<extra>%{{y}}</extra>",
        }
        for k, kind in enumerate(REACHABLE)
    ]
    layout = {
        "barmode": "stack",
        "xaxis": {
            "title": {"text": "share of the reachable units"},
            "tickformat": ".0%",
            "range": [0, 1],
        },
        "yaxis": {"title": {"text": "layer"}, "type": "category", "automargin": True},
        "showlegend": False,
        "hovermode": "closest",
        "margin": {"r": 118},
        "annotations": [
            {
                "text": f"{percent(share, 0)} unreachable",
                "x": 1,
                "xref": "paper",
                "xshift": 6,
                "y": label,
                "xanchor": "left",
                "showarrow": False,
            }
            for label, share in zip(labels, parts.unreachable, strict=True)
            if share
        ],
    }
    return styled(traces, layout, palette, height=ROW)


def by_layer(
    names: Sequence[str],
    opened: np.ndarray,
    jaccard: np.ndarray,
    tasks: Sequence[str],
    palette: Palette,
) -> Figure:
    """``opened`` (population, 2) the share of units that each task opens, ``jaccard``
    (population,) the share that both open of what either opens."""
    traces = [
        {
            "type": "scatter",
            "x": list(names),
            "y": values,
            "name": name,
            "mode": "lines+markers",
            "line": {"color": colour, "dash": dash, "width": 2},
            "marker": {"symbol": mark, "size": 10},
            "hovertemplate": "%{y:.1%}",
        }
        for values, name, colour, dash, mark in (
            (opened[:, 0], f"open for {tasks[0]}", TASK_COLOURS[0], "solid", "circle"),
            (opened[:, 1], f"open for {tasks[1]}", TASK_COLOURS[1], "dash", "square"),
            (jaccard, "Jaccard: both of either", SHARED, "dot", "diamond"),
        )
    ]
    layout = {
        "xaxis": {"title": {"text": "layer"}, "type": "category"},
        "yaxis": {"title": {"text": "share of units"}, "tickformat": ".0%", "range": [0, 1]},
    }
    return styled(traces, layout, palette)


def over_epochs(names: Sequence[str], course: OverlapHistory, at: int, palette: Palette) -> Figure:
    """How much tasks open and share over training; dotted: after ``at`` epochs."""
    epochs = course.epochs
    axes, layout = panels(
        ["share open, mean of both tasks", "Jaccard of both tasks"],
        {"title": {"text": "epochs"}, "dtick": max(1, -(-int(epochs.max()) // 4))},
        {"title": {"text": "share of reachable units"}, "tickformat": ".0%", "range": [0, 1]},
    )
    traces = [
        {
            "type": "scatter",
            "x": epochs,
            "y": values[:, k],
            "name": name,
            "legendgroup": name,
            "showlegend": panel == 0,
            **axes[panel],
            "mode": "lines+markers",
            "line": {"color": OKABE_ITO[k % 7], "dash": DASHES[k % 4], "width": 2},
            "marker": {"symbol": MARKS[k % 7], "size": 6},
            "hovertemplate": "%{y:.1%}",
        }
        for panel, values in enumerate((course.open, course.jaccard))
        for k, name in enumerate(names)
    ]
    layout |= {
        "shapes": [dotted(at, x, palette) for x in ("x", "x2")],
        "legend": {"y": 1.08},
        "margin": {"t": 84},
    }
    return styled(traces, layout, palette, height=400)


def dotted(at: float, axis: str, palette: Palette) -> dict:
    """A vertical line through the panel of an axis."""
    return {
        "type": "line",
        "xref": axis,
        "yref": f"y{axis[1:]} domain",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": palette.text, "dash": "dot", "width": 1.5},
    }


def answers(
    probability: np.ndarray,
    labels: Sequence[int | None],
    tasks: Sequence[str],
    class_names: Sequence[str],
    palette: Palette,
) -> Figure:
    """Class probabilities (task, class) under each of two instructions; the correct answer, if it
    is known, is framed."""
    traces = [
        {
            "type": "bar",
            "x": list(class_names),
            "y": values,
            "name": f"instruction: {task}",
            "marker": {
                "color": colour,
                "line": {
                    "color": palette.text,
                    "width": [2.5 if c == label else 0 for c in range(len(values))],
                },
            },
            "hovertemplate": "%{y:.1%}",
        }
        for values, task, colour, label in zip(
            probability, tasks, TASK_COLOURS, labels, strict=True
        )
    ]
    layout = {
        "barmode": "group",
        "xaxis": {"title": {"text": "class"}, "type": "category"},
        "yaxis": {"title": {"text": "probability"}, "tickformat": ".0%", "range": [0, 1.02]},
    }
    return styled(traces, layout, palette, height=320)
