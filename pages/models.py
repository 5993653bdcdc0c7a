"""Models: trained networks that ship and your own, with their cards, and the way in and out."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.models.view import draw_models

draw_models()
