"""The small button that saves what stands above it."""

from collections.abc import Callable

import streamlit as st

MIME = {
    "SVG": "image/svg+xml",
    "CSV": "text/csv",
    "GIF": "image/gif",
    "MP4": "video/mp4",
    "TOML": "application/toml",
    "HTML": "text/html",
}


def save_button(
    kind: str,
    data: Callable[[], str | bytes],
    name: str,
    key: str,
    help: str,
    *,
    disabled: bool = False,
) -> None:
    """Save ``data``, made when the button is pressed, as ``name`` with the ending of its kind."""
    st.download_button(
        kind,
        data=data,
        file_name=f"{name}.{kind.lower()}",
        mime=MIME[kind],
        key=f"{key}_{kind.lower()}",
        help=help,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        width="content",
        disabled=disabled,
    )
