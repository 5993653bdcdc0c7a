"""Runs over several seeds: completed runs are reused, the others are trained one by one.

A run matches a spec if data, system, settings and seed are the same; its variant is only a name and
does not count. An interruption loses nothing: the next call continues from the last checkpoint.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import ceil
from typing import NamedTuple

from corelib.environment import runs_root
from corelib.errors import RunError, SynaptariumError
from corelib.runs import launch, watch
from corelib.runs.expected import expected_of_all, expected_seconds
from corelib.runs.index import rows
from corelib.runs.spec import RunSpec, network_of
from corelib.runs.store import ENDED, Run, State, Status

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


def stored(specs: Sequence[RunSpec]) -> list[Stored | None]:
    """For each spec the run to use, None where a new one is needed.

    A completed run is preferred, then an active one, then one that can be resumed and was made with
    the same versions; among equals the newest.
    """
    wanted: dict[tuple[str, int], Stored | None] = {
        (network_of(spec), spec.seed): None for spec in specs
    }
    versions = specs[0].versions if specs else {}
    for row in rows(fresh=True):
        key = (row.network, row.seed or 0)
        if key not in wanted:
            continue
        candidate = Stored(Run(runs_root() / row.id), row.state)
        if _rank(candidate.state) == 0 and not _has_versions(candidate.run, versions):
            continue
        best = wanted[key]
        if best is None or _rank(candidate.state) > _rank(best.state):
            wanted[key] = candidate
    return [wanted[network_of(spec), spec.seed] for spec in specs]


def _has_versions(run: Run, versions: dict[str, str]) -> bool:
    try:
        return run.spec.versions == versions
    except (SynaptariumError, OSError):  # removed just now
        return False


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


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch computes on one thread, which small networks are fastest on."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def train(specs: Sequence[RunSpec], tell: Tell = say) -> list[Run]:
    """A completed run for each spec; missing ones are trained, one after another.

    ``tell`` is called with a line whenever a run starts or changes its state, and twice a minute.
    Ctrl-C cancels the current run and raises ``KeyboardInterrupt``. Raises ``RunError`` if a run
    ends incomplete.
    """
    runs = []
    for place, spec in enumerate(specs):
        # Looked up only now: another process may have trained it, or be training it.
        item = stored([spec])[0]
        if item is None or item.state != "completed":
            own = item is None or item.state in ENDED
            run = launch.start(spec) if item is None else item.run
            if item is not None and own:
                launch.resume(run)
            _follow(run, own, partial(_report, specs, place, tell), tell)
        else:
            run = item.run
        runs.append(run)
    return runs


def incomplete(specs: Sequence[RunSpec]) -> list[RunSpec]:
    """Those of the specs that have no completed run yet."""
    return [
        spec
        for spec, item in zip(specs, stored(specs), strict=True)
        if item is None or item.state != "completed"
    ]


def _report(
    specs: Sequence[RunSpec], place: int, tell: Tell, state: State, left: float | None
) -> None:
    """Report which run it is, and how long all will take; ``left`` seconds for this one."""
    spec, after = specs[place], specs[place + 1 :]
    words = f"{place + 1} of {len(specs)}: {spec.title}, seed {spec.seed}, {state}"
    now = left if left is not None else expected_seconds(spec).seconds
    if now is None:
        tell(words)
        return
    later = expected_of_all(incomplete(after))
    about = "more than" if later.unknown else "about"
    tell(f"{words}; {about} {ceil((now + (later.seconds or 0)) / 60)} min left for all")


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
