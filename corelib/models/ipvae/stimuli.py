"""Films of bars and gratings on a grey ground, after Hubel and Wiesel.

Directions are in degrees: at 0 a bar moves rightward, at 90 upward, counter-clockwise. Its own axis
is direction + 90. Places are in pixels from the middle of the patch, x to the right and y up. A
pixel belongs to a bar when its centre is at most half the width away from the bar's axis.
Brightness is in units of the patches' deviation, 0 is the ground.

Films are float32 (direction, time, pixel), all directions at once.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from corelib.models.ipvae.gabor import pixel_centres

Polarity = Literal["bright", "dark"]


class Sweep(NamedTuple):
    """A bar that moves across the patch: ``frames`` of it after ``blanks`` of the bare ground.

    ``width`` in pixels, ``speed`` in pixels a frame; half-way through its frames the bar is in the
    middle.
    """

    blanks: int
    frames: int
    speed: float
    width: float
    contrast: float = 1.0
    polarity: Polarity = "bright"

    def places(self) -> np.ndarray:
        """Where the bar is along its direction in each of its frames, (time,), in pixels."""
        return self.speed * (np.arange(self.frames) - (self.frames - 1) / 2)


def paper_sweep(side: int, contrast: float = 1.0, polarity: Polarity = "bright") -> Sweep:
    """The paper's protocol: 300 blanks, 400 frames, 0.064 pixels a frame, a bar of a fifth of the
    patch."""
    return Sweep(300, 400, 0.064, 0.2 * side, contrast, polarity)


def quick_sweep(side: int, contrast: float = 1.0, polarity: Polarity = "bright") -> Sweep:
    """A bar that crosses the patch's diagonal in 120 frames, after 40 blanks."""
    return Sweep(40, 120, np.sqrt(2) * side / 120, 0.2 * side, contrast, polarity)


def distances(side: int, directions: Sequence[float] | np.ndarray) -> np.ndarray:
    """How far each pixel is along each direction, (direction, pixel), in pixels."""
    x, y = pixel_centres(side)
    theta = np.deg2rad(np.asarray(directions, float))[:, None]
    return np.cos(theta) * x + np.sin(theta) * y


def bars(
    side: int,
    directions: Sequence[float] | np.ndarray,
    places: np.ndarray,
    width: float,
    contrast: float = 1.0,
    polarity: Polarity = "bright",
) -> np.ndarray:
    """A bar at given places, (time,), or (direction, time); NaN shows none.

    A bar dragged by hand is this, too, with the places where it was.
    """
    along = distances(side, directions)[:, None, :]
    places = np.atleast_2d(np.asarray(places, float))[..., None]
    # The last digits of a distance should not decide whether an edge belongs to the bar.
    inside = np.abs(along - places) <= width / 2 + 1e-9
    return np.where(inside, _level(contrast, polarity), 0).astype(np.float32)


def moving_bars(side: int, directions: Sequence[float] | np.ndarray, sweep: Sweep) -> np.ndarray:
    """A bar that moves in each direction."""
    places = np.concatenate([np.full(sweep.blanks, np.nan), sweep.places()])
    return bars(side, directions, places, sweep.width, sweep.contrast, sweep.polarity)


def flashed_bars(
    side: int,
    directions: Sequence[float] | np.ndarray,
    place: float,
    width: float,
    blanks: int,
    on: int,
    off: int,
    contrast: float = 1.0,
    polarity: Polarity = "bright",
) -> np.ndarray:
    """A bar that stands still: ``blanks`` frames without it, ``on`` with it, ``off`` without."""
    places = np.full(blanks + on + off, np.nan)
    places[blanks : blanks + on] = place
    return bars(side, directions, places, width, contrast, polarity)


def gratings(
    side: int,
    directions: Sequence[float] | np.ndarray,
    frequency: float,
    speed: float,
    blanks: int,
    frames: int,
    contrast: float = 1.0,
    phase: float = 0.0,
) -> np.ndarray:
    """Stripes contrast cos(2π frequency (d - speed t) + phase) that drift in each direction.

    ``frequency`` in cycles a pixel, ``speed`` in pixels a frame, ``phase`` in degrees; d is the
    distance along the direction.
    """
    along = distances(side, directions)[:, None, :]
    travelled = speed * np.arange(frames)[:, None]
    film = contrast * np.cos(2 * np.pi * frequency * (along - travelled) + np.deg2rad(phase))
    ground = np.zeros((len(along), blanks, film.shape[2]))
    return np.concatenate([ground, film], 1).astype(np.float32)


def _level(contrast: float, polarity: Polarity) -> float:
    return contrast if polarity == "bright" else -contrast
