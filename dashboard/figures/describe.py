"""What a figure shows now, in words and numbers, for those who do not see it.

The numbers are read from the traces that are drawn, so the text cannot lag behind the figure.
"""

import re
from typing import Any

import numpy as np

from dashboard.figures.figure import Figure

MOST = 6
"""Traces that are described one by one; more would be too long to listen to."""
_MARKUP = re.compile(r"<[^>]+>|\*\*|`")


def describe(subject: str, figure: Figure) -> str:
    """``subject``, and the ranges and last values of the named traces of ``figure``."""
    traces, _, _ = figure.given
    said = [text for trace in traces if (text := _trace(trace))]
    parts = [subject, *said[:MOST]]
    if len(said) > MOST:
        parts.append(f"and {len(said) - MOST} more")
    return "; ".join(parts)


def bare(text: str) -> str:
    """Text without its marks of HTML and Markdown."""
    return _MARKUP.sub("", text)


def _trace(trace: dict[str, Any]) -> str:
    """One trace, empty if it has no numbers or only shades or guides the eye."""
    kind = trace.get("type", "scatter")
    unsaid = trace.get("hoverinfo") == "skip" or trace.get("visible") is False
    if unsaid or (trace.get("meta") or {}).get("decoration"):
        return ""
    name = bare(str(trace.get("name") or ""))
    if kind in ("heatmap", "image"):
        z: Any = trace.get("z")
        values = _numbers(z)
        size = " by ".join(map(str, np.shape(z)[:2]))
        return f"{name or 'a map'} of {size}, {_range(values)}" if values.size else ""
    if kind == "scatterpolar":
        return _series(name, trace.get("theta"), trace.get("r"))
    if kind == "bar" and trace.get("orientation") == "h":
        return _series(name, trace.get("y"), trace.get("x"))
    # What the table says, where the axes hold only places.
    columns = (trace.get("meta") or {}).get("columns") or {}
    if "mean" in columns:
        return _series(name, columns["x"], columns["mean"])
    return _series(name, trace.get("x"), trace.get("y"))


def _series(name: str, x: Any, y: Any) -> str:
    values = _numbers(y)
    if not values.size:
        return ""
    places = np.asarray(x if x is not None else range(len(values)), object).ravel()
    at = _written(places[values.argmax()]) if len(places) == np.size(y) == len(values) else ""
    last = f", last {_written(values[-1])}"
    highest = f", highest at {at}" if at and values.min() < values.max() else ""
    return f"{name or 'values'} {_range(values)}{highest}{last if len(values) > 1 else ''}"


def _range(values: np.ndarray) -> str:
    low, high = values.min(), values.max()
    return _written(low) if low == high else f"from {_written(low)} to {_written(high)}"


def _numbers(values: Any) -> np.ndarray:
    """The finite numbers among ``values``, in their order; empty if they are words."""
    try:
        found = np.asarray(() if values is None else values, float).ravel()
    except (TypeError, ValueError):
        return np.empty(0)
    return found[np.isfinite(found)]


def _written(value: Any) -> str:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return bare(str(value))
    return f"{float(value):.3g}".replace("-", "−")
