"""The data of a figure as a tidy table: one row per point, its spread beside its mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.table import to_frame

if TYPE_CHECKING:
    import pandas as pd

MARKUP = re.compile(r"<[^>]*>")
UNIT = re.compile(r"\s*\(([^()=→]+)\)\s*$|\s/\s([^/]+?)(?:\s+\([^()]*\))?\s*$")
"""The unit at the end of an axis's title: ``delay (ms)``, ``rate / Hz``."""
ASIDE = re.compile(r"\s*\([^()]*\)\s*$")
"""What else an axis's title says in brackets at its end."""
VALUE = ("mean", "sd", "se", "low", "high", "n")
ALWAYS = ("mean", "sd", "n")
"""Of the columns of a value, those that every table has."""


def tidy(figure: Figure, n: int | None = None) -> pd.DataFrame:
    """Columns panel (its title, else its number), series, x_name, x, y_name, then mean, sd
    (empty where none is known), n, unit; se, or low and high, beside sd where a figure has standard
    errors or intervals; z for heatmaps; last, what else a trace says of its points.

    ``n`` is how many values each mean is of where its trace does not say so. A band whose series is
    not drawn comes as a series of its own.
    """
    import pandas as pd

    layout = figure.given[1]
    traces = [trace for trace in figure.data if not _meta(trace).get("decoration")]
    bands = {_place(trace): _of_band(trace) for trace in traces if _is_band(trace)}
    first = {_place(trace): trace for trace in traces if _is_band(trace)}
    parts = []
    for trace in traces:
        if _is_band(trace):
            continue
        part, place = _points(trace), _place(trace)
        own = bands.get(place)
        if own is not None and "z" not in part and len(own) == len(part):
            spread = bands.pop(place).drop(columns=["x", "mean"])
            part = part.assign(**{name: spread[name].to_numpy() for name in spread})
        parts.append(_titled(part, trace, layout))
    for (panel, series), part in bands.items():
        band = first[panel, series]
        parts.append(_titled(part.assign(panel=panel, series=series), band, layout))
    if not parts:
        return pd.DataFrame()
    table = pd.concat([part.dropna(axis=1, how="all") for part in parts], ignore_index=True)
    if n is not None:
        table["n"] = table["n"].fillna(n) if "n" in table else n
    value = [name for name in VALUE if name in ALWAYS or name in table]
    if "z" in table:
        # A mean drawn into a heatmap lies on its y axis.
        table = table.rename(columns={"mean": "y"})
        value = ["y", "z", *(name for name in VALUE[1:] if name in table)]
    table["panel"] = table["panel"].replace(_panel_titles(layout))
    further = dict.fromkeys(name for t in traces for name in _meta(t).get("beside", {}))
    columns = ["panel", "series", "x_name", "x", "x_sd", "y_name", *value, "unit", *further]
    return table.reindex(columns=[c for c in columns if c != "x_sd" or c in table])


def _meta(trace: Any) -> dict[str, Any]:
    return trace.meta or {}


def _is_band(trace: Any) -> bool:
    return "of" in _meta(trace)


def _place(trace: Any) -> tuple[str, str]:
    """Panel and series, a band's as those of its mean."""
    panel = (trace.xaxis or "x").removeprefix("x") or "1"
    return panel, _meta(trace).get("of") or trace.name or trace.legendgroup or trace.type


def _points(trace: Any) -> pd.DataFrame:
    """The points of a trace with the spread that its bars show."""
    import pandas as pd

    meta = _meta(trace)
    panel, series = _place(trace)
    if "columns" in meta:
        return pd.DataFrame({"panel": panel, "series": series, **meta["columns"]})
    part = to_frame(_Only([trace])).rename(columns={"y": "mean"})  # pyright: ignore[reportArgumentType]
    part = part.assign(**meta.get("beside", {}))
    if "spread" in meta:
        up = np.asarray(trace.error_y.array, float)
        down = trace.error_y.arrayminus
        part = _with_spread(part, meta, up, up if down is None else np.asarray(down, float))
        if trace.error_x.array is not None:
            part["x_sd"] = np.asarray(trace.error_x.array, float)
    return part


def _of_band(band: Any) -> pd.DataFrame:
    """x, mean and spread of a band, whose outline goes along the upper edge and back along the
    lower one."""
    import pandas as pd

    x, y = np.asarray(band.x), np.asarray(band.y, float)
    n = len(x) // 2
    upper, lower = y[:n], y[n:][::-1]
    part = pd.DataFrame({"x": x[:n], "mean": (upper + lower) / 2})
    half = (upper - lower) / 2
    return _with_spread(part, _meta(band), half, half)


def _with_spread(part: pd.DataFrame, meta: dict, up: np.ndarray, down: np.ndarray) -> pd.DataFrame:
    kind, n = meta["spread"], meta.get("n")
    if kind == "interval":
        part = part.assign(low=part["mean"] - down, high=part["mean"] + up)
    else:
        part = part.assign(**{kind: up})
    return part if n is None else part.assign(n=np.asarray(n))


class _Only:
    """Some traces of a figure."""

    def __init__(self, data: list) -> None:
        self.data = data


def _titled(part: pd.DataFrame, trace: Any, layout: Mapping[str, Any]) -> pd.DataFrame:
    if "y_name" in part:
        return part
    names = {}
    for letter in "xy":
        axis = getattr(trace, f"{letter}axis", None) or letter
        own, shared = f"{letter}axis{axis[1:]}", f"{letter}axis"
        # Stacked panels share the axis of the lowest one, panels in a row that of the first.
        lowest = f"{letter}axis{(layout.get(own, {}).get('matches') or '')[1:]}"
        named = (axis_title(layout, name) for name in (own, lowest, shared))
        names[letter] = next(filter(None, named), "")
    return part.assign(x_name=names["x"], y_name=names["y"], unit=_unit(names["y"]))


def _panel_titles(layout: Mapping[str, Any]) -> dict[str, str]:
    """The titles above the panels, by the panels' numbers."""
    titles = {}
    for note in layout.get("annotations", ()):
        place = re.fullmatch(r"x(\d*) domain", str(note.get("xref", "")))
        if place and note.get("yref") == f"y{place[1]} domain" and note.get("y") == 1:
            titles[place[1] or "1"] = MARKUP.sub(" ", str(note.get("text", ""))).strip()
    return titles


def _unit(title: str) -> str:
    found = UNIT.search(title)
    return (found[1] or found[2]).strip() if found else ""


def axis_title(layout: Mapping[str, Any], axis: str) -> str:
    """What an axis of a given layout says, without markup; empty if it says nothing."""
    title = layout.get(axis, {}).get("title") or ""
    text = title.get("text") or "" if isinstance(title, Mapping) else title
    return MARKUP.sub(" ", text).strip()


def file_stem(figure: Figure, key: str, network: str) -> str:
    """``bpan-mnist_accuracy-against-steps``: the network, then the axes, or the figure's key where
    the axes say nothing."""
    # As it was given: plotly's checks would delay every slider.
    layout = figure.given[1]
    y, x = (ASIDE.sub("", UNIT.sub("", axis_title(layout, f"{letter}axis"))) for letter in "yx")
    return f"{slug(network)}_{slug(f'{y} against {x}' if x and y else key)}"


def slug(text: str) -> str:
    """Small letters and hyphens, at most 60 characters."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")[:60].strip("-")
