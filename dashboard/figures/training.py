"""Learning curves."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from corelib.runs.store import History
from dashboard.figures.style import DASHES, OKABE_ITO, Look, styled

MOST_POINTS = 1500


def learning_curves(histories: dict[str, History], look: Look) -> go.Figure:
    """Training loss, and accuracy on the training batches and on validation, against updates.

    One colour and dash a run; each point of the training curves is a mean over the updates since
    the one before.
    """
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=["Training loss", "Accuracy"], horizontal_spacing=0.09
    )
    for i, (name, history) in enumerate(histories.items()):
        colour, dash = OKABE_ITO[i % len(OKABE_ITO)], DASHES[i % len(DASHES)]
        steps, loss, accuracy = _series(history)
        alone = len(histories) == 1
        figure.add_scatter(
            x=steps,
            y=loss,
            name="training batches" if alone else name,
            legendgroup=name,
            mode="lines+markers" if len(steps) < 40 else "lines",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"size": 5},
            showlegend=False,
            row=1,
            col=1,
        )
        figure.add_scatter(
            x=steps,
            y=accuracy,
            name="training batches" if alone else f"{name}, batches",
            legendgroup=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 1.5},
            opacity=0.6,
            showlegend=alone,
            row=1,
            col=2,
        )
        figure.add_scatter(
            x=[v.step for v in history.validations],
            y=[v.metrics.get("accuracy", v.score) for v in history.validations],
            name="validation" if alone else name,
            legendgroup=name,
            mode="lines+markers",
            line={"color": look.text if alone else colour, "dash": dash, "width": 2.5},
            marker={"size": 7, "symbol": "diamond"},
            row=1,
            col=2,
        )
        if history.best is not None and alone:
            figure.add_scatter(
                x=[history.best.step],
                y=[history.best.score],
                name="best",
                mode="markers",
                marker={"size": 14, "symbol": "circle-open", "color": look.text},
                row=1,
                col=2,
            )
    styled(figure, look)
    total = max((h.began.total_steps for h in histories.values() if h.began), default=1)
    # The axis shows the whole way, so that one sees how far it is.
    figure.update_xaxes(title_text="updates", range=[0, total * 1.01])
    figure.update_yaxes(title_text="loss", rangemode="tozero", col=1)
    figure.update_yaxes(title_text="share correct", tickformat=".0%", col=2)
    figure.update_layout(legend={"x": 0.545, "y": 1.06})
    return figure


def _series(history: History) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    events = history.steps
    every = max(1, len(events) // MOST_POINTS)
    events = events[::-1][::every][::-1]
    steps = np.array([e.step for e in events])
    loss = np.array([e.metrics.get("loss", np.nan) for e in events])
    accuracy = np.array([e.metrics.get("accuracy", np.nan) for e in events])
    return steps, loss, accuracy
