"""What all pads share: the style of the canvas, dragging with one pointer, and registration."""

from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

HERE = Path(__file__).parent


def make_pad(name: str, html: str) -> Any:
    """The component of the script ``name``.js, which may call what ``pad.js`` defines.

    Its one canvas has the class ``grab``, ``draw`` or ``film`` of ``pad.css``.
    """
    shared, own = _text("pad.js"), _text(f"{name}.js")
    return component(f"synaptarium_{name}", html=html, css=_text("pad.css"), js=f"{shared}\n{own}")


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
