"""Studies."""

import streamlit as st


def draw_studies() -> None:
    st.title("Studies")
