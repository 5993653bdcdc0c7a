"""Home: what this is, the experiments, and what this machine has."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.home import draw_home
from dashboard.shell import cache

draw_home()
cache.warm_up()
