"""Models: checkpoints that ship and your own, upload, download, export."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.models import draw_models

draw_models()
