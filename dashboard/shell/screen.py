"""What depends on the screen: whether it is narrow and the theme dark, as the browser tells, and
the style of a narrow one, whose sidebar is a sheet below the page."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from dashboard.shell.plotly import plotly_address, script

HERE = Path(__file__).parent
KEY, TOLD = "screen", "_narrow"

# In the page itself, since it styles the page.
_screen = component(
    "synaptarium_screen",
    html="<div></div>",
    css=(HERE / "screen.css").read_text(encoding="utf-8"),
    js=script("screen.js"),
    isolate_styles=False,
)


def watch(*, figures: bool) -> None:
    """Ask the browser, at the start of each page; the page runs again if the answer changes.
    ``figures``: the page will draw some, so plotly.js is loaded meanwhile."""
    told = (st.session_state.get(KEY) or {}).get("narrow")
    if told is not None:
        st.session_state[TOLD] = told
    with st.container(key="screen_watch"):
        _screen(
            key=KEY,
            data={
                "narrow": is_narrow(),
                "dark": is_dark(),
                "plotly": plotly_address() if figures else None,
            },
            on_narrow_change=lambda: None,
            on_dark_change=lambda: None,
        )


def is_dark() -> bool:
    """Whether the theme is dark, as the browser showed it when the page's run began."""
    return st.context.theme.type == "dark"


def is_narrow() -> bool:
    """Whether the screen is under 800 pixels wide; False until the browser has told."""
    return bool(st.session_state.get(TOLD))
