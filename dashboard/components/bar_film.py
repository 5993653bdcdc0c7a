"""The stimulus over a receptive field, moving with the sound of the spikes."""

from typing import NamedTuple

import numpy as np

from dashboard.components.bar_pad import colours
from dashboard.components.pad import make_pad

HTML = """
<canvas class="film" role="img"
  aria-label="The stimulus over the receptive field, moving with the sound"></canvas>
"""

_film = make_pad("bar_film", HTML)


class BarFilm(NamedTuple):
    """A bar at ``places`` (time,) in pixels from the middle of ``field`` (row, column), NaN where
    there is no bar, with the ``spikes`` (time,) so far below.

    ``direction`` in degrees, ``width`` in pixels; with a ``period`` a grating. One frame lasts
    ``frame_ms``; ``ink`` is the colour of the spikes.
    """

    field: np.ndarray
    places: np.ndarray
    spikes: np.ndarray
    direction: float
    width: float
    period: float
    frame_ms: float
    ink: str


def bar_film(key: str, film: BarFilm, sound: str) -> None:
    """Show the film, in time with the sound in the element with the key ``sound``."""
    _film(
        key=key,
        data={
            "colours": colours(film.field),
            "side": film.field.shape[0],
            "width": film.width,
            "period": film.period,
            "direction": film.direction,
            "frame": film.frame_ms,
            "ink": film.ink,
            "places": [None if np.isnan(p) else round(float(p), 2) for p in film.places],
            "spikes": [int(s) for s in film.spikes],
            "sound": f".st-key-{sound} audio",
        },
    )
