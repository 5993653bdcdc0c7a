"""Populations of units on a sheet: channels side by side, or units row by row."""

from typing import NamedTuple

import numpy as np

GAP = 2


class Sheet(NamedTuple):
    """``values`` (row, column); a row holds ``across`` channels or units, each ``high`` rows
    high."""

    values: np.ndarray
    across: int
    high: int


def sheet(maps: np.ndarray, wide: float, fill: object = np.nan) -> Sheet:
    """(unit,) or (channel, row, column) laid out about ``wide`` times as wide as high, with a full
    last row if possible; ``fill`` lies between channels."""
    maps = maps if maps.ndim == 3 else maps[:, None, None]
    n, rows, columns = maps.shape
    gap = GAP if rows > 1 else 0
    high, width = rows + gap, columns + gap
    ideal = np.sqrt(wide * n * high / width)
    whole = [k for k in range(1, n + 1) if n % k == 0 and 0.7 < k / ideal < 1.5]
    across = min(whole, key=lambda k: abs(k - ideal), default=min(n, max(1, round(ideal))))
    down = -(-n // across)
    values = np.full((down * high - gap, across * width - gap), fill, maps.dtype)
    for k, one in enumerate(maps):
        top, left = k // across * high, k % across * width
        values[top : top + rows, left : left + columns] = one
    return Sheet(values, across, high)
