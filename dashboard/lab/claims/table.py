"""The list of claims, as text that wraps; choosing a row opens its claim."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from corelib.reproduce.claims import Listed
from dashboard.lab.claims.marks import MARKS

HERE = Path(__file__).parent

_table = component(
    "synaptarium_claims",
    html='<div class="claims" tabindex="-1"></div>',
    css=(HERE / "table.css").read_text(encoding="utf-8"),
    js=(HERE / "table.js").read_text(encoding="utf-8"),
)


def draw_table(
    items: Sequence[Listed], chosen: str, key: str, choose: Callable[[str], None]
) -> None:
    """Claim, published, ours and verdict under their topics; the claim ``chosen`` is marked.
    ``choose`` is called with the claim whose row is clicked."""

    def changed() -> None:
        name = st.session_state[key].get("chosen")
        if name:
            choose(name)

    _table(
        key=key,
        data={"chosen": chosen, "claims": [_row(item) for item in items]},
        on_chosen_change=changed,
    )


def _row(item: Listed) -> dict[str, str]:
    topic, claim = item
    mark = MARKS[claim.verdict]
    return {
        "topic": topic.name,
        "name": claim.what,
        "published": claim.published_text,
        "ours": claim.ours_text,
        "verdict": claim.verdict,
        "mark": mark.text,
        "light": mark.light,
        "dark": mark.dark,
    }
