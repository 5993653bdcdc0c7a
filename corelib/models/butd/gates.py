"""Gates of all populations, (row, unit...) each, lowest first: what is done with them.

A row is a task. Gates are numbers, 0 or 1, of the network's type.
"""

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor

from corelib.models.butd.blocks import Signals
from corelib.models.butd.layers import Shape


def open_gates(signals: Signals) -> Signals:
    """g = 1[h̄ > 0], strictly."""
    return tuple((signal > 0).to(signal.dtype) for signal in signals)


def rows(gates: Signals, task: Tensor | int) -> Signals:
    """The gates of each image's own ``task`` (batch,), or of one task for all images."""
    if isinstance(task, int):
        return tuple(gate[task : task + 1] for gate in gates)
    return tuple(gate.index_select(0, task) for gate in gates)


def all_open(gates: Signals) -> Signals:
    return tuple(torch.ones_like(gate) for gate in gates)


def union(gates: Signals) -> Signals:
    """For each task what any task opens."""
    return tuple(gate.amax(0, keepdim=True).expand_as(gate) for gate in gates)


def intersection(gates: Signals) -> Signals:
    """For each task what all tasks open."""
    return tuple(gate.amin(0, keepdim=True).expand_as(gate) for gate in gates)


def swapped(gates: Signals, layers: Sequence[int]) -> Signals:
    """Of some layers the gates of the next task in place of each task's own."""
    return tuple(gate.roll(-1, 0) if k in layers else gate for k, gate in enumerate(gates))


def silenced(gates: Signals, lesioned: Sequence[np.ndarray]) -> Signals:
    """Closed for all tasks where ``lesioned``, bool (unit...) of each population."""
    return tuple(
        gate * torch.as_tensor(~mask).to(gate) for gate, mask in zip(gates, lesioned, strict=True)
    )


def pack(gates: Signals) -> Tensor:
    """All gates as bits: uint8 (byte,)."""
    flat = torch.cat([gate.flatten(1) for gate in gates], 1)
    return torch.as_tensor(np.packbits(flat.cpu().numpy() > 0)).to(flat.device)


def packed_size(shapes: Sequence[Shape], n_tasks: int) -> int:
    """Bytes that ``pack`` needs."""
    return -(-n_tasks * sum(map(prod, shapes)) // 8)


def unpack(packed: np.ndarray, shapes: Sequence[Shape], n_tasks: int) -> tuple[np.ndarray, ...]:
    """The gates again, bool (task, unit...), from uint8 (byte,)."""
    sizes = [prod(shape) for shape in shapes]
    flat = np.unpackbits(packed, count=n_tasks * sum(sizes)).reshape(n_tasks, -1).astype(bool)
    parts = np.split(flat, np.cumsum(sizes)[:-1], axis=1)
    return tuple(part.reshape(n_tasks, *s) for part, s in zip(parts, shapes, strict=True))
