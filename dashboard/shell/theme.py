"""The palette of the theme that the person has chosen."""

import streamlit as st

from dashboard.figures.style import DARK, LIGHT, Palette


def palette() -> Palette:
    """Light or dark, as the browser shows it now."""
    return DARK if st.context.theme.type == "dark" else LIGHT
