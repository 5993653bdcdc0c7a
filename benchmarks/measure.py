"""What the benchmarks print, a line of JSON for each measurement, and the floor of its arithmetic.

The floor of a computation is the time of its matrix products at the best rate of one core, by
whichever of torch's libraries is faster on this processor.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

MOST_ROUNDS = 30
SIDES = (256, 512, 1024)
"""Sides of the square matrices whose product is timed."""


def report(
    what: str,
    fast: str,
    slow: str,
    needed: float,
    ms: dict[str, float],
    work: Callable[[], Any],
    **details: Any,
) -> dict[str, Any]:
    """One line of a benchmark: how many times faster ``fast`` is than ``slow``, and which share of
    its time the products of ``work`` would take at the core's best rate."""
    import torch

    return {
        "what": what,
        "ratio": round(ms[slow] / ms[fast], 2),
        "needed": needed,
        "ours": fast,
        "reference": slow,
        "median_ms": {name: round(value, 3) for name, value in ms.items()},
        "floor_ms": round(floor_ms(work), 3),
        "threads": torch.get_num_threads(),
        **details,
    }


def show(line: dict[str, Any]) -> None:
    """Print a report as one line of JSON."""
    print(json.dumps(line, ensure_ascii=False), flush=True)


def show_all(lines: Iterator[dict[str, Any]]) -> None:
    """Print reports as they are measured, on one thread."""
    import torch

    torch.set_num_threads(1)
    for line in lines:
        show(line)


def columns(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """In columns, numbers at the right; also a table in Markdown."""
    every = [headings, *rows]
    widths = [max(len(each[k]) for each in every) for k in range(len(headings))]

    def line(cells: tuple[str, ...]) -> str:
        first, *others = zip(cells, widths, strict=True)
        parts = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
        return f"| {' | '.join(parts)} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (w + 1) + ":" for w in widths[1:])])
    return "\n".join([line(headings), f"|{rule}|", *map(line, rows)])


def floor_ms(work: Callable[[], Any]) -> float:
    """The milliseconds that the matrix products of a computation would take at ``best_rate``."""
    return 1000 * count_flops(work) / best_rate()


def count_flops(work: Callable[[], Any]) -> int:
    """The floating-point operations of all matrix products in a computation: two for each
    multiplication and addition."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    def fused(x: Any, weight: Any, *_: Any, **__: Any) -> int:
        return 2 * x[0] * weight[0] * weight[1]

    # torch does not count the products that ``bpc/products.py`` calls by name.
    own = {torch.ops.mkldnn._linear_pointwise: fused}
    with FlopCounterMode(display=False, custom_mapping=own) as counter:
        work()
    return counter.get_total_flops()


@cache
def best_rate() -> float:
    """The floating-point operations in a second of the fastest product of two square matrices."""
    import torch

    rates = []
    with torch.no_grad():
        for side in SIDES:
            a, b = torch.randn(side, side), torch.randn(side, side)
            products: list[Callable[..., Any]] = [torch.mm]
            if torch.backends.mkldnn.is_available():
                products.append(_fused)
            rates += [2 * side**3 / min(_seconds(partial(each, a, b))) for each in products]
    return max(rates)


def _fused(a: Any, b: Any) -> Any:
    import torch

    return torch.ops.mkldnn._linear_pointwise.default(a, b, None, "none", [], "")


def _seconds(call: Callable[[], Any]) -> list[float]:
    taken = []
    for _ in range(MOST_ROUNDS):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return taken
