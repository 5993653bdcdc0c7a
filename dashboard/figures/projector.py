"""A figure for a projector: larger type, thicker lines, larger marks.

What stands beside the panels and above them grows, the screen does not: panels move apart where
they need to, and titles break into lines that fit. ``projector.css`` puts figures below one another
that would be narrower than this reckons with.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from dashboard.figures.columns import CHARACTER, Column, axis_name, columns_of
from dashboard.figures.columns import LINE as LINE_12
from dashboard.figures.figure import Figure
from dashboard.figures.style import SIZE

TEXT, LINE, MARK, HEIGHT = 1.5, 1.8, 1.4, 1.25
"""By how much type, lines, marks and the height of panels grow."""
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
}
"""What grows: by the name of the part that holds it."""
WIDTH = 860
"""Pixels that a figure has beside the sidebar of a projector 1440 wide."""
BUTTONS = 230
"""Pixels of Play and Pause and the gap to their slider."""
WIDER = SIZE * TEXT / 12
"""Columns are measured for type of 12 pixels."""
BREAKS = re.compile(r"(?<=[ -])")


def for_projector(figure: Figure) -> Figure:
    """The same figure, enlarged; its data is unchanged."""
    traces, given, frames = figure.given
    layout = _grown("layout", given)
    margin = layout.get("margin", {})
    if "height" in layout:
        around = given["margin"]["t"] + given["margin"]["b"]
        # A legend beside panels that grow less than its names would have to be scrolled.
        beside = given["legend"].get("orientation") == "v"
        panels = (TEXT if beside else HEIGHT) * (given["height"] - around)
        layout["height"] = panels + TEXT * around
    inner = WIDTH - margin.get("l", 80) - margin.get("r", 80)
    # The domains of a figure without panels, such as a table, are its own.
    columns = columns_of(traces, given) if "xaxis" in given else []
    if columns:
        layout |= _moved_apart(columns, layout, inner)
    layout |= _titles_in_lines(layout, inner)
    layout |= _player(layout, inner)
    return Figure(_grown("data", traces), layout, _grown("frames", frames))


def _moved_apart(columns: Sequence[Column], layout: Mapping, inner: float) -> dict[str, Any]:
    """The x axes, with gaps between the columns of panels that hold what stands between them."""
    gaps = [
        max(
            right.domain[0] - left.domain[1],
            WIDER * (left.right + (0 if right.shares else right.left)) / inner,
        )
        for left, right in pairwise(columns)
    ]
    widths = [column.domain[1] - column.domain[0] for column in columns]
    spare = sum(widths) + sum(b.domain[0] - a.domain[1] for a, b in pairwise(columns)) - sum(gaps)
    axes, start = {}, columns[0].domain[0]
    for column, width, gap in zip(columns, widths, [*gaps, 0.0], strict=True):
        end = start + width * spare / sum(widths)
        axes |= {axis: {**layout[axis], "domain": [start, min(1.0, end)]} for axis in column.x}
        start = end + gap
    return axes


def _titles_in_lines(layout: dict[str, Any], inner: float) -> dict[str, Any]:
    """The titles of panels in lines that reach half-way to the next, and the room for them."""
    axes = [axis for name, axis in layout.items() if name.startswith("xaxis")]
    spans = sorted({tuple(axis.get("domain") or (0, 1)) for axis in axes})
    gap = max(0.0, min((b[0] - a[1] for a, b in pairwise(spans)), default=0.0))
    notes, more = [], 0
    for note in layout.get("annotations", ()):
        axis, _, kind = str(note.get("xref", "")).partition(" ")
        if kind == "domain" and note.get("yanchor") == "bottom" and note.get("y") == 1:
            low, high = layout[axis_name(axis)].get("domain") or (0, 1)
            text = _in_lines(note["text"], int((high - low + gap) * inner / (CHARACTER * WIDER)))
            more = max(more, text.count("<br>") - note["text"].count("<br>"))
            note = {**note, "text": text}
        notes.append(note)
    if not more:
        return {}
    added, margin, legend = more * LINE_12 * WIDER, layout["margin"], layout["legend"]
    panels = layout["height"] - margin["t"] - margin["b"]
    return {
        "annotations": notes,
        "margin": {**margin, "t": margin["t"] + added},
        "height": layout["height"] + added,
        "legend": {
            **legend,
            "y": legend["y"] + added / panels if legend["y"] >= 1 else legend["y"],
        },
    }


def _in_lines(text: str, most: int) -> str:
    """Broken after spaces and hyphens into lines of at most so many characters, as far as
    possible; lines that it has remain."""
    if "<" in text.replace("<br>", ""):
        return text
    lines = []
    for given in text.split("<br>"):
        lines.append("")
        for part in BREAKS.split(given):
            if lines[-1] and len(lines[-1] + part.rstrip()) > most:
                lines.append("")
            lines[-1] += part
    return "<br>".join(line.rstrip() for line in lines)


def _player(layout: Mapping, inner: float) -> dict[str, Any]:
    """The sliders that play a figure, beside their buttons."""
    start = BUTTONS / inner
    sliders = [{**slider, "x": start, "len": 1 - start} for slider in layout.get("sliders", ())]
    return {"sliders": sliders} if sliders else {}


def _grown(name: str, value: Any) -> Any:
    """A part of a figure, with what ``GROWN`` names by its name multiplied."""
    if isinstance(value, Mapping):
        factors = GROWN.get(name, {})
        # A mark that cannot be seen is there to be clicked: it fills its tile.
        if name == "marker" and value.get("opacity") == 0:
            factors = {}
        # Nor does a frame grow, as what it is around does not.
        if value.get("type") == "rect":
            return dict(value)
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
