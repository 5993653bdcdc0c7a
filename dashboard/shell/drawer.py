"""Figures as files, drawn by the browser: plotly.js is the one that plotly's package holds, the
font is Streamlit's, so nothing is fetched from outside and no second browser is needed."""

from collections.abc import Mapping
from pathlib import Path

import plotly
import streamlit as st
from streamlit.components.v2 import component
from streamlit.runtime import get_instance

from dashboard.figures.figure import Figure
from dashboard.figures.light import for_export

PLOTLY = Path(plotly.__file__).with_name("package_data") / "plotly.min.js"
FONTS = Path(st.__file__).with_name("static") / "static" / "media"
COUNT = "_saved_figures"
_drawer = component(
    "synaptarium_drawer",
    html="<div></div>",
    js=Path(__file__).with_name("drawer.js").read_text(encoding="utf-8"),
)


def save(figure: Figure, name: str, kind: str) -> None:
    """Let the browser save a figure as ``name``.svg or .png, or print it to a PDF."""
    _mount({name: figure}, {}, name, kind)


def save_all(figures: Mapping[str, Figure], texts: Mapping[str, str], name: str) -> None:
    """Let the browser save ``name``.zip: ``texts`` by their paths, and each figure as
    figures/NAME.svg."""
    _mount(figures, texts, name, "zip")


def save_html(html: str, name: str) -> None:
    """Let the browser save ``name``.html."""
    _mount({}, {"html": html}, name, "html")


def font() -> Path:
    """The font of all figures."""
    return next(FONTS.glob("SourceSansVF-Upright*.woff2"))


def _mount(figures: Mapping[str, Figure], texts: Mapping[str, str], name: str, kind: str) -> None:
    # One press of a button is told from the next.
    count = st.session_state[COUNT] = st.session_state.get(COUNT, 0) + 1
    files = get_instance().media_file_mgr
    _drawer(
        key=f"{name}_{kind}_drawer",
        data={
            "figures": {name: for_export(figure) for name, figure in figures.items()},
            "texts": dict(texts),
            "name": name,
            "kind": kind,
            "count": count,
            "plotly": files.add(str(PLOTLY), "text/javascript", f"{name}_{kind}_plotly"),
            "font": files.add(str(font()), "font/woff2", f"{name}_{kind}_font"),
        },
    )
