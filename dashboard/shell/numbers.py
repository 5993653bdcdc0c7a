"""Tables of numbers of a few networks, nothing of them cut off."""

import math
import re
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.shell.text import plain

ACROSS = 7
"""Columns of numbers that fit side by side; more continue in a table below."""
ABSENT = "–"
NUMBER = re.compile(r"[-+]?[\d.,]*\d( ± [\d.,]+)?(\s%)?")


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
    first = frame.columns[0]
    unfolded(frame.set_index(first).T if across else frame.set_index(first), key)
    st.download_button(
        "CSV",
        data=lambda: pd.DataFrame(rows).to_csv(index=False).encode(),
        file_name=f"synaptarium-{key}.csv",
        mime="text/csv",
        key=f"{key}_csv",
        help="The numbers of this table, not rounded.",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _shown(cell: str) -> str:
    """A number as it is; other words must not become Markdown."""
    return cell if NUMBER.fullmatch(cell) else plain(cell)


def unfolded(table: pd.DataFrame, key: str) -> None:
    """A table of words with a named index, whose columns continue below where they are many."""
    n = math.ceil(table.shape[1] / ACROSS)
    with st.container(key=key):
        for k in range(n):
            # As even as can be: 12 columns are 6 and 6.
            part = table.iloc[:, k * table.shape[1] // n : (k + 1) * table.shape[1] // n]
            st.table(
                part.rename(index=plain, columns=plain).map(_shown).rename_axis(columns=None),
                border="horizontal",
            )
