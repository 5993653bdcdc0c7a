"""Figures of the Sub-networks page that tell what gates cause. Populations come by name, the lowest
first; two tasks have the colours of the units that only they open."""

from collections.abc import Sequence

import numpy as np

from dashboard.butd.subnetworks.figures.gates import TASK_COLOURS, dotted
from dashboard.figures.figure import Figure
from dashboard.figures.style import DASHES, MARKS, OKABE_ITO, TALL, Palette, faded, panels, styled


def effects(
    right: dict[str, np.ndarray],
    other: dict[str, np.ndarray],
    control: dict[str, np.ndarray],
    tasks: Sequence[str],
    x_name: str,
    palette: Palette,
) -> Figure:
    """Under each condition the share of answers that are ``right`` and that name the ``other``
    label, (task,); ``control`` (draw, task) where there is one: mean and sd over its draws."""
    axes, layout = panels(
        [f"told {task}" for task in tasks],
        {"title": {"text": x_name}, "type": "category", "automargin": True},
        {"title": {"text": "share of scenes"}, "tickformat": ".0%", "range": [0, 1.02]},
    )
    names = list(right)
    traces = []
    for k, axis in enumerate(axes):
        for values, name, colour in (
            (right, "right", TASK_COLOURS[k]),
            (other, "names the other", faded(palette.muted, 0.6)),
        ):
            traces.append(
                {
                    "type": "bar",
                    "x": names,
                    "y": [values[n][k] for n in names],
                    "name": name,
                    **axis,
                    "legendgroup": name,
                    "showlegend": k == 0 or name == "right",
                    "marker": {"color": colour},
                    "hovertemplate": "%{y:.1%}",
                    "offsetgroup": name,
                }
            )
            if name == "right":
                traces[-1]["name"] = f"right, told {tasks[k]}"
        if control:
            drawn = [n for n in names if n in control]
            traces.append(
                {
                    "type": "scatter",
                    "x": drawn,
                    "y": [control[n][:, k].mean() for n in drawn],
                    "error_y": {"array": [control[n][:, k].std() for n in drawn], "thickness": 1.5},
                    "name": "right, as many at random",
                    "mode": "markers",
                    "legendgroup": "control",
                    "showlegend": k == 0,
                    **axis,
                    "marker": {
                        "symbol": "diamond-open",
                        "size": 12,
                        "color": palette.text,
                        "line": {"width": 2},
                    },
                    "hovertemplate": "%{y:.1%}",
                }
            )
    layout |= {"barmode": "group", "legend": {"y": 1.08}, "margin": {"t": 84}}
    return styled(traces, layout, palette, height=400)


def swaps(
    names: Sequence[str],
    right: np.ndarray,
    other: np.ndarray,
    tasks: Sequence[str],
    palette: Palette,
) -> Figure:
    """``right`` and ``other`` (row, task): shares of scenes, a row each population whose gates
    alone are the other task's."""
    values = np.stack([right, other], 2).reshape(len(right), -1)
    columns = [f"told {t}: {what}" for t in tasks for what in ("right", "names the other")]
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


def between(
    share: np.ndarray,
    named: np.ndarray,
    changed: np.ndarray,
    names: Sequence[str],
    tasks: Sequence[str],
    at: float,
    palette: Palette,
) -> Figure:
    """Instructions from one task to the other: ``named`` (instruction, 2) the share of scenes for
    which the answer is each label, ``changed`` (instruction, population) gates; dotted: ``at``."""
    axes, layout = panels(
        ["what is named", "gates unlike those of the nearer task"],
        {"title": {"text": f"share of “{tasks[1]}” in the instruction"}, "tickformat": ".0%"},
        {"title": {"text": "share"}, "tickformat": ".0%", "range": [0, 1.02]},
    )
    traces = [
        {
            "type": "scatter",
            "x": share,
            "y": named[:, k],
            "name": f"the {task} label",
            **axes[0],
            "mode": "lines+markers",
            "hovertemplate": "%{y:.1%}",
            "line": {"color": TASK_COLOURS[k], "dash": DASHES[k], "width": 2.5},
            "marker": {"symbol": MARKS[k], "size": 7},
        }
        for k, task in enumerate(tasks)
    ]
    traces += [
        {
            "type": "scatter",
            "x": share,
            "y": changed[:, k],
            "name": name,
            **axes[1],
            "mode": "lines",
            "hovertemplate": "%{y:.1%}",
            "line": {
                "color": OKABE_ITO[(2, 3, 4, 5, 6, 0, 1)[k % 7]],
                "dash": DASHES[k % 4],
                "width": 2,
            },
        }
        for k, name in enumerate(names)
    ]
    layout |= {
        "shapes": [dotted(at, x, palette) for x in ("x", "x2")],
        "legend": {"y": 1.08},
        "margin": {"t": 84},
    }
    return styled(traces, layout, palette, height=400)


def pad(
    grid: np.ndarray,
    named: np.ndarray,
    changed: np.ndarray,
    tasks: Sequence[str],
    at: tuple[float, float],
    palette: Palette,
) -> Figure:
    """Two-dimensional instructions: ``named`` (row, column, 2) the share of scenes for which the
    answer is each label, ``changed`` (row, column) that of gates, rows and columns the second and
    the first entry; ring: ``at``."""
    axes, layout = panels(
        [*(f"names the {task} label" for task in tasks), "gates unlike the nearer task's"],
        {
            "title": {"text": f"instruction: {tasks[0]}"},
            "showgrid": False,
            "zeroline": False,
            "constrain": "domain",
        },
        {
            "title": {"text": f"instruction: {tasks[1]}"},
            "showgrid": False,
            "zeroline": False,
            "scaleanchor": "x",
            "constrain": "domain",
            "constraintoward": "top",
        },
        gap=0.1,
    )
    # One scale for what is named, right of its panels; gates have their own.
    scales = (
        ("Cividis", 1.0, None),
        ("Cividis", 1.0, layout["xaxis2"]["domain"][1] + 0.01),
        ("Viridis", max(float(changed.max()), 0.01), 1.01),
    )
    traces = [
        {
            "type": "heatmap",
            "x": grid,
            "y": grid,
            "z": values.astype(np.float32),
            **axis,
            "name": title["text"],
            "colorscale": colours,
            "zmin": 0,
            "zmax": most,
            "showscale": place is not None,
            "colorbar": {
                "tickformat": ".0%",
                "thickness": 10,
                "outlinewidth": 0,
                "len": 0.76,
                "y": 1,
                "yanchor": "top",
                "x": place,
                "xpad": 0,
                "nticks": 6,
            },
            "hovertemplate": "(%{x:.2f}, %{y:.2f}): %{z:.1%}<extra></extra>",
        }
        for values, title, axis, (colours, most, place) in zip(
            (named[:, :, 0], named[:, :, 1], changed),
            layout["annotations"],
            axes,
            scales,
            strict=True,
        )
    ]
    traces += [
        {
            "type": "scatter",
            "x": [at[0]],
            "y": [at[1]],
            **axis,
            "mode": "markers",
            "name": "chosen",
            "showlegend": False,
            "hoverinfo": "skip",
            "marker": {
                "symbol": "circle-open",
                "size": 18,
                "color": "#ffffff",
                "line": {"width": 3},
            },
        }
        for axis in axes
    ]
    for k in (2, 3):
        layout[f"yaxis{k}"]["scaleanchor"] = f"x{k}"
    layout |= {"hovermode": "closest", "margin": {"r": 60}}
    return styled(traces, layout, palette, height=400)


def forgetting(
    taught: dict[str, tuple[np.ndarray, np.ndarray]], tasks: Sequence[str], palette: Palette
) -> Figure:
    """Accuracy of all tasks while the last is taught, a panel each way it was: updates (moment,)
    and shares (moment, task) by title."""
    # Two words a line: four panels stand side by side.
    axes, layout = panels(
        [title.replace(", ", "<br>") for title in taught],
        {"title": {"text": "updates"}, "nticks": 5},
        {"title": {"text": "share of scenes"}, "tickformat": ".0%", "range": [0, 1.02]},
        gap=0.04,
    )
    signs_of = (
        *zip(TASK_COLOURS, ("solid", "dash"), MARKS, strict=False),
        (OKABE_ITO[3], "solid", "diamond"),
    )
    traces = [
        {
            "type": "scatter",
            "x": updates,
            "y": right[:, k],
            "name": task,
            **axis,
            "mode": "lines+markers",
            "legendgroup": task,
            "showlegend": axis is axes[0],
            "line": {"color": colour, "dash": dash, "width": 2},
            "marker": {"symbol": mark, "size": 7},
            "hovertemplate": "%{y:.1%}",
        }
        for (updates, right), axis in zip(taught.values(), axes, strict=True)
        for k, (task, (colour, dash, mark)) in enumerate(zip(tasks, signs_of, strict=True))
    ]
    layout |= {"legend": {"y": 1.2}, "margin": {"t": 128}}
    return styled(traces, layout, palette, height=TALL)
