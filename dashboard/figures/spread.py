"""How values spread around their means, as a band or as bars.

What a spread is and over how many values stands in the ``meta`` of its trace, so that the exported
table has it as columns of its own and not as the outline of an area.
"""

from typing import Any, Literal, NamedTuple

import numpy as np

from dashboard.figures.style import faded


class Spread(NamedTuple):
    """``size`` (point,) on either side of a mean: standard deviations, standard errors, or half the
    widths of intervals; ``n`` is how many values each mean is of, one for all or (point,);
    None if the figure says it."""

    size: np.ndarray
    n: int | np.ndarray | None = None
    kind: Literal["sd", "se", "interval"] = "sd"

    def meta(self) -> dict[str, Any]:
        """What a trace's ``meta`` says of it."""
        return {"spread": self.kind, "n": self.n}


def band(x: np.ndarray, mean: np.ndarray, spread: Spread, colour: str, of: str) -> dict:
    """The spread of the series ``of`` as an area; all (point,). Its curve, of the same name, is
    hidden with it (``style.styled``)."""
    return {
        **area(x, mean - spread.size, mean + spread.size, colour),
        "legendgroup": of,
        "meta": {**spread.meta(), "of": of},
    }


def area(x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> dict:
    """What lies between ``low`` and ``high``, all (point,)."""
    return {
        "type": "scatter",
        "x": np.concatenate([x, x[::-1]]),
        "y": np.concatenate([high, low[::-1]]),
        "mode": "lines",
        "fill": "toself",
        "fillcolor": faded(colour, 0.18),
        "line": {"width": 0},
        "showlegend": False,
        "hoverinfo": "skip",
    }


def bars(spread: Spread, **look: Any) -> dict:
    """What a trace has whose points show their spread as bars."""
    error = {"type": "data", "array": spread.size, **look}
    return {"error_y": error, "meta": spread.meta()}


def on_hover(spread: Spread) -> dict[str, Any]:
    """What a trace has whose points show their spread on hover alone, as ``%{customdata}``."""
    hidden = {"type": "data", "array": spread.size, "visible": False}
    return {"customdata": spread.size, "error_y": hidden, "meta": spread.meta()}


DECORATION = {"decoration": True}
"""The ``meta`` of a trace that shows no data."""


def beside(**columns: Any) -> dict[str, Any]:
    """The ``meta`` of a trace whose points have more to them than their place, such as the
    threshold that gives each: further columns of its table, (point,) or one value."""
    return {"beside": columns}


def measured(**columns: Any) -> dict[str, Any]:
    """The ``meta`` of a trace whose places on the screen are not its data, such as a curve around a
    circle: the columns that its table has instead."""
    return {"columns": columns}
