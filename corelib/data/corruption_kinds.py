"""The kinds of corruption: what the severity of each means, and its grid."""

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of corruption; ``about`` and ``unit`` say what its severity means.

    ``severities`` is the grid of pages and tables, from 0 to the largest severity allowed.
    """

    title: str
    about: str
    unit: str
    severities: tuple[float, ...]


def _grid(most: float) -> tuple[float, ...]:
    return tuple(round(most * k / 10, 6) for k in range(11))


CORRUPTIONS: dict[str, Kind] = {
    "gaussian": Kind(
        "Gaussian noise",
        "normal noise of this standard deviation is added to every pixel",
        "sd of the noise, on pixels from 0 to 1",
        _grid(1),
    ),
    "salt_pepper": Kind(
        "Salt and pepper",
        "this share of the pixels turns black or white, with equal chance",
        "share of the pixels",
        _grid(0.5),
    ),
    "occlusion": Kind(
        "Occlusion",
        "a square covers this share of the area, its side rounded to whole pixels",
        "share of the area",
        _grid(0.5),
    ),
    "blur": Kind(
        "Blur",
        "convolution with a Gaussian of this standard deviation; black beyond the edge",
        "sd of the Gaussian / pixels",
        _grid(5),
    ),
    "contrast": Kind(
        "Contrast loss",
        "pixels move by this share of the way to the image's mean",
        "share of the contrast lost",
        _grid(1),
    ),
    "shift": Kind(
        "Shift",
        "each image is shifted by this much up, down, left or right; black fills the gap",
        "pixels",
        _grid(10),
    ),
    "rotation": Kind(
        "Rotation",
        "each image is rotated about its centre by this angle, clockwise or anticlockwise",
        "degrees",
        _grid(90),
    ),
}

PUBLISHED = {"gaussian": 1.0, "salt_pepper": 0.5, "occlusion": 1.0}
"""The corruptions of the published protocol, and the largest severity of each."""
