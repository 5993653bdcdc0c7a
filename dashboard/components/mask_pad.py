"""A digit whose pixels a person paints over to hide them from a network."""

import numpy as np
import streamlit as st

from dashboard.components.pad import make_pad

HTML = """
<div class="pad"><canvas class="draw" tabindex="0" role="application" aria-roledescription="pad"
  aria-label="The digit: paint over the pixels to hide; with Shift they are uncovered"
  aria-describedby="keys"></canvas></div>
<div class="tools"><button type="button">Uncover all</button></div>
"""
KEYS = (
    "Keys: arrows move the brush, Shift for larger steps; Space puts it down and lifts it, and on "
    "a hidden pixel it uncovers; Delete uncovers all."
)

_pad = make_pad("mask_pad", HTML, KEYS)


def mask_pad(key: str, pixels: np.ndarray) -> np.ndarray:
    """Bool (row, column): which pixels of ``pixels`` uint8 (row, column) are hidden.

    Kept for the session, also while the pad is not shown.
    """
    # The component loses its state when it is not shown; this copy stays.
    kept = f"_{key}_covered"
    covered = (st.session_state.get(key) or {}).get("covered", st.session_state.get(kept, []))
    # What was covered in an image of another size may lie outside this one.
    covered = [place for place in covered if place < pixels.size]
    st.session_state[kept] = covered
    _pad(
        key=key,
        data={"pixels": pixels.ravel().tolist(), "side": pixels.shape[0], "covered": covered},
        on_covered_change=lambda: None,
    )
    hidden = np.zeros(pixels.size, bool)
    hidden[covered] = True
    return hidden.reshape(pixels.shape)
