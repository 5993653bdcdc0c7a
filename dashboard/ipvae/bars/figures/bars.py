"""Figures of the Moving bars page.

Directions are in degrees, counter-clockwise from rightward; frames count from the stimulus' onset.
"""

from typing import NamedTuple

import numpy as np

from corelib.models.ipvae.gabor import Gabors
from dashboard.figures.figure import Figure
from dashboard.figures.style import (
    EXCITATORY,
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

BAR = "#E69F00"
MOST_FRAMES = 40
AXES = 12
"""So many colours tell axes apart on the map."""


class Run(NamedTuple):
    """One neuron in one trial: ``potential``, ``rate`` and ``activity`` (time,)."""

    potential: np.ndarray
    rate: np.ndarray
    activity: np.ndarray


class Curve(NamedTuple):
    """A tuning curve: ``mean`` and standard ``error`` (direction,), ``baseline`` without it."""

    directions: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    baseline: float


def strip(direction: float, place: float, width: float, half: float) -> np.ndarray:
    """The corners (corner, 2) of a bar within a square of half-width ``half``, in x and y.

    The bar is where |x cos θ + y sin θ - place| <= width / 2. Empty if none of it is in the square.
    """
    normal = np.array([np.cos(np.deg2rad(direction)), np.sin(np.deg2rad(direction))])
    corners = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    for n, limit in ((normal, place + width / 2), (-normal, -place + width / 2)):
        corners = _cut(corners, n, limit)
    return corners


def _cut(corners: np.ndarray, normal: np.ndarray, limit: float) -> np.ndarray:
    """The part of a convex polygon where normal · p <= limit (Sutherland and Hodgman 1974)."""
    kept = []
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        beyond_a, beyond_b = a @ normal - limit, b @ normal - limit
        if beyond_a <= 0:
            kept.append(a)
        if beyond_a * beyond_b < 0:
            kept.append(a + (b - a) * beyond_a / (beyond_a - beyond_b))
    return np.array(kept).reshape(-1, 2)


def outline(
    direction: float, place: float, width: float, half: float, period: float = 0.0
) -> np.ndarray:
    """What is bright in a square, as closed lines (corner, 2) parted by NaN: a bar, or with a
    ``period`` the stripes of a grating. NaN as ``place`` shows nothing."""
    nothing = np.full((1, 2), np.nan)
    if np.isnan(place):
        return nothing
    places = [place]
    if period:
        reach = 1.5 * half + period
        places = np.arange(-reach + (place + reach) % period, reach, period)
    parts = []
    for at in places:
        corners = strip(direction, at, width, half)
        if len(corners):
            parts += [corners, corners[:1], nothing]
    return np.concatenate(parts) if parts else nothing


def player(
    field: np.ndarray,
    outlines: list[np.ndarray],
    run: Run,
    names: tuple[str, str, str],
    blanks: int,
    frame_ms: float,
    palette: Palette,
) -> Figure:
    """The stimulus over the receptive field (row, column), to be played, beside the neuron's
    potential, rate and activity; a line goes with it.

    ``outlines`` hold what is bright in each frame; ``frame_ms`` is the time of one.
    """
    n, side = len(run.rate), field.shape[0]
    half = side / 2
    every = max(1, -(-n // MOST_FRAMES))
    shown = np.arange(0, n, every)
    x = np.arange(n) - blanks
    wide, gap = 0.31, 0.09
    axes, layout = panels(
        names, {"title": {"text": "frame"}, "domain": [wide + gap, 1]}, {}, stacked=True, gap=0.1
    )
    values = [run.potential, run.rate, run.activity]
    for k, v in enumerate(values):
        number = "" if k == 0 else str(k + 1)
        layout[f"xaxis{number}"] |= {"range": [x[0] - 0.5, x[-1] + 0.5]}
        low, high = float(v.min()), float(v.max())
        pad = 0.08 * (high - low or 1)
        layout[f"yaxis{number}"] |= {"range": [low - pad, high + pad], "nticks": 4}
        layout["annotations"][k] |= {"x": wide + gap, "xanchor": "left"}
    own = {"visible": False, "range": [-half, half], "constrain": "domain"}
    layout["xaxis4"] = {**own, "domain": [0, wide], "anchor": "y4"}
    layout["yaxis4"] = {**own, "domain": [0, 1], "anchor": "x4", "scaleanchor": "x4"}
    places = np.arange(side) - (side - 1) / 2
    bound = float(np.abs(field).max()) or 1.0
    looks = (
        {"mode": "lines", "line": {"color": EXCITATORY, "width": 2}},
        {"mode": "lines", "line": {"color": OKABE_ITO[2], "width": 2}},
    )
    traces = [
        {
            "type": "scatter",
            "x": x,
            "y": v,
            "name": name,
            **axis,
            **how,
            "showlegend": False,
            "hovertemplate": "%{y:.3g}",
        }
        for v, name, axis, how in zip(values, names, axes, looks, strict=False)
    ]
    traces.append(
        {
            "type": "bar",
            "x": x,
            "y": run.activity,
            "name": names[2],
            **axes[2],
            "marker": {"color": palette.text, "line": {"width": 0}},
            "width": 1,
            "showlegend": False,
            "hovertemplate": "%{y:.3g}",
        }
    )
    at = len(traces)

    # One line through all panels, on axes of its own: a slider waits for each trace of each frame.
    layout["xaxis5"] = {"visible": False, "matches": "x3", "overlaying": "x", "anchor": "y5"}
    layout["yaxis5"] = {
        "visible": False,
        "range": [0, 1],
        "domain": [0, 1],
        "anchor": "x5",
        "fixedrange": True,
    }

    def moving(t: int) -> list[dict]:
        return [
            {"type": "scatter", "x": [x[t], x[t]], "y": [0, 1]},
            {"type": "scatter", "x": outlines[t][:, 0], "y": outlines[t][:, 1]},
        ]

    # It opens on the strongest answer while there is something to be seen.
    lit = np.array([not np.isnan(outlines[t]).all() for t in shown])
    first = shown[np.argmax(np.where(lit, run.rate[shown], -np.inf))] if lit.any() else shown[-1]
    traces.append(
        {
            **moving(first)[0],
            "xaxis": "x5",
            "yaxis": "y5",
            "name": "now",
            "mode": "lines",
            "showlegend": False,
            "line": {"color": BAR, "width": 2},
            "hoverinfo": "skip",
        }
    )
    # Each bar is drawn after the field, so the field comes before it in the list.
    traces.append(
        {
            "type": "heatmap",
            "x": places,
            "y": places[::-1],
            "z": field.astype(np.float32),
            "xaxis": "x4",
            "yaxis": "y4",
            "name": "receptive field",
            "colorscale": SIGNED,
            "zmin": -bound,
            "zmax": bound,
            "showscale": False,
            "hovertemplate": "x %{x}, y %{y}: %{z:.3g}<extra></extra>",
        }
    )
    traces.append(
        {
            **moving(first)[1],
            "xaxis": "x4",
            "yaxis": "y4",
            "name": "stimulus",
            "mode": "lines",
            "fill": "toself",
            "fillcolor": faded(BAR, 0.4),
            "line": {"color": BAR, "width": 2},
            "showlegend": False,
            "hoverinfo": "skip",
        }
    )
    frames = [{"name": str(x[t]), "data": moving(t), "traces": [at, at + 2]} for t in shown]
    active = int(np.flatnonzero(shown == first)[0])
    layout |= playing(
        [str(x[t]) for t in shown], active, "frame ", round(every * frame_ms), palette
    )
    layout["sliders"][0]["ticklen"] = 0
    layout["sliders"][0]["minorticklen"] = 0
    layout["sliders"][0]["font"] = {"color": "rgba(0,0,0,0)"}
    layout["sliders"][0]["currentvalue"]["font"] = {"color": palette.text}
    layout |= {"margin": {"l": 8, "r": 12, "t": 36, "b": 100}, "bargap": 0}
    return styled(traces, layout, palette, frames=frames, height=460)


def raster(
    activity: np.ndarray,
    rate: np.ndarray,
    binned: np.ndarray,
    width: int,
    blanks: int,
    spikes: bool,
    y_name: str,
    palette: Palette,
) -> Figure:
    """Trials above their mean: a dot a spike, (trial, time), then a histogram ``binned`` (bin,) in
    bins of ``width`` frames, and the mean ``rate`` (time,).

    Activity that is no spikes is drawn as colours.
    """
    axes, layout = panels(
        ["trials", "mean over trials"], {"title": {"text": "frame"}}, {}, stacked=True, gap=0.1
    )
    layout["yaxis"] |= {
        "title": {"text": "trial"},
        "autorange": "reversed",
        "showgrid": False,
        "domain": [0.5, 1],
    }
    layout["yaxis2"] |= {"title": {"text": y_name}, "domain": [0, 0.4]}
    layout["annotations"][1]["y"] = 0.4
    n, time = activity.shape
    x = np.arange(time) - blanks
    layout["xaxis2"] |= {"range": [x[0] - 0.5, x[-1] + 0.5]}
    if spikes:
        trial, at = np.nonzero(activity)
        none = np.full(len(at), np.nan)
        # Strokes of one line: drawn at once, where markers are drawn one by one.
        traces = [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "spikes",
                **axes[0],
                "x": np.stack([at - blanks, at - blanks, none], 1).ravel(),
                "y": np.stack([trial + 0.62, trial + 1.38, none], 1).ravel(),
                "showlegend": False,
                "customdata": np.repeat(activity[trial, at], 3),
                "line": {"width": 1.6, "color": palette.text},
                "hovertemplate": "frame %{x}: %{customdata:.0f} spikes<extra></extra>",
            }
        ]
        layout["yaxis"] |= {"range": [n + 0.7, 0.3], "autorange": False}
    else:
        top = float(np.abs(activity).max()) or 1.0
        traces = [
            {
                "type": "heatmap",
                "x": x,
                "y": np.arange(n) + 1,
                "z": activity.astype(np.float32),
                **axes[0],
                "name": "activity",
                "colorscale": SIGNED,
                "zmin": -top,
                "zmax": top,
                "showscale": False,
                "hovertemplate": "trial %{y}, frame %{x}: %{z:.2f}<extra></extra>",
            }
        ]
    centres = (np.arange(len(binned)) + 0.5) * width - 0.5 - blanks
    traces += [
        {
            "type": "bar",
            "x": centres,
            "y": binned,
            "width": width,
            **axes[1],
            "name": "spikes" if spikes else "activity",
            "marker": {"color": faded(palette.muted, 0.7), "line": {"width": 0}},
            "hovertemplate": "%{y:.3g}",
        },
        {
            "type": "scatter",
            "x": x,
            "y": rate,
            "name": "rate",
            **axes[1],
            "mode": "lines",
            "line": {"color": OKABE_ITO[2], "width": 2},
            "hovertemplate": "%{y:.3g}",
        },
    ]
    layout |= {
        "shapes": [_upright(0, palette)],
        "legend": {"x": 1, "xanchor": "right", "y": 0.4, "yanchor": "bottom"},
        "margin": {"t": 32},
    }
    return styled(traces, layout, palette, height=TALL)


def _upright(x: float, palette: Palette, ref: str = "x") -> dict:
    return {
        "type": "line",
        "xref": ref,
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
    }


def polar(
    curves: dict[str, Curve],
    styles: dict[str, TraceStyle],
    gabor_axis: float | None,
    shown: float | None,
    palette: Palette,
    *,
    relative: bool = False,
) -> Figure:
    """Tuning curves around a circle with bands of ± 1 standard error; the dashed circles are the
    baselines, the grey line the direction across the Gabor's stripes, the triangle the direction
    ``shown``. ``relative`` scales each by its largest value.
    """
    scale = {
        name: (float(np.nanmax(np.abs(c.mean))) or 1.0) if relative else 1.0
        for name, c in curves.items()
    }
    top = max(
        float(np.nanmax(np.abs(c.mean) + np.nan_to_num(c.error))) / scale[name]
        for name, c in curves.items()
    )
    top = 1.08 * (top or 1.0)
    traces, shapes = [], []
    for share in (0.5, 1.0):
        shapes.append(_circle(share * top, palette.grid, "solid", 1))
    for name, c in curves.items():
        s = styles[name]
        turn = np.deg2rad(np.append(c.directions, c.directions[0]))
        mean = np.clip(np.append(c.mean, c.mean[0]) / scale[name], 0, None)
        error = np.nan_to_num(np.append(c.error, c.error[0])) / scale[name]
        if error.any():
            high, low = mean + error, np.clip(mean - error, 0, None)
            ring = np.concatenate([high, low[::-1]])
            around = np.concatenate([turn, turn[::-1]])
            traces.append(
                {
                    "type": "scatter",
                    "x": ring * np.cos(around),
                    "y": ring * np.sin(around),
                    "mode": "lines",
                    "fill": "toself",
                    "fillcolor": faded(s.colour, 0.22),
                    "line": {"width": 0},
                    "legendgroup": f"{name} ± se",
                    "showlegend": False,
                    "hoverinfo": "skip",
                }
            )
        traces.append(
            {
                "type": "scatter",
                "x": mean * np.cos(turn),
                "y": mean * np.sin(turn),
                "name": name,
                "mode": "lines+markers",
                "line": {"color": s.colour, "dash": s.dash, "width": 2},
                "marker": {"symbol": s.mark, "size": 5},
                "showlegend": len(curves) > 1,
                "text": [
                    f"{name}, {d:.0f}°: {m:.3g}"
                    for d, m in zip(np.append(c.directions, c.directions[0]), mean, strict=True)
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
        if not relative and c.baseline > 0:
            shapes.append(_circle(c.baseline, s.colour, "dash", 1.2))
    if gabor_axis is not None:
        across = np.deg2rad(gabor_axis + 90)
        end = 1.0 * top * np.array([np.cos(across), np.sin(across)])
        traces.insert(
            0,
            {
                "type": "scatter",
                "x": [-end[0], end[0]],
                "y": [-end[1], end[1]],
                "name": "across the Gabor's stripes",
                "mode": "lines",
                "showlegend": True,
                "line": {"color": palette.muted, "dash": "dot", "width": 2},
                "hoverinfo": "skip",
            },
        )
    if shown is not None:
        t = np.deg2rad(shown)
        traces.append(
            {
                "type": "scatter",
                "x": [1.06 * top * np.cos(t)],
                "y": [1.06 * top * np.sin(t)],
                "name": "direction shown",
                "mode": "markers",
                "showlegend": True,
                "marker": {"symbol": "triangle-up", "size": 13, "color": BAR, "angle": 90 - shown},
                "hovertemplate": f"shown: {shown:g}°<extra></extra>",
            }
        )
    labels = [
        {
            "text": f"{d}°",
            "x": 1.2 * top * np.cos(np.deg2rad(d)),
            "y": 1.17 * top * np.sin(np.deg2rad(d)),
            "showarrow": False,
            "font": {"color": palette.muted},
        }
        for d in range(0, 360, 45)
    ]
    rings = [
        {
            "text": f"{share * top:.2g}",
            "x": 0,
            "y": share * top,
            "showarrow": False,
            "yanchor": "bottom",
            "font": {"color": palette.muted},
        }
        for share in (0.5,)
        if not relative
    ]
    reach = 1.3 * top
    layout = {
        "shapes": shapes,
        "annotations": labels + rings,
        "xaxis": {"visible": False, "range": [-reach, reach], "constrain": "domain"},
        "yaxis": {
            "visible": False,
            "range": [-reach, reach],
            "scaleanchor": "x",
            "constrain": "domain",
        },
        "hovermode": "closest",
        "margin": {"l": 8, "r": 8, "t": 64, "b": 8},
    }
    return styled(traces, layout, palette, height=TALL)


def _circle(radius: float, colour: str, dash: str, width: float) -> dict:
    return {
        "type": "circle",
        "x0": -radius,
        "x1": radius,
        "y0": -radius,
        "y1": radius,
        "line": {"color": colour, "dash": dash, "width": width},
        "layer": "below",
    }


def flat(
    curves: dict[str, Curve],
    styles: dict[str, TraceStyle],
    gabor_axis: float | None,
    shown: float | None,
    y_name: str,
    palette: Palette,
) -> Figure:
    """The same curves along an axis; dashed: baselines, grey: across the Gabor's stripes."""
    traces, shapes = [], []
    for name, c in curves.items():
        s = styles[name]
        x = np.append(c.directions, c.directions[0] + 360)
        mean, error = np.append(c.mean, c.mean[0]), np.append(c.error, c.error[0])
        if np.isfinite(error).all():
            traces.append(
                {
                    "type": "scatter",
                    "x": np.concatenate([x, x[::-1]]),
                    "y": np.concatenate([mean + error, (mean - error)[::-1]]),
                    "mode": "lines",
                    "fill": "toself",
                    "fillcolor": faded(s.colour, 0.22),
                    "line": {"width": 0},
                    "legendgroup": f"{name} ± se",
                    "showlegend": False,
                    "hoverinfo": "skip",
                }
            )
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": mean,
                "name": name,
                "mode": "lines+markers",
                "line": {"color": s.colour, "dash": s.dash, "width": 2},
                "marker": {"symbol": s.mark, "size": 5},
                "showlegend": len(curves) > 1,
                "hovertemplate": "%{y:.3g}",
            }
        )
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": c.baseline,
                "y1": c.baseline,
                "line": {"color": s.colour, "dash": "dash", "width": 1.2},
            }
        )
    if gabor_axis is not None:
        shapes += [_upright((gabor_axis + d) % 360, palette) for d in (90, 270)]
    if shown is not None:
        own = _upright(shown, palette)
        own["line"] = {"color": BAR, "width": 2}
        shapes.append(own)
    layout = {
        "shapes": shapes,
        "xaxis": {"title": {"text": "direction / degrees"}, "range": [-4, 364], "dtick": 45},
        "yaxis": {"title": {"text": y_name}},
        "margin": {"t": 64 if len(curves) > 1 else 20},
    }
    return styled(traces, layout, palette, height=TALL)


def drives(
    parts: dict[str, np.ndarray], potential: np.ndarray, name: str, blanks: int, palette: Palette
) -> Figure:
    """What moves a neuron, (time,) each, above its potential."""
    axes, layout = panels(["drives", name], {"title": {"text": "frame"}}, {}, stacked=True, gap=0.1)
    layout["yaxis"] |= {"title": {"text": "drive (a.u.)"}}
    layout["yaxis2"] |= {"title": {"text": name}}
    x = np.arange(len(potential)) - blanks
    trace_styles = {
        "stimulus": (EXCITATORY, "solid"),
        "explaining-away": (INHIBITORY, "solid"),
        "threshold": (palette.muted, "dash"),
        "leak": (OKABE_ITO[3], "dot"),
        "sum": (palette.text, "dot"),
    }
    traces = [
        {
            "type": "scatter",
            "x": x,
            "y": np.broadcast_to(values, x.shape),
            "name": which,
            **axes[0],
            "mode": "lines",
            "hovertemplate": "%{y:.3g}",
            "line": {"color": trace_styles[which][0], "dash": trace_styles[which][1], "width": 2},
        }
        for which, values in parts.items()
    ]
    traces.append(
        {
            "type": "scatter",
            "x": x,
            "y": potential,
            "name": name,
            **axes[1],
            "mode": "lines",
            "line": {"color": EXCITATORY, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.3f}",
        }
    )
    layout |= {"shapes": [_upright(0, palette)], "margin": {"t": 72}, "legend": {"y": 1.06}}
    layout["annotations"] = []
    return styled(traces, layout, palette, height=TALL)


def angle_time(
    rate: np.ndarray,
    directions: np.ndarray,
    every: int,
    blanks: int,
    shown: float | None,
    y_name: str,
    palette: Palette,
) -> Figure:
    """A neuron's rate by direction and frame, (direction, time) with ``every`` frames a column."""
    signed = bool((rate < -1e-6).any())
    top = float(np.abs(rate).max()) or 1.0
    step = 360 / len(directions)
    traces = [
        {
            "type": "heatmap",
            "x": every * np.arange(rate.shape[1]) - blanks,
            "y": directions,
            "z": rate.astype(np.float32),
            "name": y_name,
            "colorscale": SIGNED if signed else "Cividis",
            "zmin": -top if signed else 0,
            "zmax": top,
            "colorbar": {
                "title": {"text": y_name, "side": "right"},
                "thickness": 12,
                "outlinewidth": 0,
            },
            "hovertemplate": "%{y}°, frame %{x}: %{z:.3g}<extra></extra>",
        }
    ]
    shapes = [_upright(0, palette)]
    if shown is not None:
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": shown,
                "y1": shown,
                "line": {"color": BAR, "width": 2},
            }
        )
    layout = {
        "shapes": shapes,
        "xaxis": {"title": {"text": "frame"}, "showgrid": False},
        "yaxis": {
            "title": {"text": "direction / degrees"},
            "dtick": 45,
            "showgrid": False,
            "range": [directions[0] - step / 2, directions[-1] + step / 2],
        },
        "hovermode": "closest",
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=TALL)


def response_curves(
    curves: dict[str, tuple[np.ndarray, np.ndarray]], y_name: str, palette: Palette
) -> Figure:
    """Responses against contrast, width and speed: by axis name, values (value,) and answers less
    the baseline (value, trial); bars ± 1 standard error."""
    axes, layout = panels([""] * len(curves), {}, {"title": {"text": y_name}}, gap=0.05)
    layout["annotations"] = []
    traces = []
    for k, ((name, (x, found)), axis) in enumerate(zip(curves.items(), axes, strict=True)):
        layout[f"xaxis{'' if k == 0 else k + 1}"] |= {
            "title": {"text": name},
            **(
                {"type": "log", "tickvals": x, "ticktext": [f"{v:g}" for v in x]}
                if "frame" in name
                else {}
            ),
        }
        error = found.std(1, ddof=1) / np.sqrt(found.shape[1])
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": found.mean(1),
                "name": name,
                **axis,
                "mode": "lines+markers",
                "showlegend": False,
                "error_y": {"array": error},
                "line": {"color": EXCITATORY, "width": 2},
                "marker": {"size": 8},
                "hovertemplate": "%{y:.3g}",
            }
        )
    return styled(traces, {**layout, "margin": {"t": 20}}, palette, height=340)


def flashed(
    rate: np.ndarray, error: np.ndarray, blanks: int, on: int, y_name: str, palette: Palette
) -> Figure:
    """A neuron's rate, (time,), while a bar is flashed, held and taken away; the field shows when
    it stands."""
    x = np.arange(len(rate)) - blanks
    traces = [
        {
            "type": "scatter",
            "x": np.concatenate([x, x[::-1]]),
            "y": np.concatenate([rate + error, (rate - error)[::-1]]),
            "mode": "lines",
            "fill": "toself",
            "fillcolor": faded(EXCITATORY, 0.2),
            "line": {"width": 0},
            "legendgroup": "± se",
            "showlegend": False,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": x,
            "y": rate,
            "name": "rate",
            "mode": "lines",
            "line": {"color": EXCITATORY, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.3g}",
        },
    ]
    layout = {
        "shapes": [
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": 0,
                "x1": on,
                "y0": 0,
                "y1": 1,
                "fillcolor": faded(BAR, 0.15),
                "line": {"width": 0},
                "layer": "below",
            }
        ],
        "xaxis": {"title": {"text": "frame"}},
        "yaxis": {"title": {"text": y_name}, "rangemode": "tozero"},
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=340)


def orientation_map(
    fits: Gabors, axis: np.ndarray, strength: np.ndarray, half: float, chosen: int, palette: Palette
) -> Figure:
    """Each neuron as a short line at the place of its Gabor function, along the bar's axis that it
    prefers (unit,) in degrees, the longer the more selective it is; colours go round with the axis.

    Click gives the neuron as ``customdata``.
    """
    known = np.isfinite(axis) & np.isfinite(fits.x)
    colours = _around(AXES)
    traces = []
    bins = np.floor(((axis + 90 / AXES) % 180) / (180 / AXES))
    reach = 0.08 * half * 2
    x, y = (np.clip(v, -half, half) for v in (fits.x, fits.y))
    for k in range(AXES):
        of = np.flatnonzero(known & (bins == k))
        t, size = np.deg2rad(axis[of]), reach * np.clip(strength[of], 0.15, 1)
        dx, dy, none = size * np.cos(t) / 2, size * np.sin(t) / 2, np.full(len(of), np.nan)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{k * 180 / AXES:.0f}°",
                "x": np.stack([x[of] - dx, x[of] + dx, none], 1).ravel(),
                "y": np.stack([y[of] - dy, y[of] + dy, none], 1).ravel(),
                "line": {"color": colours[k], "width": 3},
                "hoverinfo": "skip",
                "showlegend": bool(len(of)),
            }
        )
    which = np.flatnonzero(known)
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "neuron",
            "x": x[which],
            "y": y[which],
            "marker": {"size": 14, "opacity": 0},
            "customdata": which,
            "showlegend": False,
            "text": [f"neuron {k}: {axis[k]:.0f}°, selectivity {strength[k]:.2f}" for k in which],
            "hovertemplate": "%{text}<extra></extra>",
        }
    )
    if known[chosen]:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "chosen",
                "x": [x[chosen]],
                "y": [y[chosen]],
                "showlegend": False,
                "hoverinfo": "skip",
                "marker": {
                    "symbol": "circle-open",
                    "size": 24,
                    "color": palette.text,
                    "line": {"width": 2},
                },
            }
        )
    edge = 1.1 * half
    layout = {
        "xaxis": {
            "title": {"text": "x / pixels"},
            "range": [-edge, edge],
            "constrain": "domain",
            "zeroline": False,
        },
        "yaxis": {
            "title": {"text": "y / pixels"},
            "range": [-edge, edge],
            "scaleanchor": "x",
            "constrain": "domain",
            "zeroline": False,
        },
        "hovermode": "closest",
        "clickmode": "event+select",
        "legend": {
            "orientation": "v",
            "x": 1.02,
            "y": 1,
            "yanchor": "top",
            "title": {"text": "axis"},
        },
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=520)


def _around(n: int) -> list[str]:
    """Colours that go once around the circle, about equally bright (Oklch hues)."""
    hue = 2 * np.pi * np.arange(n) / n
    light, chroma = 0.68, 0.13
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    l_, m_, s_ = (
        (light + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (light - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (light - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    linear = np.stack(
        [
            4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
            -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
            -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
        ],
        1,
    ).clip(0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return ["#" + "".join(f"{round(255 * c):02x}" for c in row) for row in srgb]


def everyone(
    activity: np.ndarray,
    order: np.ndarray,
    prefers: np.ndarray,
    blanks: int,
    every: int,
    palette: Palette,
) -> Figure:
    """All neurons over time, (unit, time) with ``every`` frames a column, in an ``order`` by what
    they prefer (unit,) in degrees."""
    found = activity[order]
    top = float(np.quantile(np.abs(found), 0.998)) or 1.0
    signed = bool((found < 0).any())
    ticks = np.linspace(0, len(order) - 1, 7).astype(int)
    traces = [
        {
            "type": "heatmap",
            "x": every * np.arange(found.shape[1]) - blanks,
            "z": found.astype(np.float32),
            "name": "activity",
            "colorscale": SIGNED if signed else "Cividis",
            "zmin": -top if signed else 0,
            "zmax": top,
            "showscale": False,
            "hovertemplate": "row %{y}, frame %{x}: %{z:.2f}<extra></extra>",
        }
    ]
    layout = {
        "shapes": [_upright(0, palette)],
        "xaxis": {"title": {"text": "frame"}, "showgrid": False},
        "yaxis": {
            "title": {"text": "neurons by preferred direction"},
            "showgrid": False,
            "tickvals": ticks,
            "ticktext": [
                f"{prefers[order[k]]:.0f}°" if np.isfinite(prefers[order[k]]) else "–"
                for k in ticks
            ],
        },
        "hovermode": "closest",
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=520)


def decoding(shown: np.ndarray, decoded: np.ndarray, palette: Palette) -> Figure:
    """Directions that a readout finds, against those shown, within ± 180 degrees of them."""
    near = shown + (decoded - shown + 180) % 360 - 180
    traces = [
        {
            "type": "scatter",
            "x": [0, 360],
            "y": [0, 360],
            "name": "right",
            "mode": "lines",
            "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
            "showlegend": False,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": shown,
            "y": near,
            "name": "decoded",
            "mode": "markers",
            "marker": {"size": 7, "color": faded(EXCITATORY, 0.6)},
            "showlegend": False,
            "hovertemplate": "shown %{x:.0f}°, decoded %{y:.0f}°<extra></extra>",
        },
    ]
    layout = {
        "xaxis": {"title": {"text": "direction shown / degrees"}, "dtick": 45},
        "yaxis": {"title": {"text": "decoded / degrees"}, "dtick": 45},
        "hovermode": "closest",
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=400)


def agreement(
    gabor: np.ndarray, preferred: np.ndarray, r2: np.ndarray, chosen: int, palette: Palette
) -> Figure:
    """Preferred axis of a bar against the axis of the Gabor's stripes, in degrees, (unit,), moved
    by 180 where that brings them together."""
    known = np.isfinite(preferred) & np.isfinite(gabor)
    near = gabor + (preferred - gabor + 90) % 180 - 90
    which = np.flatnonzero(known)
    traces = [
        {
            "type": "scatter",
            "x": [0, 180],
            "y": [0, 180],
            "name": "agreement",
            "mode": "lines",
            "line": {"color": palette.muted, "dash": "dot", "width": 1.5},
            "showlegend": False,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": gabor[which],
            "y": near[which],
            "name": "neurons",
            "mode": "markers",
            "customdata": which,
            "showlegend": False,
            "marker": {
                "size": 8,
                "color": r2[which],
                "colorscale": "Cividis",
                "cmin": 0,
                "cmax": 1,
                "colorbar": {
                    "title": {"text": "R² of the Gabor fit", "side": "right"},
                    "thickness": 12,
                    "outlinewidth": 0,
                },
            },
            "hovertemplate": "neuron %{customdata}: Gabor %{x:.0f}°, bar %{y:.0f}°<extra></extra>",
        },
    ]
    if known[chosen]:
        traces.append(
            {
                "type": "scatter",
                "x": [gabor[chosen]],
                "y": [near[chosen]],
                "name": "chosen",
                "mode": "markers",
                "showlegend": False,
                "hoverinfo": "skip",
                "marker": {
                    "symbol": "circle-open",
                    "size": 18,
                    "color": palette.text,
                    "line": {"width": 2},
                },
            }
        )
    layout = {
        "xaxis": {
            "title": {"text": "axis of the Gabor's stripes / degrees"},
            "dtick": 45,
            "range": [-8, 188],
        },
        "yaxis": {"title": {"text": "axis of the best bar / degrees"}, "dtick": 45},
        "hovermode": "closest",
        "clickmode": "event+select",
        "margin": {"t": 20},
    }
    return styled(traces, layout, palette, height=400)


def selectivities(
    values: dict[str, np.ndarray],
    published: dict[str, float],
    styles: dict[str, TraceStyle],
    x_name: str,
    palette: Palette,
) -> Figure:
    """How a selectivity is distributed over neurons, (unit,) by name; upright lines: medians, and
    dotted what is ``published``."""
    edges = np.linspace(0, 1, 26)
    traces, shapes = [], []
    for name, found in values.items():
        s = styles[name]
        found = found[np.isfinite(found)]
        share = np.histogram(found, edges)[0] / max(len(found), 1)
        traces.append(
            {
                "type": "scatter",
                "x": (edges[1:] + edges[:-1]) / 2,
                "y": share,
                "name": name,
                "mode": "lines",
                "line": {"color": s.colour, "dash": s.dash, "width": 2, "shape": "hvh"},
                "fill": "tozeroy",
                "fillcolor": faded(s.colour, 0.12),
                "hovertemplate": "%{y:.1%}",
            }
        )
        told = [(float(np.median(found)), "solid")] if len(found) else []
        told += [(published[name], "dot")] if name in published else []
        for at, dash in told:
            line = _upright(at, palette)
            line["line"] = {"color": s.colour, "dash": dash, "width": 2}
            shapes.append(line)
    layout = {
        "shapes": shapes,
        "xaxis": {"title": {"text": x_name}, "range": [0, 1]},
        "yaxis": {"title": {"text": "share of the neurons"}, "tickformat": ".0%"},
        "margin": {"t": 72},
    }
    return styled(traces, layout, palette, height=400)


def by_contrast(
    contrasts: np.ndarray,
    medians: dict[str, np.ndarray],
    published: dict[str, float],
    styles: dict[str, TraceStyle],
    palette: Palette,
) -> Figure:
    """Selectivity against contrast, (contrast,) by name; dotted what is ``published``."""
    traces, shapes = [], []
    for name, found in medians.items():
        s = styles[name]
        traces.append(
            {
                "type": "scatter",
                "x": contrasts,
                "y": found,
                "name": name,
                "mode": "lines+markers",
                "marker": {"symbol": s.mark, "size": 9},
                "line": {"color": s.colour, "dash": s.dash, "width": 2},
                "hovertemplate": "%{y:.2f}",
            }
        )
        if name in published:
            shapes.append(
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": published[name],
                    "y1": published[name],
                    "line": {"color": s.colour, "dash": "dot", "width": 2},
                }
            )
    layout = {
        "shapes": shapes,
        "xaxis": {
            "title": {"text": "contrast / standard deviations of the patches"},
            "rangemode": "tozero",
        },
        "yaxis": {"title": {"text": "1 − circular variance, orientation"}, "range": [0, 1.02]},
        "margin": {"t": 52},
    }
    return styled(traces, layout, palette, height=400)


def over_time(
    rates: dict[str, np.ndarray], styles: dict[str, TraceStyle], blanks: int, palette: Palette
) -> Figure:
    """Neurons' mean rates over time, (time,) by name, each on an axis of its own."""
    axes, layout = panels(list(rates), {"title": {"text": "frame"}}, {}, stacked=True, gap=0.1)
    traces = [
        {
            "type": "scatter",
            "x": np.arange(len(rate)) - blanks,
            "y": rate,
            "name": name,
            **axis,
            "mode": "lines",
            "line": {"color": styles[name].colour, "width": 2},
            "showlegend": False,
            "hovertemplate": "%{y:.3g}",
        }
        for (name, rate), axis in zip(rates.items(), axes, strict=True)
    ]
    layout |= {"shapes": [_upright(0, palette)], "margin": {"t": 32}}
    return styled(traces, layout, palette, height=TALL)
