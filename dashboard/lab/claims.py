"""Claims."""

import streamlit as st


def draw_claims() -> None:
    st.title("Claims")
