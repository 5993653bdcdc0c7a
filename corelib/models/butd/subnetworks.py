"""Sub-networks: the units that each task opens, and how much two tasks share.

Populations are listed from the lowest; arrays of units have the shape of their population.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.butd.layers import BUTDConv2d
from corelib.models.butd.networks import BUTDNet

Units = tuple[np.ndarray, ...]
"""One array per population, the lowest first."""


class Kind(IntEnum):
    """Which of two tasks open a unit."""

    NEVER = 0
    SHARED = 1
    ONLY_FIRST = 2
    ONLY_SECOND = 3
    UNREACHABLE = 4


REACHABLE = (Kind.SHARED, Kind.ONLY_FIRST, Kind.ONLY_SECOND, Kind.NEVER)
"""The kinds of the units that can be reached, in the order of ``Composition.shares``."""


class Overlap(NamedTuple):
    """Of the reachable units: ``open`` (population, task) the share that each task opens,
    ``jaccard`` (population,) |both| / |either| of two tasks; NaN where neither opens any."""

    open: np.ndarray
    jaccard: np.ndarray


class Composition(NamedTuple):
    """``shares`` (population, kind) of the reachable units, kinds as in ``REACHABLE``, and
    ``unreachable`` (population,) the share of all units that cannot be reached."""

    shares: np.ndarray
    unreachable: np.ndarray


def gates_of(model: BUTDNet) -> Units:
    """What each task opens: bool (task, unit...) of each population."""
    return tuple((gate > 0).cpu().numpy() for gate in model.task_gates())


@torch.no_grad()
def reachable(model: BUTDNet) -> Units:
    """Units whose activity can reach the answer: bool (unit...) of each population.

    A stride may skip the last rows and columns of what it reads; units that only such units read
    are cut off as well. Instructions take the same paths, so without biases they never open them.
    """
    new = model.head.weight.new_ones
    read = {len(model.shapes): new(1, *model.shapes[-1])}
    for k in range(len(model.shapes) - 1, 0, -1):
        total = new(1, *model.shapes[k - 1]).zero_()
        for edge in model.core.edges:
            if edge.source != k:
                continue
            if edge.layer is None:
                total += read[edge.target]
            elif isinstance(edge.layer, BUTDConv2d):
                total += _read_by(edge.layer, read[edge.target], model.shapes[k - 1])
            else:
                total += 1
        read[k] = (total > 0).to(total.dtype)
    return tuple((read[k + 1][0] > 0).cpu().numpy() for k in range(len(model.shapes)))


def _read_by(layer: BUTDConv2d, above: Tensor, shape: tuple[int, ...]) -> Tensor:
    """How many units of ``above`` (1, channel, row, column) read each unit below."""
    ones = torch.ones_like(layer.weight)
    with torch.enable_grad():
        x = ones.new_zeros(1, *shape).requires_grad_()
        y = F.conv2d(x, ones, None, layer.stride, layer.padding, groups=layer.groups)
        return torch.autograd.grad(y, x, above)[0]


def kinds(gates: Units, reached: Units, first: int = 0, second: int = 1) -> Units:
    """``Kind`` of each unit for two of the tasks: uint8 (unit...) of each population.

    ``gates`` (task, unit...) as of ``gates_of``, ``reached`` (unit...) as of ``reachable``.
    """
    by_population: list[np.ndarray] = []
    for gate, reach in zip(gates, reached, strict=True):
        a, b = gate[first], gate[second]
        kind = np.full(a.shape, Kind.NEVER, np.uint8)
        kind[a & b] = Kind.SHARED
        kind[a & ~b] = Kind.ONLY_FIRST
        kind[b & ~a] = Kind.ONLY_SECOND
        kind[~reach] = Kind.UNREACHABLE
        by_population.append(kind)
    return tuple(by_population)


def selected_by(kinds: Units, kind: Kind) -> Units:
    """The sub-network of one of two tasks, of which ``kind`` are the units that only it opens:
    units that only the other task opens become ``NEVER``. Returns ``Kind`` of each unit.

    Raises ``ValueError`` for a kind that does not belong to one task alone.
    """
    alone = [Kind.ONLY_FIRST, Kind.ONLY_SECOND]
    if kind not in alone:
        raise ValueError(f"kind is {kind.name}, but should be ONLY_FIRST or ONLY_SECOND.")
    alone.remove(kind)
    return tuple(np.where(k == alone[0], np.uint8(Kind.NEVER), k) for k in kinds)


def composition(kinds: Units) -> Composition:
    """The share of units of each ``Kind``, from the kinds (unit...) of each population."""
    reached = [max(int((k != Kind.UNREACHABLE).sum()), 1) for k in kinds]
    shares = [
        [(k == kind).sum() / n for kind in REACHABLE] for k, n in zip(kinds, reached, strict=True)
    ]
    return Composition(np.array(shares), np.array([(k == Kind.UNREACHABLE).mean() for k in kinds]))


def overlap(gates: Units, reached: Units, first: int = 0, second: int = 1) -> Overlap:
    """How much each task opens, and how much two of them share; arguments as of ``kinds``."""
    opened: list[np.ndarray] = []
    jaccards: list[float] = []
    for gate, reach in zip(gates, reached, strict=True):
        inside = gate[:, reach]
        either = (inside[first] | inside[second]).sum()
        opened.append(inside.mean(1))
        jaccards.append((inside[first] & inside[second]).sum() / either if either else np.nan)
    return Overlap(np.array(opened), np.array(jaccards))
