"""What all figures share: colours, fonts, margins, heights."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import plotly.graph_objects as go

EXCITATORY, INHIBITORY = "#0072B2", "#D55E00"
EXCITATORY_MARK, INHIBITORY_MARK = "triangle-up", "circle"
OKABE_ITO = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442")
DASHES = ("solid", "dash", "dot", "dashdot")
MARKS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "star")
SIGNED = "RdBu"
HEIGHT = 360
TALL = 460


class Look(NamedTuple):
    """The colours of a theme."""

    text: str
    muted: str
    grid: str
    background: str


LIGHT = Look(text="#1b2733", muted="#6b7a88", grid="#e3e9ee", background="#ffffff")
DARK = Look(text="#e6edf3", muted="#93a3b1", grid="#2a3541", background="#10161d")


class Sign(NamedTuple):
    """How a model is drawn in every figure of a page."""

    colour: str
    dash: str
    mark: str


def signs(names: Sequence[str]) -> dict[str, Sign]:
    """Colours by place, so that a model keeps its own while the list stays."""
    return {
        name: Sign(OKABE_ITO[i % len(OKABE_ITO)], DASHES[i % len(DASHES)], MARKS[i % len(MARKS)])
        for i, name in enumerate(names)
    }


@lru_cache
def _template(look: Look) -> go.layout.Template:
    """What all figures of a theme share; built once, since plotly checks every value anew."""
    axis = {
        "gridcolor": look.grid,
        "linecolor": look.muted,
        "showline": True,
        "zerolinecolor": look.muted,
        "zerolinewidth": 1,
        "ticks": "outside",
        "tickcolor": look.muted,
        "title": {"standoff": 8, "font": {"size": 14}},
    }
    return go.layout.Template(
        layout={
            "margin": {"l": 64, "r": 20, "t": 52, "b": 56},
            "font": {
                "family": "Source Sans, Source Sans Pro, sans-serif",
                "size": 14,
                "color": look.text,
            },
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hovermode": "x unified",
            "hoverlabel": {"bgcolor": look.background, "font": {"color": look.text}},
            "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def styled(figure: go.Figure, look: Look, *, height: int = HEIGHT) -> go.Figure:
    """Apply the common look; what the figure says of its own stays."""
    figure.layout.template = _template(look)
    figure.layout.height = height
    for annotation in figure.layout.annotations:
        annotation.font.size = 14
    return figure


class Panels(NamedTuple):
    """Panels of one figure: ``axes`` tells each panel's traces where they belong, ``layout`` is
    the figure's; ``annotations`` in it are the titles."""

    axes: list[dict[str, str]]
    layout: dict


def panels(
    titles: Sequence[str], x: dict, y: dict, *, stacked: bool = False, gap: float = 0.06
) -> Panels:
    """Panels side by side that share the y axis, or stacked that share the x axis.

    ``x`` and ``y`` are what their axes have in common. A layout made in one piece is several times
    as fast as ``make_subplots``, and a slider waits for it.
    """
    n = len(titles)
    size = (1 - gap * (n - 1)) / n
    axes, layout, annotations = [], {}, []
    for i, title in enumerate(titles):
        number = "" if i == 0 else str(i + 1)
        place = n - 1 - i if stacked else i
        domain = [place * (size + gap), place * (size + gap) + size]
        own_x = {**x, "anchor": f"y{number}"}
        own_y = {**y, "anchor": f"x{number}"}
        if stacked:
            own_y["domain"] = domain
            if i < n - 1:
                own_x |= {"matches": f"x{n}", "showticklabels": False, "title": None}
        else:
            own_x["domain"] = domain
            if i > 0:
                own_y |= {"matches": "y", "showticklabels": False, "title": None}
        layout |= {f"xaxis{number}": own_x, f"yaxis{number}": own_y}
        axes.append({"xaxis": f"x{number}", "yaxis": f"y{number}"})
        annotations.append(
            {
                "text": title,
                "x": 0.5 if stacked else sum(domain) / 2,
                "y": domain[1] if stacked else 1,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
    return Panels(axes, {**layout, "annotations": annotations})


def playing(names: Sequence[str], active: int, prefix: str, frame_ms: int, look: Look) -> dict:
    """Play, pause and a slider below a figure, for its frames of these names."""
    once = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate"}
    go_on = {
        "frame": {"duration": frame_ms, "redraw": True}, "mode": "immediate",
        "fromcurrent": False, "transition": {"duration": 0},
    }  # fmt: skip
    return {
        "updatemenus": [
            {
                "type": "buttons", "direction": "left", "x": 0, "y": -0.2, "xanchor": "left",
                "yanchor": "top", "showactive": False, "pad": {"t": 8},
                "font": {"color": look.text}, "bgcolor": look.background,
                "bordercolor": look.muted,
                "buttons": [
                    {"method": "animate", "label": "▶ Play", "args": [None, go_on]},
                    {"method": "animate", "label": "❚❚ Pause", "args": [[None], once]},
                ],
            }
        ],
        "sliders": [
            {
                "active": active, "x": 0.2, "y": -0.2, "len": 0.8, "xanchor": "left",
                "yanchor": "top", "pad": {"t": 8}, "currentvalue": {"prefix": prefix},
                "steps": [
                    {"method": "animate", "label": name, "args": [[name], once]} for name in names
                ],
            }
        ],
    }  # fmt: skip


def faded(colour: str, alpha: float) -> str:
    """``#rrggbb`` as rgba with an opacity."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha})"
