"""Corruptions of grey images: pure functions of (images, severity, seed) on pixels in [0, 1].

They come before normalisation and are clipped to [0, 1]; severity 0 changes nothing, bit for bit.
One seed draws the same noise at every severity, so that the noise only grows: a pixel flipped at a
low severity stays flipped at a higher one. What happens to an image depends on its place in the
batch, not on how many follow it.

``faithful`` is the protocol of the code of Lahiri and Panwar, "Balanced Predictive Attractor
Networks for Anytime and Sequential Inference", which corrupts the normalised input x and does not
clip: Gaussian noise x + severity N(0, 1); occlusion by a centred square whose side is
floor(severity times the image's side) set to 0, which is the mean pixel. Salt and pepper is the
same in both. One departure: in their code an occlusion of severity 0 still covers a pixel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from corelib.data.corruption_kinds import CORRUPTIONS, PUBLISHED, Kind
from corelib.errors import DataError, SettingsError
from corelib.settings import Settings, setting
from corelib.words import percent

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "CORRUPTIONS",
    "PUBLISHED",
    "Corruption",
    "Fill",
    "Kind",
    "Place",
    "Square",
    "corrupt",
    "filling",
    "square",
    "square_side",
]

Fill = Literal["black", "grey", "noise"]
Place = Literal["centre", "random", "placed"]


class Corruption(NamedTuple):
    """One corruption with its severity; hashable.

    ``place``, ``row``, ``column`` and ``fill`` describe the occluding square: ``centre``,
    ``random`` (for each image, wholly inside) or ``placed`` with its centre at ``row`` and
    ``column``, as shares of the image's side; ``grey`` is the data set's mean, ``noise`` uniform.
    ``faithful`` asks for the published protocol, which ignores them. ``corrupt`` checks the fields.
    """

    name: str
    severity: float
    seed: int = 0
    place: Place = "centre"
    row: float = 0.5
    column: float = 0.5
    fill: Fill = "black"
    faithful: bool = False

    @property
    def in_words(self) -> str:
        """The corruption as part of a sentence, after "with".

        Raises ``SettingsError`` for a wrong field.
        """
        self = _checked(self)
        if self.faithful and self.name == "occlusion":
            return f"a square of {percent(self.severity, 0)} of the side, as published"
        words = {
            "gaussian": f"Gaussian noise of sd {self.severity:g}",
            "salt_pepper": f"{percent(self.severity, 0)} of the pixels black or white",
            "occlusion": f"{percent(self.severity, 0)} of the area covered",
            "blur": f"a blur of {self.severity:g} pixels",
            "contrast": f"{percent(self.severity, 0)} of the contrast lost",
            "shift": f"a shift of {self.severity:g} pixels",
            "rotation": f"a rotation of {self.severity:g}°",
        }
        return words[self.name] + (", as published" if self.faithful else "")


class Square(NamedTuple):
    """A square of pixels; it may reach beyond the image. ``top`` and ``left`` count from 0."""

    top: int
    left: int
    side: int


def square_side(severity: float, side: int) -> int:
    """The whole number of pixels nearest to side sqrt(severity): severity is a share of area."""
    return math.floor(side * math.sqrt(severity) + 0.5)


def square(severity: float, side: int, row: float, column: float) -> Square:
    """The occluding square in an image of ``side`` pixels, its centre at ``row`` and ``column``.

    These are shares of the side, 0.5 the middle. The square lies on the pixel grid as near to its
    centre as it can; halfway between two places it takes the upper left one.
    """
    length = square_side(severity, side)
    top, left = (math.ceil(share * side - length / 2 - 0.5) for share in (row, column))
    return Square(top, left, length)


def corrupt(
    pixels: Tensor, corruption: Corruption, mean: float = 0.1307, std: float = 0.3081
) -> Tensor:
    """The images corrupted: float32 (batch, row, column) in [0, 1].

    ``pixels`` (batch, row, column) are uint8, or float on [0, 1]. ``mean`` and ``std`` are the
    data set's. With ``faithful`` the result is in the same units but may leave [0, 1]:
    ``ImageDataset.inputs`` makes it the published input. Raises ``DataError`` for wrong pixels,
    ``SettingsError`` for a wrong field of the corruption.
    """
    corruption = _checked(corruption)
    unit = _unit(pixels)
    if corruption.severity == 0:
        return unit
    if corruption.faithful and corruption.name != "salt_pepper":
        return _faithful(unit, corruption, mean, std)
    return _BY_NAME[corruption.name](unit, corruption, mean).clamp_(0, 1)


class _Bounds(Settings):
    """What the fields of a ``Corruption`` may be."""

    name: str = setting(..., "Kind of corruption")
    severity: float = setting(..., "From 0 to the largest of its kind", ge=0)
    seed: int = setting(..., "Seed of the noise", ge=0, lt=2**32)
    place: Place = setting(..., "Where the square lies")
    row: float = setting(..., "Centre of a placed square, as a share of the side", ge=0, le=1)
    column: float = setting(..., "Centre of a placed square, as a share of the side", ge=0, le=1)
    fill: Fill = setting(..., "What fills the square")
    faithful: bool = setting(..., "Whether the published protocol is asked for")

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = PUBLISHED if self.faithful else CORRUPTIONS
        if self.name not in known:
            of = " as published" if self.faithful else ""
            raise SettingsError(
                f"name is {self.name!r:.60}, but should be{of} one of: {', '.join(known)}."
            )
        grid = CORRUPTIONS[self.name].severities
        most = PUBLISHED[self.name] if self.faithful else grid[-1]
        if self.severity > most:
            raise SettingsError(
                f"severity is {self.severity}, but should be from 0 to {most:g} for {self.name}."
            )
        return self


def _checked(corruption: Corruption) -> Corruption:
    """The same corruption, if every field is what it should be; else raises ``SettingsError``."""
    return Corruption(**_Bounds(**corruption._asdict()).model_dump())


def _unit(pixels: Tensor) -> Tensor:
    """Float32 on [0, 1], as ``ImageDataset.inputs`` reads pixels."""
    import torch

    if pixels.ndim != 3 or pixels.shape[1] != pixels.shape[2]:
        raise DataError(
            f"The images have shape {tuple(pixels.shape)}, but should be (batch, row, column) "
            "with as many rows as columns."
        )
    if pixels.dtype == torch.uint8:
        return pixels.float() / 255
    unit = pixels.float()
    if len(unit):
        low, high = unit.aminmax()
        if not (low >= 0 and high <= 1):  # NaN too
            raise DataError(
                "Some pixels are not numbers from 0 to 1; give uint8, or divide by the largest."
            )
    return unit


def _generator(corruption: Corruption, stream: int = 0) -> np.random.Generator:
    # NumPy's draws come one after another, so a longer batch begins as a shorter one does;
    # torch's normal numbers do not.
    return np.random.default_rng([corruption.seed, stream])


def _normal(unit: Tensor, corruption: Corruption) -> Tensor:
    """The fixed field of standard normal noise, like ``unit``."""
    import torch

    field = _generator(corruption).standard_normal(tuple(unit.shape), np.float32)
    return torch.from_numpy(field).to(unit.device)


def _gaussian(unit: Tensor, corruption: Corruption, mean: float) -> Tensor:
    return unit.add(_normal(unit, corruption), alpha=corruption.severity)


def _salt_pepper(unit: Tensor, corruption: Corruption, mean: float) -> Tensor:
    import torch

    # The last bit decides between salt and pepper, the others whether the pixel flips.
    bits = _generator(corruption).integers(0, 2**32, tuple(unit.shape), np.uint32)
    flipped = torch.from_numpy((bits >> 1) < corruption.severity * 2**31)
    salt = torch.from_numpy((bits & 1).astype(np.float32))
    return torch.where(flipped.to(unit.device), salt.to(unit.device), unit)


def _occlusion(unit: Tensor, corruption: Corruption, mean: float) -> Tensor:
    import torch

    side = unit.shape[-1]
    if corruption.place == "random":
        length = square_side(corruption.severity, side)
        where = _generator(corruption).random((len(unit), 2))
        tops, lefts = np.floor(where * (side - length + 1)).astype(np.int64).T
    else:
        placed = corruption.place == "placed"
        row, column = (corruption.row, corruption.column) if placed else (0.5, 0.5)
        covering = square(corruption.severity, side, row, column)
        tops, lefts, length = np.array([covering.top]), np.array([covering.left]), covering.side
    covered = _covered(tops, lefts, length, side).to(unit.device)
    return torch.where(covered, filling(unit, corruption, mean), unit)


def filling(unit: Tensor, corruption: Corruption, mean: float = 0.1307) -> Tensor:
    """What fills the square: one number, or for noise one for each pixel of ``unit``
    (batch, row, column)."""
    import torch

    if corruption.fill == "noise":
        noise = _generator(corruption, stream=1).random(tuple(unit.shape), np.float32)
        return torch.from_numpy(noise).to(unit.device)
    return unit.new_tensor(mean if corruption.fill == "grey" else 0.0)


def _covered(tops: np.ndarray, lefts: np.ndarray, length: int, side: int) -> Tensor:
    """Bool (square, row, column): which pixels each square covers."""
    import torch

    along = np.arange(side)
    rows, columns = (
        (along >= first[:, None]) & (along < first[:, None] + length) for first in (tops, lefts)
    )
    return torch.from_numpy(rows[:, :, None] & columns[:, None, :])


def _blur(unit: Tensor, corruption: Corruption, mean: float) -> Tensor:
    import torch
    from scipy.ndimage import gaussian_filter

    blurred = gaussian_filter(unit.cpu().numpy(), corruption.severity, mode="constant", axes=(1, 2))
    return torch.from_numpy(blurred).to(unit.device)


def _contrast(unit: Tensor, corruption: Corruption, mean: float) -> Tensor:
    from torchvision.transforms.v2 import functional as transforms

    return transforms.adjust_contrast(unit[:, None], 1 - corruption.severity)[:, 0]


def _shift(unit: Tensor, corruption: Corruption, mean: float) -> Tensor:
    return _moved(unit, corruption, ((0, -1), (0, 1), (-1, 0), (1, 0)), angles=(0, 0, 0, 0))


def _rotation(unit: Tensor, corruption: Corruption, mean: float) -> Tensor:
    return _moved(unit, corruption, ((0, 0), (0, 0)), angles=(-1, 1))


def _moved(
    unit: Tensor,
    corruption: Corruption,
    directions: tuple[tuple[int, int], ...],
    angles: tuple[int, ...],
) -> Tensor:
    """Each image shifted in one of the directions (x, y) and rotated by the angle of that place (in
    severities), bilinearly."""
    import torch
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as transforms

    which = _generator(corruption).integers(len(directions), size=len(unit))
    moved = torch.empty_like(unit)
    for k, (direction, angle) in enumerate(zip(directions, angles, strict=True)):
        chosen = torch.from_numpy(np.flatnonzero(which == k)).to(unit.device)
        moved[chosen] = transforms.affine(
            unit[chosen][:, None],
            angle=angle * corruption.severity,
            translate=[step * corruption.severity for step in direction],
            scale=1.0,
            shear=[0.0, 0.0],
            interpolation=InterpolationMode.BILINEAR,
        )[:, 0]
    return moved


def _faithful(unit: Tensor, corruption: Corruption, mean: float, std: float) -> Tensor:
    """The published Gaussian noise or occlusion, in pixel units."""
    if corruption.name == "gaussian":
        return unit.add(_normal(unit, corruption), alpha=corruption.severity * std)
    side = unit.shape[-1]
    length = int(corruption.severity * side)
    top = (side - length) // 2
    covered = unit.clone()
    covered[:, top : top + length, top : top + length] = mean
    return covered


_BY_NAME = {
    "gaussian": _gaussian,
    "salt_pepper": _salt_pepper,
    "occlusion": _occlusion,
    "blur": _blur,
    "contrast": _contrast,
    "shift": _shift,
    "rotation": _rotation,
}
assert set(_BY_NAME) == set(CORRUPTIONS)
