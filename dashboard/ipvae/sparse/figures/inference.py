"""Inference of one image, to be played: the reconstruction and all neurons over time."""

import numpy as np

from corelib.models.ipvae.moments import Moments, Places
from dashboard.figures.figure import Figure
from dashboard.figures.mosaic import picture_panels
from dashboard.figures.style import SIGNED, Palette, playing, styled

FRAME_MS = 250


def player(
    image: np.ndarray,
    moments: Moments,
    places: Places,
    names: tuple[str, str, str],
    palette: Palette,
) -> Figure:
    """Inference to be played: the image, its reconstruction, and every unit's potential, rate and
    activity, in the places that the mosaic of features gives them.

    ``image`` is (row, column), of either sign; ``names`` are those of the three quantities.
    """
    titles = ["image", "reconstruction", *names]
    axes, layout = picture_panels(titles, gap=0.02)
    last = len(moments.steps) - 1
    first = [{"type": "heatmap", "z": image.astype(np.float32)}, *_moment(moments, last, places)]
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
            first, axes, titles, _colour_ranges(image, moments), strict=True
        )
    ]
    frames = [
        {
            "name": str(step),
            "data": _moment(moments, t, places),
            "traces": list(range(1, len(traces))),
        }
        for t, step in enumerate(moments.steps)
    ]
    layout |= playing([str(s) for s in moments.steps], last, "step ", FRAME_MS, palette)
    layout |= {"hovermode": "closest", "margin": {"l": 8, "r": 8, "t": 36, "b": 104}}
    return styled(traces, layout, palette, frames=frames, height=390)


def _moment(moments: Moments, t: int, places: Places) -> list[dict]:
    """The data of all panels but the image."""
    units = (moments.potential, moments.rate, moments.activity)
    return [
        {"type": "heatmap", "z": moments.reconstruction[t].astype(np.float32)},
        *({"type": "heatmap", "z": places.sheet(values[t])} for values in units),
    ]


def _colour_ranges(image: np.ndarray, moments: Moments) -> list[tuple[str, float, float]]:
    """Colour scale, lowest and highest value of each panel, the same in all frames."""
    bound = float(np.abs(image).max()) or 1.0
    low, high = float(moments.potential.min()), float(moments.potential.max())
    tops = [float(np.quantile(np.abs(v), 0.998)) or 1.0 for v in (moments.rate, moments.activity)]
    pictures = [(SIGNED, -bound, bound)] * 2
    if (moments.activity < 0).any():
        most = max(-low, high)
        return [*pictures, (SIGNED, -most, most), *((SIGNED, -top, top) for top in tops)]
    return [*pictures, ("Cividis", low, high), *(("Cividis", 0, top) for top in tops)]
