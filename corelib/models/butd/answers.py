"""Images answered under each task: through a task's own gates, or through any other gates.

Populations are listed from the lowest; arrays of units have the shape of their population.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.data.images import ImageDataset
from corelib.models.butd.blocks import Signals
from corelib.models.butd.config import Loss
from corelib.models.butd.gates import all_open, intersection, rows, swapped, union
from corelib.models.butd.losses import predicted
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.subnetworks import Units, gates_of, overlap, reachable

CHUNK = 250

Rows = tuple[Signals, ...]
"""For each task the activities of the lowest populations."""


class Seen(NamedTuple):
    """One image under each task: ``active`` h > 0 (task, unit...) of each population,
    ``probability`` (task, class), and ``answer`` (task,) the class named; of a network with a
    single class 1 for yes and 0 for no."""

    active: Units
    probability: np.ndarray
    answer: np.ndarray


class Answers(NamedTuple):
    """A set of images answered under each task, all (task,) shares of the images.

    ``correct`` names what was asked for. The others count only images whose labels differ from each
    other: ``other`` names what another task asks for, ``neither`` anything else.
    """

    correct: np.ndarray
    other: np.ndarray
    neither: np.ndarray


class Summary(NamedTuple):
    """How well a network follows two instructions.

    ``answers`` under all tasks, None for a network that answers yes or no. Of the shares of units
    that both tasks open, out of those that either opens, ``jaccard`` is the smallest, in the
    population ``least_shared``.
    """

    answers: Answers | None
    least_shared: str
    jaccard: float


def scenes(data: ImageDataset, images: int) -> tuple[Tensor, np.ndarray]:
    """Test images as networks read them, (image, input), and their labels (image, task).

    They are evenly spaced over the test set, whose first images are harder than the others.
    """
    every = max(len(data.test.labels) // images, 1)
    chosen = slice(0, every * images, every)
    return data.inputs(data.test.pixels[chosen]), data.test.labels[chosen].numpy()


@torch.no_grad()
def see(model: BUTDNet, x: Tensor, loss: Loss = "cross-entropy") -> Seen:
    """One image, x (1, input), under each task. ``loss`` is that of the training; it sets where a
    single class becomes a yes."""
    gates = model.task_gates()
    passes = [model.bottom_up(x, rows(gates, k)) for k in range(model.n_tasks)]
    signals = zip(*(p.signals for p in passes), strict=True)
    logits = torch.cat([p.logits for p in passes])
    return Seen(
        tuple((torch.cat(s) > 0).cpu().numpy() for s in signals),
        logits.softmax(1).cpu().numpy(),
        predicted(logits, loss).cpu().numpy(),
    )


@torch.no_grad()
def activities(model: BUTDNet, x: Tensor, n: int) -> Rows:
    """h of the ``n`` lowest populations for images x (image, input) under each task, through its
    own gates."""
    gates = model.task_gates()
    by_task: list[Signals] = []
    chunks = [x[at : at + CHUNK] for at in range(0, len(x), CHUNK)]
    for k in range(model.n_tasks):
        parts = [model.bottom_up(part, rows(gates, k)).signals[:n] for part in chunks]
        by_task.append(tuple(torch.cat(signal) for signal in zip(*parts, strict=True)))
    return tuple(by_task)


@torch.no_grad()
def predictions(
    model: BUTDNet, x: Tensor, gates: Signals | None = None, kept: Rows | None = None
) -> np.ndarray:
    """The class named for each image under each row of gates: (row, image).

    The gates of the model's own tasks unless others are given; ``kept`` activities of the lowest
    populations, a row each, are not computed again.
    """
    gates = model.task_gates() if gates is None else gates
    by_row: list[np.ndarray] = []
    for k in range(len(gates[0])):
        own = kept[k] if kept else ()
        named: list[np.ndarray] = []
        for start in range(0, len(x), CHUNK):
            part = slice(start, start + CHUNK)
            up = model.bottom_up(x[part], rows(gates, k), tuple(h[part] for h in own))
            named.append(up.logits.argmax(1).cpu().numpy())
        by_row.append(np.concatenate(named))
    return np.array(by_row)


def score(named: np.ndarray, labels: np.ndarray) -> Answers:
    """The classes ``named`` (task, image) against ``labels`` (image, task)."""
    n_tasks = labels.shape[1]
    correct = named == labels.T
    differing = (labels != labels[:, :1]).any(1) if n_tasks > 1 else np.zeros(len(labels), bool)
    matches = named[:, :, None] == labels[None]
    other = np.array([np.delete(matches[k], k, 1).any(1) & ~correct[k] for k in range(n_tasks)])
    neither = ~correct & ~other
    n = max(differing.sum(), 1)
    return Answers(
        correct.mean(1), other[:, differing].sum(1) / n, neither[:, differing].sum(1) / n
    )


def with_gates(
    model: BUTDNet, x: Tensor, labels: np.ndarray, gates: Signals, kept: Rows | None = None
) -> Answers:
    """How the images are answered through the gates (task, unit...) given; ``kept`` activities of
    the lowest populations are taken as they are."""
    return score(predictions(model, x, gates, kept), labels)


def swap_matrix(model: BUTDNet, x: Tensor, labels: np.ndarray) -> list[Answers]:
    """The answers when one population alone has the gates of the other task: one for each
    population, the lowest first."""
    gates = model.task_gates()
    return [with_gates(model, x, labels, swapped(gates, [k])) for k in range(len(gates))]


def combinations(model: BUTDNet, x: Tensor, labels: np.ndarray) -> dict[str, Answers]:
    """The answers of each task through its own gates, those of the other task, their union, their
    intersection, and no gates at all, by these names."""
    gates = model.task_gates()
    tried = {
        "own gates": gates,
        "gates of the other task": swapped(gates, range(len(gates))),
        "union": union(gates),
        "intersection": intersection(gates),
        "no gates": all_open(gates),
    }
    return {name: with_gates(model, x, labels, chosen) for name, chosen in tried.items()}


def summary(
    model: BUTDNet, x: Tensor, labels: np.ndarray, first: int = 0, second: int = 1
) -> Summary:
    """How well ``model`` follows instructions on images x (image, input) with ``labels``
    (image, task), and where its sub-networks of two tasks share least."""
    shares = overlap(gates_of(model), reachable(model), first, second).jaccard
    least = int(np.nanargmin(shares))
    answers = score(predictions(model, x), labels) if model.n_classes > 1 else None
    return Summary(answers, model.names[least], float(shares[least]))
