"""Studies: scores of trials against their order and their settings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, Palette, panels, styled

if TYPE_CHECKING:
    import pandas as pd

COMPLETE, PRUNED = OKABE_ITO[4], OKABE_ITO[0]


def complete(trials: "pd.DataFrame") -> "pd.DataFrame":
    """The trials that were trained to their end."""
    return cast("pd.DataFrame", trials[trials["state"] == "complete"])


def best_so_far(trials: "pd.DataFrame", palette: Palette) -> Figure:
    """Each complete trial's score, and the best up to it."""
    done = complete(trials)
    spread = done["sd"].to_numpy(float)
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": done["trial"].tolist(),
        "y": done["score"].tolist(),
        "name": "trial",
        "marker": {"size": 8, "color": COMPLETE},
        "error_y": {
            "type": "data",
            "array": np.nan_to_num(spread).tolist(),
            "visible": bool(np.isfinite(spread).any()),
        },
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": done["trial"].tolist(),
        "y": np.maximum.accumulate(done["score"].to_numpy(float)).tolist() if len(done) else [],
        "name": "best so far",
        "line": {"color": OKABE_ITO[5], "width": 2.5, "shape": "hv"},
    }
    layout = {
        "xaxis": {"title": {"text": "trial"}},
        "yaxis": {"title": {"text": "validation score"}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }
    return styled([points, line], layout, palette)


def parallel(trials: "pd.DataFrame", names: Sequence[str], palette: Palette) -> Figure:
    """Parallel coordinates: a line a complete trial, through its settings to its score."""
    done = complete(trials)
    score = done["score"].to_numpy(float)
    dimensions = [_dimension(name, done[name].tolist()) for name in names]
    dimensions.append({"label": "score", "values": score.tolist()})
    trace = {
        "type": "parcoords",
        "dimensions": dimensions,
        "line": {
            "color": score.tolist(),
            "colorscale": "Viridis",
            "showscale": True,
            "colorbar": {"title": {"text": "score"}, "thickness": 14},
        },
        "labelfont": {"color": palette.text, "size": 14},
        "tickfont": {"color": palette.text, "size": 12},
        "rangefont": {"color": palette.muted, "size": 10},
    }
    return styled([trace], {"margin": {"l": 80, "r": 60, "t": 60, "b": 30}}, palette)


def _dimension(name: str, values: list[Any]) -> dict[str, Any]:
    """An axis; words and switches are spaced evenly and named."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return {"label": name, "values": values}
    kinds = sorted({str(value) for value in values})
    return {
        "label": name,
        "values": [kinds.index(str(value)) for value in values],
        "tickvals": list(range(len(kinds))),
        "ticktext": kinds,
    }


def importances(shares: Mapping[str, float], palette: Palette) -> Figure:
    """How much of the variance of the scores each setting explains."""
    names = list(shares)[::-1]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [shares[name] for name in names],
        "y": names,
        "name": "importance",
        "marker": {"color": OKABE_ITO[1]},
    }
    layout = {
        "height": 150 + 34 * len(names),
        "bargap": 0.6,
        "showlegend": False,
        "xaxis": {
            "title": {"text": "share of the variance explained"},
            "range": [0, 1],
            "tickformat": ".0%",
        },
        "yaxis": {"automargin": True, "type": "category"},
    }
    return styled([trace], layout, palette)


def slices(
    trials: "pd.DataFrame", names: Sequence[str], logs: Sequence[str], palette: Palette
) -> Figure:
    """The scores against each setting on its own."""
    done = complete(trials)
    places, layout = panels(list(names), {}, {"title": {"text": "validation score"}}, gap=0.05)
    traces = []
    for number, (name, place) in enumerate(zip(names, places, strict=True)):
        values = done[name].tolist()
        words = any(isinstance(value, str | bool) for value in values)
        axis = layout["xaxis" + (str(number + 1) if number else "")]
        axis |= {"title": {"text": name}, "type": "category" if words else "linear"}
        if name in logs:
            axis |= {"type": "log", "dtick": "D2"}
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [str(value) for value in values] if words else values,
                "y": done["score"].tolist(),
                "marker": {"size": 8, "color": done["trial"].tolist(), "colorscale": "Viridis"},
                "showlegend": False,
                **place,
            }
        )
    return styled(traces, layout, palette)


def heatmap(trials: "pd.DataFrame", across: str, down: str, palette: Palette) -> Figure:
    """The mean score over the complete trials with the same two settings."""
    done = complete(trials)
    columns = sorted(set(done[across]), key=_order)
    rows = sorted(set(done[down]), key=_order)
    scores: dict[tuple[Any, Any], list[float]] = {}
    for x, y, score in zip(done[across], done[down], done["score"], strict=True):
        scores.setdefault((x, y), []).append(float(score))
    means = [
        [float(np.mean(scores[x, y])) if (x, y) in scores else None for x in columns] for y in rows
    ]
    trace = {
        "type": "heatmap",
        "x": [_written(x) for x in columns],
        "y": [_written(y) for y in rows],
        "z": means,
        "colorscale": "Viridis",
        "colorbar": {"title": {"text": "score"}, "thickness": 14},
        "hovertemplate": f"{across} %{{x}}, {down} %{{y}}: %{{z:.4f}}<extra></extra>",
    }
    layout = {
        "xaxis": {"title": {"text": across}, "type": "category"},
        "yaxis": {"title": {"text": down}, "type": "category"},
    }
    return styled([trace], layout, palette)


def _order(value: Any) -> tuple[int, float, str]:
    number = isinstance(value, int | float)
    return (0, float(value), "") if number else (1, 0.0, str(value))


def _written(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
