"""Compare."""

import streamlit as st


def draw_compare() -> None:
    st.title("Compare")
