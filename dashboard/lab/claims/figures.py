"""How far ours are from the published figures, claim by claim."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from corelib.reproduce.claim import Claim
from corelib.reproduce.claims import VERDICTS, Listed
from dashboard.figures.figure import Figure
from dashboard.figures.style import Palette, faded, styled
from dashboard.lab.claims.marks import MARKS

TICKS = (-30, -10, -3, -1, 0, 1, 3, 10, 30)
ROW, GAP = 1.0, 2.0
"""Rows of a claim, and between two topics."""
PIXELS = 6
LINE = 26
"""Characters of a topic's name that fit beside the figure."""
AXIS = "(ours − published) / largest difference that counts as the same"


def distances(items: Sequence[Listed], palette: Palette) -> Figure:
    """Each claim that was tested as a point: its distance in units of what the rule allows, on an
    axis that is linear around 0 and logarithmic beyond, with two standard deviations of ours.

    The point's ``customdata`` begins with the claim's name.
    """
    rows = _rows(items)
    last = max((row for row, _, _ in rows), default=0.0)
    traces = [
        _trace([(row, claim) for row, _, claim in rows if claim.verdict == verdict], palette)
        for verdict in VERDICTS
        if any(claim.verdict == verdict for _, _, claim in rows)
    ]
    topics = {name: [row for row, topic, _ in rows if topic == name] for _, name, _ in rows}
    layout: dict[str, Any] = {
        "xaxis": {
            "title": {"text": AXIS},
            "tickmode": "array",
            "tickvals": [float(np.arcsinh(tick)) for tick in TICKS],
            "ticktext": [f"{tick:+d}".replace("-", "−") if tick else "0" for tick in TICKS],
            "zeroline": True,
        },
        "yaxis": {
            "tickmode": "array",
            "tickvals": [float(np.mean(own)) for own in topics.values()],
            "ticktext": [_folded(name) for name in topics],
            "range": [last + GAP, -GAP],
            "showgrid": False,
            "zeroline": False,
            "ticks": "",
        },
        "shapes": [_same(palette), *_between(list(topics.values()), palette)],
        "margin": {"l": 200},
        "hovermode": "closest",
    }
    return styled(traces, layout, palette, height=max(240, round(130 + PIXELS * last)))


def _rows(items: Sequence[Listed]) -> list[tuple[float, str, Claim]]:
    """The row, the topic and the claim of each that was tested, a gap between two topics."""
    found: list[tuple[float, str, Claim]] = []
    for topic, claim in items:
        if claim.distance is None:
            continue
        row = 0.0
        if found:
            row = found[-1][0] + (ROW if found[-1][1] == topic.name else ROW + GAP)
        found.append((row, topic.name, claim))
    return found


def _trace(own: Sequence[tuple[float, Claim]], palette: Palette) -> dict:
    """The claims of one verdict with their rows."""
    claims = [claim for _, claim in own]
    mark = MARKS[claims[0].verdict]
    colour = mark.colour(palette)
    at = np.array([claim.distance for claim in claims], float)
    sds = np.array([_sd(claim) for claim in claims])
    low, high = (np.arcsinh(at + sign * 2 * sds) for sign in (-1, 1))
    beside = {
        "published": [claim.published for claim in claims],
        "ours": [claim.ours.mean if claim.ours else None for claim in claims],
        "unit": [claim.unit for claim in claims],
    }
    return {
        "type": "scatter",
        "x": np.arcsinh(at),
        "y": [row for row, _ in own],
        "error_x": {
            "type": "data",
            "array": high - np.arcsinh(at),
            "arrayminus": np.arcsinh(at) - low,
            "thickness": 1.2,
            "width": 0,
            "color": faded(colour, 0.55),
        },
        "name": claims[0].verdict,
        "mode": "markers",
        "marker": {"symbol": mark.symbol, "size": 8, "color": colour},
        "customdata": [[c.what, c.published_text, c.ours_text] for c in claims],
        "hovertemplate": "%{customdata[0]}<br>published %{customdata[1]}, ours %{customdata[2]}"
        "<extra></extra>",
        # The table has the distances themselves, and not their places on the axis.
        "meta": {
            "columns": {
                "x_name": "claim",
                "x": [claim.what for claim in claims],
                "y_name": AXIS,
                "mean": at,
                "sd": sds,
                "n": [claim.ours.n if claim.ours else None for claim in claims],
                **beside,
            },
            "beside": beside,
        },
    }


def _sd(claim: Claim) -> float:
    """The standard deviation of ours in units of what the rule allows; 0 where there is none."""
    known = claim.ours is not None and claim.ours.n > 1 and claim.allowed > 0
    return claim.ours.sd / claim.allowed if known and claim.ours else 0.0


def _same(palette: Palette) -> dict:
    """Where two figures count as the same."""
    one = float(np.arcsinh(1))
    return {
        "type": "rect",
        "x0": -one,
        "x1": one,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "fillcolor": faded(MARKS["reproduced"].colour(palette), 0.12),
        "line": {"width": 0},
        "layer": "below",
    }


def _between(topics: Sequence[Sequence[float]], palette: Palette) -> Iterator[dict]:
    """Lines between two topics."""
    for one, other in pairwise(topics):
        at = (one[-1] + other[0]) / 2
        yield {
            "type": "line",
            "x0": 0,
            "x1": 1,
            "xref": "paper",
            "y0": at,
            "y1": at,
            "line": {"color": palette.grid, "width": 1},
            "layer": "below",
        }


def _folded(name: str) -> str:
    """A topic's name in lines that fit beside the figure."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > LINE:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
