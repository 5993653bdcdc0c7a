"""Figures of the Robustness page. Models come as a dict by name; each keeps its sign."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corelib.models.bpan.analysis import Currents
from dashboard.figures.figure import Figure
from dashboard.figures.style import (
    EXCITATORY,
    EXCITATORY_MARK,
    INHIBITORY,
    INHIBITORY_MARK,
    TALL,
    Palette,
    TraceStyle,
    faded,
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


class OverSeverity(NamedTuple):
    """A measure at each severity, (severity,): mean and sd over ``n`` seeds; the sd of one is 0."""

    severities: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n: int


def over_severity(
    curves: dict[str, OverSeverity],
    styles: dict[str, TraceStyle],
    at: float,
    x_name: str,
    y_name: str,
    palette: Palette,
    *,
    percent: bool = True,
) -> Figure:
    """One line a model with a band of ± 1 sd over seeds; dotted: the severity as it stands."""
    traces = []
    for name, curve in curves.items():
        s, x = styles[name], curve.severities
        if curve.n > 1:
            low, high = curve.mean - curve.sd, curve.mean + curve.sd
            traces.append(
                {
                    "type": "scatter",
                    "x": np.concatenate([x, x[::-1]]),
                    "y": np.concatenate([high, low[::-1]]),
                    "mode": "lines",
                    "fill": "toself",
                    "fillcolor": faded(s.colour, 0.18),
                    "line": {"width": 0},
                    "legendgroup": f"{name} ± sd",
                    "showlegend": False,
                    "hoverinfo": "skip",
                }
            )
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": curve.mean,
                "customdata": curve.sd,
                "name": name,
                "mode": "lines+markers",
                "line": {"color": s.colour, "dash": s.dash, "width": 2},
                "marker": {"symbol": s.mark, "size": 8},
                "hovertemplate": (
                    "%{y:.1%} ± %{customdata:.1%}" if percent else "%{y:.2f} ± %{customdata:.2f}"
                ),
            }
        )
    layout = {
        "xaxis": {"title": {"text": x_name}},
        "yaxis": {"title": {"text": y_name}, "tickformat": ".0%" if percent else None},
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": at,
                "x1": at,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.text, "dash": "dot", "width": 1.5},
            }
        ],
        # Beside the curves, which fill the panel.
        "legend": {"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top", "font": {"size": 12}},
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=400)


def currents_pair(clean: Currents, corrupted: Currents, palette: Palette) -> Figure:
    """Mean currents into each population: clean solid, corrupted dashed."""
    n_e = clean.n_excitatory
    axes, layout = panels(
        ["Excitatory units", "Inhibitory units"],
        {"title": {"text": "step"}, "dtick": 1},
        {"title": {"text": "mean current (a.u.)"}},
    )
    traces = []
    for panel, (units, axis) in enumerate(
        zip((slice(None, n_e), slice(n_e, None)), axes, strict=True)
    ):
        for kind, colour, mark in (
            ("excitation", EXCITATORY, EXCITATORY_MARK),
            ("inhibition", INHIBITORY, INHIBITORY_MARK),
            ("drive", palette.muted, "square"),
            ("net", palette.text, "diamond"),
        ):
            for view, dash, of in ((clean, "solid", "clean"), (corrupted, "dot", "corrupted")):
                mean = getattr(view, kind)[:, units].mean(1)
                name = {"excitation": "excitatory", "inhibition": "inhibitory", "drive": "input"}
                traces.append(
                    {
                        "type": "scatter",
                        "x": np.arange(1, len(mean) + 1),
                        "y": mean,
                        "name": name.get(kind, kind) + ", corrupted" * (of == "corrupted"),
                        **axis,
                        "legendgroup": kind,
                        "showlegend": panel == 0 and of == "clean",
                        "mode": "lines+markers",
                        "line": {"color": colour, "dash": dash, "width": 2.5},
                        "marker": {"symbol": mark if of == "clean" else f"{mark}-open", "size": 8},
                        "hovertemplate": "%{y:.2f}",
                    }
                )
    return styled(
        traces, {**layout, "legend": {"y": 1.06}, "margin": {"t": 72}}, palette, height=TALL
    )


def sure_of(
    probability: dict[str, tuple[np.ndarray, np.ndarray]],
    styles: dict[str, TraceStyle],
    of: str,
    palette: Palette,
) -> Figure:
    """Each model's probability of one class over its steps: clean solid, corrupted dotted.

    ``probability`` by name: (time,) clean and corrupted.
    """
    traces = []
    for name, pair in probability.items():
        s = styles[name]
        for values, dash, of_what in zip(
            pair, ("solid", "dot"), ("clean", "corrupted"), strict=True
        ):
            traces.append(
                {
                    "type": "scatter",
                    "x": np.arange(1, len(values) + 1),
                    "y": values,
                    "name": name if of_what == "clean" else f"{name}, corrupted",
                    "legendgroup": name,
                    "showlegend": of_what == "clean",
                    "mode": "lines+markers",
                    "line": {"color": s.colour, "dash": dash, "width": 2},
                    "marker": {
                        "symbol": s.mark if of_what == "clean" else f"{s.mark}-open",
                        "size": 9,
                    },
                    "hovertemplate": "%{y:.3f}",
                }
            )
    layout = {
        "xaxis": {"title": {"text": "step"}, "dtick": 1},
        "yaxis": {"title": {"text": f"probability of {of}"}, "range": [-0.03, 1.05]},
        "margin": {"t": 92},
    }
    return styled(traces, layout, palette, height=TALL)


def state_space(
    points: np.ndarray,
    labels: np.ndarray,
    paths: dict[str, np.ndarray],
    class_names: Sequence[str],
    axis_names: tuple[str, str],
    palette: Palette,
) -> Figure:
    """States of many images (image, 2), coloured by class, and paths (time, 2) over them."""
    traces = []
    for k, name in enumerate(class_names):
        chosen = points[labels == k]
        traces.append(
            {
                "type": "scattergl",
                "x": chosen[:, 0],
                "y": chosen[:, 1],
                "name": str(name),
                "mode": "markers",
                "marker": {
                    "size": 5,
                    "opacity": 0.55,
                    "color": DIGIT_COLOURS[k % len(DIGIT_COLOURS)],
                },
                "hovertemplate": f"{name}<extra></extra>",
            }
        )
    for (name, path), dash in zip(paths.items(), ("solid", "dot"), strict=False):
        marks = ["circle"] * (len(path) - 1) + ["star"]
        traces.append(
            {
                "type": "scatter",
                "x": path[:, 0],
                "y": path[:, 1],
                "name": name,
                "mode": "lines+markers",
                "line": {"color": palette.text, "dash": dash, "width": 2.5},
                "marker": {
                    "symbol": marks,
                    "size": [7] * (len(path) - 1) + [14],
                    "color": palette.text,
                },
                "hovertemplate": f"{name}, step %{{pointNumber}}<extra></extra>",
            }
        )
    layout = {
        "xaxis": {"title": {"text": axis_names[0]}, "zeroline": False},
        "yaxis": {"title": {"text": axis_names[1]}, "zeroline": False},
        "hovermode": "closest",
        "legend": {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"},
    }
    return styled(traces, layout, palette, height=520)


def sensitivity(
    accuracy: np.ndarray,
    centres: np.ndarray,
    mean_image: np.ndarray,
    clean: float,
    palette: Palette,
) -> Figure:
    """Accuracy by where the occluder's centre sits, beside the mean digit it sits on.

    ``accuracy`` (row, column) over ``centres`` in pixels; ``mean_image`` (row, column) uint8.
    """
    axes, layout = panels(
        ["accuracy with the occluder centred here", "the mean digit"],
        {"showgrid": False, "title": {"text": "column / pixels"}, "constrain": "domain"},
        {"showgrid": False, "title": {"text": "row / pixels"}, "autorange": "reversed"},
        gap=0.2,
    )
    layout["yaxis"] |= {"scaleanchor": "x"}
    layout["yaxis2"] |= {"scaleanchor": "x2"}
    traces = [
        {
            "type": "heatmap",
            "x": centres,
            "y": centres,
            "z": accuracy.astype(np.float32),
            "name": "accuracy",
            "colorscale": "Cividis",
            "zmin": float(accuracy.min()),
            "zmax": clean,
            **axes[0],
            "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0, "x": 0.42},
            "hovertemplate": "centre at row %{y:.0f}, column %{x:.0f}: %{z:.1%}<extra></extra>",
        },
        {
            "type": "heatmap",
            "z": mean_image,
            "name": "mean digit",
            "colorscale": "gray",
            "zmin": 0,
            "zmax": 255,
            "showscale": False,
            **axes[1],
            "hoverinfo": "skip",
        },
    ]
    return styled(traces, {**layout, "hovermode": "closest"}, palette, height=TALL)


def arms(values: dict[str, np.ndarray], reference: str, title: str, palette: Palette) -> Figure:
    """A measure in each arm of an ablation: a dot a seed, paired seeds joined, and the mean.

    ``values`` by arm: (seed,), NaN where a seed lacks.
    """
    names = list(values)
    table = np.array([values[name] for name in names])
    traces = [
        {
            "type": "scatter",
            "x": names,
            "y": column,
            "name": f"seed {seed}",
            "mode": "lines+markers",
            "line": {"color": palette.grid, "width": 1},
            "marker": {"color": palette.muted, "size": 6},
            "showlegend": False,
            "hovertemplate": f"seed {seed}: %{{y:.4g}}<extra></extra>",
        }
        for seed, column in enumerate(table.T)
    ]
    mean = np.array(
        [row[np.isfinite(row)].mean() if np.isfinite(row).any() else np.nan for row in table]
    )
    traces.append(
        {
            "type": "scatter",
            "x": names,
            "y": mean,
            "name": "mean",
            "mode": "markers",
            "marker": {
                "symbol": "line-ew",
                "size": 26,
                "line": {
                    "width": 3,
                    "color": [EXCITATORY if name == reference else palette.text for name in names],
                },
            },
            "showlegend": False,
            "hovertemplate": "mean %{y:.4g}<extra></extra>",
        }
    )
    layout = {
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper"},
        "xaxis": {"type": "category"},
        "hovermode": "closest",
    }
    return styled(traces, layout, palette, height=320)
