"""The figures of Compare: learning curves, differences with their intervals, and axes that figures
side by side share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dashboard.figures.figure import Figure
from dashboard.figures.spread import measured
from dashboard.figures.style import Palette, TraceStyle, panels, styled
from dashboard.figures.training import MOST_POINTS

ROW, AROUND = 44, 120
"""Pixels of a row of the differences, and of what is above and below them."""


def curves(
    frame: pd.DataFrame,
    metric: str,
    styles: Mapping[str, TraceStyle],
    palette: Palette,
    *,
    log_x: bool = False,
    log_y: bool = False,
) -> Figure:
    """One metric against updates, on the training batches and on validation where it was measured:
    the ``curves`` of a ``Comparison``."""
    frame = frame.query("metric == @metric")
    last = max(frame["step"].tolist())
    span = {} if log_x else {"range": [0, 1.02 * last]}
    parts = list(dict.fromkeys(frame["part"]))
    kinds = {True: "log", False: "linear"}
    axes, layout = panels(
        [part.capitalize() for part in parts],
        {"title": {"text": "updates"}, "type": kinds[log_x], **span},
        {},
        gap=0.09,
    )
    # Of its own, or validation, which moves little, would be a flat line.
    y = {"title": {"text": metric}, "type": kinds[log_y], "tickformat": _format(metric)}
    for number, place in enumerate(axes, 1):
        layout[f"yaxis{number if number > 1 else ''}"] = {**y, "anchor": place["xaxis"]}
    traces: list[dict[str, Any]] = []
    for place, part in zip(axes, parts, strict=True):
        for run, own in frame[frame["part"] == part].groupby("run", sort=False):
            style = styles[str(run)]
            own = own.iloc[::-1].iloc[:: max(1, len(own) // MOST_POINTS)].iloc[::-1]
            values = own["value"].to_numpy(float)
            marked = len(own) < 40
            traces.append(
                {
                    "type": "scatter",
                    **place,
                    "x": own["step"].to_numpy(),
                    # What a logarithmic axis has no place for.
                    "y": np.where(values > 0, values, np.nan) if log_y else values,
                    "name": str(run),
                    "legendgroup": str(run),
                    "showlegend": not any(trace["name"] == run for trace in traces),
                    "mode": "lines+markers" if marked else "lines",
                    "line": {"color": style.colour, "dash": style.dash, "width": 2},
                    "marker": {"size": 6, "symbol": style.mark},
                }
            )
    layout |= {"legend": {"y": 1.08}, "margin": {"l": 72, "r": 20, "t": 84, "b": 56}}
    return styled(traces, layout, palette, height=420)


def _format(metric: str) -> str | None:
    return ".1~%" if metric.startswith("accuracy") else None


def intervals(
    differences: pd.DataFrame, styles: Mapping[str, TraceStyle], palette: Palette
) -> Figure:
    """A dot for each difference of accuracy from the baseline, in points, with its interval; below
    it, where there is one, the mean ± sd of the differences paired by seed: the paired
    ``differences`` of a ``Comparison``."""
    rows = differences.to_dict("records")
    traces = [trace for place, row in enumerate(rows) for trace in _dots(place, row, styles)]
    names = [row["group"] for row in rows]
    ends = [_ends(trace) for trace in traces]
    low, high = min(0.0, *(end[0] for end in ends)), max(0.0, *(end[1] for end in ends))
    margin = 0.05 * ((high - low) or 1.0)
    layout = {
        "xaxis": {
            "title": {"text": "difference of accuracy / points"},
            "range": [low - margin, high + margin],
        },
        "yaxis": {
            "tickvals": [*range(len(rows))],
            "ticktext": names,
            "range": [len(rows) - 0.4, -0.6],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
        "shapes": [
            {
                "type": "line",
                "x0": 0,
                "x1": 0,
                "y0": 0,
                "y1": 1,
                "yref": "y domain",
                "line": {"color": palette.text, "width": 1.5},
            }
        ],
        "showlegend": False,
        "hovermode": "closest",
        "margin": {"l": 64, "r": 20, "t": 24, "b": 56},
    }
    return styled(traces, layout, palette, height=AROUND + ROW * len(rows))


def _dots(
    place: int, row: Mapping[str, Any], styles: Mapping[str, TraceStyle]
) -> list[dict[str, Any]]:
    """A row's difference with its interval, and the one paired by seed where there is one."""
    traces: list[dict[str, Any]] = []
    style = styles[row["group"]]
    x, low, high = (100 * value for value in (row["difference"], row["low"], row["high"]))
    columns = {
        "x_name": "network",
        "x": row["group"],
        "y_name": f"difference from {row['baseline']}",
    }
    columns |= {"mean": x, "low": low, "high": high, "n": row["images"], "unit": "points"}
    traces.append(
        {
            **_dot(place, x, (high - x, x - low), style, style.mark),
            "name": row["group"],
            "hovertemplate": f"{x:.2f} points, {low:.2f} to {high:.2f}",
            "meta": measured(**{name: [value] for name, value in columns.items()}),
        }
    )
    if pd.notna(row["seeds"]):
        mean, sd = 100 * row["seed_mean"], 100 * row["seed_sd"]
        columns = {"x_name": "network", "x": row["group"], "y_name": "difference paired by seed"}
        columns |= {"mean": mean, "sd": sd, "n": row["seeds"], "unit": "points"}
        traces.append(
            {
                **_dot(place + 0.28, mean, (sd, sd), style, f"{style.mark}-open"),
                "name": f"{row['group']}, paired by seed",
                "hovertemplate": f"{mean:.2f} ± {sd:.2f} points over {row['seeds']} seeds",
                "meta": measured(**{name: [value] for name, value in columns.items()}),
            }
        )
    return traces


def _ends(dot: Mapping[str, Any]) -> tuple[float, float]:
    """How far the bars of a dot reach."""
    error = dot["error_x"]
    return dot["x"][0] - error["arrayminus"][0], dot["x"][0] + error["array"][0]


def _dot(
    place: float, x: float, reach: tuple[float, float], style: TraceStyle, mark: str
) -> dict[str, Any]:
    """A dot in a row with bars that reach up and down from it."""
    up, down = reach
    return {
        "type": "scatter",
        "x": [x],
        "y": [place],
        "mode": "markers",
        "marker": {"size": 11, "color": style.colour, "symbol": mark},
        "error_x": {
            "type": "data",
            "array": [up],
            "arrayminus": [down],
            "color": style.colour,
            "thickness": 2,
            "width": 6,
        },
    }


def on_the_same_axes(figures: Sequence[Figure]) -> list[Figure]:
    """Figures of the same kind, drawn for several networks, whose axes of numbers have the same
    range in all."""
    shared: dict[str, list[float]] = {}
    for name in dict.fromkeys(n for f in figures for n in f.given[1] if n[1:5] == "axis"):
        ranges = [_range(figure, name) for figure in figures]
        known = [r for r in ranges if r is not None]
        if len(known) == len(figures):
            low, high = min(low for low, _ in known), max(high for _, high in known)
            # One value alone stands in the middle.
            around = 0.0 if high > low else 0.05 * abs(high) or 1.0
            shared[name] = [low - around, high + around]
    return [
        Figure(
            traces,
            layout | {name: {**layout[name], "range": both} for name, both in shared.items()},
            frames,
        )
        for traces, layout, frames in (figure.given for figure in figures)
    ]


def _range(figure: Figure, name: str) -> tuple[float, float] | None:
    """From where to where an axis of numbers reaches, by its own range or by its data; None for
    others: of pictures, of words, and those that follow another one."""
    traces, layout, _ = figure.given
    axis = layout.get(name)
    if axis is None or any(axis.get(key) for key in ("matches", "scaleanchor", "ticktext")):
        return None
    if axis.get("visible") is False or not (axis.get("title") or {}).get("text"):
        return None
    if (own := axis.get("range")) is not None:
        return (own[0], own[1]) if own[0] < own[1] else None
    letter, number = name[0], name[5:]
    followers = {n[5:] for n in layout if n[1:5] == "axis" and _follows(layout[n], letter, number)}
    values: list[np.ndarray] = []
    for trace in traces:
        if trace.get(f"{letter}axis", letter)[1:] not in {number, *followers}:
            continue
        try:
            given = np.asarray(trace[letter], float)
        except (KeyError, TypeError, ValueError):
            return None
        error = trace.get(f"error_{letter}") or {}
        up = np.asarray(error.get("array", 0.0), float)
        values += [
            given.ravel(),
            given + up,
            given - np.asarray(error.get("arrayminus", up), float),
        ]
    found = np.concatenate(values) if values else np.zeros(0)
    if axis.get("type") == "log":
        found = np.log10(found[found > 0])
    found = found[np.isfinite(found)]
    if not found.size:
        return None
    low, high = float(found.min()), float(found.max())
    if axis.get("rangemode") == "tozero":
        low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.05 * (high - low)
    return low - margin * (low != 0 or axis.get("rangemode") != "tozero"), high + margin


def _follows(axis: Mapping[str, Any], letter: str, number: str) -> bool:
    return axis.get("matches") == f"{letter}{number}"
