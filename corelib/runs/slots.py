"""Slots: how many runs may train at once, and with how many threads each."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from corelib import environment
from corelib.runs import waiting
from corelib.runs.store import Run, runs_root


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
        # A newcomer that would have to wait joins the line first.
        line = [other.folder.name for other in waiting.waiting()]
        if not line or line[0] == run.folder.name:
            for number in range(slot_count() + _n_silent(folder)):
                lock = FileLock(folder / f"{number}.lock")
                with suppress(Timeout):
                    lock.acquire(blocking=False)
                    (folder / f"{number}.run").write_text(run.folder.name, encoding="utf-8")
                    waiting.leave(run)
                    return lock
        if not announced:
            run.set_status("queued")
            waiting.join(run)
            announced = True
        time.sleep(0.1)
    waiting.leave(run)
    return None


def _n_silent(folder: Path) -> int:
    """How many runs hold a slot, which they cannot pass on, while their worker is suspended."""
    holders = set()
    for file in folder.glob("*.run"):
        with suppress(OSError, ValueError):
            holders.add(file.read_text(encoding="utf-8"))
    runs = (Run(runs_root() / name) for name in holders)
    return sum(run.status.state in ("starting", "running") and run.is_silent for run in runs)
