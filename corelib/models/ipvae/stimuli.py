"""Films of bars and gratings on a grey ground, after Hubel and Wiesel.

Directions are in degrees: at 0 a bar moves rightward, at 90 upward, counter-clockwise. Its own axis
is direction + 90. Places are in pixels from the middle of the patch, x to the right and y up. A
pixel belongs to a bar when its centre is at most half the width away from the bar's axis.
Brightness is in units of the patches' standard deviation, 0 is the ground.

Films are float32 (direction, time, pixel), all directions at once.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from corelib.errors import SettingsError
from corelib.models.ipvae.gabor import pixel_centres

CONTRAST = 2.0
"""A contrast that raises many neurons well above the rates that they have on the bare ground."""
Polarity = Literal["bright", "dark"]
Kind = Literal["moving bar", "flashed bar", "drifting grating", "dragged bar"]
Directions = Sequence[float] | np.ndarray
KINDS: tuple[Kind, ...] = ("moving bar", "flashed bar", "drifting grating", "dragged bar")


class Stimulus(NamedTuple):
    """A film on a grey ground, in all but its direction. Lengths in pixels, times in frames.

    ``baseline_frames`` of the bare ground come first, then ``frames`` of the stimulus. A moving bar
    and a drifting grating travel ``speed`` pixels a frame; half-way through its frames the bar is
    in the middle of the patch. A flashed bar stands at ``place`` for the first ``flash_frames`` of
    its frames. A dragged bar is at the places of ``path``, one a frame. ``width`` is that of a bar,
    ``frequency`` that of a grating in cycles a pixel. ``contrast`` is in standard deviations of the
    patches; a ``dark`` bar is as far below the ground as a bright one is above it.
    """

    kind: Kind
    baseline_frames: int
    frames: int
    speed: float
    width: float
    contrast: float = CONTRAST
    polarity: Polarity = "bright"
    frequency: float = 0.1
    place: float = 0.0
    flash_frames: int = 0
    path: tuple[float, ...] = ()


def paper_bar(side: int, contrast: float = CONTRAST, polarity: Polarity = "bright") -> Stimulus:
    """The paper's protocol on a patch of ``side`` pixels: 300 baseline frames, then 400 frames of a
    bar a fifth of the patch wide that moves by 0.064 pixels a frame."""
    return Stimulus("moving bar", 300, 400, 0.064, 0.2 * side, contrast, polarity)


def quick_bar(side: int, contrast: float = CONTRAST, polarity: Polarity = "bright") -> Stimulus:
    """A bar that crosses the patch's diagonal in 120 frames, after 40 baseline frames; speed and
    width are rounded to what a person would type."""
    speed, width = round(float(np.sqrt(2) * side / 120), 3), round(0.2 * side, 2)
    return Stimulus("moving bar", 40, 120, speed, width, contrast, polarity)


def at_speed(stimulus: Stimulus, speed: float) -> Stimulus:
    """The same way travelled at another ``speed`` (pixels a frame), in as many frames as that
    takes."""
    way = stimulus.speed * stimulus.frames
    return stimulus._replace(speed=speed, frames=round(way / speed))


def film(stimulus: Stimulus, side: int, directions: Directions) -> np.ndarray:
    """The stimulus in each direction on a patch of ``side`` pixels, (direction, time, pixel).

    Raises ``SettingsError`` for a kind or polarity that is not known, a stimulus without frames and
    a dragged bar without a path.
    """
    s = stimulus
    check_stimulus(s)
    if s.kind == "drifting grating":
        return gratings(
            side, directions, s.frequency, s.speed, s.baseline_frames, s.frames, s.contrast
        )
    return bars(side, directions, places(s), s.width, s.contrast, s.polarity)


def check_stimulus(stimulus: Stimulus) -> None:
    """Raises ``SettingsError`` naming what of a stimulus cannot be shown."""
    s = stimulus
    if s.kind not in KINDS:
        raise SettingsError(f"kind is {s.kind!r}, but should be one of: {', '.join(KINDS)}.")
    if s.polarity not in ("bright", "dark"):
        raise SettingsError(f"polarity is {s.polarity!r}, but should be 'bright' or 'dark'.")
    if s.baseline_frames < 0:
        raise SettingsError(f"baseline_frames is {s.baseline_frames}, but should be 0 or more.")
    if s.kind == "dragged bar" and not s.path:
        raise SettingsError("path is empty, but a dragged bar needs one place per frame.")
    if s.kind != "dragged bar" and s.frames < 1:
        raise SettingsError(f"frames is {s.frames}, but should be 1 or more.")


def places(stimulus: Stimulus) -> np.ndarray:
    """Where the bar is along its direction in each frame, (time,) in pixels, NaN where there is
    none; of a grating, where one of its bright stripes is."""
    s = stimulus
    frames = np.arange(s.frames)
    if s.kind == "moving bar":
        shown = s.speed * (frames - (s.frames - 1) / 2)
    elif s.kind == "flashed bar":
        shown = np.where(frames < s.flash_frames, s.place, np.nan)
    elif s.kind == "drifting grating":
        shown = s.speed * frames
    else:
        shown = np.array(s.path, float)
    return np.concatenate([np.full(s.baseline_frames, np.nan), shown])


def distances(side: int, directions: Directions) -> np.ndarray:
    """How far each pixel is along each direction, (direction, pixel), in pixels."""
    x, y = pixel_centres(side)
    theta = np.deg2rad(np.asarray(directions, float))[:, None]
    return np.cos(theta) * x + np.sin(theta) * y


def bars(
    side: int,
    directions: Directions,
    places: np.ndarray,
    width: float,
    contrast: float = 1.0,
    polarity: Polarity = "bright",
) -> np.ndarray:
    """A bar ``width`` pixels wide at given places, (time,) or (direction, time) in pixels; NaN
    shows none."""
    along = distances(side, directions)[:, None, :]
    places = np.atleast_2d(np.asarray(places, float))[..., None]
    # The last digits of a distance should not decide whether an edge belongs to the bar.
    inside = np.abs(along - places) <= width / 2 + 1e-9
    return np.where(inside, _level(contrast, polarity), 0).astype(np.float32)


def gratings(
    side: int,
    directions: Directions,
    frequency: float,
    speed: float,
    baseline_frames: int,
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
    shown = contrast * np.cos(2 * np.pi * frequency * (along - travelled) + np.deg2rad(phase))
    ground = np.zeros((len(along), baseline_frames, shown.shape[2]))
    return np.concatenate([ground, shown], 1).astype(np.float32)


def _level(contrast: float, polarity: Polarity) -> float:
    return contrast if polarity == "bright" else -contrast
