"""A figure for a projector: larger type, thicker lines, larger marks."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.figures.figure import Figure

TEXT, LINE, MARK, HEIGHT = 1.5, 1.8, 1.4, 1.25
"""By how much type, lines, marks and the figure's height grow."""
FONTS = ("font", "textfont", "tickfont", "insidetextfont", "outsidetextfont")
GROWN: Mapping[str, Mapping[str, float]] = {
    **{name: {"size": TEXT} for name in FONTS},
    "line": {"width": LINE},
    "marker": {"size": MARK},
    "error_x": {"thickness": LINE, "width": LINE},
    "error_y": {"thickness": LINE, "width": LINE},
    "margin": {"l": TEXT, "r": TEXT, "t": TEXT, "b": TEXT},
    "title": {"standoff": TEXT},
    "annotations": {"xshift": TEXT, "yshift": TEXT},
    "layout": {"height": HEIGHT},
}
"""What grows: by the name of the part that holds it."""


def for_projector(figure: Figure) -> Figure:
    """The same figure, enlarged; its data is unchanged."""
    traces, layout, frames = figure.given
    return Figure(_grown("data", traces), _grown("layout", layout), _grown("frames", frames))


def _grown(name: str, value: Any) -> Any:
    """A part of a figure, with what ``GROWN`` names by its name multiplied."""
    if isinstance(value, Mapping):
        factors = GROWN.get(name, {})
        # A mark that cannot be seen is there to be clicked: it fills its tile.
        if name == "marker" and value.get("opacity") == 0:
            factors = {}
        return {
            key: _times(inner, factors[key]) if key in factors else _grown(key, inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple) and all(isinstance(inner, Mapping) for inner in value):
        return [_grown(name, inner) for inner in value]
    return value


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, int | float):
        return value * factor
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_times(inner, factor) for inner in value]
    return value
