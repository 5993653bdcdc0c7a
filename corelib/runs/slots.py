"""Slots: how many runs may train at once, and with how many threads each."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

from filelock import FileLock, Timeout

from corelib import environment
from corelib.runs.store import Run, list_runs, runs_root


def cores() -> int:
    """The cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def slot_count() -> int:
    """One slot per two cores, so that the app stays responsive; SYNAPTARIUM_SLOTS overrides it."""
    return environment.slots(max(1, cores() // 2))


def thread_count() -> int:
    """Threads per worker. One is fastest on busy cores; with fewer slots each worker has more."""
    return max(1, cores() // (2 * slot_count()))


def wait_for_slot(run: Run, go_on: Callable[[], bool]) -> FileLock | None:
    """Wait in line for a free slot; returns the slot's lock.

    Runs are served in the order in which they were queued. Returns None when ``go_on`` returns
    False.
    """
    folder = runs_root() / ".slots"
    folder.mkdir(parents=True, exist_ok=True)
    announced = False
    while go_on():
        if not announced or _is_first(run):
            for number in range(slot_count() + len(_silent())):
                # A newcomer that would have to wait joins the line first.
                if not announced and _line_ahead(run):
                    break
                lock = FileLock(folder / f"{number}.lock")
                with suppress(Timeout):
                    lock.acquire(blocking=False)
                    return lock
        if not announced:
            run.set_status("queued")
            announced = True
        time.sleep(0.1)
    return None


def _silent() -> list[Run]:
    """Runs whose worker is suspended while it may hold a slot, which it cannot pass on."""
    return [r for r in list_runs() if r.status.state in ("starting", "running") and r.is_silent]


def _line_ahead(run: Run) -> list[Run]:
    return [
        r for r in list_runs() if r.id != run.id and r.status.state == "queued" and not r.is_silent
    ]


def _is_first(run: Run) -> bool:
    since = run.status.since
    return all((since, run.id) <= (other.status.since, other.id) for other in _line_ahead(run))
