"""All neurons at once: their preferred axes, their activity, and what a readout decodes."""

from typing import NamedTuple

import numpy as np

from corelib.models.ipvae.gabor import Gabors
from corelib.models.ipvae.tuning import Decoding
from dashboard.figures.figure import Figure
from dashboard.figures.style import EXCITATORY, SIGNED, Palette, faded, styled
from dashboard.ipvae.bars.figures.geometry import upright

AXES = 12
"""So many colours distinguish axes on the map."""


class Preferences(NamedTuple):
    """Of each neuron, (unit,): its Gabor function, the axis of the best bar in ``axis`` (degrees,
    NaN where it does not respond), and its orientation ``selectivity``; ``chosen`` is the neuron
    that the page is about."""

    gabors: Gabors
    axis: np.ndarray
    selectivity: np.ndarray
    chosen: int


def orientation_map(preferences: Preferences, half: float, palette: Palette) -> Figure:
    """Each neuron as a short line at the place of its Gabor function, along the axis of the bar
    that it prefers, the longer the more selective it is; colours go round with the axis. ``half``
    is half the patch's side in pixels.

    Click gives the neuron as ``customdata``.
    """
    edge = 1.1 * half
    layout = {
        "xaxis": {
            "title": {"text": "x / pixels"},
            "range": [-edge, edge],
            "constrain": "domain",
            "zeroline": False,
        },
        "yaxis": {
            "title": {"text": "y / pixels"},
            "range": [-edge, edge],
            "scaleanchor": "x",
            "constrain": "domain",
            "zeroline": False,
        },
        "hovermode": "closest",
        "clickmode": "event+select",
        "legend": {
            "orientation": "v",
            "x": 1.02,
            "y": 1,
            "yanchor": "top",
            "title": {"text": "axis"},
        },
        "margin": {"t": 20},
    }
    traces = _axis_lines(preferences, half) + _marks(preferences, half, palette)
    return styled(traces, layout, palette, height=520)


def _places(preferences: Preferences, half: float) -> tuple[np.ndarray, np.ndarray]:
    gabors = preferences.gabors
    return np.clip(gabors.x, -half, half), np.clip(gabors.y, -half, half)


def _known(preferences: Preferences) -> np.ndarray:
    return np.isfinite(preferences.axis) & np.isfinite(preferences.gabors.x)


def _axis_lines(preferences: Preferences, half: float) -> list[dict]:
    """The lines, one trace for each range of axes."""
    axis, known, colours = preferences.axis, _known(preferences), _around(AXES)
    bins = np.floor(((axis + 90 / AXES) % 180) / (180 / AXES))
    reach = 0.08 * half * 2
    x, y = _places(preferences, half)
    traces = []
    for k in range(AXES):
        of = np.flatnonzero(known & (bins == k))
        t, size = np.deg2rad(axis[of]), reach * np.clip(preferences.selectivity[of], 0.15, 1)
        dx, dy, none = size * np.cos(t) / 2, size * np.sin(t) / 2, np.full(len(of), np.nan)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{k * 180 / AXES:.0f}°",
                "x": np.stack([x[of] - dx, x[of] + dx, none], 1).ravel(),
                "y": np.stack([y[of] - dy, y[of] + dy, none], 1).ravel(),
                "line": {"color": colours[k], "width": 3},
                "hoverinfo": "skip",
                "showlegend": bool(len(of)),
            }
        )
    return traces


def _marks(preferences: Preferences, half: float, palette: Palette) -> list[dict]:
    """Invisible marks to click, and a ring around the chosen neuron."""
    _, axis, strength, chosen = preferences
    known = _known(preferences)
    neurons = np.flatnonzero(known)
    x, y = _places(preferences, half)
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "neuron",
            "x": x[neurons],
            "y": y[neurons],
            "marker": {"size": 14, "opacity": 0},
            "customdata": neurons,
            "showlegend": False,
            "text": [f"neuron {k}: {axis[k]:.0f}°, selectivity {strength[k]:.2f}" for k in neurons],
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]
    if known[chosen]:
        traces.append(_ring(x[chosen], y[chosen], 24, palette))
    return traces


def _ring(x: float, y: float, size: int, palette: Palette) -> dict:
    """Around the chosen neuron."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "chosen",
        "x": [x],
        "y": [y],
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {
            "symbol": "circle-open",
            "size": size,
            "color": palette.text,
            "line": {"width": 2},
        },
    }


def _around(n: int) -> list[str]:
    """Colours that go once around the circle, about equally bright (Oklch hues)."""
    hue = 2 * np.pi * np.arange(n) / n
    light, chroma = 0.68, 0.13
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    l_, m_, s_ = (
        (light + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (light - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (light - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    linear = np.stack(
        [
            4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
            -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
            -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
        ],
        1,
    ).clip(0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return ["#" + "".join(f"{round(255 * c):02x}" for c in row) for row in srgb]


def everyone(
    activity: np.ndarray,
    frames: np.ndarray,
    order: np.ndarray,
    prefers: np.ndarray,
    palette: Palette,
) -> Figure:
    """All neurons over time, (unit, time) at these ``frames`` (time,), in an ``order`` by the
    direction that each ``prefers``, (unit,) in degrees."""
    ordered = activity[order]
    top = float(np.quantile(np.abs(ordered), 0.998)) or 1.0
    signed = bool((ordered < 0).any())
    ticks = np.linspace(0, len(order) - 1, 7).astype(int)
    trace = {
        "type": "heatmap",
        "x": frames,
        "z": ordered.astype(np.float32),
        "name": "activity",
        "colorscale": SIGNED if signed else "Cividis",
        "zmin": -top if signed else 0,
        "zmax": top,
        "showscale": False,
        "hovertemplate": "row %{y}, frame %{x}: %{z:.2f}<extra></extra>",
    }
    layout = {
        "shapes": [upright(0, palette)],
        "xaxis": {"title": {"text": "frame"}, "showgrid": False},
        "yaxis": {
            "title": {"text": "neurons by preferred direction"},
            "showgrid": False,
            "tickvals": ticks,
            "ticktext": [
                f"{prefers[order[k]]:.0f}°" if np.isfinite(prefers[order[k]]) else "–"
                for k in ticks
            ],
        },
        "hovermode": "closest",
        "margin": {"t": 20},
    }
    return styled([trace], layout, palette, height=520)


def _diagonal(end: int, name: str, palette: Palette) -> dict:
    return {
        "type": "scatter",
        "x": [0, end],
        "y": [0, end],
        "name": name,
        "mode": "lines",
        "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
        "showlegend": False,
        "hoverinfo": "skip",
    }


def decoding(decoded: Decoding, palette: Palette) -> Figure:
    """The directions that a readout decodes, against those shown, within ± 180 degrees of them."""
    shown = decoded.shown
    near = shown + (decoded.decoded - shown + 180) % 360 - 180
    points = {
        "type": "scatter",
        "x": shown,
        "y": near,
        "name": "decoded",
        "mode": "markers",
        "marker": {"size": 7, "color": faded(EXCITATORY, 0.6)},
        "showlegend": False,
        "hovertemplate": "shown %{x:.0f}°, decoded %{y:.0f}°<extra></extra>",
    }
    layout = {
        "xaxis": {"title": {"text": "direction shown / degrees"}, "dtick": 45},
        "yaxis": {"title": {"text": "decoded / degrees"}, "dtick": 45},
        "hovermode": "closest",
        "margin": {"t": 20},
    }
    return styled([_diagonal(360, "correct", palette), points], layout, palette, height=400)


def agreement(preferences: Preferences, palette: Palette) -> Figure:
    """The preferred axis of a bar against the axis of the Gabor's stripes, in degrees, moved by 180
    where that brings them together."""
    gabor, preferred = preferences.gabors.orientation, preferences.axis
    known = np.isfinite(preferred) & np.isfinite(gabor)
    near = gabor + (preferred - gabor + 90) % 180 - 90
    neurons = np.flatnonzero(known)
    points = {
        "type": "scatter",
        "x": gabor[neurons],
        "y": near[neurons],
        "name": "neurons",
        "mode": "markers",
        "customdata": neurons,
        "showlegend": False,
        "marker": {
            "size": 8,
            "color": preferences.gabors.r2[neurons],
            "colorscale": "Cividis",
            "cmin": 0,
            "cmax": 1,
            "colorbar": {
                "title": {"text": "R² of the Gabor fit", "side": "right"},
                "thickness": 12,
                "outlinewidth": 0,
            },
        },
        "hovertemplate": "neuron %{customdata}: Gabor %{x:.0f}°, bar %{y:.0f}°<extra></extra>",
    }
    traces = [_diagonal(180, "agreement", palette), points]
    chosen = preferences.chosen
    if known[chosen]:
        traces.append(_ring(gabor[chosen], near[chosen], 18, palette))
    layout = {
        "xaxis": {
            "title": {"text": "axis of the Gabor's stripes / degrees"},
            "dtick": 45,
            "range": [-8, 188],
        },
        "yaxis": {"title": {"text": "axis of the best bar / degrees"}, "dtick": 45},
        "hovermode": "closest",
        "clickmode": "event+select",
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=400)
