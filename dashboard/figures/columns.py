"""The columns of panels of a figure, and how many of them fit side by side."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

CHARACTER, LINE = 6.3, 16
"""Pixels of a character and of a line of text of 12 pixels, on average."""
PANEL, PICTURE, GAP = 128, 104, 14
"""Widths below which a panel or a picture is too small to read, and between two, in pixels."""
NUMBERS, TITLE, COLOUR_BAR = 44, 18, 54
"""Widths of tick labels that are numbers, of an axis's title, and of a colour bar."""

MARKUP = re.compile("<(?!br>)[^>]*>")


class Column(NamedTuple):
    """Panels above one another: the names of their axes in the layout, the ``domain`` that they
    share of the x axis and that their y axes cover.

    ``aspect`` is the height over the width of a picture, None for other panels. ``left`` and
    ``right`` are the pixels that tick labels, titles and colour bars take beside the panels,
    ``foot`` those below; ``title`` stands above. One that ``shares`` its y axis with the column at
    its left has no labels of its own beside it. ``stacked`` if it has several panels;
    ``words`` are the categories at its x axis, or what stands there askew; ``lines`` those of the
    names at its y axes.
    """

    x: tuple[str, ...]
    y: tuple[str, ...]
    domain: tuple[float, float]
    height: tuple[float, float]
    aspect: float | None
    left: float
    right: float
    foot: float
    title: str
    shares: bool
    stacked: bool
    words: tuple[str, ...]
    lines: int

    @property
    def least(self) -> float:
        """The width that its panels need, in pixels."""
        inner = PANEL if self.aspect is None else PICTURE
        lines = max((word.count("<br>") + 1 for word in self.words), default=0)
        upright = len(self.words) * (LINE * lines + 2)
        return max(inner, text_width(self.title), upright)

    def beside(self, first: bool) -> float:
        """Pixels that it takes beside its panels, where it is or is not the ``first`` of a row."""
        return self.right + (0.0 if self.shares and not first else self.left)


def text_width(text: str) -> float:
    """Pixels of the longest line."""
    return CHARACTER * max(len(line) for line in text.split("<br>"))


def axis_name(axis: str) -> str:
    """The name in the layout of an axis as a trace names it: ``x2`` is ``xaxis2``."""
    return f"{axis[0]}axis{axis[1:]}"


def title_of(axis: Mapping[str, Any]) -> str:
    return ((axis.get("title") or {}).get("text")) or ""


def columns_of(traces: Sequence[Mapping], layout: Mapping[str, Any]) -> list[Column]:
    """The columns of a figure from left to right; none if it has no rectangular panels."""
    pairs = dict.fromkeys(
        (axis_name(t.get("xaxis", "x")), axis_name(t.get("yaxis", "y")))
        for t in traces
        if "theta" not in t
    )
    spans = sorted({(*_domain(layout, x), x) for x, _ in pairs})
    groups: list[list[str]] = []
    end = -1.0
    for low, high, x in spans:
        if low < end - 1e-6:
            groups[-1].append(x)
        else:
            groups.append([x])
        end = max(end, high)
    return [_column(group, list(pairs), traces, layout) for group in groups]


def _domain(layout: Mapping[str, Any], axis: str) -> tuple[float, float]:
    """Of an axis, or of the one that it lies over."""
    own = layout.get(axis, {})
    if over := own.get("overlaying"):
        return _domain(layout, axis_name(over))
    low, high = own.get("domain") or (0, 1)
    return float(low), float(high)


def _column(
    x: list[str], pairs: list[tuple[str, str]], traces: Sequence[Mapping], layout: Mapping[str, Any]
) -> Column:
    y = list(dict.fromkeys(second for first, second in pairs if first in x))
    heights = [_domain(layout, axis) for axis in y]
    lowest = min(heights)
    shown = [axis for axis in y if layout[axis].get("visible") is not False]
    sides = {"left": 0.0, "right": 0.0}
    for axis in shown:
        side = layout[axis].get("side", "left")
        sides[side] = max(sides[side], _beside(axis, traces, layout))
    bars = [
        COLOUR_BAR + LINE * bool(title_of(trace["colorbar"]))
        for trace in traces
        if axis_name(trace.get("xaxis", "x")) in x and _has_colour_bar(trace)
    ]
    notes = [
        text_width(note["text"]) + 12
        for note in layout.get("annotations", ())
        if note.get("xanchor") == "left" and note["x"] >= 1 and x[0] == "xaxis"
    ]
    bottom = [a for a in x if (a, y[heights.index(lowest)]) in pairs]
    return Column(
        x=tuple(x),
        y=tuple(y),
        domain=_domain(layout, x[0]),
        height=(lowest[0], max(high for _, high in heights)),
        aspect=_aspect(x, y, traces, layout),
        left=sides["left"],
        right=sides["right"] + max([*bars, *notes], default=0.0),
        foot=max((_below(layout[axis]) for axis in bottom), default=0.0),
        words=tuple(word for axis in bottom for word in _words(axis, traces, layout)),
        lines=sum(name.count("<br>") + 1 for a in shown for name in layout[a].get("ticktext", ())),
        title=_title(y, max(heights), layout),
        shares=bool(shown) and all(layout[axis].get("showticklabels") is False for axis in shown),
        stacked=len(set(heights)) > 1,
    )


def _has_colour_bar(trace: Mapping) -> bool:
    return "colorbar" in trace and trace.get("showscale") is not False


def labelled(axis: str, layout: Mapping[str, Any]) -> dict[str, Any]:
    """A y axis with labels and title of its own, where it leaves them to the one it matches."""
    own = layout[axis]
    if own.get("showticklabels") is not False or "matches" not in own:
        return own
    return {**own, "title": layout[axis_name(own["matches"])].get("title"), "showticklabels": True}


def _beside(axis: str, traces: Sequence[Mapping], layout: Mapping[str, Any]) -> float:
    """The pixels that a y axis takes beside its panel."""
    own = labelled(axis, layout)
    if own.get("showticklabels") is False:
        return 0.0
    words = [str(text) for text in own.get("ticktext", ())] + _words(axis, traces, layout)
    widest = max((text_width(word) + 8 for word in words), default=NUMBERS)
    return widest + TITLE * bool(title_of(own))


def _words(axis: str, traces: Sequence[Mapping], layout: Mapping[str, Any]) -> list[str]:
    """The categories along an axis, or its words where they stand askew; of markup with breaks
    alone."""
    if "tickangle" in layout[axis]:
        return [MARKUP.sub("", str(text)) for text in layout[axis].get("ticktext", ())]
    if layout[axis].get("type") != "category":
        return []
    along = axis[0]
    values = [
        MARKUP.sub("", str(value))
        for trace in traces
        if axis_name(trace.get(f"{along}axis", along)) == axis
        for value in trace.get(along, ())
    ]
    return list(dict.fromkeys(values))


def _below(axis: Mapping) -> float:
    """The pixels that an x axis takes below its panel."""
    if axis.get("visible") is False:
        return 4.0
    powers = 6.0 if axis.get("type") == "log" else 0.0
    return 24.0 + powers + TITLE * bool(title_of(axis))


def _aspect(
    x: list[str], y: list[str], traces: Sequence[Mapping], layout: Mapping[str, Any]
) -> float | None:
    """Of the first panel with square pixels, if the column has no others."""
    if not any(layout[axis].get("scaleanchor") for axis in y):
        return None
    spans = [layout[axis].get("range") for axis in (y[0], x[0])]
    for trace in traces:
        if axis_name(trace.get("yaxis", "y")) == y[0] and trace.get("type") == "heatmap":
            rows, columns = np.shape(trace["z"])[:2]
            return rows / columns
    if all(spans):
        high, wide = (abs(span[1] - span[0]) for span in spans)
        return high / wide
    return 1.0


def _title(y: list[str], highest: tuple[float, float], layout: Mapping[str, Any]) -> str:
    """What stands above the column's highest panel."""
    refs = {f"y{axis[5:]} domain" for axis in y if _domain(layout, axis)[1] >= highest[1] - 1e-6}
    for note in layout.get("annotations", ()):
        if note.get("yref") in {*refs, "paper"} and note.get("yanchor") == "bottom":
            return note["text"]
    return ""


class Row(NamedTuple):
    """Columns side by side, and for each the left edge and the width of its panels in pixels."""

    columns: list[Column]
    left: list[float]
    width: list[float]


def rows_of(columns: Sequence[Column], width: float) -> list[Row]:
    """The columns in rows of ``width`` pixels, in their order."""
    pictures = all(c.aspect is not None and not c.left for c in columns)
    most = 3 if pictures else 2
    # Rows of about the same length.
    most = -(-len(columns) // -(-len(columns) // most))
    rows: list[list[Column]] = []
    for column in columns:
        if rows and len(rows[-1]) < most and _needed([*rows[-1], column]) <= width:
            rows[-1].append(column)
        else:
            rows.append([column])
    longest = max(len(row) for row in rows)
    return [_row(row, width, longest if pictures else len(row)) for row in rows]


def _needed(row: Sequence[Column]) -> float:
    return sum(c.least + c.beside(c is row[0]) for c in row) + GAP * (len(row) - 1)


def _row(row: list[Column], width: float, places: int) -> Row:
    """What is left of the width goes to panels that are no pictures, if there are some. A row may
    have fewer columns than ``places``, so that all pictures of a figure are of one size."""
    takers = [c.aspect is None for c in row]
    if not any(takers):
        takers = [True] * len(row)
    own = [c.least for c in row]
    if places > len(row):
        own = [(width - GAP * (places - 1)) / places] * len(row)
    elif (spare := width - _needed(row)) > 0 or len(row) == 1:
        own = [w + spare * taker / sum(takers) for w, taker in zip(own, takers, strict=True)]
    lefts, at = [], 0.0
    for column, inner in zip(row, own, strict=True):
        beside = column.beside(column is row[0])
        lefts.append(at + beside - column.right)
        at += beside + inner + GAP
    return Row(row, lefts, own)
