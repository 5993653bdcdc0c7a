"""A figure for a narrow screen: its panels below one another, its legend above them.

Figures are made for a desk's screen. Here their columns of panels are laid out anew, in pixels;
those that do not fit side by side come below each other. Titles, and lines across a panel, refer to
its axes and go with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dashboard.figures.columns import (
    LINE,
    TITLE,
    Column,
    Row,
    axis_name,
    columns_of,
    labelled,
    rows_of,
    text_width,
    title_of,
)
from dashboard.figures.figure import Figure
from dashboard.figures.style import SIZE
from dashboard.figures.tiles import refolded

WIDTH = 356
"""Pixels that a figure has on a phone that is 390 wide."""
TEXT = 12
EDGE = 6
LOWEST, HIGHEST, ALONE, TALLEST = 150, 190, 240, 720
"""Heights in pixels: of a panel of several, at least and at most, of the only one at most, and of a
picture at most."""
BUTTONS, SLIDER = 44, 70
"""Heights of what plays a figure."""
MARK = 46
"""Width of a legend's mark with its gaps."""
APART = 30
"""Pixels between two tick labels below an axis, at least."""


class _Band(NamedTuple):
    """A row of columns and the pixels from the figure's first panel down to the ``top`` of its
    panels, their height, and what is ``below`` them."""

    row: Row
    top: float
    height: float
    below: float


class _Paper(NamedTuple):
    """From where to where the panels reach, in pixels from the left end of their rows, which have
    the names of rows ``beside`` them."""

    left: float
    right: float
    beside: float

    @classmethod
    def of(cls, rows: Sequence[Row], beside: float) -> "_Paper":
        ends = [x + w for row in rows for x, w in zip(row.left, row.width, strict=True)]
        return cls(min(row.left[0] for row in rows), max(ends), beside)

    @property
    def width(self) -> float:
        return self.right - self.left


def for_narrow(figure: Figure) -> Figure:
    """The same figure for a screen of ``WIDTH`` pixels; its data is unchanged."""
    traces, given, frames = figure.given
    traces, layout = refolded(traces, given)
    layout = _small(layout)
    title = 24 if title_of(layout) else 0
    columns = columns_of(traces, layout)
    if not columns:
        top = title + _legend(traces, layout, WIDTH - 60)
        return Figure(traces, {**layout, "margin": {"l": 30, "r": 30, "t": top + 30, "b": 30}})
    beside = TITLE if any(_beside(note) for note in layout["annotations"]) else 0
    rows = rows_of(columns, WIDTH - 2 * EDGE - beside)
    paper = _Paper.of(rows, beside)
    head = title + _legend(traces, layout, paper.width)
    return Figure(_place(traces, layout, _bands(rows, given), paper, head), layout, frames)


def _small(layout: dict[str, Any]) -> dict[str, Any]:
    """With smaller type, and titles in lines that fit."""
    layout["font"] = {**layout["font"], "size": TEXT}
    for name, part in layout.items():
        if name[1:5] == "axis":
            title = part.get("title")
            # An exponent stands higher than a number.
            powers = part.get("type") == "log"
            if powers and "tickfont" in part:
                part = {**part, "tickfont": {"size": part["tickfont"]["size"] * TEXT / SIZE}}
            layout[name] = (
                {**part, "title": {**title, "font": {"size": TEXT}, "standoff": 4 + 4 * powers}}
                if title
                else {**part}
            )
    layout["annotations"] = [
        {
            **note,
            **(
                {"textangle": -90, "xshift": -4}
                if _beside(note)
                else {"text": _in_lines(note["text"])}
            ),
            "font": {**note.get("font", {}), "size": TEXT},
        }
        for note in layout.get("annotations", ())
    ]
    return layout


def _beside(note: Mapping[str, Any]) -> bool:
    """Whether it stands at the left of the figure, as the name of a row of panels."""
    return note.get("xref") == "paper" and note["x"] <= 0 and note.get("xanchor") == "right"


def _in_lines(text: str) -> str:
    """Broken between words where it is wider than the screen."""
    if "<br>" in text or text_width(text) <= WIDTH - 60:
        return text
    lines = [""]
    for word in text.split():
        if text_width(f"{lines[-1]} {word}") > WIDTH - 60:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def _legend(traces: Sequence[Mapping], layout: dict[str, Any], width: float) -> float:
    """Put the legend at the top, in columns within ``width``; its height in pixels."""
    names = [
        str(trace["name"])
        for trace in traces
        if trace.get("showlegend") is not False and trace.get("name") and trace["type"] != "heatmap"
    ]
    if layout.get("showlegend") is False or len(traces) < 2 or not names:
        return 0.0
    title = title_of(layout.get("legend", {}))
    widest = MARK + max(text_width(name) for name in names)
    width -= text_width(title)
    abreast = max(1, int(width // widest))
    layout["legend"] = {
        "orientation": "h",
        "xref": "container",
        "yref": "container",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "top",
        "font": {"size": TEXT},
        "title": {"text": title, "font": {"size": TEXT}},
        "entrywidth": max(width // abreast, widest) - MARK,
        "traceorder": "normal",
    }
    return 19.0 * -(-len(names) // abreast) + 8


def _bands(rows: Sequence[Row], given: Mapping[str, Any]) -> list[_Band]:
    """Where the rows come below one another."""
    margin = given["margin"]
    inner = given["height"] - margin["t"] - margin["b"]
    bands: list[_Band] = []
    for row in rows:
        lines = max(c.title.count("<br>") + 1 if c.title else 0 for c in row.columns)
        head = LINE * lines + 6
        top = 0.0 if not bands else bands[-1].top + bands[-1].height + bands[-1].below + head
        height = max(
            _height(column, width, inner, len(rows))
            for column, width in zip(row.columns, row.width, strict=True)
        )
        feet = [
            c.foot + _upright(c, width) for c, width in zip(row.columns, row.width, strict=True)
        ]
        bands.append(_Band(row, top, height, max(feet)))
    return bands


def _upright(column: Column, width: float) -> float:
    """The additional height of the categories at an x axis where they must stand upright."""
    widest = max((text_width(word) for word in column.words), default=0.0)
    return widest - 10 if (widest + 4) * len(column.words) > width else 0.0


def _height(column: Column, width: float, inner: float, rows: int) -> float:
    """Of a column's panels, from the ``inner`` height of the figure as it was."""
    own = inner * (column.height[1] - column.height[0])
    if column.aspect is not None and not column.stacked:
        return min(width * column.aspect, TALLEST)
    if column.stacked:
        return own
    most = ALONE if rows == 1 else HIGHEST
    # A list needs room for its names.
    return min(max(own, LOWEST), TALLEST if LINE * column.lines > most else most)


def _place(
    traces: Sequence[Mapping],
    layout: dict[str, Any],
    bands: Sequence[_Band],
    paper: _Paper,
    head: float,
) -> list[dict]:
    """Give each axis its place in the layout; the traces, with their colour bars there too.

    The paper, to which some shapes refer, reaches from the first panel to the last.
    """
    height = bands[-1].top + bands[-1].height
    bars = {}
    for k, band in enumerate(bands):
        last = k == len(bands) - 1
        for column, x, width in zip(*band.row, strict=True):
            start = (x - paper.left) / paper.width
            domain = [start, min(1.0, start + width / paper.width)]
            lower = max(0.0, 1 - (band.top + band.height) / height)
            upper = min(1.0, 1 - band.top / height)
            for axis in column.x:
                upright = {"tickangle": -90} if _upright(column, width) else {}
                ticks = upright or _ticks(axis, layout, width)
                layout[axis] = {**layout[axis], "domain": domain, **ticks}
                if not last and _same_title(column, bands[k + 1].row, layout):
                    layout[axis]["title"] = None
            for axis in column.y:
                low, high = _domain_within(axis, band.row, layout)
                place = [lower + low * (upper - lower), lower + high * (upper - lower)]
                own = labelled(axis, layout) if column is band.row.columns[0] else layout[axis]
                layout[axis] = {**own, "domain": place}
            middle = {"x": domain[1], "xpad": 4, "y": (lower + upper) / 2, "yanchor": "middle"}
            size = {"len": band.height, "lenmode": "pixels", "thickness": 10}
            bars |= {axis: {**middle, **size, "xanchor": "left"} for axis in column.x}
    layout["annotations"] = _named_again(layout, bands)
    foot = bands[-1].below + _play(layout, bands[-1].below, height)
    first = LINE * max(
        (c.title.count("<br>") + 1 if c.title else 0 for c in bands[0].row.columns), default=0
    )
    layout["margin"] = {
        "l": EDGE + paper.beside + paper.left,
        "r": WIDTH - EDGE - paper.beside - paper.right,
        "t": head + first + 10,
        "b": foot + 4,
    }
    layout["height"] = height + layout["margin"]["t"] + layout["margin"]["b"]
    return [
        {**t, "colorbar": _bar(t["colorbar"], bars[axis_name(t.get("xaxis", "x"))])}
        if "colorbar" in t
        else dict(t)
        for t in traces
    ]


def _bar(given: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    """A colour bar at its place, with its title along it."""
    title = {"title": {**given["title"], "side": "right"}} if "title" in given else {}
    return {**given, **place, **title}


def _named_again(layout: Mapping[str, Any], bands: Sequence[_Band]) -> list[dict]:
    """The annotations; the names of rows of panels stand beside every row of columns."""
    notes = []
    for note in layout["annotations"]:
        notes.append(note)
        if not _beside(note):
            continue
        named = axis_name(note["yref"].split()[0])
        (own,) = (c for b in bands for c in b.row.columns if named in c.y)
        place = own.y.index(named)
        notes += [
            {**note, "yref": f"y{band.row.columns[0].y[place][5:]} domain"}
            for band in bands
            if own not in band.row.columns and len(band.row.columns[0].y) == len(own.y)
        ]
    return notes


def _domain_within(axis: str, row: Row, layout: Mapping[str, Any]) -> tuple[float, float]:
    """Where a y axis lies within its row of columns, from 0 at the bottom to 1 at the top: one of
    which another column has more stays beside its own."""
    own = layout[axis]
    over = own.get("overlaying")
    low, high = (layout[axis_name(over)] if over else own).get("domain") or (0, 1)
    bottom = min(column.height[0] for column in row.columns)
    top = max(column.height[1] for column in row.columns)
    return (low - bottom) / (top - bottom), (high - bottom) / (top - bottom)


def _same_title(column: Column, below: Row, layout: Mapping[str, Any]) -> bool:
    """Whether the row below says what stands at this column's x axis."""
    titles = {title_of(layout[axis]) for c in below.columns for axis in c.x} - {""}
    return {title_of(layout[axis]) for axis in column.x} - {""} == titles


def _ticks(axis: str, layout: Mapping[str, Any], width: float) -> dict[str, Any]:
    """The ticks of an x axis, no closer than can be read."""
    own = layout[axis]
    most = max(2, int(width // APART))
    if own.get("type") == "category" or (own.get("type") == "log" and own.get("dtick") == 1):
        return {}
    if "tickvals" not in own:
        return {"nticks": min(own.get("nticks") or most, most), "dtick": None}
    values = np.asarray(own["tickvals"], float)
    at = np.log(values) if own.get("type") == "log" else values
    span = np.ptp(at) or 1.0
    keep = [0]
    for k in range(1, len(at)):
        if abs(at[k] - at[keep[-1]]) / span * width >= APART:
            keep.append(k)
    texts = own.get("ticktext")
    kept = {"tickvals": [own["tickvals"][k] for k in keep]}
    return kept | ({"ticktext": [texts[k] for k in keep]} if texts is not None else {})


def _play(layout: dict[str, Any], below: float, height: float) -> float:
    """Put the buttons below the panels, and the slider below the buttons; their height."""
    if "sliders" not in layout:
        return 0.0
    (slider,), (menu,) = layout["sliders"], layout["updatemenus"]
    layout["updatemenus"] = [{**menu, "x": 0, "y": -below / height}]
    layout["sliders"] = [{**slider, "x": 0, "len": 1, "y": -(below + BUTTONS) / height}]
    return BUTTONS + SLIDER
