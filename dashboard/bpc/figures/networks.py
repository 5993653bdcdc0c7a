"""Networks compared: their losses, their accuracies, and how well they fill in hidden pixels."""

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.spread import Spread, bars
from dashboard.figures.style import OKABE_ITO, TALL, Palette, TraceStyle, faded, panels, styled


def losses(
    steps: np.ndarray, generator: np.ndarray, amortiser: np.ndarray, best: float, palette: Palette
) -> Figure:
    """Both losses of the training batches against updates, NaN for one that a network lacks;
    dotted: the ``best`` that one image a class can reach."""
    axes, layout = panels(
        ["generator loss", "amortiser loss"], {"title": {"text": "updates"}}, {}, gap=0.09
    )
    layout["yaxis2"] = {"anchor": "x2"}
    traces = [
        {
            "type": "scatter",
            "x": steps,
            "y": values,
            "name": name,
            **axis,
            "mode": "lines",
            "line": {"color": colour, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.4f}",
        }
        for name, values, colour, axis in (
            ("generator loss", generator, OKABE_ITO[4], axes[0]),
            ("amortiser loss", amortiser, OKABE_ITO[5], axes[1]),
        )
    ]
    layout["shapes"] = [_dotted_across(best, "x domain", palette) | {"yref": "y"}]
    return styled(traces, layout, palette, height=260)


def trade_off(
    points: dict[str, tuple[float, float]],
    x_name: str,
    styles: dict[str, TraceStyle],
    best: float,
    palette: Palette,
) -> Figure:
    """Accuracy against the error of the generated images, one point for each network; dotted: the
    ``best`` that one image a class can reach."""
    traces = [
        {
            "type": "scatter",
            "x": [x],
            "y": [y],
            "name": name,
            "mode": "markers",
            "marker": {
                "symbol": styles[name].mark,
                "size": 15,
                "color": styles[name].colour,
                "line": {"color": palette.background, "width": 1},
            },
            "hovertemplate": f"{name}: %{{y:.2%}}, %{{x:.4f}}<extra></extra>",
        }
        for name, (x, y) in points.items()
    ]
    layout = {
        "xaxis": {"title": {"text": x_name}},
        "yaxis": {"title": {"text": "accuracy on the test set"}, "tickformat": ".0%"},
        "shapes": [
            {
                "type": "line",
                "yref": "paper",
                "x0": best,
                "x1": best,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
            }
        ],
        "hovermode": "closest",
        "margin": {"t": 72},
    }
    return styled(traces, layout, palette, height=TALL)


def weighing(alpha: np.ndarray, accuracy: np.ndarray, loss: np.ndarray, palette: Palette) -> Figure:
    """Accuracy and generator loss against α_f; ``accuracy`` and ``loss`` (alpha, 2): mean, sd."""
    axes, layout = panels(
        ["accuracy on the test set", "generator loss"],
        {"title": {"text": "α_f"}, "type": "log", "dtick": 1},
        {},
        gap=0.12,
    )
    layout["yaxis"] |= {"tickformat": ".1%"}
    layout["yaxis2"] = {"anchor": "x2"}
    traces = [
        {
            "type": "scatter",
            "x": alpha,
            "y": values[:, 0],
            "name": name,
            **axis,
            **bars(Spread(values[:, 1]), thickness=1.5, width=5),
            "mode": "lines+markers",
            "line": {"color": colour, "width": 2},
            "marker": {"size": 9},
            "showlegend": False,
            "hovertemplate": hover,
        }
        for name, values, colour, axis, hover in (
            ("accuracy", accuracy, OKABE_ITO[2], axes[0], "%{y:.2%}"),
            ("generator loss", loss, OKABE_ITO[4], axes[1], "%{y:.4f}"),
        )
    ]
    return styled(traces, layout, palette, height=320)


def completion(
    before: dict[str, float], after: dict[str, float], whole: float, palette: Palette
) -> Figure:
    """Accuracy by mask, before and after the hidden pixels are filled in; dotted: on ``whole``
    images."""
    names = list(before)
    traces = [
        {
            "type": "bar",
            "x": names,
            "y": [values[n] for n in names],
            "name": title,
            "marker": {"color": colour},
            "hovertemplate": "%{y:.1%}",
        }
        for title, values, colour in (
            ("before", before, faded(palette.muted, 0.7)),
            ("after inference", after, OKABE_ITO[2]),
        )
    ]
    layout = {
        "barmode": "group",
        "xaxis": {"type": "category", "title": {"text": "hidden part"}},
        "yaxis": {"title": {"text": "accuracy"}, "tickformat": ".0%", "range": [0, 1.02]},
        "shapes": [_dotted_across(whole, "paper", palette)],
    }
    return styled(traces, layout, palette)


def _dotted_across(y: float, across: str, palette: Palette) -> dict:
    """A dotted line at the height ``y``, over the whole width of ``across``."""
    return {
        "type": "line",
        "xref": across,
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
    }
