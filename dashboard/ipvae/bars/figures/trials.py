"""A neuron over trials and over time: spikes, rates, drives."""

from typing import NamedTuple

import numpy as np

from corelib.models.ipvae.stimuli import Stimulus
from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, band
from dashboard.figures.style import (
    EXCITATORY,
    INHIBITORY,
    OKABE_ITO,
    SIGNED,
    TALL,
    Palette,
    faded,
    panels,
    styled,
)
from dashboard.ipvae.bars.figures.geometry import BAR, upright


class Trials(NamedTuple):
    """One neuron in several trials: ``activity`` (trial, time), the mean ``rate`` (time,), and the
    peri-stimulus histogram ``binned`` (bin,) in bins of ``width`` frames; ``unit`` of the last two.

    ``spikes`` says whether the activity is counts.
    """

    activity: np.ndarray
    rate: np.ndarray
    binned: np.ndarray
    width: int
    baseline_frames: int
    spikes: bool
    unit: str


def raster(trials: Trials, palette: Palette) -> Figure:
    """Trials above their mean: a stroke for each frame with spikes, then the histogram and the mean
    rate. Activity other than spikes is drawn as colours."""
    axes, layout = panels(
        ["trials", "mean over trials"], {"title": {"text": "frame"}}, {}, stacked=True, gap=0.1
    )
    layout["yaxis"] |= {
        "title": {"text": "trial"},
        "autorange": "reversed",
        "showgrid": False,
        "domain": [0.5, 1],
    }
    layout["yaxis2"] |= {"title": {"text": trials.unit}, "domain": [0, 0.4]}
    n, time = trials.activity.shape
    x = np.arange(time) - trials.baseline_frames
    layout["xaxis2"] |= {"range": [x[0] - 0.5, x[-1] + 0.5]}
    if trials.spikes:
        above = _strokes(trials, palette)
        layout["yaxis"] |= {"range": [n + 0.7, 0.3], "autorange": False}
    else:
        above = _colours(trials, x)
    layout |= {
        "shapes": [upright(0, palette)],
        "legend": {"x": 1, "xanchor": "right", "y": 0.4, "yanchor": "bottom"},
        "margin": {"t": 32},
    }
    below = [{**trace, **axes[1]} for trace in _means(trials, x, palette)]
    return styled([{**above, **axes[0]}, *below], layout, palette, height=TALL)


def _strokes(trials: Trials, palette: Palette) -> dict:
    """Strokes of one line: drawn at once, where markers are drawn one by one."""
    trial, at = np.nonzero(trials.activity)
    onset, none = trials.baseline_frames, np.full(len(at), np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "spikes",
        "x": np.stack([at - onset, at - onset, none], 1).ravel(),
        "y": np.stack([trial + 0.62, trial + 1.38, none], 1).ravel(),
        "showlegend": False,
        "customdata": np.repeat(trials.activity[trial, at], 3),
        "line": {"width": 1.6, "color": palette.text},
        "hovertemplate": "frame %{x}: %{customdata:.0f} spikes<extra></extra>",
    }


def _colours(trials: Trials, x: np.ndarray) -> dict:
    top = float(np.abs(trials.activity).max()) or 1.0
    return {
        "type": "heatmap",
        "x": x,
        "y": np.arange(len(trials.activity)) + 1,
        "z": trials.activity.astype(np.float32),
        "name": "activity",
        "colorscale": SIGNED,
        "zmin": -top,
        "zmax": top,
        "showscale": False,
        "hovertemplate": "trial %{y}, frame %{x}: %{z:.2f}<extra></extra>",
    }


def _means(trials: Trials, x: np.ndarray, palette: Palette) -> list[dict]:
    """The histogram and the mean rate."""
    width, bins = trials.width, np.arange(len(trials.binned))
    return [
        {
            "type": "bar",
            "x": (bins + 0.5) * width - 0.5 - trials.baseline_frames,
            "y": trials.binned,
            "width": width,
            "name": "spikes" if trials.spikes else "activity",
            "marker": {"color": faded(palette.muted, 0.7), "line": {"width": 0}},
            "hovertemplate": "%{y:.3g}",
        },
        {
            "type": "scatter",
            "x": x,
            "y": trials.rate,
            "name": "rate",
            "mode": "lines",
            "line": {"color": OKABE_ITO[2], "width": 2},
            "hovertemplate": "%{y:.3g}",
        },
    ]


def drives(
    parts: dict[str, np.ndarray],
    potential: np.ndarray,
    name: str,
    baseline_frames: int,
    palette: Palette,
) -> Figure:
    """The drives that move a neuron, (time,) each, above its potential, called ``name``."""
    axes, layout = panels(["drives", name], {"title": {"text": "frame"}}, {}, stacked=True, gap=0.1)
    layout["yaxis"] |= {"title": {"text": "drive (a.u.)"}}
    layout["yaxis2"] |= {"title": {"text": name}}
    x = np.arange(len(potential)) - baseline_frames
    styles = {
        "stimulus": (EXCITATORY, "solid"),
        "explaining-away": (INHIBITORY, "solid"),
        "threshold": (palette.muted, "dash"),
        "leak": (OKABE_ITO[3], "dot"),
        "sum": (palette.text, "dot"),
    }
    traces = [
        {
            "type": "scatter",
            "x": x,
            "y": np.broadcast_to(values, x.shape),
            "name": part,
            **axes[0],
            "mode": "lines",
            "hovertemplate": "%{y:.3g}",
            "line": {"color": styles[part][0], "dash": styles[part][1], "width": 2},
        }
        for part, values in parts.items()
    ]
    traces.append(
        {
            "type": "scatter",
            "x": x,
            "y": potential,
            "name": name,
            **axes[1],
            "mode": "lines",
            "line": {"color": EXCITATORY, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.3f}",
        }
    )
    layout |= {"shapes": [upright(0, palette)], "margin": {"t": 72}, "legend": {"y": 1.06}}
    layout["annotations"] = []
    return styled(traces, layout, palette, height=TALL)


def flashed(
    rate: np.ndarray, error: np.ndarray, stimulus: Stimulus, y_name: str, palette: Palette
) -> Figure:
    """A neuron's rate with its standard error, (time,) both, while a bar is flashed, held and
    removed; the orange field shows when the bar is there."""
    x = np.arange(len(rate)) - stimulus.baseline_frames
    traces = [
        band(x, rate, Spread(error, kind="se"), EXCITATORY, "rate"),
        {
            "type": "scatter",
            "x": x,
            "y": rate,
            "name": "rate",
            "mode": "lines",
            "line": {"color": EXCITATORY, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.3g}",
        },
    ]
    while_there = {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": 0,
        "x1": stimulus.flash_frames,
        "y0": 0,
        "y1": 1,
        "fillcolor": faded(BAR, 0.15),
        "line": {"width": 0},
        "layer": "below",
    }
    layout = {
        "shapes": [while_there],
        "xaxis": {"title": {"text": "frame"}},
        "yaxis": {"title": {"text": y_name}, "rangemode": "tozero"},
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=340)
