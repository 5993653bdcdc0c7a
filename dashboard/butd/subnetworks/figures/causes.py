"""Figures of the Sub-networks page that show what gates cause. Populations come by name, the lowest
first; a task has the colour of the units that only it opens."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from corelib.analysis.anytime import spread
from corelib.models.butd.third_task import Course
from dashboard.butd.subnetworks.figures.gates import TASK_COLOURS
from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, bars
from dashboard.figures.style import MARKS, OKABE_ITO, TALL, Palette, faded, panels, styled


class Outcome(NamedTuple):
    """How scenes are answered under one condition: the shares of answers that are ``correct`` and
    that name the ``other`` label, (task,); of random controls the share correct, (draw, task)."""

    correct: np.ndarray
    other: np.ndarray
    control: np.ndarray | None = None


def effects(
    outcomes: Mapping[str, Outcome], tasks: Sequence[str], x_name: str, palette: Palette
) -> Figure:
    """The answers under each condition, a panel for each of two tasks; controls as mean and sd over
    their draws."""
    axes, layout = panels(
        [f"instruction: {task}" for task in tasks],
        {"title": {"text": x_name}, "type": "category", "automargin": True},
        {"title": {"text": "share of scenes"}, "tickformat": ".0%", "range": [0, 1.02]},
    )
    controlled = {name: o.control for name, o in outcomes.items() if o.control is not None}
    traces = []
    for k, (axis, task) in enumerate(zip(axes, tasks, strict=True)):
        correct = [o.correct[k] for o in outcomes.values()]
        other = [o.other[k] for o in outcomes.values()]
        names = list(outcomes)
        traces += [
            _bars(names, correct, axis, "correct", TASK_COLOURS[k])
            | {"name": f"correct, instruction: {task}"},
            _bars(names, other, axis, "names the other", faded(palette.muted, 0.6))
            | {"showlegend": k == 0},
        ]
        if controlled:
            values = {name: control[:, k] for name, control in controlled.items()}
            traces.append(_controls(values, axis, palette) | {"showlegend": k == 0})
    layout |= {"barmode": "group", "legend": {"y": 1.08}, "margin": {"t": 84}}
    return styled(traces, layout, palette, height=400)


def _bars(
    names: Sequence[str], values: Sequence[float], axis: dict[str, str], group: str, colour: str
) -> dict:
    return {
        "type": "bar",
        "x": list(names),
        "y": list(values),
        "name": group,
        **axis,
        "legendgroup": group,
        "showlegend": True,
        "marker": {"color": colour},
        "hovertemplate": "%{y:.1%}",
        "offsetgroup": group,
    }


def _controls(values: Mapping[str, np.ndarray], axis: dict[str, str], palette: Palette) -> dict:
    """Mean and sd over draws, (draw,) for each condition."""
    found = [spread(one) for one in values.values()]
    sd = Spread(np.array([one.sd for one in found]), found[0].n)
    return {
        "type": "scatter",
        "x": list(values),
        "y": [one.mean for one in found],
        **bars(sd, thickness=1.5),
        "name": "correct, as many at random",
        "mode": "markers",
        "legendgroup": "control",
        **axis,
        "marker": {
            "symbol": "diamond-open",
            "size": 12,
            "color": palette.text,
            "line": {"width": 2},
        },
        "hovertemplate": "%{y:.1%}",
    }


def swaps(
    names: Sequence[str],
    correct: np.ndarray,
    other: np.ndarray,
    tasks: Sequence[str],
    palette: Palette,
) -> Figure:
    """``correct`` and ``other`` (row, task): shares of scenes, one row for each population that
    alone has the gates of the other task."""
    values = np.stack([correct, other], 2).reshape(len(correct), -1)
    columns = [f"{task}: {what}" for task in tasks for what in ("correct", "names the other")]
    trace = {
        "type": "heatmap",
        "x": columns,
        "y": list(names),
        "z": values.astype(np.float32),
        "name": "share of scenes",
        "colorscale": "Cividis",
        "zmin": 0,
        "zmax": 1,
        "texttemplate": "%{z:.1%}",
        "xgap": 2,
        "ygap": 2,
        "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0},
        "hovertemplate": "%{y}, %{x}: %{z:.1%}<extra></extra>",
    }
    layout = {
        "xaxis": {"type": "category", "showgrid": False},
        "yaxis": {"title": {"text": "gates swapped"}, "type": "category", "showgrid": False},
        "hovermode": "closest",
    }
    return styled([trace], layout, palette, height=max(320, 120 + 34 * len(names)))


def forgetting(courses: Mapping[str, Course], tasks: Sequence[str], palette: Palette) -> Figure:
    """Accuracy of all tasks while the last is learned, a panel for each course by its title."""
    # Two words a line: four panels stand side by side.
    axes, layout = panels(
        [title.replace(", ", "<br>") for title in courses],
        {"title": {"text": "updates"}, "nticks": 5},
        {"title": {"text": "share of scenes"}, "tickformat": ".0%", "range": [0, 1.02]},
        gap=0.04,
    )
    styles = (
        *zip(TASK_COLOURS, ("solid", "dash"), MARKS, strict=False),
        (OKABE_ITO[3], "solid", "diamond"),
    )
    traces = [
        {
            "type": "scatter",
            "x": course.updates,
            "y": course.correct[:, k],
            "name": task,
            **axis,
            "mode": "lines+markers",
            "legendgroup": task,
            "showlegend": axis is axes[0],
            "line": {"color": colour, "dash": dash, "width": 2},
            "marker": {"symbol": mark, "size": 7},
            "hovertemplate": "%{y:.1%}",
        }
        for course, axis in zip(courses.values(), axes, strict=True)
        for k, (task, (colour, dash, mark)) in enumerate(zip(tasks, styles, strict=True))
    ]
    layout |= {"legend": {"y": 1.2}, "margin": {"t": 128}}
    return styled(traces, layout, palette, height=TALL)
