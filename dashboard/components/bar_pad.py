"""A bar that a person drags over a receptive field."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import streamlit as st

from dashboard.components.pad import make_pad

HTML = """
<canvas class="grab" tabindex="0" role="application" aria-roledescription="pad"
  aria-label="The receptive field with a bar" aria-describedby="keys"></canvas>
"""
KEYS = "Keys: ← and → move the bar, ↑ and ↓ turn it, Shift for larger steps, Delete starts afresh."
MOST = 400
# RdBu, as in the figures.
SIGNED = np.array([
    [103, 0, 31], [178, 24, 43], [214, 96, 77], [244, 165, 130], [253, 219, 199], [247, 247, 247],
    [209, 229, 240], [146, 197, 222], [67, 147, 195], [33, 102, 172], [5, 48, 97],
])  # fmt: skip

_pad = make_pad("bar_pad", HTML, KEYS)


class Bar(NamedTuple):
    """``direction`` in degrees, ``width`` in pixels."""

    direction: float
    width: float


def bar_pad(
    key: str, field: np.ndarray, bar: Bar, frame_ms: float, on_turn: Callable[[int], None]
) -> tuple[float, ...]:
    """The path of ``bar`` dragged over ``field`` (row, column) along its direction: its place in
    pixels from the middle, one a frame of ``frame_ms``.

    Empty until it has been dragged. ``on_turn`` is called with a new direction in whole degrees
    from 0 to 359, before the page runs again. Blue in the field is positive, red negative.
    """

    def turned() -> None:
        on_turn(round(float(st.session_state[key]["direction"])) % 360)

    _pad(
        key=key,
        data={
            "colours": colours(field),
            "side": field.shape[0],
            "width": bar.width,
            "direction": bar.direction,
            "frame": frame_ms,
            "most": MOST,
        },
        on_path_change=lambda: None,
        on_direction_change=turned,
    )
    return clean((st.session_state.get(key) or {}).get("path"), field.shape[0])


def clean(path: object, side: int) -> tuple[float, ...]:
    """The browser's path as numbers within reach of the patch; empty if it is not a path."""
    try:
        places = np.asarray(path or [], float)
    except (TypeError, ValueError):
        return ()
    if places.ndim != 1 or not np.isfinite(places).all():
        return ()
    return tuple(places[:MOST].clip(-2 * side, 2 * side).tolist())


def colours(field: np.ndarray) -> list[str]:
    """The pixels of a receptive field as a browser takes them, row by row."""
    unit = (field / (np.abs(field).max() or 1)).ravel()
    stops = np.linspace(-1, 1, len(SIGNED))
    rgb = np.stack([np.interp(unit, stops, channel) for channel in SIGNED.T], 1)
    return [f"rgb({r},{g},{b})" for r, g, b in np.rint(rgb).astype(int)]
