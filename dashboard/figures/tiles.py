"""Pictures of many tiles, laid out again in rows of another length."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Tiles(NamedTuple):
    """How a sheet is made of tiles: the step from one to the next in its pixels, across and down,
    how many stand in a row, and how many do on a ``narrow`` screen."""

    across: int
    down: int
    columns: int
    narrow: int

    def as_meta(self) -> dict[str, Any]:
        """What the layout of a figure of tiles says of them."""
        return {"tiles": list(self)}


def refolded(
    traces: Sequence[dict], layout: Mapping[str, Any]
) -> tuple[Sequence[dict], dict[str, Any]]:
    """Traces and layout with as many tiles in a row as a narrow screen shows; unchanged where the
    layout says of no tiles."""
    meta = layout.get("meta")
    tiles = Tiles(*meta["tiles"]) if meta else None
    if tiles is None or tiles.narrow >= tiles.columns:
        return traces, dict(layout)
    n = tiles.columns * -(-np.shape(traces[0]["z"])[0] // tiles.down)
    rows = -(-n // tiles.narrow)
    wide, high = tiles.narrow * tiles.across, rows * tiles.down
    x, y = dict(layout["xaxis"]), dict(layout["yaxis"])
    if "range" in x:
        x["range"] = [x["range"][0], x["range"][1] + wide - tiles.columns * tiles.across]
    if "range" in y:
        taller = high - n // tiles.columns * tiles.down
        y["range"] = [y["range"][0] + taller, y["range"][1]]
    shapes = [_moved_shape(shape, tiles) for shape in layout.get("shapes", ())]
    return [
        {**trace, "z": _sheet(np.asarray(trace["z"]), tiles)}
        if trace["type"] == "heatmap"
        else {**trace, **_moved(np.asarray(trace["x"]), np.asarray(trace["y"]), tiles)}
        for trace in traces
    ], {**layout, "xaxis": x, "yaxis": y, "shapes": shapes}


def _sheet(sheet: np.ndarray, tiles: Tiles) -> np.ndarray:
    """The same tiles in rows of ``narrow``."""
    fill = np.nan if sheet.dtype.kind == "f" else 0
    rows = -(-sheet.shape[0] // tiles.down)
    size = (rows * tiles.down, tiles.columns * tiles.across)
    whole = np.full(size, fill, sheet.dtype)
    whole[: sheet.shape[0], : sheet.shape[1]] = sheet
    each = whole.reshape(rows, tiles.down, tiles.columns, tiles.across).swapaxes(1, 2)
    each = each.reshape(-1, tiles.down, tiles.across)
    missing = -len(each) % tiles.narrow
    each = np.concatenate([each, np.full((missing, *each.shape[1:]), fill, sheet.dtype)])
    folded = each.reshape(-1, tiles.narrow, tiles.down, tiles.across).swapaxes(1, 2)
    return folded.reshape(-1, tiles.narrow * tiles.across)


def _shift(x: np.ndarray, y: np.ndarray, tiles: Tiles) -> tuple[np.ndarray, np.ndarray]:
    """How far what stands at x and y in the sheet's pixels moves."""
    column, row = (x + 0.5) // tiles.across, (y + 0.5) // tiles.down
    place = row * tiles.columns + column
    return (
        (place % tiles.narrow - column) * tiles.across,
        (place // tiles.narrow - row) * tiles.down,
    )


def _moved(x: np.ndarray, y: np.ndarray, tiles: Tiles) -> dict[str, np.ndarray]:
    right, down = _shift(x, y, tiles)
    return {"x": x + right, "y": y + down}


def _moved_shape(shape: Mapping[str, Any], tiles: Tiles) -> dict[str, Any]:
    middle = [np.asarray((shape[f"{a}0"] + shape[f"{a}1"]) / 2) for a in "xy"]
    right, down = _shift(middle[0], middle[1], tiles)
    return {
        **shape,
        **{end: shape[end] + float(right) for end in ("x0", "x1")},
        **{end: shape[end] + float(down) for end in ("y0", "y1")},
    }
