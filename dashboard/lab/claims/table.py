"""The table of claims; choosing a row opens its claim."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from corelib.reproduce.claims import Listed
from dashboard.lab.claims.figures import MARKS
from dashboard.shell import screen
from dashboard.shell.theme import palette

HEIGHT, NARROW_HEIGHT = 560, 360
ROW, NARROW_ROW = 42, 62
"""Heights of a row: its claim may take two lines, on a phone three."""


def draw_table(items: Sequence[Listed], marked: int, key: str) -> None:
    """Claim, published, ours and verdict; the row ``marked`` is the claim that is open."""
    narrow = screen.is_narrow()
    frame = (_narrow if narrow else _wide)(items)
    colours = [MARKS[item.claim.verdict].colour(palette()) for item in items]
    verdict = frame.columns[-1]
    styled = frame.style.apply(lambda _: [f"color: {c}" for c in colours], subset=[verdict])
    columns = {
        name: st.column_config.TextColumn(width=width, alignment="right" if figures else "left")
        for name, width, figures in (
            ("claim", 150 if narrow else 270, False),
            ("published", 80, True),
            ("ours", 110, True),
            ("verdict", 150, False),
            ("published, ours", 150, False),
        )
    }
    st.dataframe(
        styled,
        hide_index=True,
        width="stretch",
        height=NARROW_HEIGHT if narrow else HEIGHT,
        row_height=NARROW_ROW if narrow else ROW,
        key=key,
        column_config=columns,
        on_select=partial(_open, key, [item.claim.what for item in items]),
        selection_mode="single-row",
        selection_default={"selection": {"rows": [marked]}},
        alt=f"{len(items)} claims with the published figure, ours and the verdict",
    )


def _wide(items: Sequence[Listed]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "claim": claim.what,
                "published": claim.published_text,
                "ours": claim.ours_text,
                "verdict": f"{MARKS[claim.verdict].text} {claim.verdict}",
            }
            for _, claim in items
        ]
    )


def _narrow(items: Sequence[Listed]) -> pd.DataFrame:
    """Two columns, as many as a phone has room for."""
    return pd.DataFrame(
        [
            {
                "claim": claim.what,
                "published, ours": f"{MARKS[claim.verdict].text} {claim.verdict}: "
                f"{claim.published_text}, {claim.ours_text}",
            }
            for _, claim in items
        ]
    )


def _open(key: str, names: Sequence[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        st.session_state["claims_claim"] = names[rows[0]]
