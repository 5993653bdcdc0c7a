"""Controls that are part of the address: a link reproduces the view."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

BOUND = {"bind": "query-params"}


def clamp(key: str, most: int) -> None:
    """Bring a control's value down to a limit that has become smaller, before it is drawn."""
    if st.session_state.get(key, 0) > most:
        st.session_state[key] = most


def sticky_button(label: str, *, key: str, icon: str, help: str) -> bool:
    """A button for slow work: once pressed, what it asked for is shown at each rerun."""
    asked = st.button(label, key=key, icon=icon, help=help)
    kept = st.session_state[f"_{key}"] = asked or st.session_state.get(f"_{key}", False)
    return kept


def preset(label: str, values: Mapping[str, Any], *, key: str, help: str) -> None:
    """A small button that sets controls by their keys, and with them the address."""
    st.button(label, key=key, help=help, on_click=partial(_set, dict(values)), type="secondary")


def _set(values: dict[str, Any]) -> None:
    for key, value in values.items():
        st.session_state[key] = value
