"""Learning curves."""

import numpy as np

from corelib.runs.history import History
from corelib.training.events import Validated
from dashboard.figures.figure import Figure
from dashboard.figures.style import DASHES, OKABE_ITO, Palette, panels, styled

MOST_POINTS = 1500


def learning_curves(
    histories: dict[str, History], palette: Palette, *, log: bool = False
) -> Figure:
    """Training loss, and accuracy on the training batches and on validation, against updates.

    Each run has its colour and dash; each point of the training curves is a mean over the updates
    since the previous point. With ``log`` the axes of updates and loss are logarithmic.
    """
    total = max((h.began.total_steps for h in histories.values() if h.began), default=1)
    # The axis spans the whole run, so that its progress can be seen.
    (left, right), layout = panels(
        ["Training loss", "Accuracy" if _classify(histories) else "Validation"],
        {"title": {"text": "updates"}, **_span(total, log)},
        {},
        gap=0.09,
    )
    layout["yaxis"] |= {"title": {"text": "loss"}}
    layout["yaxis"] |= {"type": "log"} if log else {"rangemode": "tozero"}
    # The panels do not share a scale, unlike others side by side.
    layout["yaxis2"] = {**_measure_axis(histories), "anchor": "x2"}
    alone = len(histories) == 1
    traces = []
    for i, (name, history) in enumerate(histories.items()):
        line = {"color": OKABE_ITO[i % len(OKABE_ITO)], "dash": DASHES[i % len(DASHES)]}
        traces += _on_batches(name, history, line, (left, right), alone)
        traces.append({**_on_validation(name, history, line, palette, alone), **right})
        if history.best is not None and alone:
            traces.append({**_best(history.best, palette), **right})
    return styled(traces, {**layout, "legend": {"x": 0.545, "y": 1.06}}, palette)


def _classify(histories: dict[str, History]) -> bool:
    return all("accuracy" in v.metrics for h in histories.values() for v in h.validations[:1])


def _measure_axis(histories: dict[str, History]) -> dict:
    """The axis of what selects the best checkpoint."""
    if _classify(histories):
        return {"title": {"text": "share correct"}, "tickformat": ".0%"}
    measures = {v.measure for h in histories.values() for v in h.validations[:1]}
    return {"title": {"text": measures.pop() if len(measures) == 1 else "score"}}


def _span(total: int, log: bool) -> dict:
    """The axis of updates: the whole run."""
    if log:
        return {"type": "log", "range": [0, np.log10(max(2, total))]}
    return {"range": [0, total * 1.01]}


def _on_batches(
    name: str,
    history: History,
    line: dict,
    panels: tuple[dict[str, str], dict[str, str]],
    alone: bool,
) -> list[dict]:
    """Loss in the left panel and accuracy in the right one, on the training batches."""
    steps, loss, accuracy = _series(history)
    run = {"type": "scatter", "legendgroup": name, "x": steps}
    return [
        {
            **run,
            **panels[0],
            "y": loss,
            "showlegend": False,
            "name": "training batches" if alone else name,
            "mode": "lines+markers" if len(steps) < 40 else "lines",
            "line": {**line, "width": 2},
            "marker": {"size": 5},
        },
        {
            **run,
            **panels[1],
            "y": accuracy,
            "showlegend": alone,
            "opacity": 0.6,
            "name": "training batches" if alone else f"{name}, batches",
            "mode": "lines",
            "line": {**line, "width": 1.5},
        },
    ]


def _on_validation(name: str, history: History, line: dict, palette: Palette, alone: bool) -> dict:
    return {
        "type": "scatter",
        "legendgroup": name,
        "x": [v.step for v in history.validations],
        "y": [v.metrics.get("accuracy", v.score) for v in history.validations],
        "name": "validation" if alone else name,
        "mode": "lines+markers",
        "line": {**line, "color": palette.text if alone else line["color"], "width": 2.5},
        "marker": {"size": 7, "symbol": "diamond"},
    }


def _best(best: Validated, palette: Palette) -> dict:
    return {
        "type": "scatter",
        "x": [best.step],
        "y": [best.score],
        "name": "best",
        "mode": "markers",
        "marker": {"size": 14, "symbol": "circle-open", "color": palette.text},
    }


def _series(history: History) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    events = history.steps
    every = max(1, len(events) // MOST_POINTS)
    events = events[::-1][::every][::-1]
    steps = np.array([e.step for e in events])
    loss = np.array([e.metrics.get("loss", np.nan) for e in events])
    accuracy = np.array([e.metrics.get("accuracy", np.nan) for e in events])
    return steps, loss, accuracy
