"""A figure in the page, patched in place when its data change.

Streamlit's own chart is made anew with each change, and plotly.js draws it twice; this one is drawn
once, and keeps what a person has zoomed or hidden.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.components.v2 import component

from dashboard.shell.plotly import plotly_address, script

if TYPE_CHECKING:
    from dashboard.figures.figure import Figure

POINT = "point"
"""The event of a click, as chart.js names it."""

_chart = component(
    "synaptarium_chart",
    html='<div class="stPlotlyChart" data-testid="stPlotlyChart" role="figure"></div>',
    js=script("chart.js"),
    # The styles of plotly.js are in the head of the page.
    isolate_styles=False,
)


def draw_chart(
    figure: "Figure",
    key: str,
    *,
    alt: str,
    config: Mapping[str, Any],
    on_click: Callable[[], None] | None = None,
) -> None:
    """Show a figure across the width of its column. ``alt`` is what it says to those who do not
    see it. ``on_click`` is called when a point is clicked; ``clicked(key)`` returns that point."""
    from plotly.io import to_json

    more = {"alt": alt, "config": dict(config), "plotly": plotly_address()}
    about = json.dumps({**more, "clicks": on_click is not None})
    # As bytes: in a dictionary Streamlit would look for data frames, through all its numbers.
    text = f'{{"spec":{to_json(figure, validate=False)},{about[1:]}'
    _chart(key=key, data=text.encode(), on_point_change=on_click or _nothing)


def _nothing() -> None:
    """For figures that do not listen: Streamlit wants a callback for each event."""


def clicked(key: str) -> dict[str, Any] | None:
    """The point of a figure that was clicked last: its x, y, customdata, point_index."""
    return st.session_state[key].get(POINT)
