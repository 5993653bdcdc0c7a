"""A film of the stimulus over a receptive field, with the neuron's activity below it."""

from typing import BinaryIO

import numpy as np
from PIL import Image

SCALE = 14
STRIP = 48
POSITIVE, NEGATIVE, MIDDLE = (5, 48, 97), (103, 0, 31), (247, 247, 247)
BRIGHT, DARK = (230, 159, 0), (60, 60, 60)
COVER = 0.6
SHORTEST = 0.02


def frames(field: np.ndarray, film: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Pictures uint8 (time, row, column, colour).

    ``field`` (row, column) is blue where positive and red where negative; ``film`` (time, pixel)
    lies over it, orange where it is brighter than the ground and grey where darker, the more so the
    further from it. Below, ``activity`` (time,) up to the frame, its largest value filling the
    strip.
    """
    side = field.shape[0]
    ground = _between(field / (np.abs(field).max() or 1), POSITIVE, NEGATIVE)
    seen = film.reshape(len(film), side, side)
    share = COVER * (np.abs(seen) / (np.abs(seen).max() or 1))[..., None]
    tint = np.where(seen[..., None] > 0, np.array(BRIGHT, float), np.array(DARK, float))
    pictures = (1 - share) * ground + share * tint
    pictures = pictures.repeat(SCALE, 1).repeat(SCALE, 2)
    return np.concatenate([pictures, _strips(activity, side * SCALE)], 1).round().astype(np.uint8)


def _between(unit: np.ndarray, positive: tuple, negative: tuple) -> np.ndarray:
    end = np.where(unit[..., None] > 0, np.array(positive, float), np.array(negative, float))
    return np.array(MIDDLE, float) + (end - MIDDLE) * np.abs(unit)[..., None]


def _strips(activity: np.ndarray, width: int) -> np.ndarray:
    """Bars (time, STRIP, width, 3): at each time those of the frames up to it."""
    n = len(activity)
    of_column = np.arange(width) * n // width
    size = np.abs(activity) / (np.abs(activity).max() or 1)
    height = np.ceil((STRIP - 4) * size).astype(int)[of_column]
    up = np.arange(STRIP)[::-1, None] < height
    past = of_column <= np.arange(n)[:, None]
    return np.where((up & past[:, None])[..., None], 0.0, 255.0) * np.ones(3)


def write_gif(file: BinaryIO, pictures: np.ndarray, frame_seconds: float) -> None:
    """The pictures as a GIF that repeats and lasts as long as its frames.

    GIFs count time in hundredths of a second, and viewers show no picture for less than two of
    them: some frames then last longer than others, or are left out.
    """
    every = max(1, int(np.ceil(SHORTEST / frame_seconds - 1e-9)))
    shown = np.append(np.arange(0, len(pictures), every), len(pictures))
    durations = 10 * np.diff(np.rint(100 * frame_seconds * shown)).astype(int)
    first, *rest = (Image.fromarray(picture) for picture in pictures[shown[:-1]])
    first.save(file, "GIF", save_all=True, append_images=rest, loop=0, duration=durations.tolist())
