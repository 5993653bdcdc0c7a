"""A figure as plain dictionaries, sent unchanged, so that plotly.js draws it once.

Streamlit gives plotly.js each figure twice, the second time as a copy. plotly.js redraws
the copy if the figure has a template or arrays in base64, or if no ``datarevision`` says that its
arrays are the same. So ``styled`` writes out the style, and short arrays are sent as lists.
"""

import zlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
import plotly.graph_objects as go

MOST = 2000
"""Longer arrays are sent in base64: a browser takes longer to read such a list than to draw the
figure twice."""
SMALLER = {"int64": "int32", "uint64": "uint32"}
"""Types that plotly.js cannot read in base64, and those that replace them."""
CODES = {"float32": "f4", "float64": "f8"} | {
    f"{sign}int{8 * size}": f"{sign or 'i'}{size}" for sign in ("", "u") for size in (1, 2, 4)
}


class Figure(go.Figure):
    """Traces, layout and frames. plotly checks them when they are read, not when they are sent: the
    check takes several times as long as everything else, and would delay every slider.

    The tests read every figure that a page sends. ``data``, ``layout`` and ``frames`` are those of
    ``plotly.graph_objects.Figure``; a wrong name or value raises ``ValueError`` there.
    """

    _given: tuple[Sequence[dict], dict, Sequence[dict]]

    def __init__(self, traces: Sequence[dict], layout: dict, frames: Sequence[dict] = ()) -> None:
        object.__setattr__(self, "_given", (traces, layout, frames))

    @property
    def given(self) -> tuple[Sequence[dict], dict, Sequence[dict]]:
        """Traces, layout and frames as they were given."""
        return self._given

    @cached_property
    def _checked(self) -> go.Figure:
        return go.Figure(*self._given)

    # plotly's own can be set as well.
    @property
    def data(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._checked.data

    @property
    def layout(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._checked.layout

    @property
    def frames(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._checked.frames

    def to_dict(self) -> dict[str, Any]:
        """What is sent to plotly.js."""
        traces, layout, frames = self._given
        data = _plain(traces, MOST)
        revision = zlib.crc32(str(data).encode())
        spec = {"data": data, "layout": {**_plain(layout, MOST), "datarevision": revision}}
        return {**spec, "frames": _plain(frames, 0)} if frames else spec


def _plain(value: Any, most: int) -> Any:
    """Without None; colour scales as their colours, arrays of up to ``most`` elements as lists."""
    if isinstance(value, dict):
        return {
            key: _colours(inner)
            if key == "colorscale" and isinstance(inner, str)
            else _plain(inner, most)
            for key, inner in value.items()
            if inner is not None
        }
    if isinstance(value, np.ndarray):
        packed = value.astype(SMALLER.get(value.dtype.name, value.dtype), copy=False)
        fits = packed.dtype.name in CODES and (packed is value or (packed == value).all())
        return _encoded(packed) if value.size > most and fits else value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return [_plain(inner, most) for inner in value] if isinstance(value, list | tuple) else value


@cache
def _colours(scale: str) -> list:
    # plotly.js has other colours under the same names.
    colours: Any = go.Heatmap(colorscale=scale).colorscale
    return [list(stop) for stop in colours]


def _encoded(array: np.ndarray) -> dict[str, str]:
    packed = {"dtype": CODES[array.dtype.name], "bdata": b64encode(array.tobytes()).decode()}
    return packed if array.ndim == 1 else {**packed, "shape": ", ".join(map(str, array.shape))}
