"""Digits that are revealed step by step: sequences composed from plain digits of 28 x 28.

Two tasks of Lahiri and Panwar, "Balanced Predictive Attractor Networks for Anytime and Sequential
Inference". Everything is composed of pixels as they are stored, from 0 to 255.

Cluttered translated MNIST: on a black canvas of 60 x 60 a digit lies at a uniformly random place,
among six pieces of clutter. A piece is 8 x 8 pixels, cut at a random place out of another digit of
the same split, at half contrast, and put at a random place; where things overlap, the brighter
pixel shows. The network sees six glimpses of 12 x 12, one a step.

Streaming MNIST: the flattened digit comes in 8 chunks of 98 pixels, each pixel with normal noise
(sd 0.1 where white is 1), clipped to [0, 1] and rounded to a whole grey level. Whether the authors'
code adds its noise before or after normalisation is not stated.

A sequence is uint8 (image, time, column): the pixels of the step, then their position, which is
the row and column of the glimpse's upper left corner or the number of the chunk. The network is
given the position if the task says so. Training sequences are composed anew for each batch;
validation and test sequences are fixed by seed and index.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np

from corelib.data.images import ImageDataset, Split, places

if TYPE_CHECKING:
    from torch import Tensor

SIDE, CANVAS, PIECE, GLIMPSE = 28, 60, 8, 12
N_PIECES, N_GLIMPSES = 6, 6
N_CHUNKS, NOISE_SD = 8, 0.1
VALIDATION_SEED, TEST_SEED, TRAINING = 1, 2, 3
AT_ONCE = 1000

Policy = Literal["random", "grid", "centre"]
Seed = int | Sequence[int]

GRID = tuple((row, column) for row in (9, 39) for column in (4, 24, 44))
# The middle, then five around it at a distance of 14 pixels, clockwise from above.
CENTRE = ((24, 24), (10, 24), (20, 37), (35, 32), (35, 16), (20, 11))


class Scene(NamedTuple):
    """Canvases of cluttered digits, and the positions of what is on them; corners are upper left
    ones, as row and column.

    ``canvases`` uint8 (image, 60, 60), ``corners`` (image, time, 2) of the glimpses,
    ``digit_corners`` (image, 2) of the digit's 28 x 28 pixels.
    """

    canvases: Tensor
    corners: Tensor
    digit_corners: Tensor


class _Drawn(NamedTuple):
    """The random numbers of a scene: where the digit lies, which digits the pieces are cut from
    (image, piece), where they are cut and where they lie (image, piece, 2), and the glimpses."""

    digit: np.ndarray
    source: np.ndarray
    cut: np.ndarray
    piece: np.ndarray
    corners: np.ndarray


def _draw(
    n: int, n_others: int, policy: Policy, seed: Seed, own: np.ndarray | None = None
) -> _Drawn:
    """Scenes of n digits. The glimpses are drawn last: canvases are the same for all policies."""
    rng = np.random.default_rng(seed)
    digit = rng.integers(0, CANVAS - SIDE + 1, (n, 2))
    if own is None:
        source = rng.integers(0, n_others, (n, N_PIECES))
    else:
        source = (own[:, None] + rng.integers(1, n_others, (n, N_PIECES))) % n_others
    cut = rng.integers(0, SIDE - PIECE + 1, (n, N_PIECES, 2))
    piece = rng.integers(0, CANVAS - PIECE + 1, (n, N_PIECES, 2))
    if policy == "random":
        corners = rng.integers(0, CANVAS - GLIMPSE + 1, (n, N_GLIMPSES, 2))
    else:
        corners = np.tile(GRID if policy == "grid" else CENTRE, (n, 1, 1))
    return _Drawn(digit, source, cut, piece, corners)


def _window(corners: Tensor, side: int, width: int) -> Tensor:
    """Places of a square's pixels in a flattened picture: (..., 2) -> (..., side * side)."""
    import torch

    steps = torch.arange(side, device=corners.device)
    inside = (steps[:, None] * width + steps).flatten()
    return (corners[..., 0] * width + corners[..., 1])[..., None] + inside


def _build(pixels: Tensor, others: Tensor, drawn: _Drawn) -> Scene:
    import torch

    device = pixels.device
    digit, source, cut, piece, corners = (torch.from_numpy(d).to(device) for d in drawn)
    canvases = torch.zeros(len(pixels), CANVAS * CANVAS, dtype=torch.uint8, device=device)
    canvases.scatter_(1, _window(digit, SIDE, CANVAS), pixels.flatten(1))
    clutter = torch.take(others, source[..., None] * SIDE**2 + _window(cut, PIECE, SIDE)) // 2
    where = _window(piece, PIECE, CANVAS)
    canvases.scatter_reduce_(1, where.flatten(1), clutter.flatten(1), "amax")
    return Scene(canvases.view(-1, CANVAS, CANVAS), corners, digit)


def scene(
    pixels: Tensor, others: Tensor, policy: Policy, seed: Seed, own: np.ndarray | None = None
) -> Scene:
    """A scene for each digit: uint8 (image, 28, 28), with clutter cut from ``others``, the same.

    ``own`` (image,) are the digits' places among the others, if they are there, so that no clutter
    is cut from the digit itself.
    """
    return _build(pixels, others, _draw(len(pixels), len(others), policy, seed, own))


def scene_of_test(dataset: SequenceDataset, images: Sequence[int]) -> Scene:
    """The scenes of test images, whose glimpses are ``dataset.test.pixels[images]``; raises
    ``TypeError`` if the task has none."""
    if not isinstance(dataset.task, Glimpses):
        raise TypeError(f"{dataset.name} has no scenes.")
    digits = dataset.digits.test.pixels
    n, chosen = len(digits), np.asarray(images)
    drawn = _draw(n, n, dataset.task.policy, TEST_SEED, np.arange(n))
    return _build(digits[chosen], digits, _Drawn(*(values[chosen] for values in drawn)))


def glimpses(canvases: Tensor, corners: Tensor) -> Tensor:
    """The sequences of glimpses: uint8 (image, time, 144 + 2)."""
    import torch

    places = _window(corners, GLIMPSE, CANVAS)
    seen = canvases.flatten(1).gather(1, places.flatten(1)).view(places.shape)
    return torch.cat([seen, corners.to(torch.uint8)], -1)


@dataclass(frozen=True)
class Task(ABC):
    """How sequences are composed; ``positions``: the network is given where pixels are.

    One step has ``n_pixels`` inputs that are pixels, and ``n_position`` that give the position.
    """

    positions: bool
    n_pixels: ClassVar[int]
    n_position: ClassVar[int]

    @property
    @abstractmethod
    def name(self) -> str:
        """Of the data set."""

    @property
    @abstractmethod
    def title(self) -> str:
        """For a person."""

    @property
    @abstractmethod
    def about(self) -> str:
        """A description in one line."""

    @property
    def input_dim(self) -> int:
        return self.n_pixels + self.n_position * self.positions

    @abstractmethod
    def compose(
        self, pixels: Tensor, others: Tensor, seed: Seed, own: np.ndarray | None = None
    ) -> Tensor:
        """A sequence for each digit: uint8 (image, 28, 28) -> uint8 (image, time, column).

        ``others`` and ``own`` are those of ``scene``. A pure function; the numbers are drawn on
        the CPU, so that a seed means the same on every device.
        """

    @abstractmethod
    def position(self, columns: Tensor) -> Tensor:
        """The positions as inputs, float32 (image, time, n_position), from the last columns."""


@dataclass(frozen=True)
class Glimpses(Task):
    """Cluttered translated MNIST. ``policy`` says where the glimpses look: at random places, at
    those of a grid of 2 x 3, row by row, or at the canvas centre and then around it. None of them
    knows where the digit is. Positions: row and column of the glimpse, from -1 to 1."""

    policy: Policy
    n_pixels: ClassVar[int] = GLIMPSE**2
    n_position: ClassVar[int] = 2

    @property
    def name(self) -> str:
        policy = "" if self.policy == "random" else f"-{self.policy}"
        return f"ct-mnist{policy}{'-located' * self.positions}"

    @property
    def title(self) -> str:
        policy = {"random": "at random", "grid": "on a grid", "centre": "from the centre"}
        given = ", positions given" * self.positions
        return f"Cluttered MNIST, glimpses {policy[self.policy]}{given}"

    @property
    def about(self) -> str:
        return "A digit and clutter on a canvas of 60 x 60, seen in 6 glimpses of 12 x 12 pixels"

    def compose(
        self, pixels: Tensor, others: Tensor, seed: Seed, own: np.ndarray | None = None
    ) -> Tensor:
        import torch

        drawn = _draw(len(pixels), len(others), self.policy, seed, own)
        parts = []
        for at in range(0, len(pixels), AT_ONCE):
            part = slice(at, at + AT_ONCE)
            built = _build(pixels[part], others, _Drawn(*(values[part] for values in drawn)))
            parts.append(glimpses(built.canvases, built.corners))
        return torch.cat(parts)

    def position(self, columns: Tensor) -> Tensor:
        return columns.float().mul_(2 / (CANVAS - GLIMPSE)).sub_(1)


@dataclass(frozen=True)
class Chunks(Task):
    """Streaming MNIST; ``shuffled`` draws the order of the chunks for each image. Positions: the
    number of the chunk, one-hot."""

    shuffled: bool
    n_pixels: ClassVar[int] = SIDE**2 // N_CHUNKS
    n_position: ClassVar[int] = N_CHUNKS

    @property
    def name(self) -> str:
        return f"streaming-mnist{'' if self.shuffled else '-fixed'}{'-numbered' * self.positions}"

    @property
    def title(self) -> str:
        order = "in random order" if self.shuffled else "in order"
        return f"Streaming MNIST, chunks {order}{', numbers given' * self.positions}"

    @property
    def about(self) -> str:
        return "A noisy digit of 28 x 28 that comes in 8 chunks of 98 pixels"

    def compose(
        self, pixels: Tensor, others: Tensor, seed: Seed, own: np.ndarray | None = None
    ) -> Tensor:
        import torch

        n, device = len(pixels), pixels.device
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((n, SIDE**2), dtype=np.float32)
        numbers = np.tile(np.arange(N_CHUNKS), (n, 1))
        if self.shuffled:
            numbers = rng.permuted(numbers, axis=1)
        order = torch.from_numpy(numbers).to(device)
        unit = torch.from_numpy(noise).to(device).mul_(NOISE_SD)
        unit = unit.add_(pixels.flatten(1).float().div_(255)).clamp_(0, 1)
        chunks = unit.mul_(255).round_().to(torch.uint8).view(n, N_CHUNKS, self.n_pixels)
        chunks = chunks[torch.arange(n, device=device)[:, None], order]
        return torch.cat([chunks, order[..., None].to(torch.uint8)], -1)

    def position(self, columns: Tensor) -> Tensor:
        import torch

        return torch.nn.functional.one_hot(columns[..., 0].long(), N_CHUNKS).float()


TASKS: tuple[Task, ...] = (
    *(
        Glimpses(given, policy)
        for policy in ("random", "grid", "centre")
        for given in (False, True)
    ),
    *(Chunks(given, shuffled) for shuffled in (True, False) for given in (False, True)),
)


class SequenceDataset(NamedTuple):
    """An ``ImageDataset`` whose images come as sequences; see the head of this file.

    ``train`` holds the plain digits that ``batch`` composes sequences from, ``validation`` and
    ``test`` composed ones. ``mean`` and ``std`` are those of the plain training pixels.
    """

    name: str
    class_names: tuple[str, ...]
    mean: float
    std: float
    train: Split
    validation: Split
    test: Split
    task: Task
    digits: ImageDataset

    @property
    def input_dim(self) -> int:
        return self.task.input_dim

    @property
    def size_in_words(self) -> str:
        return f"steps of {self.name} have {self.input_dim} inputs"

    def inputs(self, pixels: Tensor) -> Tensor:
        """Network input from sequences: uint8 (batch, time, column) becomes (batch, time, input) of
        torch's default type, normalised pixels and, if the task says so, their positions."""
        import torch

        n = self.task.n_pixels
        unit = (
            pixels[..., :n].to(torch.get_default_dtype()).div_(255).sub_(self.mean).div_(self.std)
        )
        if not self.task.positions:
            return unit
        return torch.cat([unit, self.task.position(pixels[..., n:])], -1)

    def batch(self, train: Split, step: int, size: int, seed: int) -> Split:
        """The batch of a training step, composed anew: a pure function of its arguments.

        Digits come as in ``ImageDataset.batch``; ``train`` is that split, on whichever device.
        """
        import torch

        own = places(len(train.labels), step, size, seed)
        chosen = torch.from_numpy(own).to(train.labels.device)
        digits, labels = train.pixels[chosen], train.labels[chosen]
        return Split(self.task.compose(digits, train.pixels, (seed, step, TRAINING), own), labels)


def sequences(digits: ImageDataset, task: Task) -> SequenceDataset:
    """The data set of a task, composed from plain digits."""

    def fixed(split: Split, seed: int) -> Split:
        own = np.arange(len(split.labels))
        return Split(task.compose(split.pixels, split.pixels, seed, own), split.labels)

    kept = {name: getattr(digits, name) for name in ("class_names", "mean", "std", "train")}
    validation, test = fixed(digits.validation, VALIDATION_SEED), fixed(digits.test, TEST_SEED)
    return SequenceDataset(
        name=task.name, validation=validation, test=test, task=task, digits=digits, **kept
    )
