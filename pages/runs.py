"""Runs: all of them, their curves side by side, and the buttons for each."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.runs.page import draw_runs

draw_runs()
