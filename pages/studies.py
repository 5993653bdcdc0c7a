"""Studies: sweeps over settings and seeds."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.studies.page import draw_studies

draw_studies()
