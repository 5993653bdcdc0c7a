"""Tuning curves around a circle and along an axis, responses by angle and time, and responses to
other contrasts, widths and speeds."""

from typing import NamedTuple

import numpy as np

from corelib.models.ipvae.experiment import DirectionSweep
from corelib.models.ipvae.tuning import Tuning
from dashboard.figures.figure import Figure
from dashboard.figures.spread import DECORATION, Spread, area, band, bars, measured
from dashboard.figures.style import EXCITATORY, SIGNED, TALL, Palette, TraceStyle, panels, styled
from dashboard.ipvae.bars.figures.geometry import BAR, level, upright


class Curve(NamedTuple):
    """A tuning curve: ``mean`` and standard ``error`` (direction,), and the ``baseline``."""

    directions: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    baseline: float

    @classmethod
    def of(cls, curves: Tuning, neuron: int) -> "Curve":
        """That of one neuron."""
        mean, error = curves.mean[:, neuron], curves.error[:, neuron]
        return cls(curves.directions, mean, error, float(curves.baseline[neuron]))


class Angles(NamedTuple):
    """What curves are compared with, in degrees: the axis of the Gabor function's stripes, and the
    direction shown; None where there is none."""

    gabor_axis: float | None = None
    shown: float | None = None


def polar(
    curves: dict[str, Curve],
    styles: dict[str, TraceStyle],
    angles: Angles,
    palette: Palette,
    *,
    relative: bool = False,
) -> Figure:
    """Tuning curves around a circle with bands of ± 1 standard error; the dashed circles are the
    baselines, the grey line the direction across the Gabor's stripes, the triangle the direction
    shown. ``relative`` scales each by its largest value.
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
    traces, shapes = [], [_circle(share * top, palette.grid, "solid", 1) for share in (0.5, 1.0)]
    for name, c in curves.items():
        traces += _ring(name, c, scale[name], styles[name], legend=len(curves) > 1)
        if not relative and c.baseline > 0:
            shapes.append(_circle(c.baseline, styles[name].colour, "dash", 1.2))
    traces = [*_across(angles, top, palette), *traces, *_shown(angles, top)]
    reach = 1.3 * top
    layout = {
        "shapes": shapes,
        "annotations": _polar_labels(top, relative, palette),
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


def _ring(name: str, c: Curve, scale: float, style: TraceStyle, *, legend: bool) -> list[dict]:
    """One curve around the circle, and its band where it has errors."""
    directions = np.append(c.directions, c.directions[0])
    turn = np.deg2rad(directions)
    mean = np.clip(np.append(c.mean, c.mean[0]) / scale, 0, None)
    error = np.nan_to_num(np.append(c.error, c.error[0])) / scale
    traces = []
    if error.any():
        high, low = mean + error, np.clip(mean - error, 0, None)
        ring = area(turn, low, high, style.colour)
        around, radius = ring["x"], ring["y"]
        xy = {"x": radius * np.cos(around), "y": radius * np.sin(around)}
        traces.append({**ring, **xy, "legendgroup": name, "meta": DECORATION})
    traces.append(
        {
            "type": "scatter",
            "x": mean * np.cos(turn),
            "y": mean * np.sin(turn),
            "name": name,
            "legendgroup": name,
            "mode": "lines+markers",
            "line": {"color": style.colour, "dash": style.dash, "width": 2},
            "marker": {"symbol": style.mark, "size": 5},
            "showlegend": legend,
            "text": [f"{name}, {d:.0f}°: {m:.3g}" for d, m in zip(directions, mean, strict=True)],
            "hovertemplate": "%{text}<extra></extra>",
            "meta": measured(
                x_name="direction",
                x=directions[:-1],
                y_name="rate",
                mean=c.mean / scale,
                se=c.error / scale,
                unit="",
            ),
        }
    )
    return traces


def _across(angles: Angles, top: float, palette: Palette) -> list[dict]:
    """The line across the Gabor's stripes."""
    if angles.gabor_axis is None:
        return []
    across = np.deg2rad(angles.gabor_axis + 90)
    x, y = top * np.cos(across), top * np.sin(across)
    return [
        {
            "type": "scatter",
            "x": [-x, x],
            "y": [-y, y],
            "name": "across the Gabor's stripes",
            "mode": "lines",
            "showlegend": True,
            "line": {"color": palette.muted, "dash": "dot", "width": 2},
            "hoverinfo": "skip",
            "meta": DECORATION,
        }
    ]


def _shown(angles: Angles, top: float) -> list[dict]:
    """The triangle at the direction shown."""
    if angles.shown is None:
        return []
    t = np.deg2rad(angles.shown)
    return [
        {
            "type": "scatter",
            "x": [1.06 * top * np.cos(t)],
            "y": [1.06 * top * np.sin(t)],
            "name": "direction shown",
            "mode": "markers",
            "showlegend": True,
            "marker": {
                "symbol": "triangle-up",
                "size": 13,
                "color": BAR,
                "angle": 90 - angles.shown,
            },
            "hovertemplate": f"shown: {angles.shown:g}°<extra></extra>",
            "meta": DECORATION,
        }
    ]


def _polar_labels(top: float, relative: bool, palette: Palette) -> list[dict]:
    """The angles around the circle and, unless ``relative``, the rate half-way out."""
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
    half = {
        "text": f"{0.5 * top:.2g}",
        "x": 0,
        "y": 0.5 * top,
        "showarrow": False,
        "yanchor": "bottom",
        "font": {"color": palette.muted},
    }
    return labels if relative else [*labels, half]


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
    angles: Angles,
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
            traces.append(band(x, mean, Spread(error, kind="se"), s.colour, name))
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
        shapes.append(level(c.baseline, {"color": s.colour, "dash": "dash", "width": 1.2}))
    if angles.gabor_axis is not None:
        shapes += [upright((angles.gabor_axis + d) % 360, palette) for d in (90, 270)]
    if angles.shown is not None:
        shapes.append({**upright(angles.shown, palette), "line": {"color": BAR, "width": 2}})
    layout = {
        "shapes": shapes,
        "xaxis": {"title": {"text": "direction / degrees"}, "range": [-4, 364], "dtick": 45},
        "yaxis": {"title": {"text": y_name}},
        "margin": {"t": 64 if len(curves) > 1 else 20},
    }
    return styled(traces, layout, palette, height=TALL)


def angle_time(
    sweep: DirectionSweep, neuron: int, shown: float, y_name: str, palette: Palette
) -> Figure:
    """A neuron's mean rate by direction and frame; orange: the direction ``shown``."""
    rate, directions = sweep.over_time[:, :, neuron], sweep.directions
    signed = bool((rate < -1e-6).any())
    top = float(np.abs(rate).max()) or 1.0
    step = 360 / len(directions)
    trace = {
        "type": "heatmap",
        "x": sweep.every * np.arange(rate.shape[1]) - sweep.baseline_frames,
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
    layout = {
        "shapes": [upright(0, palette), level(shown, {"color": BAR, "width": 2})],
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
    return styled([trace], layout, palette, height=TALL)


class Series(NamedTuple):
    """Responses of a neuron above its baseline, (value, trial), to several ``values`` (value,) of
    what ``name`` says; on a ``log`` axis if they are spread so."""

    name: str
    values: np.ndarray
    responses: np.ndarray
    log: bool = False


def _standard_error(responses: np.ndarray) -> Spread:
    """That of the mean over trials, of ``responses`` (value, trial)."""
    n = responses.shape[1]
    return Spread(responses.std(1, ddof=1) / np.sqrt(n), n, "se")


def response_curves(series: list[Series], y_name: str, palette: Palette) -> Figure:
    """Responses against contrast, width and speed side by side; bars ± 1 standard error."""
    axes, layout = panels([""] * len(series), {}, {"title": {"text": y_name}}, gap=0.05)
    layout["annotations"] = []
    traces = []
    for k, ((name, x, responses, log), axis) in enumerate(zip(series, axes, strict=True)):
        own = {"title": {"text": name}}
        if log:
            own |= {"type": "log", "tickvals": x, "ticktext": [f"{v:g}" for v in x]}
        layout[f"xaxis{'' if k == 0 else k + 1}"] |= own
        traces.append(
            {
                "type": "scatter",
                "x": x,
                "y": responses.mean(1),
                "name": name,
                **axis,
                "mode": "lines+markers",
                "showlegend": False,
                **bars(_standard_error(responses)),
                "line": {"color": EXCITATORY, "width": 2},
                "marker": {"size": 8},
                "hovertemplate": "%{y:.3g}",
            }
        )
    return styled(traces, {**layout, "margin": {"t": 20}}, palette, height=340)
