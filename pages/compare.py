"""Compare: runs side by side, their curves, settings and scores."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.compare import draw_compare

draw_compare()
