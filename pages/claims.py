"""Claims: what was published, and what we found."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.claims.view import draw_claims

draw_claims()
