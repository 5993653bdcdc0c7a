"""Learning curves."""

import numpy as np

from corelib.runs.store import History
from dashboard.figures.figure import Figure
from dashboard.figures.style import DASHES, OKABE_ITO, Palette, panels, styled

MOST_POINTS = 1500


def learning_curves(histories: dict[str, History], palette: Palette) -> Figure:
    """Training loss, and accuracy on the training batches and on validation, against updates.

    One colour and dash a run; each point of the training curves is a mean over the updates since
    the one before.
    """
    total = max((h.began.total_steps for h in histories.values() if h.began), default=1)
    # The axis shows the whole way, so that one sees how far it is.
    (left, right), layout = panels(
        ["Training loss", "Accuracy"],
        {"title": {"text": "updates"}, "range": [0, total * 1.01]},
        {},
        gap=0.09,
    )
    layout["yaxis"] |= {"title": {"text": "loss"}, "rangemode": "tozero"}
    # A scale of its own, unlike other panels side by side.
    layout["yaxis2"] = {"title": {"text": "share correct"}, "tickformat": ".0%", "anchor": "x2"}
    traces = []
    for i, (name, history) in enumerate(histories.items()):
        colour, dash = OKABE_ITO[i % len(OKABE_ITO)], DASHES[i % len(DASHES)]
        steps, loss, accuracy = _series(history)
        alone = len(histories) == 1
        run = {"type": "scatter", "legendgroup": name}
        traces += [
            {
                **run,
                **left,
                "x": steps,
                "y": loss,
                "showlegend": False,
                "name": "training batches" if alone else name,
                "mode": "lines+markers" if len(steps) < 40 else "lines",
                "line": {"color": colour, "dash": dash, "width": 2},
                "marker": {"size": 5},
            },
            {
                **run,
                **right,
                "x": steps,
                "y": accuracy,
                "showlegend": alone,
                "opacity": 0.6,
                "name": "training batches" if alone else f"{name}, batches",
                "mode": "lines",
                "line": {"color": colour, "dash": dash, "width": 1.5},
            },
            {
                **run,
                **right,
                "x": [v.step for v in history.validations],
                "y": [v.metrics.get("accuracy", v.score) for v in history.validations],
                "name": "validation" if alone else name,
                "mode": "lines+markers",
                "line": {"color": palette.text if alone else colour, "dash": dash, "width": 2.5},
                "marker": {"size": 7, "symbol": "diamond"},
            },
        ]
        if history.best is not None and alone:
            traces.append(
                {
                    "type": "scatter",
                    **right,
                    "x": [history.best.step],
                    "y": [history.best.score],
                    "name": "best",
                    "mode": "markers",
                    "marker": {"size": 14, "symbol": "circle-open", "color": palette.text},
                }
            )
    return styled(traces, {**layout, "legend": {"x": 0.545, "y": 1.06}}, palette)


def _series(history: History) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    events = history.steps
    every = max(1, len(events) // MOST_POINTS)
    events = events[::-1][::every][::-1]
    steps = np.array([e.step for e in events])
    loss = np.array([e.metrics.get("loss", np.nan) for e in events])
    accuracy = np.array([e.metrics.get("accuracy", np.nan) for e in events])
    return steps, loss, accuracy
