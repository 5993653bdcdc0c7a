"""Figures of the E/I balance page."""

import numpy as np

from corelib.models.bpan.analysis import (
    Currents,
    NetDensity,
    balance_index,
    over_units,
    populations,
)
from dashboard.figures.figure import Figure
from dashboard.figures.style import (
    EXCITATORY,
    EXCITATORY_MARK,
    INHIBITORY,
    INHIBITORY_MARK,
    OKABE_ITO,
    SIGNED,
    TALL,
    Palette,
    band,
    panels,
    styled,
)

LEAST_SHADE = -4
"""Densities below 10 to this power of the largest have the same shade."""


def _steps(view: Currents) -> np.ndarray:
    return np.arange(1, len(view.rate) + 1)


def _titled(view: Currents) -> list[tuple[str, np.ndarray]]:
    """Each population's title and its intact units."""
    return [
        (
            f"{name} units (n = {len(units)}" + (f", {silenced} silenced)" if silenced else ")"),
            units,
        )
        for name, (units, silenced) in zip(
            ("Excitatory", "Inhibitory"), populations(view), strict=True
        )
    ]


def currents(
    view: Currents,
    palette: Palette,
    *,
    stacked: bool = False,
    y_range: tuple[float, float] | None = None,
) -> Figure:
    """Excitatory, inhibitory, input and net current over time, mean over the units of each
    population; bands of ± 1 sd over units for the two recurrent currents."""
    titled = _titled(view)
    x = _steps(view)
    axes, layout = panels(
        [title for title, _ in titled],
        _step_axis(len(x)),
        {"title": {"text": "mean current (a.u.)"}, "range": y_range},
        stacked=stacked,
        gap=0.14 if stacked else 0.06,
    )
    lines = (
        ("excitatory", view.excitation, EXCITATORY, EXCITATORY_MARK, "solid", True),
        ("inhibitory", view.inhibition, INHIBITORY, INHIBITORY_MARK, "solid", True),
        ("input", view.drive, palette.muted, "square", "dash", False),
        ("net", view.net, palette.text, "diamond", "solid", False),
    )
    traces = []
    for panel, ((_, units), axis) in enumerate(zip(titled, axes, strict=True)):
        for name, current, colour, mark, dash, with_band in lines:
            mean, sd = over_units(current[:, units])
            if with_band:
                traces.append({**band(x, mean, sd, colour, name), **axis})
            width = 3 if name == "net" else 2
            line = {"color": colour, "width": width, "dash": dash}
            traces.append(
                {
                    **_line(x, mean, sd, name, line, mark),
                    **axis,
                    "legendgroup": name,
                    "showlegend": panel == 0,
                }
            )
    own = {"legend": {"y": 1.06 if not stacked else 1.05}, "margin": {"t": 72}}
    return styled(traces, {**layout, **own}, palette, height=600 if stacked else TALL)


def _line(
    x: np.ndarray, mean: np.ndarray, sd: np.ndarray, name: str, line: dict, mark: str
) -> dict:
    """A mean over units; its sd shows on hover."""
    return {
        "type": "scatter",
        "x": x,
        "y": mean,
        "customdata": sd,
        "name": name,
        "mode": "lines+markers",
        "line": line,
        "marker": {"symbol": mark, "size": 8},
        "hovertemplate": "%{y:.2f} ± %{customdata:.2f}",
    }


def currents_range(views: list[Currents]) -> tuple[float, float]:
    """One y range for the currents of several networks."""
    low, high = [], []
    for view in views:
        for units, _ in populations(view):
            for values, with_band in (
                (view.excitation, True),
                (view.inhibition, True),
                (view.drive, False),
                (view.net, False),
            ):
                mean, sd = over_units(values[:, units])
                low.append((mean - with_band * sd).min())
                high.append((mean + with_band * sd).max())
    margin = 0.06 * (max(high) - min(low) + 1e-6)
    return float(min(low) - margin), float(max(high) + margin)


def probabilities(
    view: Currents, class_names: tuple[str, ...], theta: float, halts_at: int, palette: Palette
) -> Figure:
    """Class probabilities over time; the threshold and the step of the answer are marked."""
    n_steps = len(view.probability)
    answer = int(view.probability[halts_at - 1].argmax())
    layout = {
        "xaxis": _step_axis(n_steps),
        "yaxis": {"title": {"text": "probability of the class"}, "range": [-0.03, 1.06]},
        "legend": {"title": _small("class  ")},
        "margin": {"r": 72},
        **_marks_of_the_answer(theta, halts_at, n_steps, class_names[answer], palette),
    }
    return styled(_class_lines(view, class_names, answer, palette), layout, palette)


def _class_lines(
    view: Currents, class_names: tuple[str, ...], answer: int, palette: Palette
) -> list[dict]:
    """A line a class; the answer and the four most probable classes are coloured and named."""
    x, probability = _steps(view), view.probability
    strongest = np.argsort(-probability.max(0))[:4]
    colours = iter(OKABE_ITO)
    traces = []
    for k, name in enumerate(class_names):
        is_answer, named = k == answer, k in strongest
        colour = palette.text if is_answer else next(colours) if named else palette.grid
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": probability[:, k],
                "name": name,
                "mode": "lines+markers",
                "line": {"color": colour, "width": 3.5 if is_answer else 2},
                "marker": {"size": 7 if named else 4},
                "showlegend": bool(named or is_answer),
                "hovertemplate": "%{y:.3f}",
            }
        )
    return traces


def _marks_of_the_answer(
    theta: float, halts_at: int, n_steps: int, answer: str, palette: Palette
) -> dict:
    """Lines at the threshold and at the step of the answer, with their labels."""
    early = halts_at <= n_steps / 2
    return {
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": theta,
                "y1": theta,
                "line": {"color": palette.muted, "dash": "dash", "width": 1.5},
            },
            {
                "type": "line",
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "x0": halts_at,
                "x1": halts_at,
                "line": {"color": palette.text, "dash": "dot", "width": 1.5},
            },
        ],
        "annotations": [
            {
                "x": 1.01,
                "xref": "paper",
                "y": theta,
                "text": f"θ = {theta:.2f}",
                "showarrow": False,
                "xanchor": "left",
            },
            {
                "x": halts_at,
                "y": 0.3,
                "text": f"answers {answer}",
                "showarrow": False,
                "bgcolor": palette.background,
                "xanchor": "left" if early else "right",
                "xshift": 8 if early else -8,
            },
        ],
    }


def balance_over_time(view: Currents, with_drive: bool, palette: Palette) -> Figure:
    """The balance index of each unit, mean ± sd over the units of each population."""
    index = balance_index(view.excitation, view.inhibition, view.drive if with_drive else None)
    x = _steps(view)
    traces = []
    marks = ((EXCITATORY, EXCITATORY_MARK), (INHIBITORY, INHIBITORY_MARK))
    for (title, units), (colour, mark) in zip(_titled(view), marks, strict=True):
        mean, sd = over_units(index[:, units])
        defined = np.isfinite(mean)
        known = x[defined], mean[defined], sd[defined]
        traces.append(band(*known, colour, title))
        traces.append(_line(*known, title, {"color": colour, "width": 2.5}, mark))
    layout = {
        "xaxis": _step_axis(len(x)),
        "yaxis": {
            "title": {"text": "balance index (1 = full cancellation)"},
            "range": [-0.03, 1.06],
        },
    }
    return styled(traces, layout, palette)


def unit_heatmaps(view: Currents, palette: Palette) -> Figure:
    """Recurrent and net current and rate of every unit over time; E units above I units."""
    x = _steps(view)
    recurrent = view.excitation + view.inhibition
    shown = (
        ("recurrent current (a.u.)", recurrent, SIGNED),
        ("net current (a.u.)", view.net, SIGNED),
        ("firing rate (a.u.)", view.rate, "Viridis"),
    )
    n_e, n = view.n_excitatory, len(view.lesioned)
    axes, layout = panels(
        [name for name, _, _ in shown],
        {"title": {"text": "step"}, "dtick": _tick(len(x)), "showgrid": False},
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
            "dtick": _tick(n_steps),
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
            "title": _small("share of units<br>(log10, max = 0)"),
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
        "error_y": {"array": density.sd, "color": "#ffffff", "thickness": 1, "width": 3},
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
        "colorbar": {"title": _small("weight"), "thickness": 12, "outlinewidth": 0},
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


def _small(text: str) -> dict:
    """A title in the size of the figures' text."""
    return {"text": text, "font": {"size": 14}}


def _step_axis(n: int) -> dict:
    return {"title": {"text": "step"}, "dtick": _tick(n), "range": [0.7, n + 0.3]}


def _tick(n: int) -> int:
    return 1 if n <= 12 else 2 if n <= 20 else 5
