"""Timing candidates fairly: interleaved, so that a busy moment of the machine affects them all."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def medians(
    candidates: dict[str, Callable[[], Any]], rounds: int, warm_up: int = 3, burst: int = 1
) -> dict[str, float]:
    """Median milliseconds of each callable over ``rounds`` rounds; the rest is as in ``times``."""
    taken = times(candidates, rounds, warm_up, burst)
    return {name: statistics.median(values) for name, values in taken.items()}


def times(
    candidates: dict[str, Callable[[], Any]], rounds: int, warm_up: int = 3, burst: int = 1
) -> dict[str, list[float]]:
    """Milliseconds of each callable in each of ``rounds`` rounds.

    In each round each candidate runs ``burst`` times in a row. If it runs more than once, the first
    run does not count: it finds the caches and the heap as another candidate left them. The order
    rotates by one each round, so that no candidate always follows the same one.
    """
    names = list(candidates)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for count in range(-warm_up, rounds):
        turn = count % len(names)
        for name in names[turn:] + names[:turn]:
            for k in range(burst):
                began = time.perf_counter()
                candidates[name]()
                seconds = time.perf_counter() - began
                if count >= 0 and (k > 0 or burst == 1):
                    taken[name].append(1000 * seconds)
    return taken
