"""A GIF of the stimulus moving over a receptive field, with the neuron's activity below it."""

from typing import BinaryIO

import numpy as np
from PIL import Image

Colour = tuple[int, int, int]

SCALE = 14
STRIP = 48
POSITIVE, NEGATIVE, MIDDLE = (5, 48, 97), (103, 0, 31), (247, 247, 247)
BRIGHT, DARK = (230, 159, 0), (60, 60, 60)
COVER = 0.6
SHORTEST = 0.02


def frames(field: np.ndarray, film: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """The pictures of the film, uint8 (time, row, column, colour).

    ``field`` (row, column) is blue where positive and red where negative. ``film`` (time, pixel)
    covers it, orange where it is brighter than the background and grey where it is darker, more
    opaque with the difference. The strip below shows ``activity`` (time,) up to the frame; its
    largest value fills the strip's height.
    """
    side = field.shape[0]
    ground = _between(field / (np.abs(field).max() or 1), POSITIVE, NEGATIVE)
    seen = film.reshape(len(film), side, side)
    share = COVER * (np.abs(seen) / (np.abs(seen).max() or 1))[..., None]
    tint = np.where(seen[..., None] > 0, np.array(BRIGHT, float), np.array(DARK, float))
    pictures = (1 - share) * ground + share * tint
    pictures = pictures.repeat(SCALE, 1).repeat(SCALE, 2)
    return np.concatenate([pictures, _strips(activity, side * SCALE)], 1).round().astype(np.uint8)


def _between(unit: np.ndarray, positive: Colour, negative: Colour) -> np.ndarray:
    """Colours (..., 3) of numbers in [-1, 1], from the middle's at 0 to those of either sign."""
    end = np.where(unit[..., None] > 0, np.array(positive, float), np.array(negative, float))
    return np.array(MIDDLE, float) + (end - MIDDLE) * np.abs(unit)[..., None]


def _strips(activity: np.ndarray, width: int) -> np.ndarray:
    """The strips (time, row, column, colour): at each time the bars of the frames up to it."""
    n = len(activity)
    of_column = np.arange(width) * n // width
    size = np.abs(activity) / (np.abs(activity).max() or 1)
    height = np.ceil((STRIP - 4) * size).astype(int)[of_column]
    up = np.arange(STRIP)[::-1, None] < height
    past = of_column <= np.arange(n)[:, None]
    return np.where((up & past[:, None])[..., None], 0.0, 255.0) * np.ones(3)


def write_gif(file: BinaryIO, pictures: np.ndarray, frame_seconds: float) -> None:
    """Write the pictures as a GIF that repeats, each for ``frame_seconds``.

    GIFs count time in hundredths of a second, and viewers show no picture for less than two of
    them. So some frames may last longer than others, and fast ones are left out.
    """
    every = max(1, int(np.ceil(SHORTEST / frame_seconds - 1e-9)))
    shown = np.append(np.arange(0, len(pictures), every), len(pictures))
    durations = 10 * np.diff(np.rint(100 * frame_seconds * shown)).astype(int)
    first, *rest = (Image.fromarray(picture) for picture in pictures[shown[:-1]])
    first.save(file, "GIF", save_all=True, append_images=rest, loop=0, duration=durations.tolist())
