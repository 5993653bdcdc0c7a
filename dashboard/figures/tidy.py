"""The data of a figure as a tidy table: one row per point, a band as the sd of its mean."""

import re
from typing import Any

import numpy as np
import pandas as pd

from dashboard.figures.figure import Figure
from dashboard.figures.table import to_frame

SD = " ± sd"
SEEDS = re.compile(r"n = (\d+) ")
MARKUP = re.compile(r"<[^>]*>")
UNIT = re.compile(r"\(([^()]+)\)\s*$")
"""The unit at the end of an axis's title."""


def tidy(figure: Figure, caption: str = "") -> pd.DataFrame:
    """Columns panel, series, x, x_name, then mean, sd (empty without a band), n, y_name, unit; z
    for heatmaps.

    ``n`` is the one that the caption states, empty if it states none or several. A band whose
    series is not drawn comes as a series of its own.
    """
    bands = [trace for trace in figure.data if _is_band(trace)]
    others = [trace for trace in figure.data if not _is_band(trace)]
    layout = figure.layout
    rows = []
    spreads = {_place(band): _spread(band) for band in bands}
    used = set()
    for trace in others:
        part = to_frame(_Only([trace]))  # pyright: ignore[reportArgumentType]
        place = _place(trace)
        spread = spreads.get(place)
        if spread is not None and "z" not in part and len(spread) == len(part):
            part["sd"] = spread["sd"].to_numpy()
            used.add(place)
        rows.append(_titled(part, trace, layout))
    for band in bands:
        if _place(band) not in used:
            spread = _spread(band).rename(columns={"mean": "y"})
            panel, series = _place(band)
            rows.append(_titled(spread.assign(panel=panel, series=series), band, layout))
    if not rows:
        return pd.DataFrame()
    table = pd.concat(rows, ignore_index=True).rename(columns={"y": "mean"})
    if "z" in table:
        table = table.rename(columns={"mean": "y"})
    stated = set(SEEDS.findall(caption))
    table["n"] = stated.pop() if len(stated) == 1 else None
    if "sd" not in table:
        table["sd"] = np.nan
    value = ["y", "z"] if "z" in table else ["mean", "sd", "n"]
    return table.reindex(columns=["panel", "series", "x_name", "x", "y_name", *value, "unit"])


class _Only:
    """Some traces of a figure."""

    def __init__(self, data: list) -> None:
        self.data = data


def _is_band(trace: Any) -> bool:
    return trace.type == "scatter" and (trace.legendgroup or "").endswith(SD)


def _place(trace: Any) -> tuple[str, str]:
    """Panel and series, a band's as those of its mean."""
    panel = (trace.xaxis or "x").removeprefix("x") or "1"
    if _is_band(trace):
        return panel, trace.legendgroup.removesuffix(SD)
    return panel, trace.name or trace.legendgroup or trace.type


def _spread(band: Any) -> pd.DataFrame:
    """x, mean and sd of a band, whose outline goes along mean + sd and back along mean - sd."""
    x, y = np.asarray(band.x), np.asarray(band.y, float)
    n = len(x) // 2
    upper, lower = y[:n], y[n:][::-1]
    return pd.DataFrame({"x": x[:n], "mean": (upper + lower) / 2, "sd": (upper - lower) / 2})


def _titled(part: pd.DataFrame, trace: Any, layout: Any) -> pd.DataFrame:
    names = {}
    for letter in "xy":
        axis = getattr(trace, f"{letter}axis", None) or letter
        names[letter] = axis_title(layout, f"{letter}axis{axis[1:]}") or axis_title(
            layout, f"{letter}axis"
        )
    found = UNIT.search(names["y"])
    return part.assign(x_name=names["x"], y_name=names["y"], unit=found.group(1) if found else "")


def axis_title(layout: Any, name: str) -> str:
    """What an axis says, without markup; empty if it says nothing or does not exist."""
    try:
        text = layout[name].title.text
    except (KeyError, ValueError):
        return ""
    return MARKUP.sub(" ", text or "").strip()


def file_stem(figure: Figure, key: str, network: str) -> str:
    """``bpan-mnist_accuracy-against-steps``: the network, then the axes, or the figure's key where
    the axes say nothing."""
    # As it was given: plotly's checks would delay every slider.
    _, layout, _ = figure.given
    y, x = (UNIT.sub("", _given_title(layout, f"{letter}axis")) for letter in "yx")
    return f"{slug(network)}_{slug(f'{y} against {x}' if x and y else key)}"


def _given_title(layout: dict, axis: str) -> str:
    title = layout.get(axis, {}).get("title") or ""
    text = title.get("text") or "" if isinstance(title, dict) else title
    return MARKUP.sub(" ", text).strip()


def slug(text: str) -> str:
    """Small letters and hyphens, at most 60 characters."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")[:60].strip("-")
