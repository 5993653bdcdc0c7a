"""Runs over several seeds: completed runs are reused, the others are trained one by one.

A run matches a spec if data, system, settings and seed are the same; its variant is only a name and
does not count. An interruption loses nothing: the next call continues from the last checkpoint.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from math import ceil
from typing import NamedTuple

from corelib.errors import RunError, SynaptariumError
from corelib.runs import launch, watch
from corelib.runs.spec import RunSpec, resolve
from corelib.runs.store import ENDED, Run, State, Status, list_runs

REPORT_EVERY_S = 30.0

Tell = Callable[[str], None]


class Progress(NamedTuple):
    """How many runs are completed, out of how many, and the one in progress."""

    done: int
    total: int
    running: Run | None


class Stored(NamedTuple):
    """The run that matches a spec, and its state."""

    run: Run
    state: State


def network_of(spec: RunSpec) -> str:
    """What is trained, apart from the seed, as a string to compare; defaults are filled in.

    Raises ``SettingsError`` for settings that no longer exist.
    """
    resolved = resolve(spec)
    parts = (resolved.config.model_dump(), resolved.training.model_dump())
    return json.dumps([spec.system, spec.dataset, *parts], sort_keys=True)


def stored(specs: Sequence[RunSpec]) -> list[Stored | None]:
    """For each spec the run to use, None where a new one is needed.

    A completed run is preferred, then an active one, then one that can be resumed and was made with
    the same versions; among equals the newest.
    """
    wanted: dict[tuple[str, int], Stored | None] = {
        (network_of(spec), spec.seed): None for spec in specs
    }
    versions = specs[0].versions if specs else {}
    for run in list_runs():
        try:
            spec = run.spec
            key = (network_of(spec), spec.seed)
            if key not in wanted:
                continue
            candidate = Stored(run, run.status.state)
        except (SynaptariumError, OSError):  # unreadable, or removed just now
            continue
        if _rank(candidate.state) == 0 and spec.versions != versions:
            continue
        best = wanted[key]
        if best is None or _rank(candidate.state) > _rank(best.state):
            wanted[key] = candidate
    return [wanted[network_of(spec), spec.seed] for spec in specs]


def _rank(state: State) -> int:
    return 2 if state == "completed" else 0 if state in ENDED else 1


def progress(specs: Sequence[RunSpec]) -> Progress:
    """The progress of a set of runs, read from their folders alone: cheap enough to poll."""
    existing = [item for item in stored(specs) if item is not None]
    alive = [item.run for item in existing if item.state not in ENDED]
    done = sum(item.state == "completed" for item in existing)
    return Progress(done, len(specs), alive[0] if alive else None)


def say(line: str) -> None:
    """Print a line of progress on stderr, so that stdout holds only the table."""
    print(line, file=sys.stderr, flush=True)


def train(specs: Sequence[RunSpec], tell: Tell = say) -> list[Run]:
    """A completed run for each spec; missing ones are trained, one after another.

    ``tell`` is called with a line whenever a run starts or changes its state, and twice a minute.
    Ctrl-C cancels the current run and raises ``KeyboardInterrupt``. Raises ``RunError`` if a run
    ends incomplete.
    """
    pace, runs = Pace(), []
    for item, spec in zip(stored(specs), specs, strict=True):
        if item is not None and item.state == "completed":
            pace.learn(spec, item.run)
    for place, spec in enumerate(specs):
        # Looked up only now: another process may have trained it, or be training it.
        item = stored([spec])[0]
        if item is None or item.state != "completed":
            own = item is None or item.state in ENDED
            run = launch.start(spec) if item is None else item.run
            if item is not None and own:
                launch.resume(run)
            _follow(run, own, partial(_report, specs, place, pace, tell), tell)
            pace.learn(spec, run)
        else:
            run = item.run
        runs.append(run)
    return runs


class Pace:
    """How long runs took, to estimate how long the others will take."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}

    def learn(self, spec: RunSpec, run: Run) -> None:
        """Add a completed run."""
        seconds = sum(step.seconds for step in run.history().steps)
        self._seconds.setdefault(network_of(spec), []).append(seconds)

    def seconds(self, spec: RunSpec) -> float | None:
        """The mean over runs of the same network, else over all runs."""
        known = self._seconds.get(network_of(spec)) or [*chain(*self._seconds.values())]
        return sum(known) / len(known) if known else None


def _report(
    specs: Sequence[RunSpec], place: int, pace: Pace, tell: Tell, state: State, left: float | None
) -> None:
    """Report which run it is, and how long all will take; ``left`` seconds for this one."""
    spec, after = specs[place], specs[place + 1 :]
    words = f"{place + 1} of {len(specs)}: {spec.title}, seed {spec.seed}, {state}"
    now = left if left is not None else pace.seconds(spec)
    if now is None:
        tell(words)
        return
    todo = [
        other
        for other, item in zip(after, stored(after), strict=True)
        if item is None or item.state != "completed"
    ]
    guesses = [pace.seconds(other) for other in todo]
    later = sum(now if guess is None else guess for guess in guesses)
    tell(f"{words}; about {ceil((now + later) / 60)} min left for all")


def _follow(run: Run, own: bool, report: Callable[[State, float | None], None], tell: Tell) -> None:
    """Wait until the run is completed; a run that another process started is not cancelled."""
    history, state, reported_at = run.history(), None, 0.0

    def see(status: Status) -> None:
        nonlocal state, reported_at
        if status.state in ENDED:
            return
        if status.state != state or time.monotonic() - reported_at > REPORT_EVERY_S:
            state, reported_at = status.state, time.monotonic()
            report(state, history.refresh().seconds_left())

    try:
        watch.until_completed(run, see)
    except KeyboardInterrupt:
        if own:
            if run.status.state not in ENDED:
                watch.cancel(run)
            tell("Cancelled; the same command continues from here.")
        raise
    except RunError as error:
        raise RunError(f"{error} The same command continues from here.") from None
