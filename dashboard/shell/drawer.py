"""Figures as files, drawn by the browser: plotly.js is the one that draws the page's figures, the
font is Streamlit's, so nothing is fetched from outside and no second browser is needed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component
from streamlit.runtime import get_instance

from dashboard.shell.plotly import plotly_address, script

FONTS = Path(st.__file__).with_name("static") / "static" / "media"
COUNT = "_saved_figures"
Drawable = Mapping[str, Any] | str
"""What plotly.js draws, as ``figures.light.for_export`` gives it, or the text of an SVG."""
_drawer = component("synaptarium_drawer", html="<div></div>", js=script("drawer.js"))


def font() -> Path:
    """The font of all figures, woff2."""
    return next(FONTS.glob("SourceSansVF-Upright*.woff2"))


def save(figure: Drawable, name: str, kind: str) -> None:
    """Let the browser save a figure as ``name``.svg or .png; or, as pdf, print it on a page of its
    own size."""
    _draw({name: figure}, {}, name, kind)


def save_all(figures: Mapping[str, Drawable], texts: Mapping[str, str], name: str) -> None:
    """Let the browser save ``name``.zip: ``texts`` by their paths, and each figure as
    figures/NAME.svg."""
    _draw(figures, texts, name, "zip")


def save_page(html: str, name: str) -> None:
    """Let the browser save a page as ``name``.html."""
    # As bytes of no kind: whoever opened that address would else have it run in our origin.
    kind = "application/octet-stream"
    file = get_instance().media_file_mgr.add(html.encode(), kind, f"{name}_html")
    _mount(name, "html", {"file": file})


def _draw(figures: Mapping[str, Drawable], texts: Mapping[str, str], name: str, kind: str) -> None:
    files = get_instance().media_file_mgr
    _mount(
        name,
        kind,
        {
            "figures": dict(figures),
            "texts": dict(texts),
            "plotly": plotly_address(),
            "font": files.add(str(font()), "font/woff2", f"{name}_{kind}_font"),
        },
    )


def _mount(name: str, kind: str, data: Mapping[str, Any]) -> None:
    # One press of a button is told from the next.
    count = st.session_state[COUNT] = st.session_state.get(COUNT, 0) + 1
    _drawer(key=f"{name}_{kind}_drawer", data={**data, "name": name, "kind": kind, "count": count})
