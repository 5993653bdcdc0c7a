"""What all pads share: the style of the canvas, dragging with one pointer, and registration."""

from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

HERE = Path(__file__).parent


def make_pad(name: str, html: str, keys: str = "") -> Any:
    """The component of the script ``name``.js, which may call what ``pad.js`` defines.

    Its one canvas has the class ``grab``, ``draw`` or ``film`` of ``pad.css``. ``keys`` says what
    the keyboard does; it stands below the pad with the id ``keys``, beside a line in which the
    script says what the pad shows now.
    """
    if keys:
        html += f'<p class="keys" id="keys">{keys}</p><p class="said" aria-live="polite"></p>'
    shared, own = _text("pad.js"), _text(f"{name}.js")
    return component(f"synaptarium_{name}", html=html, css=_text("pad.css"), js=f"{shared}\n{own}")


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
