"""One claim in full: who made it, ours beside it, what speaks to it, and how to check it."""

import streamlit as st

from corelib.reproduce import claims
from corelib.reproduce.claim import Claim
from corelib.reproduce.claims import Listed
from corelib.reproduce.results import shipped_state
from corelib.runs.offered import registry_state
from dashboard.lab.claims.marks import MARKS
from dashboard.rooms import ROOMS
from dashboard.shell.page import ASSETS
from dashboard.shell.text import plain

PAGES = ASSETS.parent / "pages"
TITLES = {room.file.removesuffix(".py"): room.title for room in ROOMS} | {"data": "Data"}


def draw_details(item: Listed) -> None:
    """All that is known of one claim."""
    topic, claim = item
    with st.container(border=True, key="claims_details"):
        st.markdown(f"##### {plain(claim.what)}")
        mark = MARKS[claim.verdict]
        st.markdown(f":{mark.badge}-badge[{mark.text} {claim.verdict}]")
        if claim.ours is not None:
            left, right = st.columns(2)
            left.metric("Published", claim.published_text)
            right.metric(f"Ours, {claim.seeds_text}", claim.ours_text)
        elif claim.published is not None:
            st.metric("Published", claim.published_text)
        for name, text in _parts(item):
            st.markdown(f"**{name}** {plain(text)}")
        reasons = topic.why() if claim.verdict not in ("reproduced", claims.UNTESTED) else ()
        if reasons:
            with st.expander("What we think of it", key="claims_why"):
                for reason in reasons:
                    st.markdown(plain(reason))
        st.page_link(
            PAGES / f"{claim.view.page}.py",
            label=f"See for yourself: {TITLES[claim.view.page]}",
            icon=":material/visibility:",
            query_params=claim.view.controls,
        )
        st.code(claim.command, language=None, wrap_lines=True)
        st.caption(f"To compute it again: {plain(_cost(claim.table, *_state()))}.")


def _parts(item: Listed) -> list[tuple[str, str]]:
    topic, claim = item
    parts = [("Claimed in", f"{topic.source}.")]
    if told := _apart(claim):
        parts.append(("Difference", told))
    if claim.untested:
        parts.append(("Why", claim.untested[0].upper() + claim.untested[1:]))
    if claim.control:
        parts.append(("Control", claim.control))
    return parts


def _apart(claim: Claim) -> str:
    """Ours less published, and what the rule allows."""
    if claim.ours is None or claim.published is None:
        return ""
    unit = {"%": " points", "parameters": " parameters", "": ""}.get(claim.unit, f" {claim.unit}")
    apart = claim.ours.mean - claim.published
    told = f"{apart:+,.2f}" if claim.unit == "%" else f"{apart:+,.3g}"
    told = told.replace("-", "−")
    return f"{told}{unit}; up to {claim.allowed:,.3g} counts as the same."


def _state() -> tuple:
    return shipped_state(), registry_state()


@st.cache_resource(show_spinner=False, max_entries=64)
def _cost(table: str, tables: tuple, runs: tuple) -> str:
    """Looked up anew when a run ends."""
    return claims.cost(table)
