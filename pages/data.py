"""Data: images of your own, and what is here."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.data import draw_data

draw_data()
