"""A figure as it is exported: light, whatever theme the page has.

All colours of a theme come from one ``Palette``, so those of the dark one are replaced by their
counterparts wherever they stand: in a figure's dictionaries, or in the text of an SVG.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from dashboard.figures.figure import Figure
from dashboard.figures.style import DARK, LIGHT, Palette

WIDTH = 1000
"""Pixels; about as wide as a figure is on a desk's screen."""


def _channels(colour: str) -> str:
    return r",\s*".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))


def _pairs(dark: Palette, light: Palette) -> dict[str, tuple[str, str]]:
    return {f"c{i}": (old, new) for i, (old, new) in enumerate(zip(dark, light, strict=True))}


PAIRS = _pairs(DARK, LIGHT)
PATTERN = re.compile(
    "|".join(
        f"(?P<{name}>{old})|(?P<{name}f>(?<=\\(){_channels(old)}(?=[,)]))"
        for name, (old, _) in PAIRS.items()
    ),
    re.IGNORECASE,
)


def light(value: Any) -> Any:
    """The same value with the colours of the light theme in all its text; None, a gap in a line,
    for the numbers that JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return PATTERN.sub(_counterpart, value)
    if isinstance(value, Mapping):
        return {key: light(inner) for key, inner in value.items()}
    return [light(inner) for inner in value] if isinstance(value, list | tuple) else value


def _counterpart(found: re.Match) -> str:
    name = str(found.lastgroup)
    colour = PAIRS[name.removesuffix("f")][1]
    return _channels(colour).replace(r"\s*", "") if name.endswith("f") else colour


def for_export(figure: Figure) -> dict[str, Any]:
    """What plotly.js draws of the figure for a file: light, on white, ``WIDTH`` wide, without the
    buttons and sliders that play it."""
    spec = light(figure.to_dict())
    layout = {k: v for k, v in spec["layout"].items() if k not in ("updatemenus", "sliders")}
    white = dict.fromkeys(("paper_bgcolor", "plot_bgcolor"), LIGHT.background)
    return {"data": spec["data"], "layout": {**layout, **white, "width": WIDTH}}
