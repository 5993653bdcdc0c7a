"""Published figures beside ours, at a glance."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.figures.figure import Figure
from dashboard.figures.style import OKABE_ITO, Palette, styled

VERMILION = "#D55E00"
FARTHEST = 12.0
"""Claims that are farther apart are drawn at the edge."""
LOOK = {
    "reproduced": ("circle", OKABE_ITO[2]),
    "exceeded": ("triangle-up", OKABE_ITO[1]),
    "reproduced in part": ("diamond", OKABE_ITO[0]),
    "not reproduced": ("x", VERMILION),
}
"""The symbol and the colour of each verdict."""


def distances(claims: Sequence[Mapping[str, Any]], palette: Palette) -> Figure:
    """How far ours is from the published figure, in units of what the rule allows, by topic: within
    ±1 it counts as the same."""
    topics = list(dict.fromkeys(claim["topic"] for claim in claims))
    traces = []
    of_topic = {topic: [c for c in claims if c["topic"] == topic] for topic in topics}
    heights = {}
    for row, topic in enumerate(reversed(topics)):
        n = len(of_topic[topic])
        for place, claim in enumerate(of_topic[topic]):
            # One below the other within the topic's row, so that none covers another.
            heights[topic, claim["claim"]] = row + 0.35 * (1 - 2 * (place + 0.5) / n)
    for verdict, (symbol, colour) in LOOK.items():
        shown = [claim for claim in claims if claim["verdict"] == verdict]
        if not shown:
            continue
        away = [(c["mean"] - c["published"]) / c["allowed"] if c["allowed"] else 0 for c in shown]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": verdict,
                "x": [max(-FARTHEST, min(FARTHEST, x)) for x in away],
                "y": [heights[c["topic"], c["claim"]] for c in shown],
                "customdata": [[c["claim"], f"{x:+.1f}"] for c, x in zip(shown, away, strict=True)],
                "hovertemplate": "%{customdata[0]}<br>%{customdata[1]} of what is allowed"
                "<extra></extra>",
                "marker": {"symbol": symbol, "color": colour, "size": 9},
            }
        )
    layout = {
        "height": 120 + 44 * len(topics),
        "xaxis": {
            "title": {"text": "(ours - published) / difference that counts as the same"},
            "range": [-FARTHEST - 0.6, FARTHEST + 0.6],
            "zeroline": True,
        },
        "yaxis": {
            "tickvals": list(range(len(topics))),
            "ticktext": list(reversed(topics)),
            "range": [-0.6, len(topics) - 0.4],
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
        },
        "shapes": [
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": -1,
                "x1": 1,
                "y0": 0,
                "y1": 1,
                "fillcolor": palette.muted,
                "opacity": 0.18,
                "line": {"width": 0},
                "layer": "below",
            }
        ],
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }
    return styled(traces, layout, palette)
