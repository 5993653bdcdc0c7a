"""A clock that counts numbers, so that what is timed can be compared."""

from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

Candidates = dict[str, Callable[[], object]]


class _Counting(TorchFunctionMode):
    """Counts the numbers that torch computes."""

    count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None) -> Any:
        found = function(*args, **(kwargs or {}))
        self.count += found.numel() if isinstance(found, torch.Tensor) else 0
        return found


def times(candidates: Candidates, rounds: int, warm_up: int = 3) -> dict[str, list[float]]:
    """In place of ``corelib.analysis.clock.times``: what each computes, more in each round."""
    counts = {name: _count(work) for name, work in candidates.items()}
    return {name: [n * (k + 1) for k in range(rounds)] for name, n in counts.items()}


def medians(candidates: Candidates, rounds: int, warm_up: int = 3) -> dict[str, float]:
    """In place of ``corelib.analysis.clock.medians``."""
    return {name: median(values) for name, values in times(candidates, rounds).items()}


def _count(work: Callable[[], object]) -> float:
    work()  # what is computed once for all is not counted
    with _Counting() as counting:
        work()
    return float(counting.count)
