"""The switch for a projector: larger type, thicker lines, fewer words, on every page."""

from pathlib import Path

import streamlit as st

from dashboard.shell.address import clean, one_of

KEY = "projector"
STYLE = Path(__file__).with_name("projector.css")


def begin() -> None:
    """The style of a page that is projected, before anything is drawn."""
    clean(KEY, one_of(("true", "false")))
    if is_on():
        st.html(STYLE)


def draw_switch() -> None:
    """The switch: in the sidebar of an experiment, below what other pages show. It stays in the
    address, so that a link opens as it was shown."""
    st.toggle(
        "Projector",
        key=KEY,
        help="Larger type, thicker lines and fewer words, for the back row",
        bind="query-params",
    )


def is_on() -> bool:
    return bool(st.session_state.get(KEY, st.query_params.get(KEY) == "true"))
