"""Figures as files, drawn by the browser: plotly.js is the one that plotly's package holds, the
font is Streamlit's, so nothing is fetched from outside and no second browser is needed."""

import zlib
from pathlib import Path
from typing import Any

import plotly
import streamlit as st
from streamlit.components.v2 import component
from streamlit.runtime import get_instance

from dashboard.figures.figure import Figure
from dashboard.figures.light import for_export

PLOTLY = Path(plotly.__file__).with_name("package_data") / "plotly.min.js"
FONTS = Path(st.__file__).with_name("static") / "static" / "media"
_drawer = component(
    "synaptarium_drawer",
    html="<div></div>",
    js=Path(__file__).with_name("drawer.js").read_text(encoding="utf-8"),
)


def save(figure: Figure, name: str, kind: str, count: int) -> None:
    """Let the browser save a figure as ``name``.svg or .png. ``count`` tells one press of a button
    from the next."""
    revision = f"{name} {kind} {count}"
    _mount({name: figure}, f"{name}_save", revision, kind)


def drawn(figures: dict[str, Figure], key: str) -> dict[str, str] | None:
    """The SVG of each figure, by name; None until the browser has drawn them."""
    revision = str(zlib.crc32(repr([f.to_dict() for f in figures.values()]).encode()))
    result = _mount(figures, key, revision, None)
    state = result.drawn
    return state["files"] if state and state["revision"] == revision else None


def _mount(figures: dict[str, Figure], key: str, revision: str, kind: str | None) -> Any:
    font = next(FONTS.glob("SourceSansVF-Upright*.woff2"))
    files = get_instance().media_file_mgr
    return _drawer(
        key=key,
        data={
            "figures": {name: for_export(figure) for name, figure in figures.items()},
            "revision": revision,
            "save": kind,
            "plotly": files.add(str(PLOTLY), "text/javascript", f"{key}_plotly"),
            "font": files.add(str(font), "font/woff2", f"{key}_font"),
        },
        on_drawn_change=lambda: None,
    )
