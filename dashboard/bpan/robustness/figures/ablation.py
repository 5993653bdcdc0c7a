"""The arms of the balance ablation, seed by seed, and their differences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, bars
from dashboard.figures.style import EXCITATORY, TALL, Palette, styled, trace_styles

if TYPE_CHECKING:
    from corelib.reproduce.balance import Difference

_COMPARISONS = {
    "λ_bal = 5e-4": "balance term, against none",
    "recurrence zeroed": "recurrence zeroed, against BPAN",
    "MLP of 160": "MLP of 160, against BPAN",
}


def arms(values: dict[str, np.ndarray], reference: str, title: str, palette: Palette) -> Figure:
    """A measure in each arm of an ablation: a dot a seed, paired seeds joined, and the mean.

    ``values`` by arm: (seed,), NaN where a seed is missing; the mean of ``reference`` is blue.
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


def paired_differences(
    found: "Sequence[Difference]", published: tuple[str, float], palette: Palette
) -> Figure:
    """The difference that each arm makes under each condition: mean and 95 % interval, in points.

    ``published`` is the difference that the authors report for the first arm, and the condition.
    """
    arms = list(dict.fromkeys(item.arm for item in found))
    conditions = list(dict.fromkeys(item.condition for item in found))
    styles = trace_styles(arms)
    shift = np.linspace(-0.22, 0.22, len(arms)) if len(arms) > 1 else np.zeros(1)
    traces = []
    for arm, apart in zip(arms, shift, strict=True):
        own = [item for item in found if item.arm == arm]
        reach = [
            0.0 if item.interval is None else item.interval.high - item.points.mean for item in own
        ]
        spread = Spread(np.array(reach), own[0].points.n, "interval")
        traces.append(
            {
                "type": "scatter",
                "x": [conditions.index(item.condition) + apart for item in own],
                "y": [item.points.mean for item in own],
                **bars(spread, width=3, thickness=1.5),
                "name": _COMPARISONS.get(arm, arm),
                "mode": "markers",
                "marker": {"symbol": styles[arm].mark, "size": 8, "color": styles[arm].colour},
                "customdata": [[item.condition, str(item.interval)] for item in own],
                "hovertemplate": "%{customdata[0]}: %{y:+.2f} points, %{customdata[1]}",
            }
        )
    condition, gain = published
    if condition in conditions:
        traces.append(
            {
                "type": "scatter",
                "x": [conditions.index(condition) + shift[0]],
                "y": [gain],
                "name": "balance term, published",
                "mode": "markers",
                "marker": {"symbol": "star", "size": 12, "color": palette.text},
                "hovertemplate": f"published: {gain:+g} points",
            }
        )
    layout = {
        "xaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(conditions))),
            "ticktext": [name.removeprefix("accuracy ") for name in conditions],
            "tickangle": -40,
            "showgrid": False,
        },
        "yaxis": {"title": {"text": "difference of accuracy, points"}, "zeroline": True},
        "margin": {"b": 150},
        "hovermode": "closest",
    }
    return styled(traces, layout, palette, height=TALL + 60)
