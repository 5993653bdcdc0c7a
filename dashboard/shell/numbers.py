"""Tables of numbers, nothing of them cut off."""

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.figures.table import ABSENT, folded
from dashboard.shell.save import save_button

MOST_ROWS = 14
"""Longer tables scroll."""


def written(value: object, decimals: int = 2) -> str:
    """A cell: whole numbers by thousands, other numbers with ``decimals``, a dash for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ABSENT
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)


def side_by_side(rows: Sequence[dict[str, object]], key: str, *, across: bool = True) -> None:
    """Rows of the same measures, the first of which names the row, as a table with a button for its
    CSV. ``across`` puts one row into each column, so that they are compared line by line."""
    frame = pd.DataFrame([{name: written(cell) for name, cell in row.items()} for row in rows])
    first = str(frame.columns[0])
    draw_folded(turned(frame, first) if across else frame, 1, key)
    save_button(
        "CSV",
        lambda: pd.DataFrame(rows).to_csv(index=False).encode(),
        f"synaptarium-{key}",
        key,
        "The numbers of this table, not rounded.",
    )


def turned(shown: pd.DataFrame, first: str) -> pd.DataFrame:
    """The table with a column for each row, named by that row's ``first`` cell."""
    across = shown.set_index(first).T.rename(columns=str)
    return across.rename_axis(columns=None).reset_index(names=first)


def draw_folded(shown: pd.DataFrame, keys: int, key: str) -> None:
    """A table of text, the parts below one another; its first ``keys`` columns are in each."""
    for number, part in enumerate(folded(shown, keys)):
        st.dataframe(
            part,
            width="stretch",
            height=600 if len(part) > MOST_ROWS else "content",
            hide_index=True,
            column_config={
                name: st.column_config.Column(pinned=True) for name in part.columns[:keys]
            },
            key=key if number == 0 else f"{key}_{number}",
        )
