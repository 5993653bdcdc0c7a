"""Figures of the Sparse code page. Features and images are (…, row, column), of either sign."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import plotly.colors

from dashboard.figures.figure import Figure
from dashboard.figures.style import (
    INHIBITORY,
    OKABE_ITO,
    SIGNED,
    TALL,
    Palette,
    TraceStyle,
    faded,
    panels,
    playing,
    styled,
)

FRAME_MS = 250
GAP = 2
ZERO = 128
CHOSEN = OKABE_ITO[0]


class Course(NamedTuple):
    """How a code settles, each (time,), from step 1: ``r2`` of the reconstruction, portion of
    ``zeros``, ``change`` the norm of the potentials' change."""

    r2: np.ndarray
    zeros: np.ndarray
    change: np.ndarray


class Moments(NamedTuple):
    """Chosen ``steps`` (moment,) of an inference: ``reconstruction`` (moment, row, column), and
    ``potential``, ``rate`` and ``activity`` of all units, (moment, unit)."""

    steps: np.ndarray
    reconstruction: np.ndarray
    potential: np.ndarray
    rate: np.ndarray
    activity: np.ndarray


class Point(NamedTuple):
    """A code in the plane of sparsity and quality."""

    zeros: float
    r2: float


def mosaic(
    features: np.ndarray,
    captions: Sequence[str],
    order: np.ndarray,
    chosen: int | None,
    columns: int,
    palette: Palette,
    *,
    cell: int = 34,
) -> Figure:
    """All features, each scaled by its largest value, in an ``order`` (place,) of their numbers.

    Blue is positive, red negative. A click gives the feature's number as ``customdata``; the chosen
    one is framed. ``cell`` is the width of one on the screen in pixels.
    """
    side = features.shape[-1]
    step = side + GAP
    rows = -(-len(order) // columns)
    sheet = np.zeros((rows * step - GAP, columns * step - GAP), np.uint8)
    x, y = np.empty(len(order)), np.empty(len(order))
    scale = np.abs(features).max((1, 2))
    for place, k in enumerate(order):
        row, column = divmod(place, columns)
        top, left = row * step, column * step
        unit = features[k] / (scale[k] or 1)
        sheet[top : top + side, left : left + side] = np.rint(ZERO + 127 * unit)
        x[place], y[place] = left + (side - 1) / 2, top + (side - 1) / 2
    traces = [
        {
            "type": "heatmap",
            "z": sheet,
            "name": "features",
            "colorscale": _signed_on(palette),
            "zmin": 0,
            "zmax": 255,
            "showscale": False,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": x,
            "y": y,
            "name": "feature",
            "mode": "markers",
            "marker": {"size": cell - 2, "symbol": "square", "opacity": 0},
            "customdata": np.asarray(order),
            "text": [captions[k] for k in order],
            "hovertemplate": "%{text}<extra></extra>",
            "showlegend": False,
        },
    ]
    shapes = []
    if chosen is not None and chosen in order:
        at = int(np.flatnonzero(order == chosen)[0])
        half = (side + GAP) / 2
        shapes.append(
            {
                "type": "rect",
                "x0": x[at] - half,
                "x1": x[at] + half,
                "y0": y[at] - half,
                "y1": y[at] + half,
                "line": {"color": CHOSEN, "width": 4},
            }
        )
    edge = 1.5
    layout = {
        "shapes": shapes,
        "margin": {"l": 2, "r": 2, "t": 4, "b": 4},
        "hovermode": "closest",
        "clickmode": "event+select",
        "xaxis": {
            "visible": False,
            "range": [-0.5 - edge, columns * step - GAP - 0.5 + edge],
            "constrain": "domain",
            "constraintoward": "left",
        },
        "yaxis": {
            "visible": False,
            "range": [rows * step - GAP - 0.5 + edge, -0.5 - edge],
            "scaleanchor": "x",
            "constrain": "domain",
            "constraintoward": "top",
        },
    }
    return styled(traces, layout, palette, height=rows * cell + 10)


def _signed_on(palette: Palette) -> list:
    """RdBu over 1 to 255; 0 is the page behind."""
    colours = plotly.colors.get_colorscale(SIGNED)
    rest = [[(1 + 254 * at) / 255, colour] for at, colour in colours]
    return [
        [0, palette.background],
        [0.5 / 255, palette.background],
        [0.51 / 255, rest[0][1]],
        *rest,
    ]


def row_of_images(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    palette: Palette,
    *,
    limits: Sequence[float] | None = None,
    height: int = 190,
) -> Figure:
    """Images of either sign side by side; ``limits`` are the values of full colour."""
    axes, layout = _picture_panels(titles)
    limits = [float(np.abs(image).max()) or 1.0 for image in images] if limits is None else limits
    traces = [
        {
            "type": "heatmap",
            "z": image.astype(np.float32),
            "name": title,
            **axis,
            "colorscale": SIGNED,
            "zmin": -limit,
            "zmax": limit,
            "showscale": False,
            "hovertemplate": "row %{y}, column %{x}: %{z:.3g}<extra></extra>",
        }
        for image, title, axis, limit in zip(images, titles, axes, limits, strict=True)
    ]
    layout |= {"margin": {"l": 4, "r": 4, "t": 28, "b": 4}, "hovermode": "closest"}
    return styled(traces, layout, palette, height=height)


def _picture_panels(titles: Sequence[str], gap: float = 0.04):
    """Panels without axes whose pixels are square."""
    axes, layout = panels(titles, {}, {}, gap=gap)
    for k in range(len(titles)):
        number = "" if k == 0 else str(k + 1)
        domain = layout[f"xaxis{number}"]["domain"]
        layout[f"xaxis{number}"] = {
            "visible": False,
            "domain": domain,
            "anchor": f"y{number}",
            "constrain": "domain",
        }
        layout[f"yaxis{number}"] = {
            "visible": False,
            "autorange": "reversed",
            "scaleanchor": f"x{number}",
            "anchor": f"x{number}",
            "constrain": "domain",
        }
    return axes, layout


def player(
    image: np.ndarray,
    moments: Moments,
    order: np.ndarray,
    columns: int,
    names: tuple[str, str, str],
    palette: Palette,
) -> Figure:
    """Inference to be played: the image, what is reconstructed, and every unit's potential, rate
    and activity, in the places that the mosaic of features gives them.

    ``names`` are those of the three quantities.
    """
    titles = ["image", "reconstruction", *names]
    axes, layout = _picture_panels(titles, gap=0.02)
    bound = float(np.abs(image).max()) or 1.0
    signed = bool((moments.activity < 0).any())
    u_low, u_high = (float(f(moments.potential)) for f in (np.min, np.max))
    tops = [float(np.quantile(np.abs(v), 0.998)) or 1.0 for v in (moments.rate, moments.activity)]

    def sheet(values: np.ndarray) -> np.ndarray:
        rows = -(-len(order) // columns)
        filled = np.full(rows * columns, np.nan, np.float32)
        filled[: len(order)] = values[order]
        return filled.reshape(rows, columns)

    def moment(t: int) -> list[dict]:
        return [
            {"type": "heatmap", "z": moments.reconstruction[t].astype(np.float32)},
            *(
                {"type": "heatmap", "z": sheet(values[t])}
                for values in (moments.potential, moments.rate, moments.activity)
            ),
        ]

    if signed:
        ranges = [(SIGNED, -max(-u_low, u_high), max(-u_low, u_high))]
        ranges += [(SIGNED, -top, top) for top in tops]
    else:
        ranges = [("Cividis", u_low, u_high)] + [("Cividis", 0, top) for top in tops]
    last = len(moments.steps) - 1
    looks = [(SIGNED, -bound, bound), *ranges]
    traces = [
        {
            **data,
            **axis,
            "name": title,
            "colorscale": scale,
            "zmin": low,
            "zmax": high,
            "showscale": False,
            "hovertemplate": f"{title}: %{{z:.3g}}<extra></extra>",
        }
        for data, axis, title, (scale, low, high) in zip(
            [{"type": "heatmap", "z": image.astype(np.float32)}, *moment(last)],
            axes,
            titles,
            [(SIGNED, -bound, bound), *looks],
            strict=True,
        )
    ]
    frames = [
        {"name": str(step), "data": moment(t), "traces": list(range(1, len(traces)))}
        for t, step in enumerate(moments.steps)
    ]
    layout |= playing([str(s) for s in moments.steps], last, "step ", FRAME_MS, palette)
    layout |= {"hovermode": "closest", "margin": {"l": 8, "r": 8, "t": 36, "b": 104}}
    return styled(traces, layout, palette, frames=frames, height=390)


COURSES = (("R² of the reconstruction", "r2"), ("portion of zeros", "zeros"), ("‖Δu‖", "change"))


def settling(
    courses: dict[str, Course],
    styles: dict[str, TraceStyle],
    palette: Palette,
    *,
    published: dict[str, tuple[int, Point]] | None = None,
    at: int | None = None,
) -> Figure:
    """R², zeros and the change on logarithmic time; hollow marks: ``published``, step and values.

    ``at`` draws a line at a step.
    """
    axes, layout = panels(
        [title for title, _ in COURSES],
        {"type": "log", "title": {"text": "step"}, "dtick": 1},
        {},
        gap=0.07,
    )
    longest = max(len(course.change) for course in courses.values())
    for number in ("", 2, 3):
        # Room for a mark at the last step.
        layout[f"xaxis{number}"]["range"] = [0, np.log10(max(longest, 2)) * 1.06]
    layout["yaxis"] = {"anchor": "x", "rangemode": "tozero"}
    layout["yaxis2"] = {"anchor": "x2", "range": [-0.03, 1.03]}
    sizes = np.concatenate([course.change for course in courses.values()])
    sizes = sizes[sizes > 0]
    narrow = len(sizes) > 0 and sizes.max() < 8 * sizes.min()
    marks = (1, 1.5, 2, 3, 4, 6, 8) if narrow else (1, 2, 5)
    ticks = [m * 10**e for e in range(-4, 5) for m in marks]
    layout["yaxis3"] = {
        "anchor": "x3",
        "type": "log",
        "tickvals": ticks,
        "ticktext": [f"{t:g}" for t in ticks],
    }
    traces = []
    for name, course in courses.items():
        s = styles[name]
        for (_, which), axis in zip(COURSES, axes, strict=True):
            values = getattr(course, which)
            keep = _log_places(len(values))
            traces.append(
                {
                    "type": "scatter",
                    "x": keep + 1,
                    "y": values[keep],
                    "name": name,
                    **axis,
                    "legendgroup": name,
                    "showlegend": which == "r2",
                    "mode": "lines",
                    "line": {"color": s.colour, "dash": s.dash, "width": 2},
                    "hovertemplate": "%{y:.3g}",
                }
            )
    for name, (step, point) in (published or {}).items():
        s = styles[name]
        for value, axis in ((point.r2, axes[0]), (point.zeros, axes[1])):
            traces.append(
                {
                    "type": "scatter",
                    "x": [step],
                    "y": [value],
                    "name": f"{name}, published",
                    **axis,
                    "legendgroup": name,
                    "showlegend": False,
                    "mode": "markers",
                    "marker": {
                        "symbol": f"{s.mark}-open",
                        "size": 12,
                        "color": s.colour,
                        "line": {"width": 2.5},
                    },
                    "hovertemplate": "%{y:.3f}",
                    "cliponaxis": False,
                }
            )
    if at is not None:
        layout["shapes"] = [
            {
                "type": "line",
                "xref": axis["xaxis"],
                "yref": "paper",
                "x0": at,
                "x1": at,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.text, "dash": "dot", "width": 1.5},
            }
            for axis in axes
        ]
    layout |= {"legend": {"y": 1.1}, "margin": {"t": 80, "l": 48}}
    return styled(traces, layout, palette, height=400)


def _log_places(n: int) -> np.ndarray:
    """At most some 200 places of n, evenly on a logarithmic scale."""
    return np.unique(np.rint(np.geomspace(1, n, 200)).astype(int)) - 1


def strongest(
    potential: np.ndarray,
    activity: np.ndarray,
    units: np.ndarray,
    names: tuple[str, str],
    palette: Palette,
) -> Figure:
    """Units over logarithmic time: potentials as lines, (time, unit), and activity (time, unit)
    as means over the steps between two marks.

    ``units`` are their numbers, the strongest first; the first ten have lines.
    """
    axes, layout = panels(
        names, {"type": "log", "title": {"text": "step"}, "dtick": 1}, {}, gap=0.1
    )
    layout["yaxis"] = {"anchor": "x", "title": {"text": names[0]}}
    layout["yaxis2"] = {
        "anchor": "x2",
        "title": {"text": "neuron"},
        "showgrid": False,
        "tickmode": "array",
        "tickvals": list(range(0, len(units), 5)),
        "ticktext": [str(k) for k in units[::5]],
        "autorange": "reversed",
    }
    keep = _log_places(len(potential))
    traces = [
        {
            "type": "scatter",
            "x": keep + 1,
            "y": potential[keep, j],
            "name": f"neuron {k}",
            **axes[0],
            "mode": "lines",
            "showlegend": False,
            "line": {
                "color": OKABE_ITO[j % len(OKABE_ITO)],
                "width": 1.8,
                "dash": "solid" if j < len(OKABE_ITO) else "dash",
            },
            "hovertemplate": f"neuron {k}: %{{y:.2f}}<extra></extra>",
        }
        for j, k in enumerate(units[:10])
    ]
    edges = np.unique(np.rint(np.geomspace(1, len(activity) + 1, 72)).astype(int))
    binned = np.stack([activity[a - 1 : b - 1].mean(0) for a, b in pairwise(edges)], 1)
    top = float(np.quantile(np.abs(binned), 0.995)) or 1.0
    signed = bool((binned < 0).any())
    traces.append(
        {
            # Edges in the middle between two steps, so that a column stands on its own steps.
            "type": "heatmap",
            "x": edges - 0.5,
            "z": binned.astype(np.float32),
            "y": np.arange(len(units)),
            **axes[1],
            "name": names[1],
            "colorscale": SIGNED if signed else "Cividis",
            "zmin": -top if signed else 0,
            "zmax": top,
            "colorbar": {"thickness": 12, "outlinewidth": 0},
            "customdata": np.repeat(np.asarray(units)[:, None], binned.shape[1], 1),
            "hovertemplate": "neuron %{customdata}: %{z:.2f}<extra></extra>",
        }
    )
    layout["xaxis"] |= {"range": [0, np.log10(len(potential))]}
    layout["xaxis2"] |= {"range": [np.log10(0.5), np.log10(len(activity) + 0.5)]}
    layout |= {"hovermode": "closest", "margin": {"t": 40}}
    return styled(traces, layout, palette, height=400)


def rate_distortion(
    ours: dict[str, Point],
    published: dict[str, Point],
    styles: dict[str, TraceStyle],
    kinds: dict[str, str],
    palette: Palette,
) -> Figure:
    """R² against the portion of zeros; filled: ours, hollow: the paper's.

    ``kinds`` gives the name in ``styles`` by which a point of ours or theirs is drawn; others are
    grey crosses.
    """
    traces = []
    for name, point in ours.items():
        s = styles[kinds[name]]
        traces.append(
            {
                "type": "scatter",
                "x": [point.zeros],
                "y": [point.r2],
                "name": name,
                "mode": "markers",
                "marker": {
                    "symbol": s.mark,
                    "size": 15,
                    "color": s.colour,
                    "line": {"color": palette.background, "width": 1},
                },
                "hovertemplate": f"{name}: R² %{{y:.3f}}, zeros %{{x:.3f}}<extra></extra>",
            }
        )
    for name, point in published.items():
        s = styles.get(kinds.get(name, ""))
        marker = {"size": 13, "line": {"width": 2.5}}
        if s is None:
            marker |= {"symbol": "x-thin-open", "color": palette.muted}
        else:
            marker |= {"symbol": f"{s.mark}-open", "color": s.colour}
        traces.append(
            {
                "type": "scatter",
                "x": [point.zeros],
                "y": [point.r2],
                "name": name,
                "mode": "markers+text",
                "marker": marker,
                "showlegend": False,
                # Wide spaces, or the words would touch the mark; two codes that lie together have
                # their names on different sides.
                "text": [f"\u2002{name}\u2002"],
                "textposition": "middle left" if s and point.zeros > 0.3 else "middle right",
                "textfont": {"color": palette.muted, "size": 12},
                "hovertemplate": f"{name}, published: R² %{{y:.3f}}, zeros %{{x:.3f}}"
                "<extra></extra>",
            }
        )
    layout = {
        "xaxis": {"title": {"text": "portion of zeros (sparser →)"}, "range": [-0.04, 1.04]},
        "yaxis": {"title": {"text": "R² of the reconstruction"}},
        "hovermode": "closest",
        "margin": {"t": 72},
    }
    return styled(traces, layout, palette, height=TALL)


def sparsities(
    lifetime: dict[str, np.ndarray],
    population: dict[str, np.ndarray],
    styles: dict[str, TraceStyle],
    palette: Palette,
) -> Figure:
    """How lifetime sparsity is distributed over neurons and population sparsity over images."""
    axes, layout = panels(
        ["lifetime sparsity of the neurons", "population sparsity of the images"],
        {"range": [-0.02, 1.02], "title": {"text": "sparsity (0: dense, 1: one alone)"}},
        {"title": {"text": "share"}, "tickformat": ".0%", "rangemode": "tozero"},
    )
    edges = np.linspace(0, 1, 26)
    traces = []
    for values, axis, first in ((lifetime, axes[0], True), (population, axes[1], False)):
        for name, found in values.items():
            found = found[np.isfinite(found)]
            share = np.histogram(found, edges)[0] / max(len(found), 1)
            s = styles[name]
            traces.append(
                {
                    "type": "scatter",
                    "x": (edges[1:] + edges[:-1]) / 2,
                    "y": share,
                    "name": name,
                    **axis,
                    "mode": "lines",
                    "legendgroup": name,
                    "showlegend": first,
                    "line": {"color": s.colour, "dash": s.dash, "width": 2, "shape": "hvh"},
                    "fill": "tozeroy",
                    "fillcolor": faded(s.colour, 0.12),
                    "hovertemplate": "%{y:.1%}",
                }
            )
    return styled(traces, {**layout, "legend": {"y": 1.08}, "margin": {"t": 76}}, palette)


def lesions(drop: np.ndarray, chosen: int, palette: Palette) -> Figure:
    """What R² loses when each neuron alone is silenced, the most needed first, (neuron,)."""
    order = np.argsort(-drop, kind="stable")
    at = int(np.flatnonzero(order == chosen)[0])
    traces = [
        {
            "type": "bar",
            "x": np.arange(len(drop)),
            "y": drop[order],
            "name": "loss of R²",
            "showlegend": False,
            "customdata": order,
            "marker": {
                "color": [INHIBITORY if k == at else palette.muted for k in range(len(drop))],
                "line": {"width": 0},
            },
            "hovertemplate": "without neuron %{customdata}: R² %{y:+.3f} less<extra></extra>",
        },
        {
            # A mark as well: many bars are too low to be seen.
            "type": "scatter",
            "x": [at],
            "y": [max(drop[chosen], 0)],
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
            "range": [-0.02 * len(drop), 1.02 * len(drop)],
        },
        "yaxis": {"title": {"text": "loss of R²"}},
        "hovermode": "closest",
        "bargap": 0.1,
    }
    return styled(traces, layout, palette, height=300)
