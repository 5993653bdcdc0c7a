"""Instructions that are no task of the network's: a mixture, or any vector with an entry a task.

Without biases on the way down every step of the instruction pass, a matrix or ReLU, keeps a
positive factor: c t opens the gates that t opens. So of the points of a plane only the directions
have to be tried, and the zero instruction, which opens nothing.
"""

from math import gcd
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.models.butd.gates import open_gates
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.subnetworks import told


class Plane(NamedTuple):
    """``named`` (row, column, label) the share of images for which the answer is each of two
    labels, and ``changed`` (row, column, population) the share of gates unlike those of the task
    that the instruction names most, at ``grid`` (point,) of the second task's entry by row and the
    first's by column."""

    grid: np.ndarray
    named: np.ndarray
    changed: np.ndarray


@torch.no_grad()
def answer(model: BUTDNet, x: Tensor, instruction: np.ndarray) -> np.ndarray:
    """Class probabilities (class,) of one image, x (1, input), under any instruction (task,)."""
    given = torch.from_numpy(instruction).to(model.head.weight)[None]
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
    for i, b in enumerate(steps.tolist()):
        for j, a in enumerate(steps.tolist()):
            factor = 1 if biased else max(gcd(a, b), 1)
            places.setdefault((a // factor, b // factor), []).append((i, j))
    instructions = np.zeros((len(places), model.n_tasks))
    instructions[:, [first, second]] = np.array(list(places)) / half
    found = told(model, x, labels[:, [first, second]], instructions)
    direction = np.empty((len(steps), len(steps)), int)
    for k, where in enumerate(places.values()):
        direction[tuple(np.transpose(where))] = k
    return Plane(steps / half, found.named[direction], found.changed[direction])
