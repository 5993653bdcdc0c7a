"""Synaptarium: page configuration and navigation."""

import streamlit as st

from dashboard import router

st.set_page_config(
    page_title="Synaptarium", page_icon=router.ICON, layout="wide", initial_sidebar_state="expanded"
)
router.run()
