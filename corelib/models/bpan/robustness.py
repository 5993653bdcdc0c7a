"""Robustness of BPAN: its states, the balance of its currents, and occlusion sensitivity."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from corelib.analysis.representation import Projection
from corelib.data.corruptions import Corruption, Fill, corrupt, filling, square
from corelib.data.images import ImageDataset
from corelib.errors import SettingsError
from corelib.models.bpan.anytime import AnytimeClassifier
from corelib.models.bpan.dynamics import first_step, input_drive, readout, step
from corelib.models.bpan.halting import fixed_depth
from corelib.models.bpan.network import BPAN

CHUNK = 1000


class Balance(NamedTuple):
    """The currents of a data set; means are over images, units (E and I alike) and steps.

    ``recurrent`` is the mean of |excitation + inhibition|, ``balance`` that of |excitation +
    inhibition + drive|, the current that the loss penalises by default; neither includes b.
    ``recurrent_variance`` and ``balance_variance`` are the variances of these signed currents over
    images, for each unit and step, then averaged. ``excitation`` is the mean of the recurrent
    current through positive weights, ``inhibition`` that of minus the current through negative
    ones. The fields that end in ``_e`` and ``_i`` are of the E and of the I units alone.

    No recurrent current flows in step 1, so ``recurrent``, its variance, ``excitation`` and
    ``inhibition`` are of steps 2 to T, and NaN for T = 1. ``balance`` and its variance are of all
    steps, as in the loss; in step 1 it is the drive.

    ``change`` (time,) is the mean over images of |s_t - s_(t-1)| / |s_t|, Euclidean norms of the
    whole state s = (e, i) with s_0 = 0: 1 in step 1, near 0 where the state has settled.
    """

    recurrent: float
    balance: float
    recurrent_variance: float
    balance_variance: float
    excitation: float
    inhibition: float
    balance_e: float
    balance_i: float
    balance_variance_e: float
    balance_variance_i: float
    change: np.ndarray


class Spot(NamedTuple):
    """A place of the occluding square, its centre in shares of the image's side, and the
    ``accuracy`` there."""

    row: float
    column: float
    accuracy: float


class OcclusionMap(NamedTuple):
    """Accuracy against the place of an occluding square, as far as it is computed.

    ``done`` is the share that is computed. ``rows`` and ``columns`` are the centres of the square
    as shares of the image's side; ``accuracy`` (row, column) is that of the last step with the
    square there, NaN where it is not yet computed. ``clean`` is the accuracy without the square.
    """

    done: float
    rows: np.ndarray
    columns: np.ndarray
    accuracy: np.ndarray
    clean: float

    @property
    def most_harmful(self) -> Spot:
        """Where the square costs most accuracy; of equal places the first."""
        return self._spot(int(np.nanargmin(self.accuracy)))

    @property
    def least_harmful(self) -> Spot:
        """Where the square costs least accuracy; of equal places the first."""
        return self._spot(int(np.nanargmax(self.accuracy)))

    def _spot(self, at: int) -> Spot:
        row, column = np.unravel_index(at, self.accuracy.shape)
        return Spot(
            float(self.rows[row]), float(self.columns[column]), float(self.accuracy[row, column])
        )


@torch.no_grad()
def states(model: BPAN, x: Tensor) -> np.ndarray:
    """The rates after each update: x (image, input) -> float32 (image, time, unit)."""
    return np.concatenate([_rates(model, part).cpu().numpy() for part in _chunks(x)])


@torch.no_grad()
def final_states(model: BPAN, x: Tensor) -> np.ndarray:
    """The rates after the last update: x (image, input) -> float32 (image, unit)."""
    return np.concatenate([_rates(model, part)[:, -1].cpu().numpy() for part in _chunks(x)])


def state_path(model: BPAN, x: Tensor, plane: Projection) -> np.ndarray:
    """The states of one image on the axes of a projection, from silence: (time + 1, component).

    ``x`` (1, input); row t holds the state after t updates.
    """
    path = states(model, x)[0]
    return plane.apply(np.concatenate([np.zeros_like(path[:1]), path]))


def _chunks(x: Tensor) -> list[Tensor]:
    return [x[at : at + CHUNK] for at in range(0, max(len(x), 1), CHUNK)]


def _rates(model: BPAN, x: Tensor) -> Tensor:
    weights = model.weights()
    drive = input_drive(x, weights)
    path = [first_step(drive, weights, model.alpha)]
    for _ in range(1, model.n_steps):
        path.append(step(drive, path[-1], weights, model.alpha))
    return torch.relu(torch.stack([state.potential for state in path], 1))


@torch.no_grad()
def balance(model: BPAN, x: Tensor) -> Balance:
    """How the currents of a data set balance; x (image, input)."""
    n_units = model.n_excitatory + model.n_inhibitory
    sums = np.zeros((4, 3, model.n_steps, n_units))
    change = np.zeros(model.n_steps)
    for part in _chunks(x):
        trace = model.trace(part)
        recurrent = trace.excitation + trace.inhibition
        currents = (recurrent, recurrent + trace.drive, trace.excitation, trace.inhibition)
        sums = sums + np.stack([_sums(current) for current in currents])
        before = torch.cat([torch.zeros_like(trace.potential[:, :1]), trace.potential[:, :-1]], 1)
        moved, length = _lengths(trace.potential - before), _lengths(trace.potential)
        # A state of zeros has not moved.
        share = torch.where(length > 0, moved / length, torch.zeros_like(length))
        change = change + share.sum(0, dtype=torch.float64).cpu().numpy()
    # Of the currents above, each (current, time, unit).
    size, value, squared = np.moveaxis(sums / len(x), 1, 0)
    variance = squared - value**2
    e, i = slice(model.n_excitatory), slice(model.n_excitatory, None)
    return Balance(
        recurrent=_mean(size[0, 1:]),
        balance=_mean(size[1]),
        recurrent_variance=_mean(variance[0, 1:]),
        balance_variance=_mean(variance[1]),
        excitation=_mean(size[2, 1:]),
        inhibition=_mean(size[3, 1:]),
        balance_e=_mean(size[1, :, e]),
        balance_i=_mean(size[1, :, i]),
        balance_variance_e=_mean(variance[1, :, e]),
        balance_variance_i=_mean(variance[1, :, i]),
        change=change / len(x),
    )


def _lengths(states: Tensor) -> Tensor:
    """Euclidean norms over units: (..., unit) -> (...)."""
    norm = cast(Callable[..., Tensor], torch.linalg.vector_norm)  # pyright: ignore[reportUnknownMemberType]
    return norm(states, dim=-1)


def _sums(current: Tensor) -> np.ndarray:
    """Of (image, time, unit), the sums over images of size, value and square: (3, time, unit)."""
    current = current.double()
    return torch.stack([f.sum(0) for f in (current.abs(), current, current.square())]).cpu().numpy()


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")


@torch.no_grad()
def occlusion_map(
    model: AnytimeClassifier,
    pixels: Tensor,
    labels: Tensor,
    dataset: ImageDataset,
    severity: float,
    fill: Fill = "black",
    stride: int = 2,
    seed: int = 0,
) -> Iterator[OcclusionMap]:
    """Accuracy of the last step against the place of an occluding square, yielded row by row.

    ``pixels`` (image, row, column) and ``labels`` (image,). The centres are those of the tiles of
    ``stride`` pixels that begin at the image's corner. A square whose centre is near the rim
    reaches beyond it and covers less. Raises ``SettingsError`` for a wrong stride, and what
    ``corrupt`` raises.
    """
    side = pixels.shape[-1]
    if not 1 <= stride <= side:
        raise SettingsError(f"stride is {stride}, but should be from 1 to {side} pixels.")
    occluder = Corruption("occlusion", severity, seed, "placed", fill=fill)
    corrupt(pixels[:1], occluder)  # raises if the occluder is not possible
    unit = corrupt(pixels, occluder._replace(severity=0))
    logits = (
        _logits_of_bpan(model, unit, dataset, occluder)
        if isinstance(model, BPAN)
        else _logits_of_any(model, unit, dataset, occluder)
    )

    def accuracy(severity: float, row: float, column: float) -> float:
        return (logits(severity, row, column).argmax(1) == labels).float().mean().item()

    centres = np.arange(stride / 2, side, stride) / side
    values = np.full((len(centres), len(centres)), np.nan)
    clean = accuracy(0, 0.5, 0.5)
    for at, row in enumerate(centres):
        values[at] = [accuracy(severity, row, column) for column in centres]
        yield OcclusionMap((at + 1) / len(centres), centres, centres, values.copy(), clean)


Logits = Callable[[float, float, float], Tensor]
"""The last step's logits (image, class) with a square of some severity at some row and column."""


def _logits_of_any(
    model: AnytimeClassifier, unit: Tensor, dataset: ImageDataset, occluder: Corruption
) -> Logits:
    """Occlude the images and compute the whole model."""

    def logits(severity: float, row: float, column: float) -> Tensor:
        placed = occluder._replace(severity=severity, row=row, column=column)
        return fixed_depth(model, dataset.inputs(corrupt(unit, placed, dataset.mean)))

    return logits


def _logits_of_bpan(
    model: BPAN, unit: Tensor, dataset: ImageDataset, occluder: Corruption
) -> Logits:
    """The same in half the time: the drive is linear, so the square subtracts from it
    W_X (x - fill) of the pixels that it covers."""
    weights = model.weights()
    side = unit.shape[-1]
    clean = input_drive(dataset.inputs(unit), weights)
    lost = unit - filling(unit, occluder, dataset.mean)
    # A pixel changes the input by 1 / std.
    per_pixel = weights.drive.reshape(-1, side, side) / dataset.std

    def logits(severity: float, row: float, column: float) -> Tensor:
        top, left, length = square(severity, side, row, column)
        rows, columns = (slice(max(at, 0), at + length) for at in (top, left))
        covered = lost[:, rows, columns].flatten(1)
        drive = clean - covered @ per_pixel[:, rows, columns].flatten(1).t()
        state = first_step(drive, weights, model.alpha)
        for _ in range(1, model.n_steps):
            state = step(drive, state, weights, model.alpha)
        return readout(state, weights)

    return logits
