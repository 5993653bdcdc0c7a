"""One image over time: currents, class probabilities, balance."""

import numpy as np

from corelib.models.bpan.analysis import Currents, balance_index, over_units, populations
from dashboard.bpan.balance.figures.axes import small_title, step_axis
from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, band, on_hover
from dashboard.figures.style import (
    EXCITATORY,
    EXCITATORY_MARK,
    INHIBITORY,
    INHIBITORY_MARK,
    OKABE_ITO,
    TALL,
    Palette,
    panels,
    styled,
)


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
    """Excitatory, inhibitory and input current, the bias, and their sum, the net current, over
    time: mean over the units of each population; bands of ± 1 sd over units for the two recurrent
    currents."""
    titled = _titled(view)
    x = _steps(view)
    axes, layout = panels(
        [title for title, _ in titled],
        step_axis(len(x)),
        {"title": {"text": "mean current (a.u.)"}, "range": y_range},
        stacked=stacked,
        gap=0.14 if stacked else 0.06,
    )
    lines = (
        ("excitatory", view.excitation, EXCITATORY, EXCITATORY_MARK, "solid", True),
        ("inhibitory", view.inhibition, INHIBITORY, INHIBITORY_MARK, "solid", True),
        ("input", view.drive, palette.muted, "square", "dash", False),
        ("bias", view.bias, palette.muted, "cross", "dot", False),
        ("net", view.net, palette.text, "diamond", "solid", False),
    )
    traces = []
    for panel, ((_, units), axis) in enumerate(zip(titled, axes, strict=True)):
        for name, current, colour, mark, dash, with_band in lines:
            mean, sd = over_units(current[:, units])
            if with_band:
                traces.append({**band(x, mean, Spread(sd, len(units)), colour, name), **axis})
            width = 3 if name == "net" else 2
            line = {"color": colour, "width": width, "dash": dash}
            traces.append(
                {
                    **_line(x, mean, Spread(sd, len(units)), name, line, mark),
                    **axis,
                    "legendgroup": name,
                    "showlegend": panel == 0,
                }
            )
    own = {"legend": {"y": 1.06 if not stacked else 1.05}, "margin": {"t": 72}}
    return styled(traces, {**layout, **own}, palette, height=600 if stacked else TALL)


def _line(
    x: np.ndarray, mean: np.ndarray, spread: Spread, name: str, line: dict, mark: str
) -> dict:
    """A mean over units; its spread shows on hover."""
    return {
        "type": "scatter",
        "x": x,
        "y": mean,
        **on_hover(spread),
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
                (view.bias, False),
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
        "xaxis": step_axis(n_steps),
        "yaxis": {"title": {"text": "probability of the class"}, "range": [-0.03, 1.06]},
        "legend": {"title": small_title("class  ")},
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
        spread = Spread(known[2], len(units))
        traces.append(band(*known[:2], spread, colour, title))
        traces.append(_line(*known[:2], spread, title, {"color": colour, "width": 2.5}, mark))
    layout = {
        "xaxis": step_axis(len(x)),
        "yaxis": {
            "title": {"text": "balance index (1 = full cancellation)"},
            "range": [-0.03, 1.06],
        },
    }
    return styled(traces, layout, palette)
