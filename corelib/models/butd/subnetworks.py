"""What the Sub-networks page shows: the units that tasks open, and what happens when others are.

Populations are listed from the lowest; arrays of units have the shape of their population.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.butd.blocks import Signals
from corelib.models.butd.gates import (
    all_open,
    intersection,
    open_gates,
    rows,
    silenced,
    swapped,
    union,
    unpack,
)
from corelib.models.butd.layers import BUTDConv2d
from corelib.models.butd.networks import BUTDNet

CHUNK = 250

Units = tuple[np.ndarray, ...]
"""One array a population, from the lowest."""
Rows = tuple[Signals, ...]
"""Of each task the activities of the lowest populations."""


class Kind(IntEnum):
    """Of a unit, for two tasks: which of them open it."""

    NEVER = 0
    SHARED = 1
    ONLY_FIRST = 2
    ONLY_SECOND = 3
    UNREACHABLE = 4


class Overlap(NamedTuple):
    """Of the units that can be reached: ``open`` (population, task) the share that a task opens,
    ``jaccard`` (population,) |both| / |either| of two tasks; NaN where neither opens any."""

    open: np.ndarray
    jaccard: np.ndarray


class Seen(NamedTuple):
    """One image under each task: ``active`` h > 0 (task, unit...) of each population, and
    ``probability`` (task, class)."""

    active: Units
    probability: np.ndarray


class Answers(NamedTuple):
    """A set of images answered under each task, all (task,) shares of the images.

    ``right`` names what was asked for. The others count only images whose labels differ from each
    other: ``other`` names what another task asks for, ``neither`` anything else.
    """

    right: np.ndarray
    other: np.ndarray
    neither: np.ndarray


class Told(NamedTuple):
    """Instructions between the tasks: ``named`` (instruction, label) the share of images for which
    the answer is each of the labels; ``changed`` (instruction, population) the share of gates that
    differ from those of the task that the instruction names most."""

    named: np.ndarray
    changed: np.ndarray


class Lesion(NamedTuple):
    """Silenced units, and as many drawn at random: ``lesioned`` and ``control``, bool."""

    lesioned: Units
    control: Units


def gates_of(model: BUTDNet) -> Units:
    """What each task opens: bool (task, unit...)."""
    return tuple((gate > 0).cpu().numpy() for gate in model.gates())


@torch.no_grad()
def reachable(model: BUTDNet) -> Units:
    """Units whose activity can reach the answer, bool (unit...).

    A stride may skip the last rows and columns of what it reads; units that only such units read
    are cut off as well. The instruction comes along the same ways, so without biases it never opens
    them.
    """
    new = model.head.weight.new_ones
    found = {len(model.shapes): new(1, *model.shapes[-1])}
    for k in range(len(model.shapes) - 1, 0, -1):
        total = new(1, *model.shapes[k - 1]).zero_()
        for edge in model.core.edges:
            if edge.source != k:
                continue
            if edge.layer is None:
                total += found[edge.target]
            elif isinstance(edge.layer, BUTDConv2d):
                total += _read_by(edge.layer, found[edge.target], model.shapes[k - 1])
            else:
                total += 1
        found[k] = (total > 0).to(total.dtype)
    return tuple((found[k + 1][0] > 0).cpu().numpy() for k in range(len(model.shapes)))


def _read_by(layer: BUTDConv2d, above: Tensor, shape: tuple[int, ...]) -> Tensor:
    """How many units of ``above`` (1, channel, row, column) read each unit below."""
    ones = torch.ones_like(layer.weight)
    with torch.enable_grad():
        x = ones.new_zeros(1, *shape).requires_grad_()
        y = F.conv2d(x, ones, None, layer.stride, layer.padding, groups=layer.groups)
        return torch.autograd.grad(y, x, above)[0]


def kinds(gates: Units, reached: Units, first: int = 0, second: int = 1) -> Units:
    """``Kind`` of each unit for two of the tasks: uint8 (unit...)."""
    found = []
    for gate, reach in zip(gates, reached, strict=True):
        a, b = gate[first], gate[second]
        kind = np.full(a.shape, Kind.NEVER, np.uint8)
        kind[a & b] = Kind.SHARED
        kind[a & ~b] = Kind.ONLY_FIRST
        kind[b & ~a] = Kind.ONLY_SECOND
        kind[~reach] = Kind.UNREACHABLE
        found.append(kind)
    return tuple(found)


def overlap(gates: Units, reached: Units, first: int = 0, second: int = 1) -> Overlap:
    """How much the tasks open, and how much two of them share."""
    shares, jaccards = [], []
    for gate, reach in zip(gates, reached, strict=True):
        inside = gate[:, reach]
        either = (inside[first] | inside[second]).sum()
        shares.append(inside.mean(1))
        jaccards.append((inside[first] & inside[second]).sum() / either if either else np.nan)
    return Overlap(np.array(shares), np.array(jaccards))


@torch.no_grad()
def see(model: BUTDNet, x: Tensor) -> Seen:
    """One image, x (1, input), under each task."""
    gates = model.gates()
    passes = [model.bottom_up(x, rows(gates, k)) for k in range(model.n_tasks)]
    signals = zip(*(p.signals for p in passes), strict=True)
    return Seen(
        tuple((torch.cat(s) > 0).cpu().numpy() for s in signals),
        torch.cat([p.logits for p in passes]).softmax(1).cpu().numpy(),
    )


@torch.no_grad()
def activities(model: BUTDNet, x: Tensor, n: int) -> Rows:
    """Those of the ``n`` lowest populations under each task, through its own gates."""
    gates = model.gates()
    found = []
    for k in range(model.n_tasks):
        parts = [model.bottom_up(part, rows(gates, k)).signals[:n] for part in x.split(CHUNK)]
        found.append(tuple(torch.cat(signal) for signal in zip(*parts, strict=True)))
    return tuple(found)


@torch.no_grad()
def predictions(
    model: BUTDNet, x: Tensor, gates: Signals | None = None, kept: Rows | None = None
) -> np.ndarray:
    """The class named for each image under each row of gates: (row, image).

    The model's own gates of its tasks unless others are given; ``kept`` activities of the lowest
    populations, a row each, are not computed again.
    """
    gates = model.gates() if gates is None else gates
    found = []
    for k in range(len(gates[0])):
        own = kept[k] if kept else ()
        named = []
        for start in range(0, len(x), CHUNK):
            part = slice(start, start + CHUNK)
            up = model.bottom_up(x[part], rows(gates, k), tuple(h[part] for h in own))
            named.append(up.logits.argmax(1).cpu().numpy())
        found.append(np.concatenate(named))
    return np.array(found)


def score(predicted: np.ndarray, labels: np.ndarray) -> Answers:
    """``predicted`` (task, image) against ``labels`` (image, task)."""
    n_tasks = labels.shape[1]
    right = predicted == labels.T
    differing = (labels != labels[:, :1]).any(1) if n_tasks > 1 else np.zeros(len(labels), bool)
    named = predicted[:, :, None] == labels[None]
    other = np.array([np.delete(named[k], k, 1).any(1) & ~right[k] for k in range(n_tasks)])
    n = max(differing.sum(), 1)
    neither = ~right & ~other
    return Answers(right.mean(1), other[:, differing].sum(1) / n, neither[:, differing].sum(1) / n)


def with_gates(
    model: BUTDNet, x: Tensor, labels: np.ndarray, gates: Signals, kept: Rows | None = None
) -> Answers:
    """How the images are answered through the gates (task, unit...) given; ``kept`` activities of
    the lowest populations are taken as they are."""
    return score(predictions(model, x, gates, kept), labels)


def swap_matrix(model: BUTDNet, x: Tensor, labels: np.ndarray) -> list[Answers]:
    """One answer for each population whose gates alone are those of the other task."""
    gates = model.gates()
    return [with_gates(model, x, labels, swapped(gates, [k])) for k in range(len(gates))]


def combinations(model: BUTDNet, x: Tensor, labels: np.ndarray) -> dict[str, Answers]:
    """Each task's own gates, those of the other task, their union and intersection, none."""
    gates = model.gates()
    tried = {
        "own gates": gates,
        "gates of the other task": swapped(gates, range(len(gates))),
        "union": union(gates),
        "intersection": intersection(gates),
        "no gates": all_open(gates),
    }
    return {name: with_gates(model, x, labels, chosen) for name, chosen in tried.items()}


def lesion(
    kinds: Units,
    layer: int,
    kind: Kind | None,
    share: float = 1.0,
    seed: int = 0,
    within: np.ndarray | None = None,
) -> Lesion:
    """Silence a share of the units of one kind in one population, any open kind if None.

    ``within`` (unit...) of bool narrows the choice, to a channel or by hand. The control has as
    many units of the same population, drawn from all that some task opens.
    """
    own = kinds[layer]
    open_to_some = np.isin(own, (Kind.SHARED, Kind.ONLY_FIRST, Kind.ONLY_SECOND))
    chosen = open_to_some if kind is None else own == kind
    if within is not None:
        chosen = chosen & within
    rng = np.random.default_rng(seed)

    def drawn(pool: np.ndarray, n: int) -> Units:
        mask = np.zeros(own.size, bool)
        mask[rng.permutation(np.flatnonzero(pool))[:n]] = True
        empty = [np.zeros(k.shape, bool) for k in kinds]
        empty[layer] = mask.reshape(own.shape)
        return tuple(empty)

    n = round(share * chosen.sum())
    return Lesion(drawn(chosen, n), drawn(open_to_some, n))


def lesioned(
    model: BUTDNet, x: Tensor, labels: np.ndarray, what: Lesion
) -> tuple[Answers, Answers]:
    """How the images are answered without the lesioned units, and without the control's."""
    gates = model.gates()
    return tuple(with_gates(model, x, labels, silenced(gates, mask)) for mask in what)


@torch.no_grad()
def told(model: BUTDNet, x: Tensor, labels: np.ndarray, instructions: np.ndarray) -> Told:
    """What instructions (instruction, task) between and beyond the tasks do.

    Without biases on the way down only an instruction's direction matters, not its length.
    """
    given = torch.from_numpy(instructions).to(model.head.weight)
    gates = open_gates(model.instruct(given).signals)
    pure = rows(model.gates(), given.argmax(1))
    predicted = predictions(model, x, gates)
    named = (predicted[:, :, None] == labels[None]).mean(1)
    changed = [(g != p).flatten(1).float().mean(1) for g, p in zip(gates, pure, strict=True)]
    return Told(named, torch.stack(changed, 1).cpu().numpy())


def between(n: int, first: int = 0, second: int = 1, n_tasks: int = 2) -> np.ndarray:
    """n instructions from one task to another, (instruction, task)."""
    share = np.linspace(0, 1, n)
    found = np.zeros((n, n_tasks))
    found[:, first], found[:, second] = 1 - share, share
    return found


def overlaps(packed: np.ndarray, model: BUTDNet, reached: Units) -> list[Overlap]:
    """``overlap`` at each epoch from the gates that the learner noted, uint8 (epoch, byte)."""
    return [overlap(unpack(row, model.shapes, model.n_tasks), reached) for row in packed]
