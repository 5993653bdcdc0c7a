"""Tables: the data of a figure, so that it can be exported; and cells in words, in parts that fit a
page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures.figure import Figure

if TYPE_CHECKING:
    import pandas as pd


def to_frame(figure: Figure) -> pd.DataFrame:
    """One row per point: panel, series, x, y, and z for heatmaps.

    Bands, which have no names, come as ``<their curve> ± sd``.
    """
    import pandas as pd

    parts = []
    for trace in figure.data:
        meta = trace.meta or {}
        band = f"{meta['of']} ± {meta['spread']}" if "of" in meta else None
        series = trace.name or band or trace.legendgroup or trace.type
        panel = (trace.xaxis or "x").removeprefix("x") or "1"
        if trace.type == "heatmap":
            z = np.asarray(trace.z)
            x, y = _middles(trace.x, z.shape[1]), _middles(trace.y, z.shape[0])
            grid_x, grid_y = np.meshgrid(x, y)
            part = {"x": grid_x.ravel(), "y": grid_y.ravel(), "z": z.ravel()}
        else:
            part = {"x": np.asarray(trace.x), "y": np.asarray(trace.y)}
        parts.append(pd.DataFrame({"panel": panel, "series": series, **part}))
    return pd.concat(parts, ignore_index=True)


def _middles(places: object, n: int) -> np.ndarray:
    """Where the ``n`` cells of a heatmap are along one axis, (cell,); given their edges, the middle
    of each."""
    if places is None:
        return np.arange(n)
    places = np.asarray(places)
    return (places[:-1] + places[1:]) / 2 if len(places) == n + 1 else places


WIDTH = 112
"""About as many characters fit side by side into a table on a desk's screen."""
ABSENT = "–"
RARE = 1 / 5
"""Columns filled in fewer of the rows than this share are turned into rows."""
PADDING = 4
"""What a column needs beside its text, in characters."""


def in_words(table: pd.DataFrame, decimals: int | None = None) -> pd.DataFrame:
    """Every cell as it is shown: a dash where there is nothing, thousands set apart in whole
    numbers, and in each column of numbers the same ``decimals``: by default as many as the longest
    of its cells has."""
    import pandas as pd

    return pd.DataFrame(
        {name: _column(table[name].tolist(), decimals) for name in table.columns},
        index=table.index,
        columns=table.columns,
    )


def _column(cells: list, decimals: int | None) -> list[str]:
    if decimals is None:
        decimals = max((len(f"{c:g}".partition(".")[2]) for c in cells if _is_plain(c)), default=0)
    return [_cell(cell, decimals) for cell in cells]


def _is_plain(cell: object) -> bool:
    """Whether it is a number that is written without an exponent."""
    return isinstance(cell, float | np.floating) and np.isfinite(cell) and "e" not in f"{cell:g}"


def _cell(cell: object, decimals: int) -> str:
    if cell is None or (isinstance(cell, float | np.floating) and np.isnan(cell)):
        return ABSENT
    if isinstance(cell, int | np.integer) and not isinstance(cell, bool):
        return f"{cell:,}"
    if isinstance(cell, float | np.floating):
        return f"{cell:.{decimals}f}" if _is_plain(cell) else f"{cell:g}"
    return str(cell)


def folded(shown: pd.DataFrame, keys: int, width: int = WIDTH) -> list[pd.DataFrame]:
    """A table of text in parts that are no wider than ``width`` characters, none of them cut off.

    Each part has the first ``keys`` columns, which say what a row is about, and rows that have
    something in it. A column that is wider than the room left has a part of its own. What is empty
    throughout is left out; columns that only a few rows fill become the rows of a last part.
    """
    names = list(shown.columns)
    widths = {
        name: PADDING + max(map(len, [str(name), *shown[name].astype(str)])) for name in names
    }
    if sum(widths.values()) <= width:
        return [shown]
    left, filled = names[:keys], shown != ABSENT
    shares = {name: float(filled[name].to_numpy(float).mean()) for name in names[keys:]}
    own = [name for name, share in shares.items() if share]
    rare = [name for name in own if shares[name] < RARE]
    rare = rare if len(rare) > 1 else []
    parts: list[list] = [[]]
    room = free = width - sum(widths[name] for name in left)
    for name in own:
        if name in rare:
            continue
        if parts[-1] and widths[name] > free:
            parts.append([])
            free = room
        parts[-1].append(name)
        free -= widths[name]
    tables = [shown.loc[filled[part].any(axis=1), [*left, *part]] for part in parts if part]
    if rare:
        import pandas as pd

        some = shown.loc[filled[rare].any(axis=1)]
        names = [", ".join(map(str, row)) for row in some[left].to_numpy()]
        turned = pd.DataFrame(some[rare].to_numpy().T, index=rare, columns=names)
        tables.append(turned.reset_index(names=""))
    return tables


def keys_of(table: pd.DataFrame) -> int:
    """How many of the first columns tell the rows apart; one if none do."""
    for count in range(1, len(table.columns) + 1):
        if not table.iloc[:, :count].astype(str).duplicated().any():
            return count
    return 1
