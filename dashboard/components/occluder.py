"""The square that covers a part of a digit and that a person can drag."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from dashboard.components.pad import make_pad

HTML = """
<canvas class="grab" tabindex="0" role="application" aria-roledescription="pad"
  aria-label="The digit under the occluder" aria-describedby="keys"></canvas>
"""
KEYS = "Drag the square, or move it by the arrow keys; Shift for larger steps."

_pad = make_pad("occluder", HTML, KEYS)


def occluder(
    key: str,
    pixels: np.ndarray,
    length: int,
    place: tuple[float, float],
    fill: str,
    on_move: Callable[[float, float], None],
) -> None:
    """A square of ``length`` pixels over ``pixels`` uint8 (row, column), centred at ``place``.

    ``place`` is row and column as shares of the side; ``on_move`` is called with new ones, before
    the page runs again. ``fill`` is a CSS colour.
    """

    def moved() -> None:
        row, column = st.session_state[key]["at"]
        on_move(float(row), float(column))

    _pad(
        key=key,
        data={
            "pixels": pixels.ravel().tolist(),
            "side": pixels.shape[0],
            "length": length,
            "row": place[0],
            "column": place[1],
            "fill": fill,
        },
        on_at_change=moved,
    )
