"""What the Robustness page and its tables measure: states, currents in balance, where it hurts."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.data.corruptions import Corruption, Fill, corrupt, filling, square
from corelib.data.images import ImageDataset
from corelib.errors import DataError
from corelib.models.bpan.anytime import AnytimeClassifier
from corelib.models.bpan.dynamics import first_step, input_drive, readout, step
from corelib.models.bpan.halting import fixed_depth
from corelib.models.bpan.network import BPAN

CHUNK = 1000


class Balance(NamedTuple):
    """The currents of a data set; means are over images, units (E and I alike) and steps.

    ``recurrent`` is the mean of |excitation + inhibition|, ``balance`` that of |excitation +
    inhibition + drive|, the current that the loss penalises by default; b is in neither.
    ``recurrent_variance`` and ``balance_variance`` are the variances of these signed currents over
    images, for each unit and step, then averaged. ``excitation`` and ``inhibition`` are means of
    the recurrent current through positive and of minus that through negative weights. The fields
    that end in ``_e`` and ``_i`` are of the E and of the I units alone.

    Nothing recurs in step 1, so ``recurrent``, its variance, ``excitation`` and ``inhibition`` are
    of steps 2 to T, and NaN for T = 1. ``balance`` and its variance are of all steps, as in the
    loss; in step 1 it is the drive.

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


class MapProgress(NamedTuple):
    """Where an occluding square hurts, as far as it is known.

    ``done`` is the share that is computed. ``rows`` and ``columns`` are the centres of the square
    as shares of the image's side; ``accuracy`` (row, column) is the last step's with the square
    there, NaN where it is not yet known. ``clean`` is the accuracy without the square.
    """

    done: float
    rows: np.ndarray
    columns: np.ndarray
    accuracy: np.ndarray
    clean: float


@torch.no_grad()
def states(model: BPAN, x: Tensor) -> np.ndarray:
    """The rates after each update: x (image, input) -> float32 (image, time, unit)."""
    return np.concatenate([_rates(model, part).cpu().numpy() for part in x.split(CHUNK)])


@torch.no_grad()
def final_states(model: BPAN, x: Tensor) -> np.ndarray:
    """The rates after the last update: x (image, input) -> float32 (image, unit)."""
    return np.concatenate([_rates(model, part)[:, -1].cpu().numpy() for part in x.split(CHUNK)])


def _rates(model: BPAN, x: Tensor) -> Tensor:
    weights = model.weights()
    drive = input_drive(x, weights)
    found = [first_step(drive, weights, model.alpha)]
    for _ in range(1, model.n_steps):
        found.append(step(drive, found[-1], weights, model.alpha))
    return torch.relu(torch.stack([state.potential for state in found], 1))


@torch.no_grad()
def balance(model: BPAN, x: Tensor) -> Balance:
    """How the currents of a data set balance; x (image, input)."""
    sums = change = 0.0
    for part in x.split(CHUNK):
        trace = model.trace(part)
        recurrent = trace.excitation + trace.inhibition
        currents = (recurrent, recurrent + trace.drive, trace.excitation, trace.inhibition)
        sums = sums + np.stack([_sums(current) for current in currents])
        before = torch.cat([torch.zeros_like(trace.potential[:, :1]), trace.potential[:, :-1]], 1)
        moved, length = (trace.potential - before).norm(dim=-1), trace.potential.norm(dim=-1)
        # A state of zeros has not moved.
        share = torch.where(length > 0, moved / length, torch.zeros_like(length))
        change = change + share.sum(0, dtype=torch.float64).cpu().numpy()
    size, value, square = np.moveaxis(sums / len(x), 1, 0)  # each (current, time, unit)
    variance = square - value**2
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
) -> Iterator[MapProgress]:
    """Accuracy of the last step against where an occluding square sits, told row by row.

    ``pixels`` (image, row, column) and ``labels`` (image,). The centres are those of the tiles of
    ``stride`` pixels that begin at the image's corner. A square whose centre is near the rim
    reaches beyond it and covers less. Raises ``DataError`` for a wrong stride, and what
    ``corrupt`` raises.
    """
    side = pixels.shape[-1]
    if not 1 <= stride <= side:
        raise DataError(f"stride is {stride}, but should be from 1 to {side} pixels.")
    occluder = Corruption("occlusion", severity, seed, "placed", fill=fill)
    corrupt(pixels[:1], occluder)  # says what is wrong with it
    unit = corrupt(pixels, occluder._replace(severity=0))
    answer = (_of_bpan if isinstance(model, BPAN) else _of_any)(model, unit, dataset, occluder)

    def accuracy(severity: float, row: float, column: float) -> float:
        return (answer(severity, row, column).argmax(1) == labels).float().mean().item()

    centres = np.arange(stride / 2, side, stride) / side
    found = np.full((len(centres), len(centres)), np.nan)
    clean = accuracy(0, 0.5, 0.5)
    for at, row in enumerate(centres):
        found[at] = [accuracy(severity, row, column) for column in centres]
        yield MapProgress((at + 1) / len(centres), centres, centres, found.copy(), clean)


Answer = Callable[[float, float, float], Tensor]
"""The last step's logits (image, class) with a square of some severity at some row and column."""


def _of_any(
    model: AnytimeClassifier, unit: Tensor, dataset: ImageDataset, occluder: Corruption
) -> Answer:
    """By occluding the images and computing all of the model."""

    def answer(severity: float, row: float, column: float) -> Tensor:
        placed = occluder._replace(severity=severity, row=row, column=column)
        return fixed_depth(model, dataset.inputs(corrupt(unit, placed, dataset.mean)))

    return answer


def _of_bpan(model: BPAN, unit: Tensor, dataset: ImageDataset, occluder: Corruption) -> Answer:
    """The same in half the time: the drive is linear, so a square takes from it
    W_X (x - fill) of the pixels that it covers."""
    weights = model.weights()
    side = unit.shape[-1]
    clean = input_drive(dataset.inputs(unit), weights)
    lost = unit - filling(unit, occluder, dataset.mean)
    # In the input, a pixel counts 1 / std.
    per_pixel = weights.drive.unflatten(1, (side, side)) / dataset.std

    def answer(severity: float, row: float, column: float) -> Tensor:
        top, left, length = square(severity, side, row, column)
        rows, columns = (slice(max(at, 0), at + length) for at in (top, left))
        covered = lost[:, rows, columns].flatten(1)
        drive = clean - covered @ per_pixel[:, rows, columns].flatten(1).T
        state = first_step(drive, weights, model.alpha)
        for _ in range(1, model.n_steps):
            state = step(drive, state, weights, model.alpha)
        return readout(state, weights)

    return answer
