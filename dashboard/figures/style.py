"""What all figures share: colours, fonts, margins, heights, panels, bands."""

from collections.abc import Sequence
from typing import NamedTuple

from corelib.films.colours import EXCITATORY as EXCITATORY
from corelib.films.colours import INHIBITORY as INHIBITORY
from corelib.films.colours import OKABE_ITO as OKABE_ITO
from dashboard.figures.figure import Figure

EXCITATORY_MARK, INHIBITORY_MARK = "triangle-up", "circle"
DASHES = ("solid", "dash", "dot", "dashdot")
MARKS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "star")
SIGNED = "RdBu"
FAMILY = "Source Sans, Source Sans Pro, sans-serif"
HEIGHT = 360
TICKS = {"exponentformat": "power", "minexponent": 4, "separatethousands": True}
"""Numbers at ticks: up to 99,999 written out, others as powers of ten. plotly's own choice is the
prefixes of SI, so that 5e-7 reads 500n and is taken for a unit."""
TALL = 460


class Palette(NamedTuple):
    """The colours of a theme; ``faint`` is of areas that stand for nothing."""

    text: str
    muted: str
    grid: str
    background: str
    faint: str


LIGHT = Palette("#1b2733", "#6b7a88", "#e3e9ee", "#ffffff", "#9a8f98")
DARK = Palette("#e6edf3", "#93a3b1", "#2a3541", "#10161d", "#5a4d58")


class TraceStyle(NamedTuple):
    """How a network is drawn in every figure of a page."""

    colour: str
    dash: str
    mark: str


def trace_styles(names: Sequence[str]) -> dict[str, TraceStyle]:
    """A style for each name by its place, so that a network keeps it while the list is the same."""
    return {
        name: TraceStyle(
            OKABE_ITO[i % len(OKABE_ITO)], DASHES[i % len(DASHES)], MARKS[i % len(MARKS)]
        )
        for i, name in enumerate(names)
    }


def _common(palette: Palette) -> dict:
    """The layout that all figures of a theme share."""
    axis = {
        "gridcolor": palette.grid,
        "linecolor": palette.muted,
        "showline": True,
        "zerolinecolor": palette.muted,
        "zerolinewidth": 1,
        "ticks": "outside",
        "tickcolor": palette.muted,
        **TICKS,
        "title": {"standoff": 8, "font": {"size": SIZE}},
    }
    return {
        "margin": {"l": 64, "r": 20, "t": 52, "b": 56},
        "font": {"family": FAMILY, "size": SIZE, "color": palette.text},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        # plotly.js would take the transparent ground for black.
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": palette.muted,
            "activecolor": palette.text,
        },
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": palette.background, "font": {"color": palette.text}},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        "xaxis": axis,
        "yaxis": axis,
    }


LOGARITHMIC = {"minorloglabels": "complete", "tickformat": ",", "nticks": 3}
"""Plain numbers at all marks: 10, 20, 50, not 10, 2, 5. Of so few ticks plotly.js makes 1, 2, 5
within two decades and powers of ten beyond; of more it labels 6, 7, 8 and 9, whose numbers run
into each other."""
SIZE = 14
POWERS = {"tickfont": {"size": SIZE / 1.25}}
"""Plotly.js draws powers of ten larger than other numbers by this much."""


def styled(
    traces: Sequence[dict],
    layout: dict,
    palette: Palette,
    *,
    height: int = HEIGHT,
    frames: Sequence[dict] = (),
) -> Figure:
    """A figure in the common style; ``layout`` overrides it."""
    common = _common(palette)
    # Kept, as the first axis may be logarithmic and the others not.
    every = common["xaxis"]
    for axis, own in layout.items():
        if axis[1:5] == "axis":
            common[axis] = every | _logarithmic(own)
    own = {**layout, "height": height}
    if "annotations" in own:
        own["annotations"] = [
            {**a, "font": {**a.get("font", {}), "size": SIZE}} for a in own["annotations"]
        ]
    traces = [
        {**trace, "colorbar": TICKS | trace["colorbar"]} if "colorbar" in trace else trace
        for trace in _in_groups(traces)
    ]
    return Figure(traces, _over(common, own), frames)


def _logarithmic(axis: dict) -> dict:
    """What an axis has more if it is logarithmic."""
    if axis.get("type") != "log":
        return {}
    if "dtick" not in axis:
        return LOGARITHMIC
    return {} if "tickformat" in axis else POWERS


def _in_groups(traces: Sequence[dict]) -> list[dict]:
    """With each band in one legend group with its curve, so that they are hidden together."""
    of = {trace["meta"]["of"] for trace in traces if "of" in (trace.get("meta") or {})}
    return [
        {**trace, "legendgroup": trace["name"]} if trace.get("name") in of else trace
        for trace in traces
    ]


def _over(common: dict, own: dict) -> dict:
    """Both layouts in one; where both set a value, the figure's own."""
    both = {**common, **{key: value for key, value in own.items() if value is not None}}
    return both | {
        key: _over(value, own[key])
        for key, value in common.items()
        if isinstance(value, dict) and isinstance(own.get(key), dict)
    }


class Panels(NamedTuple):
    """Panels of one figure: ``axes`` are the axes of each panel's traces, ``layout`` is that of the
    figure; its ``annotations`` are the titles."""

    axes: list[dict[str, str]]
    layout: dict


def panels(
    titles: Sequence[str], x: dict, y: dict, *, stacked: bool = False, gap: float = 0.06
) -> Panels:
    """Panels side by side that share the y axis, or stacked that share the x axis.

    ``x`` and ``y`` are the settings common to their axes. A layout made in one piece is several
    times faster than ``make_subplots``, and every move of a slider waits for it.
    """
    n = len(titles)
    size = (1 - gap * (n - 1)) / n
    axes, layout, annotations = [], {}, []
    for i, title in enumerate(titles):
        number = "" if i == 0 else str(i + 1)
        place = n - 1 - i if stacked else i
        domain = [place * (size + gap), min(1.0, place * (size + gap) + size)]
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
                "x": 0.5,
                "y": 1,
                "xref": f"x{number} domain",
                "yref": f"y{number} domain",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
    return Panels(axes, {**layout, "annotations": annotations})


def playing(
    names: Sequence[str], active: int, prefix: str, frame_ms: int, palette: Palette
) -> dict:
    """Play, pause and a slider below a figure, for its frames with these names."""
    # No glide from one frame to the next: what lies between two frames was never computed.
    once = {
        "frame": {"duration": 0, "redraw": True},
        "mode": "immediate",
        "transition": {"duration": 0},
    }
    go_on = {
        "frame": {"duration": frame_ms, "redraw": True},
        "mode": "immediate",
        "fromcurrent": False,
        "transition": {"duration": 0},
    }
    return {
        "updatemenus": [
            {
                "type": "buttons",
                "direction": "left",
                "x": 0,
                "y": -0.2,
                "xanchor": "left",
                "yanchor": "top",
                "showactive": False,
                "pad": {"t": 8},
                "font": {"color": palette.text},
                "bgcolor": palette.background,
                "bordercolor": palette.muted,
                "buttons": [
                    {"method": "animate", "label": "▶ Play", "args": [None, go_on]},
                    {"method": "animate", "label": "❚❚ Pause", "args": [[None], once]},
                ],
            }
        ],
        "sliders": [
            {
                "active": active,
                "x": 0.2,
                "y": -0.2,
                "len": 0.8,
                "xanchor": "left",
                "yanchor": "top",
                "pad": {"t": 8},
                "currentvalue": {"prefix": prefix},
                "transition": {"duration": 0},
                "steps": [
                    {"method": "animate", "label": name, "args": [[name], once]} for name in names
                ],
            }
        ],
    }


def faded(colour: str, alpha: float) -> str:
    """``#rrggbb`` as rgba with an opacity."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha})"
