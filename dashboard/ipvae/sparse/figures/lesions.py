"""What single neurons are worth to the code of an image."""

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.style import INHIBITORY, Palette, styled

WORTH = 0.01
"""The share of the largest loss from which on a neuron is shown."""
LEAST_SHOWN = 20


def lesion_losses(losses: np.ndarray, chosen: int, palette: Palette) -> Figure:
    """The loss of R² without each neuron, the most needed first; ``losses`` (unit,) by number.

    It opens on those that matter and the chosen one; a double click shows the others.
    """
    order = np.argsort(-losses, kind="stable")
    at = int(np.flatnonzero(order == chosen)[0])
    matter = int((losses > WORTH * losses.max()).sum())
    last = min(len(losses), max(LEAST_SHOWN, matter, at + 1))
    traces = [
        {
            "type": "bar",
            "x": np.arange(len(losses)),
            "y": losses[order],
            "name": "loss of R²",
            "showlegend": False,
            "customdata": order,
            "marker": {
                "color": [INHIBITORY if k == at else palette.muted for k in range(len(losses))],
                "line": {"width": 0},
            },
            "hovertemplate": "without neuron %{customdata}: R² falls by %{y:.3f}<extra></extra>",
        },
        {
            # A mark as well: many bars are too low to be seen.
            "type": "scatter",
            "x": [at],
            "y": [max(losses[chosen], 0)],
            "name": "chosen",
            "mode": "markers+text",
            "text": [f"neuron {chosen}"],
            "textposition": "top center",
            "marker": {"symbol": "triangle-down", "size": 11, "color": INHIBITORY},
            "textfont": {"color": palette.text},
            "showlegend": False,
            "hoverinfo": "skip",
            "cliponaxis": False,
        },
    ]
    layout = {
        "xaxis": {
            "title": {"text": "neurons, the most needed first"},
            "range": [-0.02 * last - 0.5, 1.02 * last - 0.5],
        },
        "yaxis": {"title": {"text": "loss of R²"}},
        "hovermode": "closest",
        "bargap": 0.1,
    }
    return styled(traces, layout, palette, height=300)
