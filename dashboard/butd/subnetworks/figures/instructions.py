"""Figures of the Sub-networks page that show instructions between and beyond the tasks."""

from collections.abc import Sequence

import numpy as np

from corelib.models.butd.instructions import Plane, Sweep
from dashboard.butd.subnetworks.figures.gates import TASK_COLOURS, dotted
from dashboard.figures.figure import Figure
from dashboard.figures.style import DASHES, MARKS, OKABE_ITO, Palette, Panels, panels, styled


def mixtures(
    share: np.ndarray,
    swept: Sweep,
    names: Sequence[str],
    tasks: Sequence[str],
    at: float,
    palette: Palette,
) -> Figure:
    """Instructions from one task to the other, ``share`` (instruction,) of the second; dotted:
    ``at``."""
    axes, layout = panels(
        ["answers", "gates that differ from those of the nearer task"],
        {"title": {"text": f"share of “{tasks[1]}” in the instruction"}, "tickformat": ".0%"},
        {"title": {"text": "share"}, "tickformat": ".0%", "range": [0, 1.02]},
    )
    traces = [
        {
            "type": "scatter",
            "x": share,
            "y": swept.named[:, k],
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
            "y": swept.changed[:, k],
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


def plane(plane: Plane, tasks: Sequence[str], at: tuple[float, float], palette: Palette) -> Figure:
    """Two-dimensional instructions: the share of scenes for which the answer is each label, and the
    share of gates that change, mean over populations; ring: ``at``."""
    axes, layout = _plane_panels(tasks)
    changed = plane.changed.mean(2)
    # One scale for the answers, right of their panels; gates have their own.
    scales = (
        ("Cividis", 1.0, None),
        ("Cividis", 1.0, layout["xaxis2"]["domain"][1] + 0.01),
        ("Viridis", max(float(changed.max()), 0.01), 1.01),
    )
    traces = [
        _plane_map(plane.grid, values, *scale) | axis | {"name": title["text"]}
        for values, title, axis, scale in zip(
            (plane.named[:, :, 0], plane.named[:, :, 1], changed),
            layout["annotations"],
            axes,
            scales,
            strict=True,
        )
    ]
    ring = {
        "type": "scatter",
        "x": [at[0]],
        "y": [at[1]],
        "mode": "markers",
        "name": "chosen",
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {"symbol": "circle-open", "size": 18, "color": "#ffffff", "line": {"width": 3}},
    }
    traces += [ring | axis for axis in axes]
    layout |= {"hovermode": "closest", "margin": {"r": 60}}
    return styled(traces, layout, palette, height=400)


def _plane_panels(tasks: Sequence[str]) -> Panels:
    """Three square panels over the plane of two tasks' entries."""
    common = {"showgrid": False, "zeroline": False, "constrain": "domain"}
    axes, layout = panels(
        [*(f"names the {task} label" for task in tasks), "gates that differ"],
        {"title": {"text": f"instruction: {tasks[0]}"}, **common},
        {
            "title": {"text": f"instruction: {tasks[1]}"},
            **common,
            "scaleanchor": "x",
            "constraintoward": "top",
        },
        gap=0.1,
    )
    for k in (2, 3):
        layout[f"yaxis{k}"]["scaleanchor"] = f"x{k}"
    return Panels(axes, layout)


def _plane_map(
    grid: np.ndarray, values: np.ndarray, colours: str, most: float, place: float | None
) -> dict:
    """A map of shares (row, column); its colour bar stands at ``place``, if it has one."""
    return {
        "type": "heatmap",
        "x": grid,
        "y": grid,
        "z": values.astype(np.float32),
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
