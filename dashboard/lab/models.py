"""Models."""

import streamlit as st


def draw_models() -> None:
    st.title("Models")
