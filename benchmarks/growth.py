"""How time and memory grow: ``python -m benchmarks.growth [FILE.json]``, on Linux with glibc.

One training step against units, batch and steps T; an epoch and an evaluation against the number of
images; the list of runs against their number. ``benchmarks.growth_points`` says how time and memory
are measured. ``kept_mb`` are the activations that autograd keeps for the backward pass, ``faults``
the pages fetched in a step. Two lines of BPAN show what the heap does: one where it gives nothing
back, one without it. A slope is that of the straight line through the upper half of the points,
both axes logarithmic.

Everything goes to FILE.json, by default the one in docs/pictures, and is drawn into the pictures
beside it by ``benchmarks.growth_figure``; a line of JSON is printed for each line of the figure.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.growth_figure import PICTURES, draw
from benchmarks.growth_points import (
    AS_IT_IS,
    FAMILIES,
    HEAPS,
    Figures,
    a_list,
    a_step,
    alone,
    an_epoch,
    an_evaluation,
)
from benchmarks.many_runs import make_runs
from benchmarks.measure import show

UNITS, STEPS = (40, 80, 160, 320, 640, 1280), (2, 4, 8, 16, 32, 64)
IMAGES, RUNS = (500, 2_000, 8_000, 32_000), (10, 100, 1_000, 10_000)
LONG, LARGE = 50, (1024, 4096)
"""Steps and batches of a training that needs much memory."""


class Line(NamedTuple):
    """A line of the figure: its name, what grows, and its points, by value."""

    name: str
    axis: str
    points: dict[int, Figures]

    def slope(self, what: str) -> float:
        """Of the upper half of the points, two at least."""
        values = sorted(self.points)
        values = values[min(len(values) // 2, len(values) - 2) :]
        return _fit(values, [self.points[v][what] for v in values])

    def slopes(self, what: str) -> list[float]:
        """From each point to the next."""
        pairs = pairwise(sorted(self.points))
        return [round(_fit(pair, [self.points[v][what] for v in pair]), 2) for pair in pairs]

    def as_dict(self) -> dict[str, Any]:
        measured = [what for what in ("ms", "mb") if all(f.get(what) for f in self.points.values())]
        return {
            "line": self.name,
            "axis": self.axis,
            "slope": {what: round(self.slope(what), 2) for what in measured},
            "from_point_to_point": {what: self.slopes(what) for what in measured},
            "points": {str(value): found for value, found in sorted(self.points.items())},
        }


def _fit(values: Iterable[float], measured: Iterable[float]) -> float:
    return float(np.polyfit(np.log(list(values)), np.log(list(measured)), 1)[0])


def step_lines() -> Iterator[Line]:
    for name, family in FAMILIES.items():
        measure = partial(a_step, family)
        yield line(name, "units", UNITS, lambda n, f=family, m=measure: m(f.units(n), 128))
        yield line(name, "batch", family.batches, lambda n, m=measure: m({}, n))
        yield line(name, "T", STEPS, lambda n, f=family, m=measure: m({f.steps: n}, 128))
    bpan = FAMILIES["BPAN"]
    for name, heap in HEAPS.items():
        yield line(name, "batch", bpan.batches, lambda n, h=heap: a_step(bpan, {}, n, h))
    for name, heap in {"BPAN": AS_IT_IS, **HEAPS}.items():
        measure = partial(a_step, bpan, {"n_steps": LONG}, heap=heap)
        yield line(f"{name}, T = {LONG}", "batch", LARGE, measure)


def image_lines() -> Iterator[Line]:
    for name in ("BPAN", "BPC"):
        family = FAMILIES[name]
        yield line(f"{name} epoch", "images", IMAGES, partial(an_epoch, family))
        yield line(f"{name} test", "images", IMAGES, partial(an_evaluation, family))


def run_lines() -> list[Line]:
    """The largest folder is made once; smaller ones are what is left when runs are removed."""
    lines = [Line(name, "runs", {}) for name in ("first list", "new process", "again")]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        make_runs(root, max(RUNS))
        for count in sorted(RUNS, reverse=True):
            every = sorted(run for run in root.iterdir() if not run.name.startswith("."))
            for run in every[count:]:
                shutil.rmtree(run)
            (root / ".index.json").unlink(missing_ok=True)
            for each in lines:
                found = alone(partial(a_list, root, each.name == "again"))
                each.points[count] = found
    return lines


def line(name: str, axis: str, values: Iterable[int], measure: Callable[[int], Figures]) -> Line:
    return Line(name, axis, {value: alone(partial(measure, value)) for value in values})


def lines() -> Iterator[Line]:
    yield from step_lines()
    yield from image_lines()
    yield from run_lines()


def main(file: str = str(PICTURES / "growth.json")) -> None:
    import torch

    import corelib.training.loop  # noqa: F401  (imported once, for all that fork)
    from corelib.data import load_dataset

    torch.set_num_threads(1)
    load_dataset("mnist")
    found = []
    for each in lines():
        found.append(each.as_dict())
        show({key: value for key, value in found[-1].items() if key != "points"})
    Path(file).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draw(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
