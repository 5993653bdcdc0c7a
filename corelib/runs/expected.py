"""How long a run will take, from the runs that this machine has made. Imports no torch.

A run takes the time of its updates and of its validations. Both are read from the histories of
other runs of the same system on the same data, with the same choices, on the same kind of device
and with the same number of threads. If their sizes differ too, the time of an update is taken to
grow in proportion to the batch, to the number of steps or layers, and to the number of units: a
rough estimate, and said to be one. Starting a worker, waiting for a slot and the load of the
machine at the time are not foreseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from math import log
from pathlib import Path
from typing import NamedTuple

from corelib.errors import SynaptariumError
from corelib.runs.slots import thread_count
from corelib.runs.spec import RunSpec, resolve
from corelib.runs.store import ENDED, Run, list_runs

LONG_S = 600.0
"""Work that takes longer is begun on the command line only after a question."""
REPEATED = ("batch_size", "n_steps", "n_hidden_layers", "t_train", "n_iters_inner", "n_iters_outer")
"""Settings with each of which an update's time grows in proportion."""
UNRELATED = ("epochs", "max_steps")
"""Settings that do not change how long an update takes."""
NO_UNITS = ("input_dim", "n_classes", "n_tasks", "n_answer_steps")
"""Whole numbers that are fixed by the data, or do not matter to an update."""
LEAST_UPDATES = 5
"""Fewer updates say too little about the speed."""


class Expected(NamedTuple):
    """How long a run, or what is left of several, will take.

    ``seconds`` is None where nothing is known. It is measured on ``runs`` runs; ``scaled`` says
    that some of them had other sizes, ``unknown`` counts the networks of which nothing is known,
    ``known`` those that the time is of.
    """

    seconds: float | None
    runs: int = 0
    scaled: bool = False
    unknown: int = 0
    known: int = 0

    @property
    def is_long(self) -> bool:
        """Whether a person should be asked first; what is unknown is not long."""
        return self.seconds is not None and self.seconds > LONG_S

    @property
    def words(self) -> str:
        """``about 4 minutes (from 3 runs here)``."""
        if not (self.runs or self.unknown):
            return "nothing is left to train"
        if self.seconds is None:
            return "no run of this kind here yet: unknown until it has run for a minute"
        sizes = " of other sizes" if self.scaled else ""
        known = f"from {self.runs} run{'s' * (self.runs != 1)} here{sizes}"
        if self.unknown:
            share = f"{self.known} of {self.known + self.unknown} networks"
            verb = "has" if self.unknown == 1 else "have"
            return (
                f"{duration(self.seconds)} for {share} ({known}); the other {self.unknown} {verb} "
                "not run here yet"
            )
        return f"{duration(self.seconds)} ({known})"


def duration(seconds: float) -> str:
    """In words, as exact as an estimate is: ``about 4 minutes``."""
    if seconds < 45:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} minute{'s' * (minutes != 1)}"
    return f"about {seconds / 3600:.1f} hours".replace(".0 ", " ")


class Demand(NamedTuple):
    """What the time of a run depends on. Runs of the same ``kind`` have the same system, data and
    choices; those of the same ``sizes``, all whole numbers, are equally fast. ``work`` is what an
    update's time is taken to be proportional to."""

    kind: str
    sizes: str
    work: float
    batch_size: int
    epochs: int
    max_steps: int


NEWEST = 300
"""So many runs tell how fast this machine is."""


class Speed(NamedTuple):
    """What a run has measured: seconds per update, per validation, and for the test at its end."""

    demand: Demand
    threads: int
    train_images: int
    per_update: float
    per_validation: float
    test: float


def expected_seconds(spec: RunSpec) -> Expected:
    """How long a run of this spec will take on this machine, in seconds of computing.

    It is the mean over the runs that differ at most in seed, epochs and numbers that are no sizes,
    such as the learning rate; if there are none, the run nearest in size, scaled. Raises
    ``SettingsError`` for a spec that is wrong.

    >>> from corelib.runs.spec import make_spec
    >>> expected_seconds(make_spec("bpan")).words  # on a machine that has not trained yet
    'no run of this kind here yet: unknown until it has run for a minute'
    """
    return expected_of_all([spec])


def expected_of_all(specs: Sequence[RunSpec]) -> Expected:
    """How long all of these take, one after another: the sum over those of which something is
    known. Raises ``SettingsError`` for a spec that is wrong."""
    speeds, threads = measured_here(), thread_count()
    total, used, scaled, unknown = 0.0, set(), False, 0
    for spec in specs:
        asked = demand(spec)
        alike = [s for s in speeds if s.demand.kind == asked.kind and s.threads == threads]
        found = [speed for speed in alike if speed.demand.sizes == asked.sizes]
        if not alike:
            unknown += 1
            continue
        if not found:
            scaled = True
            found = [min(alike, key=lambda s: abs(log(s.demand.work / asked.work)))]
        estimates = [_seconds(asked, speed) for speed in found]
        total += sum(estimates) / len(estimates)
        used |= {id(speed) for speed in found}
    nothing = unknown > 0 and unknown == len(specs)
    known = len(specs) - unknown
    return Expected(None if nothing else total, len(used), scaled, unknown, known)


def measured_here() -> list[Speed]:
    """The speed of each of the newest runs that has ended, newest first."""
    found = []
    for run in islice(list_runs(), NEWEST):
        try:
            if run.status.state not in ENDED:
                continue
            written = run.events.stat()
            speed = _speed(run.folder, written.st_mtime_ns, written.st_size)
        except (OSError, SynaptariumError):  # never begun, or unreadable
            continue
        if speed is not None:
            found.append(speed)
    return found


@lru_cache(maxsize=1024)
def _speed(folder: Path, written_ns: int, size: int) -> Speed | None:
    """The speed of a run whose history was written at this time; None if it says too little."""
    run = Run(folder)
    history = run.history()
    began = history.began
    updates = sum(step.count for step in history.steps)
    seconds = sum(step.seconds for step in history.steps)
    if began is None or updates < LEAST_UPDATES or not seconds:
        return None
    asked = demand(run.spec)
    per_validation = history.seconds_per_validation()
    return Speed(
        asked,
        began.threads,
        began.steps_per_epoch * asked.batch_size,
        seconds / updates,
        per_validation,
        history.finished.seconds if history.finished else per_validation,
    )


def demand(spec: RunSpec) -> Demand:
    """What the time of a run depends on. Raises ``SettingsError`` for a spec that is wrong."""
    resolved = resolve(spec)
    both = (resolved.config, resolved.training)
    choices, sizes = {}, {}
    for settings in both:
        for info in type(settings).infos():
            value = getattr(settings, info.name)
            if info.kind in ("choice", "bool"):
                choices[info.name] = value
            elif info.kind != "float" and info.name not in UNRELATED:
                sizes[info.name] = value
    work, units = 1, 0
    for name, value in sizes.items():
        if name in REPEATED:
            work *= max(1, value)
        elif name not in NO_UNITS:
            # Widths of layers are written as text: 300, 300.
            units += sum(map(int, re.findall("[0-9]+", str(value))))
    training = resolved.training
    return Demand(
        json.dumps([spec.system, spec.dataset, choices], sort_keys=True),
        json.dumps(sizes, sort_keys=True),
        float(work * max(1, units)),
        training.batch_size,
        training.epochs,
        training.max_steps,
    )


def _seconds(asked: Demand, speed: Speed) -> float:
    """The time of a run at another one's speed, scaled with its sizes."""
    per_epoch = -(-speed.train_images // asked.batch_size)
    updates = asked.epochs * per_epoch
    updates = min(updates, asked.max_steps or updates)
    validations = -(-updates // per_epoch)
    growth = asked.work / speed.demand.work
    # A validation reads the same images whatever the batch.
    of_an_image = growth * speed.demand.batch_size / asked.batch_size
    measuring = validations * speed.per_validation + speed.test
    return updates * speed.per_update * growth + measuring * of_an_image
