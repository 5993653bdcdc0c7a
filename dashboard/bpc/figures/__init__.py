"""Figures of the BPC digits page: results in, plotly figures out."""
