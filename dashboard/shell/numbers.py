"""Tables of numbers, nothing of them cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.figures.table import folded, in_words
from dashboard.shell.glossary import in_a_heading
from dashboard.shell.save import save_button

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 14
"""Longer tables scroll."""


def side_by_side(
    rows: Sequence[dict[str, object]], key: str, *, across: bool = True, decimals: int | None = 2
) -> None:
    """Rows of the same measures, the first of which names the row, as a table with a button for its
    CSV. ``across`` puts one row into each column, so that they are compared line by line.
    ``decimals`` as in ``in_words``."""
    import pandas as pd

    shown = in_words(pd.DataFrame(rows, dtype=object), decimals)
    first = str(shown.columns[0])
    draw_folded(turned(shown, first) if across else shown, 1, key)
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
    for place, part in enumerate(folded(shown, keys)):
        st.dataframe(
            part,
            width="stretch",
            height=600 if len(part) > MOST_ROWS else "content",
            hide_index=True,
            column_config={
                name: st.column_config.Column(
                    pinned=number < keys or None, help=in_a_heading(str(name))
                )
                for number, name in enumerate(part.columns)
            },
            key=key if place == 0 else f"{key}_{place}",
        )
