"""Corruptions in NumPy float64, one pixel at a time. What is random is an argument."""

import math

import numpy as np


def gaussian(image: np.ndarray, severity: float, field: np.ndarray) -> np.ndarray:
    """``field`` holds a standard normal number for each pixel."""
    out = np.zeros(image.shape)
    for row, column in np.ndindex(image.shape):
        value = image[row, column] + severity * field[row, column]
        out[row, column] = min(max(value, 0), 1)
    return out


def salt_pepper(image: np.ndarray, severity: float, draws: np.ndarray) -> np.ndarray:
    """``draws`` holds a whole number below 2^32 for each pixel: an odd one is salt, half of it
    below severity 2^31 flips the pixel."""
    out = np.zeros(image.shape)
    for row, column in np.ndindex(image.shape):
        half, salt = divmod(int(draws[row, column]), 2)
        out[row, column] = salt if half < severity * 2**31 else image[row, column]
    return out


def occlusion(
    image: np.ndarray, top: int, left: int, side: int, fill: np.ndarray | float
) -> np.ndarray:
    """``fill`` is a number, or one for each pixel."""
    fill = np.broadcast_to(fill, image.shape)
    out = np.zeros(image.shape)
    for row, column in np.ndindex(image.shape):
        inside = top <= row < top + side and left <= column < left + side
        out[row, column] = fill[row, column] if inside else image[row, column]
    return out


def blur(image: np.ndarray, sd: float) -> np.ndarray:
    """Convolution with a Gaussian cut off at four standard deviations, zero beyond the rim."""
    reach = int(4 * sd + 0.5)
    offsets = [(a, b) for a in range(-reach, reach + 1) for b in range(-reach, reach + 1)]
    total = sum(math.exp(-(a * a + b * b) / (2 * sd * sd)) for a, b in offsets)
    out = np.zeros(image.shape)
    for row, column in np.ndindex(image.shape):
        for a, b in offsets:
            weight = math.exp(-(a * a + b * b) / (2 * sd * sd)) / total
            out[row, column] += weight * _pixel(image, row + a, column + b)
    return out


def contrast(image: np.ndarray, lost: float) -> np.ndarray:
    out = np.zeros(image.shape)
    for row, column in np.ndindex(image.shape):
        out[row, column] = image.mean() + (1 - lost) * (image[row, column] - image.mean())
    return out


def moved(image: np.ndarray, down: float, right: float, clockwise: float) -> np.ndarray:
    """Turned about the image's centre, in degrees, then shifted, in pixels; bilinear, black
    moves in."""
    middle = (image.shape[0] - 1) / 2
    sine, cosine = math.sin(math.radians(clockwise)), math.cos(math.radians(clockwise))
    out = np.zeros(image.shape)
    for row, column in np.ndindex(image.shape):
        # Where this pixel comes from: shifted and turned back.
        y, x = row - down - middle, column - right - middle
        y, x = cosine * y - sine * x + middle, sine * y + cosine * x + middle
        y0, x0 = math.floor(y), math.floor(x)
        for a in (0, 1):
            for b in (0, 1):
                weight = (1 - abs(y - y0 - a)) * (1 - abs(x - x0 - b))
                out[row, column] += weight * _pixel(image, y0 + a, x0 + b)
    return out


def _pixel(image: np.ndarray, row: int, column: int) -> float:
    inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
    return image[row, column] if inside else 0.0
