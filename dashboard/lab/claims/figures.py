"""How far ours are from the published figures, claim by claim."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from corelib.reproduce.claim import Claim
from corelib.reproduce.claims import VERDICTS, Listed
from dashboard.figures.figure import Figure
from dashboard.figures.style import Palette, faded, styled
from dashboard.lab.claims.marks import MARKS

TICKS = (-30, -10, -3, -1, 0, 1, 3, 10, 30)
GAP = 2
"""Rows between two topics."""
PIXELS = 6
"""Height of a row."""
ROWS_OF_LINE = 3
"""Rows that a line of a topic's name takes."""
LINE = 26
"""Characters of a topic's name that fit beside the figure."""
AXIS = "(ours − published) / limit of the rule"


def distances(items: Sequence[Listed], palette: Palette) -> Figure:
    """Each claim that was tested as a point: its distance in units of what the rule allows, on an
    axis that is linear around 0 and logarithmic beyond, with the spread of ours.

    The point's ``customdata`` begins with the claim's name.
    """
    blocks = _blocks(items)
    rows = [row for block in blocks for row in block.rows]
    last = blocks[-1].last if blocks else 0.0
    traces = [
        _trace([(row, claim) for row, claim in rows if claim.verdict == verdict], palette)
        for verdict in VERDICTS
        if any(claim.verdict == verdict for _, claim in rows)
    ]
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
            "tickvals": [(block.first + block.last) / 2 for block in blocks],
            "ticktext": [block.name for block in blocks],
            "range": [last + GAP, -GAP],
            "showgrid": False,
            "zeroline": False,
            "ticks": "",
        },
        "shapes": [_same(palette), *_between(blocks, palette)],
        "margin": {"l": 200},
        "hovermode": "closest",
    }
    return styled(traces, layout, palette, height=max(240, round(130 + PIXELS * last)))


class _Block(NamedTuple):
    """The claims of a topic with their rows, from the ``first`` to the ``last`` that it takes; its
    ``name`` in lines that fit beside the figure."""

    name: str
    first: float
    last: float
    rows: list[tuple[float, Claim]]


def _blocks(items: Sequence[Listed]) -> list[_Block]:
    """The claims that were tested under their topics, each with room for its name."""
    blocks: list[_Block] = []
    first = 0.0
    for topic in dict.fromkeys(item.topic for item in items):
        own = [c for t, c in items if t is topic and c.distance is not None]
        if not own:
            continue
        name = _folded(topic.name)
        spare = max(0, ROWS_OF_LINE * (name.count("<br>") + 1) - len(own))
        last = first + len(own) - 1 + spare
        rows = [(first + spare / 2 + k, claim) for k, claim in enumerate(own)]
        blocks.append(_Block(name, first, last, rows))
        first = last + 1 + GAP
    return blocks


def _trace(own: Sequence[tuple[float, Claim]], palette: Palette) -> dict:
    """The claims of one verdict with their rows."""
    claims = [claim for _, claim in own]
    mark = MARKS[claims[0].verdict]
    colour = mark.colour(palette)
    at = np.array([claim.distance for claim in claims], float)
    sds = np.array([_sd(claim) for claim in claims])
    reach = np.array([_reach(claim) for claim in claims])
    low, high = (np.arcsinh(at + sign * reach) for sign in (-1, 1))
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


def _reach(claim: Claim) -> float:
    """Half the width of a claim's bar: what the rule itself looks at. That of an interval is what
    it allows."""
    return 1.0 if claim.paired else 2 * _sd(claim)


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


def _between(blocks: Sequence[_Block], palette: Palette) -> Iterator[dict]:
    """Lines between two topics."""
    for one, other in pairwise(blocks):
        at = (one.last + other.first) / 2
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
