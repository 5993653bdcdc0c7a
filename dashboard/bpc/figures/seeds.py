"""Results over seeds: samples by their scale, and accuracy against depth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, bars
from dashboard.figures.style import TALL, Palette, TraceStyle, styled


class Line(NamedTuple):
    """Points with their spread over seeds: ``x`` and ``y`` (point, 2) as mean and sd; ``words``
    what each point is."""

    name: str
    x: np.ndarray
    y: np.ndarray
    words: Sequence[str]


def samples(
    lines: Sequence[Line], digits: tuple[float, float], styles: dict[str, TraceStyle], p: Palette
) -> Figure:
    """How samples are read against how much they differ, a line for each network and layer through
    its scales; star: test ``digits``, by their difference and how they are read."""
    star = {
        "type": "scatter",
        "x": [digits[0]],
        "y": [digits[1]],
        "name": "test digits",
        "mode": "markers",
        "marker": {"symbol": "star", "size": 16, "color": p.text},
        "hovertemplate": "test digits: %{y:.1%}, %{x:.2f}<extra></extra>",
    }
    layout = {
        "xaxis": {"title": {"text": "difference between two images, mean squared per pixel"}},
        "yaxis": {"title": {"text": "read as their class"}, "tickformat": ".0%"},
        "hovermode": "closest",
        "margin": {"t": 96},
    }
    return styled(
        [*(_line(line, styles[line.name]) for line in lines), star], layout, p, height=TALL
    )


def depth(lines: Sequence[Line], styles: dict[str, TraceStyle], palette: Palette) -> Figure:
    """Accuracy against the number of hidden layers, a line for each condition."""
    layout = {
        "xaxis": {"title": {"text": "hidden layers"}, "dtick": 1},
        "yaxis": {"title": {"text": "accuracy on the test set"}, "tickformat": ".0%"},
        "hovermode": "closest",
        "margin": {"t": 96},
    }
    traces = [_line(line, styles[line.name]) for line in lines]
    return styled(traces, layout, palette, height=TALL)


def _line(line: Line, style: TraceStyle) -> dict:
    return {
        "type": "scatter",
        "x": line.x[:, 0],
        "y": line.y[:, 0],
        "name": line.name,
        "error_x": {"array": line.x[:, 1], "thickness": 1, "width": 3},
        **bars(Spread(line.y[:, 1]), thickness=1, width=3),
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "marker": {"symbol": style.mark, "size": 9},
        "text": list(line.words),
        "hovertemplate": "%{text}: %{y:.1%}<extra></extra>",
    }
