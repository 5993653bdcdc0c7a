"""Sequences composed pixel by pixel in NumPy, one image at a time."""

import numpy as np


def canvas(
    digit: np.ndarray,
    corner: tuple[int, int],
    clutter: list[tuple[np.ndarray, tuple[int, int], tuple[int, int]]],
) -> np.ndarray:
    """A 60 x 60 canvas; each piece of clutter is (another digit, where it is cut, where it lies).

    Half contrast is half the grey level, rounded down.
    """
    pixels = np.zeros((60, 60), int)
    for row in range(28):
        for column in range(28):
            pixels[corner[0] + row, corner[1] + column] = digit[row, column]
    for other, cut, place in clutter:
        for row in range(8):
            for column in range(8):
                half = int(other[cut[0] + row, cut[1] + column]) // 2
                y, x = place[0] + row, place[1] + column
                pixels[y, x] = max(pixels[y, x], half)
    return pixels


def glimpse(canvas: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
    """Twelve rows of twelve pixels, then the corner: (146,)."""
    row, column = corner
    seen = canvas[row : row + 12, column : column + 12]
    return np.concatenate([seen.flatten(), [row, column]])


def chunks(digit: np.ndarray, noise: np.ndarray, order: np.ndarray) -> np.ndarray:
    """A digit under noise (784,) on the scale [0, 1], in 8 chunks: (8, 98 + 1)."""
    grey = np.empty(784, int)
    for i, pixel in enumerate(digit.flatten()):
        noisy = min(max(pixel / 255 + noise[i], 0.0), 1.0)
        grey[i] = round(noisy * 255)
    return np.array([[*grey[98 * k : 98 * (k + 1)], k] for k in order])
