"""The stimulus over a receptive field, to be played beside what the neuron does."""

from typing import NamedTuple

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import (
    EXCITATORY,
    OKABE_ITO,
    SIGNED,
    Palette,
    faded,
    panels,
    playing,
    styled,
)
from dashboard.ipvae.bars.figures.geometry import BAR

MOST_FRAMES = 40
FIELD_WIDTH, GAP = 0.31, 0.09


class Played(NamedTuple):
    """One neuron in one trial.

    ``field`` (row, column) is its receptive field, ``outlines`` what is bright in each frame;
    ``potential``, ``rate`` and ``activity`` (time,) are called by the three ``names``. One frame
    lasts ``frame_ms``.
    """

    field: np.ndarray
    outlines: list[np.ndarray]
    potential: np.ndarray
    rate: np.ndarray
    activity: np.ndarray
    names: tuple[str, str, str]
    baseline_frames: int
    frame_ms: float

    @property
    def values(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the three panels show."""
        return self.potential, self.rate, self.activity

    @property
    def x(self) -> np.ndarray:
        """Frames from the stimulus' onset, (time,)."""
        return np.arange(len(self.rate)) - self.baseline_frames


def player(played: Played, palette: Palette) -> Figure:
    """The stimulus over the receptive field, to be played, beside the neuron's potential, rate and
    activity; a line goes with it."""
    n, x = len(played.rate), played.x
    every = max(1, -(-n // MOST_FRAMES))
    shown = np.arange(0, n, every)
    first = _opens_on(played, shown)
    axes, layout = _layout(played)
    courses = _courses(played, axes, palette)
    traces = [*courses, *_moving_parts(played, first)]
    at = len(courses)
    frames = [
        {"name": str(x[t]), "data": _at(played, int(t)), "traces": [at, at + 2]} for t in shown
    ]
    active = int(np.flatnonzero(shown == first)[0])
    layout |= playing(
        [str(x[t]) for t in shown], active, "frame ", round(every * played.frame_ms), palette
    )
    slider = layout["sliders"][0]
    slider |= {"ticklen": 0, "minorticklen": 0, "font": {"color": "rgba(0,0,0,0)"}}
    slider["currentvalue"]["font"] = {"color": palette.text}
    layout |= {"margin": {"l": 8, "r": 12, "t": 36, "b": 100}, "bargap": 0}
    return styled(traces, layout, palette, frames=frames, height=460)


def _opens_on(played: Played, shown: np.ndarray) -> int:
    """The frame, of those ``shown``, with the strongest response while there is something to see;
    the last where nothing is seen."""
    lit = np.array([not np.isnan(played.outlines[t]).all() for t in shown])
    if not lit.any():
        return shown[-1]
    return shown[np.argmax(np.where(lit, played.rate[shown], -np.inf))]


def _layout(played: Played) -> tuple[list[dict[str, str]], dict]:
    """Three panels over time at the right, the receptive field at the left, and axes for the line
    that goes through all panels."""
    x, half = played.x, played.field.shape[0] / 2
    axes, layout = panels(
        played.names,
        {"title": {"text": "frame"}, "domain": [FIELD_WIDTH + GAP, 1]},
        {},
        stacked=True,
        gap=0.1,
    )
    for k, v in enumerate(played.values):
        number = "" if k == 0 else str(k + 1)
        layout[f"xaxis{number}"] |= {"range": [x[0] - 0.5, x[-1] + 0.5]}
        low, high = float(v.min()), float(v.max())
        pad = 0.08 * (high - low or 1)
        layout[f"yaxis{number}"] |= {"range": [low - pad, high + pad], "nticks": 4}
        layout["annotations"][k] |= {"x": 0, "xanchor": "left"}
    own = {"visible": False, "range": [-half, half], "constrain": "domain"}
    layout["xaxis4"] = {**own, "domain": [0, FIELD_WIDTH], "anchor": "y4"}
    layout["yaxis4"] = {**own, "domain": [0, 1], "anchor": "x4", "scaleanchor": "x4"}
    # One line through all panels, on axes of its own: a slider waits for each trace of each frame.
    layout["xaxis5"] = {"visible": False, "matches": "x3", "overlaying": "x", "anchor": "y5"}
    layout["yaxis5"] = {
        "visible": False,
        "range": [0, 1],
        "domain": [0, 1],
        "anchor": "x5",
        "fixedrange": True,
    }
    return axes, layout


def _courses(played: Played, axes: list[dict[str, str]], palette: Palette) -> list[dict]:
    """Potential and rate as lines, activity as bars."""
    traces = [
        {
            "type": "scatter",
            "x": played.x,
            "y": v,
            "name": name,
            **axis,
            "mode": "lines",
            "line": {"color": colour, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.3g}",
        }
        for v, name, axis, colour in zip(
            played.values, played.names, axes, (EXCITATORY, OKABE_ITO[2]), strict=False
        )
    ]
    bars = {
        "type": "bar",
        "x": played.x,
        "y": played.activity,
        "name": played.names[2],
        **axes[2],
        "marker": {"color": palette.text, "line": {"width": 0}},
        "width": 1,
        "showlegend": False,
        "hovertemplate": "%{y:.3g}",
    }
    return [*traces, bars]


def _at(played: Played, t: int) -> list[dict]:
    """The line and the stimulus in one frame."""
    now, outline = played.x[t], played.outlines[t]
    return [
        {"type": "scatter", "x": [now, now], "y": [0, 1]},
        {"type": "scatter", "x": outline[:, 0], "y": outline[:, 1]},
    ]


def _moving_parts(played: Played, first: int) -> list[dict]:
    """The line through the panels, the receptive field, and the stimulus over it."""
    side = played.field.shape[0]
    places = np.arange(side) - (side - 1) / 2
    bound = float(np.abs(played.field).max()) or 1.0
    line, stimulus = _at(played, first)
    line |= {
        "xaxis": "x5",
        "yaxis": "y5",
        "name": "now",
        "mode": "lines",
        "showlegend": False,
        "line": {"color": BAR, "width": 2},
        "hoverinfo": "skip",
    }
    field = {
        "type": "heatmap",
        "x": places,
        "y": places[::-1],
        "z": played.field.astype(np.float32),
        "xaxis": "x4",
        "yaxis": "y4",
        "name": "receptive field",
        "colorscale": SIGNED,
        "zmin": -bound,
        "zmax": bound,
        "showscale": False,
        "hovertemplate": "x %{x}, y %{y}: %{z:.3g}<extra></extra>",
    }
    stimulus |= {
        "xaxis": "x4",
        "yaxis": "y4",
        "name": "stimulus",
        "mode": "lines",
        "fill": "toself",
        "fillcolor": faded(BAR, 0.4),
        "line": {"color": BAR, "width": 2},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    # Each bar is drawn after the field, so the field comes before it in the list.
    return [line, field, stimulus]
