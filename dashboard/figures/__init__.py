"""Figures: results in, plotly figures out. Pure functions; nothing here knows Streamlit."""
