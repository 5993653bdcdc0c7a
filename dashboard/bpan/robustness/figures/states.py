"""States and currents of a balanced network, clean and corrupted."""

from collections.abc import Sequence

import numpy as np

from corelib.models.bpan.analysis import Currents, populations
from dashboard.figures.figure import Figure
from dashboard.figures.style import (
    EXCITATORY,
    EXCITATORY_MARK,
    INHIBITORY,
    INHIBITORY_MARK,
    TALL,
    Palette,
    panels,
    styled,
)

DIGIT_COLOURS = (
    "#332288",
    "#88CCEE",
    "#44AA99",
    "#117733",
    "#999933",
    "#DDCC77",
    "#CC6677",
    "#882255",
    "#AA4499",
    "#888888",
)
"""Ten that stay apart for all kinds of colour vision (Tol's muted scheme)."""


def currents_pair(clean: Currents, corrupted: Currents, palette: Palette) -> Figure:
    """Mean currents into each population: clean solid, corrupted dotted."""
    axes, layout = panels(
        ["Excitatory units", "Inhibitory units"],
        {"title": {"text": "step"}, "dtick": 1},
        {"title": {"text": "mean current (a.u.)"}},
    )
    traces = []
    for panel, axis in enumerate(axes):
        for field, name, colour, mark in (
            ("excitation", "excitatory", EXCITATORY, EXCITATORY_MARK),
            ("inhibition", "inhibitory", INHIBITORY, INHIBITORY_MARK),
            ("drive", "input", palette.muted, "square"),
            ("bias", "bias", palette.muted, "cross"),
            ("net", "net", palette.text, "diamond"),
        ):
            for view, is_clean in ((clean, True), (corrupted, False)):
                units = populations(view)[panel].units
                mean = np.take(getattr(view, field), units, 1).mean(1)
                traces.append(
                    {
                        "type": "scatter",
                        "x": np.arange(1, len(mean) + 1),
                        "y": mean,
                        "name": name if is_clean else f"{name}, corrupted",
                        **axis,
                        "legendgroup": field,
                        "showlegend": panel == 0 and is_clean,
                        "mode": "lines+markers",
                        "line": {
                            "color": colour,
                            "dash": "solid" if is_clean else "dot",
                            "width": 2.5,
                        },
                        "marker": {"symbol": mark if is_clean else f"{mark}-open", "size": 8},
                        "hovertemplate": "%{y:.2f}",
                    }
                )
    return styled(
        traces, {**layout, "legend": {"y": 1.06}, "margin": {"t": 72}}, palette, height=TALL
    )


def state_space(
    points: np.ndarray,
    labels: np.ndarray,
    paths: dict[str, np.ndarray],
    class_names: Sequence[str],
    axis_names: tuple[str, str],
    palette: Palette,
) -> Figure:
    """States of many images (image, 2), coloured by class, and paths (time, 2) over them."""
    traces = [
        {
            "type": "scattergl",
            "x": points[labels == k, 0],
            "y": points[labels == k, 1],
            "name": str(name),
            "mode": "markers",
            "marker": {"size": 5, "opacity": 0.55, "color": DIGIT_COLOURS[k % len(DIGIT_COLOURS)]},
            "hovertemplate": f"{name}<extra></extra>",
        }
        for k, name in enumerate(class_names)
    ]
    traces += [
        _path(name, path, dash, palette)
        for (name, path), dash in zip(paths.items(), ("solid", "dot"), strict=False)
    ]
    layout = {
        "xaxis": {"title": {"text": axis_names[0]}, "zeroline": False},
        "yaxis": {"title": {"text": axis_names[1]}, "zeroline": False},
        "hovermode": "closest",
        "legend": {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"},
    }
    return styled(traces, layout, palette, height=520)


def _path(name: str, path: np.ndarray, dash: str, palette: Palette) -> dict:
    """A path (time, 2); a star marks its end."""
    before_end = len(path) - 1
    return {
        "type": "scatter",
        "x": path[:, 0],
        "y": path[:, 1],
        "name": name,
        "mode": "lines+markers",
        "line": {"color": palette.text, "dash": dash, "width": 2.5},
        "marker": {
            "symbol": ["circle"] * before_end + ["star"],
            "size": [7] * before_end + [14],
            "color": palette.text,
        },
        "hovertemplate": f"{name}, step %{{pointNumber}}<extra></extra>",
    }
