"""Instructions that name no task of the network: mixtures, or any vector with an entry per task.

Without top-down biases every step of the instruction pass, a matrix or ReLU, keeps a positive
factor: c t opens the gates that t opens. So of the points of a plane only the directions have to be
tried, and the zero instruction, which opens nothing.
"""

from math import gcd
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.models.butd.answers import predictions
from corelib.models.butd.gates import open_gates, rows
from corelib.models.butd.networks import BUTDNet


class Sweep(NamedTuple):
    """Several instructions: ``named`` (instruction, label) the share of images for which the answer
    is each of the labels; ``changed`` (instruction, population) the share of gates that differ from
    those of the task with the largest entry in the instruction."""

    named: np.ndarray
    changed: np.ndarray


class Plane(NamedTuple):
    """``named`` (row, column, label) the share of images for which the answer is each of two
    labels, and ``changed`` (row, column, population) the share of gates that differ from those of
    the task with the larger entry, at ``grid`` (point,): the second task's entry by row and the
    first's by column."""

    grid: np.ndarray
    named: np.ndarray
    changed: np.ndarray


def mixtures(n: int, first: int = 0, second: int = 1, n_tasks: int = 2) -> np.ndarray:
    """n instructions from one task to another in even steps: (instruction, task)."""
    share = np.linspace(0, 1, n)
    given = np.zeros((n, n_tasks))
    given[:, first], given[:, second] = 1 - share, share
    return given


@torch.no_grad()
def sweep(model: BUTDNet, x: Tensor, labels: np.ndarray, instructions: np.ndarray) -> Sweep:
    """What instructions (instruction, task) between and beyond the tasks do to the answers to
    images x (image, input), held against ``labels`` (image, label).

    Without top-down biases only an instruction's direction matters, not its length.
    """
    given = torch.as_tensor(instructions).to(model.head.weight)
    gates = open_gates(model.instruct(given).signals)
    nearest = rows(model.task_gates(), given.argmax(1))
    named = (predictions(model, x, gates)[:, :, None] == labels[None]).mean(1)
    changed = [(g != p).flatten(1).float().mean(1) for g, p in zip(gates, nearest, strict=True)]
    return Sweep(named, torch.stack(changed, 1).cpu().numpy())


@torch.no_grad()
def answer(model: BUTDNet, x: Tensor, instruction: np.ndarray) -> np.ndarray:
    """Class probabilities (class,) of one image, x (1, input), under any instruction (task,)."""
    given = torch.as_tensor(instruction).to(model.head.weight)[None]
    gates = open_gates(model.instruct(given).signals)
    return model.bottom_up(x, gates).logits[0].softmax(0).cpu().numpy()


def plane(
    model: BUTDNet, x: Tensor, labels: np.ndarray, half: int, first: int = 0, second: int = 1
) -> Plane:
    """Instructions of two tasks' entries from -1 to 1 in ``2 half + 1`` steps each, the other
    entries 0, on images x (image, input) with ``labels`` (image, task)."""
    steps = np.arange(-half, half + 1)
    biased = any(name.endswith("back_bias") for name, _ in model.named_parameters())
    places: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for i, b in enumerate(range(-half, half + 1)):
        for j, a in enumerate(range(-half, half + 1)):
            factor = 1 if biased else max(gcd(a, b), 1)
            places.setdefault((a // factor, b // factor), []).append((i, j))
    instructions = np.zeros((len(places), model.n_tasks))
    instructions[:, [first, second]] = np.array(list(places)) / half
    swept = sweep(model, x, labels[:, [first, second]], instructions)
    direction = np.empty((len(steps), len(steps)), int)
    for k, where in enumerate(places.values()):
        direction[tuple(np.transpose(where))] = k
    return Plane(steps / half, swept.named[direction], swept.changed[direction])
