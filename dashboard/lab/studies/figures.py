"""Figures of a study. Optuna computes; its own figures are drawn by WebGL or with a template, and
have neither our tables nor our descriptions."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from corelib.sweeps.settings import Range, StudySettings
from corelib.words import percent
from dashboard.figures.figure import Figure
from dashboard.figures.spread import DECORATION, Spread, bars, beside, measured
from dashboard.figures.style import OKABE_ITO, TALL, Palette, faded, panels, styled

if TYPE_CHECKING:
    import pandas as pd

    from corelib.sweeps.results import Grid

SCORE = "validation score"
BEST, GOOD = OKABE_ITO[5], OKABE_ITO[4]
"""Colours of the best trial and of the next best."""
MOST_TICKS = 8
SMALL = 64
"""Heatmaps of so many cells have their numbers in them."""


def course_figure(course: "pd.DataFrame", n_trials: int, palette: Palette) -> Figure:
    """Each complete trial's score and the best so far, against the trials that had ended then, as
    ``Results.course`` has them."""
    number = course["trial"].to_numpy()
    traces = [
        {
            "type": "scatter",
            "x": course["ended"].to_numpy(),
            "y": course["score"].to_numpy(),
            "name": "a trial",
            "mode": "markers",
            "marker": {"color": palette.muted, "size": 7},
            "customdata": number,
            "hovertemplate": "trial %{customdata}: %{y:.4f}<extra></extra>",
            "meta": beside(trial=number),
        },
        {
            "type": "scatter",
            "x": course["ended"].to_numpy(),
            "y": course["best"].to_numpy(),
            "name": "best so far",
            "mode": "lines",
            "line": {"color": BEST, "width": 2.5, "shape": "hv"},
            "hovertemplate": "best so far: %{y:.4f}<extra></extra>",
        },
    ]
    layout = {
        "xaxis": {"title": {"text": "trials that have ended"}, "range": [0, n_trials + 0.5]},
        "yaxis": {"title": {"text": SCORE}},
    }
    return styled(traces, layout, palette)


def importance_figure(shares: Mapping[str, float], palette: Palette) -> Figure:
    """The share of the scores' variance that each setting explains."""
    names = list(reversed(list(shares)))
    values = [shares[name] for name in names]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": names,
        "name": "importance",
        "marker": {"color": GOOD},
        "text": [percent(value, 0) for value in values],
        "textposition": "auto",
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    layout = {
        "xaxis": {
            "title": {"text": "share of the variance explained"},
            "tickformat": ".0%",
            "range": [0, 1],
        },
        "yaxis": {"title": {"text": "setting"}, "type": "category", "ticks": ""},
        "hovermode": "closest",
        "showlegend": False,
        "margin": {"l": 40 + 8 * max(map(len, names))},
    }
    return styled([trace], layout, palette, height=max(220, 130 + 44 * len(names)))


def slices_figure(
    table: "pd.DataFrame", shown: Sequence[str], settings: StudySettings, palette: Palette
) -> Figure:
    """The score of each complete trial against each of the ``shown`` settings, with the standard
    deviation over seeds; the best trial stands out."""
    axes, layout = panels([""] * len(shown), {}, {"title": {"text": SCORE}}, gap=0.05)
    # Each panel's x axis names its setting.
    layout["annotations"] = []
    best = table["score"].idxmax()
    traces = []
    for place, (name, on) in enumerate(zip(shown, axes, strict=True)):
        layout[f"xaxis{place + 1 if place else ''}"] |= _axis(name, settings)
        for group, part, colour, size in (
            ("a trial", table.drop(index=best), GOOD, 7),
            ("best", table.loc[[best]], BEST, 11),
        ):
            if not len(part):
                continue
            spread = Spread(part["sd"].to_numpy(float), part["n"].to_numpy())
            error = bars(spread, color=faded(colour, 0.5), thickness=1.2, width=0)
            number = part["trial"].to_numpy()
            traces.append(
                {
                    "type": "scatter",
                    **on,
                    **error,
                    "x": [_place(name, value, settings) for value in part[name]],
                    "y": part["score"].to_numpy(),
                    "name": group,
                    "legendgroup": group,
                    "showlegend": place == 0,
                    "mode": "markers",
                    "marker": {
                        "color": faded(colour, 0.75),
                        "size": size,
                        "symbol": "star" if group == "best" else "circle",
                    },
                    "customdata": number,
                    "hovertemplate": "trial %{customdata}: %{y:.4f}, %{x}<extra></extra>",
                    "meta": {**error["meta"], **beside(trial=number)},
                }
            )
    return styled(traces, {**layout, "hovermode": "closest"}, palette)


def parallel_figure(table: "pd.DataFrame", settings: StudySettings, palette: Palette) -> Figure:
    """A line for each complete trial across its settings to its score; the best trial and the best
    quarter stand out."""
    ordered = table.sort_values("score", ascending=False, kind="stable")
    n_good = -(-len(ordered) // 4)
    groups = (
        ("the others", slice(n_good, None), {"colour": palette.muted, "width": 1.0, "alpha": 0.35}),
        ("best quarter", slice(1, n_good), {"colour": GOOD, "width": 1.8, "alpha": 0.8}),
        ("best", slice(1), {"colour": BEST, "width": 3.5, "alpha": 1.0}),
    )
    axes = [*settings.vary, SCORE]
    rows = ordered.to_dict("records")
    high, low = rows[0]["score"], rows[-1]["score"]
    traces = [
        _lines(name, rows[part], settings, (low, high), look)
        for name, part, look in groups
        if rows[part]
    ]
    notes = []
    for place, name in enumerate(axes):
        ticks = _ticks(name, settings) if name != SCORE else _score_ticks(low, high)
        notes += [
            {
                "x": place,
                "y": height,
                "text": escape(text),
                "showarrow": False,
                "xanchor": "left" if place < len(axes) - 1 else "right",
                "xshift": 4 if place < len(axes) - 1 else -4,
                "bgcolor": palette.background,
                "opacity": 0.75,
            }
            for height, text in ticks
        ]
    layout = {
        "xaxis": {
            "tickvals": list(range(len(axes))),
            "ticktext": axes,
            "range": [-0.05, len(axes) - 0.95],
            "showline": False,
            "gridcolor": palette.muted,
            "zeroline": False,
            "ticks": "",
        },
        "yaxis": {"visible": False, "range": [-0.06, 1.06], "fixedrange": True},
        "annotations": notes,
        "hovermode": "closest",
        "margin": {"l": 40, "r": 60},
    }
    return styled(traces, layout, palette, height=TALL)


def _lines(
    name: str,
    part: Sequence[Mapping],
    settings: StudySettings,
    span: tuple[float, float],
    look: Mapping[str, Any],
) -> dict:
    """All lines of a group as one trace, with gaps between them."""
    axes = [*settings.vary, SCORE]
    x: list[int | None] = []
    y: list[float | None] = []
    rows: dict[str, list] = {"x": [], "mean": [], "trial": [], "score": []}
    trials = []
    for row in part:
        for place, axis in enumerate(axes):
            value = row["score"] if axis == SCORE else row[axis]
            x.append(place)
            y.append(_height(axis, value, settings, span))
            trials.append(row["trial"])
            if axis != SCORE:
                for column, cell in zip(
                    rows, (axis, value, row["trial"], row["score"]), strict=True
                ):
                    rows[column].append(cell)
        x.append(None)
        y.append(None)
        trials.append(None)
    table = measured(x_name="setting", y_name="value", unit="", **rows)
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "name": name,
        "mode": "lines",
        "line": {"color": faded(look["colour"], look["alpha"]), "width": look["width"]},
        "customdata": trials,
        "hovertemplate": "trial %{customdata}<extra></extra>",
        "meta": {**table, **beside(trial=None, score=None)},
    }


def _height(name: str, value: Any, settings: StudySettings, span: tuple[float, float]) -> float:
    """Where a value lies on its axis, from 0 at the bottom to 1 at the top."""
    if name == SCORE:
        low, high = span
        return 0.5 if low == high else (value - low) / (high - low)
    values = settings.vary[name]
    if isinstance(values, Range):
        low, high, at = values.low, values.high, value
        if values.log:
            low, high, at = np.log([low, high, at])
        return float((at - low) / (high - low))
    return values.index(value) / max(1, len(values) - 1)


def _ticks(name: str, settings: StudySettings) -> list[tuple[float, str]]:
    """What is written along an axis: heights and texts."""
    values = settings.vary[name]
    if isinstance(values, Range):
        shown = np.geomspace if values.log else np.linspace
        marks: Sequence[Any] = [float(v) for v in shown(values.low, values.high, 4)]
    else:
        marks = values[:: -(-len(values) // MOST_TICKS)]
    return [(_height(name, mark, settings, (0, 1)), _written(mark)) for mark in marks]


def _score_ticks(low: float, high: float) -> list[tuple[float, str]]:
    if low == high:
        return [(0.5, f"{low:.4g}")]
    return [(k / 3, f"{low + k / 3 * (high - low):.4g}") for k in range(4)]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _place(name: str, value: Any, settings: StudySettings) -> Any:
    """A value as an axis has it: categories by what is written."""
    return value if _is_continuous(name, settings) else escape(_written(value))


def _is_continuous(name: str, settings: StudySettings) -> bool:
    return isinstance(settings.vary[name], Range)


def _axis(name: str, settings: StudySettings) -> dict[str, Any]:
    values = settings.vary[name]
    title = {"title": {"text": name}}
    if isinstance(values, Range):
        return title | ({"type": "log", "dtick": 1} if values.log else {})
    order = [escape(_written(value)) for value in values]
    return {**title, "type": "category", "categoryorder": "array", "categoryarray": order}


def heatmap_figure(grid: "Grid", x: str, y: str, palette: Palette) -> Figure:
    """The mean score over two settings, as ``Results.grid`` has it; cells that nothing was tried in
    are grey."""
    across, up = ([escape(_written(value)) for value in values] for values in (grid.x, grid.y))
    texts = [
        ["" if not n else f"{score:.3g}" for score, n in zip(*row, strict=True)]
        for row in zip(grid.score, grid.n, strict=True)
    ]
    trace = {
        "type": "heatmap",
        "x": across,
        "y": up,
        "z": np.where(grid.n > 0, grid.score, np.nan),
        "name": f"mean {SCORE}",
        "colorscale": "Cividis",
        "colorbar": {
            "title": {"text": SCORE, "side": "right", "font": {"size": 14}},
            "thickness": 14,
        },
        "customdata": grid.n,
        "hovertemplate": "%{x}, %{y}: %{z:.4f}, n = %{customdata}<extra></extra>",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
    }
    if grid.n.size <= SMALL:
        trace |= {"text": texts, "texttemplate": "%{text}"}
    empty = {
        "type": "heatmap",
        "x": across,
        "y": up,
        "z": np.zeros(grid.n.shape),
        "colorscale": [[0, palette.faint], [1, palette.faint]],
        "opacity": 0.35,
        "showscale": False,
        "hoverinfo": "skip",
        "xgap": 2,
        "ygap": 2,
        "meta": DECORATION,
    }
    layout = {
        "xaxis": {"title": {"text": x}, "type": "category"},
        "yaxis": {"title": {"text": y}, "type": "category"},
        "hovermode": "closest",
        "margin": {"l": 84, "r": 90, "t": 20},
    }
    return styled([empty, trace], layout, palette, height=TALL)
