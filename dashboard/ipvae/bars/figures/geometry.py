"""Where a stimulus is bright, as outlines, and the upright lines that mark a moment or an angle."""

import numpy as np

from corelib.models.ipvae.experiment import Outcome
from corelib.models.ipvae.stimuli import Stimulus
from dashboard.figures.style import Palette

BAR = "#E69F00"


def strip(direction: float, place: float, width: float, half: float) -> np.ndarray:
    """The corners (corner, 2) of a bar within a square of half-width ``half``, in x and y.

    The bar is where |x cos θ + y sin θ - place| <= width / 2. Empty if none of it is in the square.
    """
    normal = np.array([np.cos(np.deg2rad(direction)), np.sin(np.deg2rad(direction))])
    corners = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    for n, limit in ((normal, place + width / 2), (-normal, -place + width / 2)):
        corners = _cut(corners, n, limit)
    return corners


def _cut(corners: np.ndarray, normal: np.ndarray, limit: float) -> np.ndarray:
    """The part of a convex polygon where normal · p <= limit (Sutherland and Hodgman 1974)."""
    kept = []
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        beyond_a, beyond_b = a @ normal - limit, b @ normal - limit
        if beyond_a <= 0:
            kept.append(a)
        if beyond_a * beyond_b < 0:
            kept.append(a + (b - a) * beyond_a / (beyond_a - beyond_b))
    return np.array(kept).reshape(-1, 2)


def outline(
    direction: float, place: float, width: float, half: float, period: float = 0.0
) -> np.ndarray:
    """The bright part of a square, as closed lines (corner, 2) separated by NaN: a bar, or with a
    ``period`` the stripes of a grating. NaN as ``place`` shows nothing."""
    nothing = np.full((1, 2), np.nan)
    if np.isnan(place):
        return nothing
    places = [place]
    if period:
        reach = 1.5 * half + period
        places = np.arange(-reach + (place + reach) % period, reach, period)
    parts = []
    for at in places:
        corners = strip(direction, at, width, half)
        if len(corners):
            parts += [corners, corners[:1], nothing]
    return np.concatenate(parts) if parts else nothing


def bright_stripes(stimulus: Stimulus) -> tuple[float, float]:
    """How wide the bright part of a stimulus is, and how far apart its stripes are (0 for a bar),
    both in pixels."""
    if stimulus.kind == "drifting grating":
        return 0.5 / stimulus.frequency, 1 / stimulus.frequency
    return stimulus.width, 0.0


def outlines(outcome: Outcome, half: float) -> list[np.ndarray]:
    """The bright part in each frame of an experiment."""
    width, period = bright_stripes(outcome.stimulus)
    direction = outcome.experiment.direction
    return [outline(direction, place, width, half, period) for place in outcome.places]


def upright(x: float, palette: Palette) -> dict:
    """A dotted line over the whole height of a figure."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
    }


def level(y: float, line: dict) -> dict:
    """A ``line`` over the whole width of a figure."""
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}
