"""How inference converges, and the strongest neurons over time, on logarithmic time."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, SIGNED, Palette, TraceStyle, panels, styled

if TYPE_CHECKING:
    from corelib.models.ipvae.coding import CodePoint
    from corelib.models.ipvae.inference import Convergence

MEASURES = (("R² of the reconstruction", "r2"), ("portion of zeros", "zeros"), ("‖Δu‖", "change"))
MOST_POINTS, MOST_COLUMNS, MOST_LINES = 200, 72, 10


class PublishedEnd(NamedTuple):
    """A published ``point`` and the ``step`` of inference at which it was measured."""

    step: int
    point: "CodePoint"


def convergence_curves(
    curves: "Mapping[str, Convergence]",
    styles: Mapping[str, TraceStyle],
    palette: Palette,
    *,
    published: Mapping[str, PublishedEnd] | None = None,
) -> Figure:
    """R², zeros and the change of the potentials against steps, for each network by name; hollow
    marks are published."""
    axes, layout = panels([title for title, _ in MEASURES], _step_axis(), {}, gap=0.07)
    traces = [
        _curve(getattr(curve, measure), name, styles[name], axis, measure == "r2")
        for name, curve in curves.items()
        for (_, measure), axis in zip(MEASURES, axes, strict=True)
    ]
    traces += [
        _published(end.step, value, name, styles[name], axis)
        for name, end in (published or {}).items()
        for value, axis in ((end.point.r2, axes[0]), (end.point.zeros, axes[1]))
    ]
    longest = max(len(curve.change) for curve in curves.values())
    for number in ("", 2, 3):
        # Room for a mark at the last step.
        layout[f"xaxis{number}"]["range"] = [0, np.log10(max(longest, 2)) * 1.06]
    layout["yaxis"] = {"anchor": "x", "rangemode": "tozero"}
    layout["yaxis2"] = {"anchor": "x2", "range": [-0.03, 1.03]}
    layout["yaxis3"] = _change_axis(np.concatenate([curve.change for curve in curves.values()]))
    layout |= {"legend": {"y": 1.1}, "margin": {"t": 80, "l": 48}}
    return styled(traces, layout, palette, height=400)


def _step_axis() -> dict:
    return {"type": "log", "title": {"text": "step"}, "dtick": 1, "tickformat": ","}


def _change_axis(sizes: np.ndarray) -> dict:
    """A logarithmic axis with more ticks where it spans less than a decade."""
    sizes = sizes[sizes > 0]
    narrow = len(sizes) > 0 and sizes.max() < 8 * sizes.min()
    marks = (1, 1.5, 2, 3, 4, 6, 8) if narrow else (1, 2, 5)
    ticks = [m * 10**e for e in range(-4, 5) for m in marks]
    return {"anchor": "x3", "type": "log", "tickvals": ticks, "ticktext": [f"{t:g}" for t in ticks]}


def _curve(
    values: np.ndarray, name: str, style: TraceStyle, axis: dict[str, str], in_legend: bool
) -> dict:
    keep = _log_places(len(values))
    return {
        "type": "scatter",
        "x": keep + 1,
        "y": values[keep],
        "name": name,
        **axis,
        "legendgroup": name,
        "showlegend": in_legend,
        "mode": "lines",
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "hovertemplate": "%{y:.3g}",
    }


def _published(step: int, value: float, name: str, style: TraceStyle, axis: dict[str, str]) -> dict:
    return {
        "type": "scatter",
        "x": [step],
        "y": [value],
        "name": f"{name}, published",
        **axis,
        "legendgroup": name,
        "showlegend": False,
        "mode": "markers",
        "marker": {
            "symbol": f"{style.mark}-open",
            "size": 12,
            "color": style.colour,
            "line": {"width": 2.5},
        },
        "hovertemplate": "%{y:.3f}",
        "cliponaxis": False,
    }


def _log_places(n: int) -> np.ndarray:
    """At most 200 places of n, evenly spaced on a logarithmic scale."""
    return np.unique(np.rint(np.geomspace(1, n, MOST_POINTS)).astype(int)) - 1


class Strongest(NamedTuple):
    """The strongest neurons over time: their numbers ``units`` (unit,), strongest first, with
    ``potential`` and ``activity``, each (time, unit)."""

    units: np.ndarray
    potential: np.ndarray
    activity: np.ndarray


def strongest_neurons(strongest: Strongest, names: tuple[str, str], palette: Palette) -> Figure:
    """Left the potentials of the first ten as lines; right the activity of all, as means over the
    steps of a column. ``names`` are those of the two quantities."""
    axes, layout = panels(names, _step_axis(), {}, gap=0.1)
    units, n_steps = strongest.units, len(strongest.potential)
    layout["yaxis"] = {"anchor": "x", "title": {"text": names[0]}}
    layout["yaxis2"] = {
        "anchor": "x2",
        "title": {"text": "neuron"},
        "showgrid": False,
        "tickmode": "array",
        "tickvals": list(range(0, len(units), 5)),
        "ticktext": [str(k) for k in units[::5]],
        "autorange": "reversed",
    }
    layout["xaxis"] |= {"range": [0, np.log10(n_steps)]}
    layout["xaxis2"] |= {"range": [np.log10(0.5), np.log10(n_steps + 0.5)]}
    layout |= {"hovermode": "closest", "margin": {"t": 40}}
    traces = [*_potential_lines(strongest, axes[0]), _activity_map(strongest, names[1], axes[1])]
    return styled(traces, layout, palette, height=400)


def _potential_lines(strongest: Strongest, axis: dict[str, str]) -> list[dict]:
    keep = _log_places(len(strongest.potential))
    return [
        {
            "type": "scatter",
            "x": keep + 1,
            "y": strongest.potential[keep, j],
            "name": f"neuron {k}",
            **axis,
            "mode": "lines",
            "showlegend": False,
            "line": {
                "color": OKABE_ITO[j % len(OKABE_ITO)],
                "width": 1.8,
                "dash": "solid" if j < len(OKABE_ITO) else "dash",
            },
            "hovertemplate": f"neuron {k}: %{{y:.2f}}<extra></extra>",
        }
        for j, k in enumerate(strongest.units[:MOST_LINES])
    ]


def _activity_map(strongest: Strongest, name: str, axis: dict[str, str]) -> dict:
    units, activity = strongest.units, strongest.activity
    edges = np.unique(np.rint(np.geomspace(1, len(activity) + 1, MOST_COLUMNS)).astype(int))
    binned = np.stack([activity[a - 1 : b - 1].mean(0) for a, b in pairwise(edges)], 1)
    top = float(np.quantile(np.abs(binned), 0.995)) or 1.0
    signed = bool((binned < 0).any())
    return {
        # Edges in the middle between two steps, so that a column stands on its own steps.
        "type": "heatmap",
        "x": edges - 0.5,
        "z": binned.astype(np.float32),
        "y": np.arange(len(units)),
        **axis,
        "name": name,
        "colorscale": SIGNED if signed else "Cividis",
        "zmin": -top if signed else 0,
        "zmax": top,
        "colorbar": {"thickness": 12, "outlinewidth": 0},
        "customdata": np.repeat(np.asarray(units)[:, None], binned.shape[1], 1),
        "hovertemplate": "neuron %{customdata}: %{z:.2f}<extra></extra>",
    }
