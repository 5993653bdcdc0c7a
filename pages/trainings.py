"""Runs, at the address that was saved while the page was called so."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.runs.page import draw_runs

draw_runs()
