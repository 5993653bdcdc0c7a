"""All units: their currents over time, over the test set, and the weights between them."""

import numpy as np

from corelib.models.bpan.analysis import Currents, NetDensity
from dashboard.bpan.balance.figures.axes import small_title, tick
from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, bars
from dashboard.figures.style import (
    EXCITATORY,
    EXCITATORY_MARK,
    INHIBITORY,
    INHIBITORY_MARK,
    SIGNED,
    TALL,
    Palette,
    panels,
    styled,
)

LEAST_SHADE = -4
"""Densities below 10 to this power of the largest have the same shade."""


def unit_heatmaps(view: Currents, palette: Palette) -> Figure:
    """Recurrent and net current and rate of every unit over time; E units above I units."""
    x = np.arange(1, len(view.rate) + 1)
    recurrent = view.excitation + view.inhibition
    shown = (
        ("recurrent current (a.u.)", recurrent, SIGNED),
        ("net current (a.u.)", view.net, SIGNED),
        ("firing rate (a.u.)", view.rate, "Viridis"),
    )
    n_e, n = view.n_excitatory, len(view.lesioned)
    axes, layout = panels(
        [name for name, _, _ in shown],
        {"title": {"text": "step"}, "dtick": tick(len(x)), "showgrid": False},
        {
            "title": {"text": "unit"},
            "autorange": "reversed",
            "showgrid": False,
            "tickvals": [n_e / 2, (n_e + n) / 2],
            "ticktext": ["E", "I"],
        },
        gap=0.09,
    )
    traces, shapes = [], []
    for axis, right, (name, values, scale) in zip(axes, (0.276, 0.639, 1.0), shown, strict=True):
        signed = scale == SIGNED
        limit = float(np.abs(values).max()) or 1.0
        traces.append(
            {
                "type": "heatmap",
                "x": x,
                "y": np.arange(values.shape[1]),
                "z": values.T.astype(np.float32),
                "name": name,
                **axis,
                "colorscale": scale,
                "zmin": -limit if signed else 0,
                "zmax": limit,
                "colorbar": {"x": right, "thickness": 10, "len": 0.9, "outlinewidth": 0},
                "hovertemplate": "unit %{y}, step %{x}: %{z:.2f}<extra></extra>",
            }
        )
        shapes.append(_across(n_e - 0.5, "y", axis, palette))
    layout |= {"shapes": shapes, "hovermode": "closest"}
    return styled(traces, layout, palette, height=560)


def _across(at: float, along: str, axis: dict[str, str], palette: Palette) -> dict:
    """A line over the whole of a panel where the coordinate ``along`` is ``at``."""
    other = "y" if along == "x" else "x"
    return {
        "type": "line",
        f"{along}ref": axis[f"{along}axis"],
        f"{along}0": at,
        f"{along}1": at,
        f"{other}ref": f"{axis[f'{other}axis']} domain",
        f"{other}0": 0,
        f"{other}1": 1,
        "line": {"color": palette.text, "width": 1.5},
    }


def net_distribution(densities: tuple[NetDensity, NetDensity], palette: Palette) -> Figure:
    """How the net current is distributed over images and units at each step; the mean as a line."""
    n_steps, edges = len(densities[0].mean), densities[0].edges
    axes, layout = panels(
        ["Excitatory units", "Inhibitory units"],
        {
            "title": {"text": "step"},
            "dtick": tick(n_steps),
            "range": [0.5, n_steps + 0.5],
            "showgrid": False,
        },
        {
            "title": {"text": "net current (a.u.)"},
            "range": [edges[0], edges[-1]],
            "showgrid": False,
            "zeroline": False,
        },
        gap=0.05,
    )
    # Counts fall off fast: the logarithm shows the tails.
    top = max(float(d.density.max()) for d in densities) or 1.0
    marks = ((EXCITATORY, EXCITATORY_MARK), (INHIBITORY, INHIBITORY_MARK))
    traces = []
    for axis, density, (colour, mark) in zip(axes, densities, marks, strict=True):
        traces += [
            {**_shades(density, top), **axis, "showscale": axis is axes[-1]},
            {**_mean_line(density, colour, mark), **axis},
        ]
    return styled(traces, {**layout, "hovermode": "closest"}, palette, height=TALL)


def _shades(density: NetDensity, top: float) -> dict:
    """The logarithm of a density over its largest value ``top``."""
    with np.errstate(divide="ignore"):
        shade = np.log10(density.density.T / top)
    return {
        "type": "heatmap",
        "x": np.arange(1, len(density.mean) + 1),
        "y": (density.edges[1:] + density.edges[:-1]) / 2,
        "z": np.maximum(shade, LEAST_SHADE).astype(np.float32),
        "name": "log10 of the density",
        "colorscale": "Cividis",
        "zmin": LEAST_SHADE,
        "zmax": 0,
        "colorbar": {
            "title": small_title("share of units<br>(log10, max = 0)"),
            "thickness": 12,
            "outlinewidth": 0,
        },
        "hovertemplate": "step %{x}, current %{y:.1f}: %{z:.2f}<extra></extra>",
    }


def _mean_line(density: NetDensity, colour: str, mark: str) -> dict:
    """The mean ± sd of a density at each step."""
    return {
        "type": "scatter",
        "x": np.arange(1, len(density.mean) + 1),
        "y": density.mean,
        "name": "mean",
        "mode": "lines+markers",
        "line": {"color": "#ffffff", "width": 2},
        "marker": {
            "symbol": mark,
            "size": 9,
            "color": colour,
            "line": {"color": "#fff", "width": 1},
        },
        **bars(Spread(density.sd), color="#ffffff", thickness=1, width=3),
        "showlegend": False,
        "hovertemplate": "mean %{y:.2f}<extra></extra>",
    }


def weight_matrix(recurrent: np.ndarray, n_excitatory: int, palette: Palette) -> Figure:
    """The signed recurrent weights (unit to, unit from); colour limits at the 99.5th percentile."""
    limit = float(np.percentile(np.abs(recurrent), 99.5)) or 1.0
    n = len(recurrent)
    trace = {
        "type": "heatmap",
        "z": recurrent.astype(np.float32),
        "name": "weight",
        "colorscale": SIGNED,
        "zmin": -limit,
        "zmax": limit,
        "colorbar": {"title": small_title("weight"), "thickness": 12, "outlinewidth": 0},
        "hovertemplate": "to %{y} from %{x}: %{z:.4f}<extra></extra>",
    }
    axis = {
        "tickvals": [n_excitatory / 2, (n_excitatory + n) / 2],
        "ticktext": ["E", "I"],
        "showgrid": False,
        "constrain": "domain",
    }
    panel = {"xaxis": "x", "yaxis": "y"}
    layout = {
        "xaxis": {"title": {"text": "from unit"}, **axis},
        "yaxis": {
            "title": {"text": "to unit"},
            "autorange": "reversed",
            "scaleanchor": "x",
            **axis,
        },
        "shapes": [_across(n_excitatory - 0.5, along, panel, palette) for along in ("y", "x")],
        "hovermode": "closest",
    }
    return styled([trace], layout, palette, height=480)
