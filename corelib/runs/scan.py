"""Which runs have changed, told by the times of their files alone. Imports no torch."""

from __future__ import annotations

import os
import time
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from corelib.environment import runs_root

SHARE = 0.05
"""The share of the time that looking may take at most, once it takes longer than ``SLOW_S``."""
SLOW_S = 0.05

Stamp = tuple[int, int]
"""When a file was written, in ns, and its size in bytes; zeros if there is none."""


class Stamps(NamedTuple):
    """The files of a run that change what is shown of it."""

    spec: Stamp
    events: Stamp
    status: Stamp
    marks: Stamp
    checkpoints: Stamp


FILES = ("spec.json", "events.jsonl", "status.json", "marks.json")
ABSENT: Stamp = (0, 0)


class Scan:
    """The runs of a folder, with their stamps; shared by all who look at them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = Lock()
        self._seen: dict[str, Stamps] = {}
        self._took, self._looked_at = 0.0, -float("inf")
        self._state: tuple[dict[str, Stamps], tuple[int, int]] | None = None

    def stamps(self, fresh: bool = False) -> dict[str, Stamps]:
        """The stamps of each run by its folder's name, newest first; not to be changed.

        With thousands of runs they may be some seconds old, unless ``fresh``.
        """
        with self._lock:
            patience = self._took / SHARE if self._took > SLOW_S else 0.0
            began = time.monotonic()
            if fresh or began - self._looked_at >= patience:
                seen = _look(self.root)
                if seen != self._seen:
                    self._seen = seen
                self._looked_at = time.monotonic()
                self._took = self._looked_at - began
            return self._seen

    def state(self) -> tuple[int, int]:
        """Two numbers, however many runs there are, that change when one comes, goes, changes its
        state or its marks, or saves a checkpoint; not with each event of it."""
        seen, kept = self.stamps(), self._state
        # Kept with what it was made from: another thread may have looked meanwhile.
        if kept is None or kept[0] is not seen:
            runs = tuple((name, s.checkpoints, s.status, s.marks) for name, s in seen.items())
            self._state = kept = seen, (len(runs), hash(runs))
        return kept[1]


def state() -> tuple[int, int]:
    """Whether runs have changed since: see ``Scan.state``."""
    return _scan_of(runs_root()).state()


def scan(fresh: bool = False) -> dict[str, Stamps]:
    """The stamps of all runs, newest first: see ``Scan.stamps``."""
    return _scan_of(runs_root()).stamps(fresh)


@lru_cache(maxsize=8)
def _scan_of(root: Path) -> Scan:
    return Scan(root)


def _look(root: Path) -> dict[str, Stamps]:
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found = {}
    for name in sorted(names, reverse=True):
        spec, events, status, marks = (_stamp(f"{root}/{name}/{file}") for file in FILES)
        checkpoints = _stamp_of_checkpoints(f"{root}/{name}/checkpoints")
        stamps = Stamps(spec, events, status, marks, checkpoints)
        # Files of a run whose spec was deleted are still listed, with that reason.
        if stamps.spec != ABSENT or stamps.events != ABSENT or stamps.status != ABSENT:
            found[name] = stamps
    return found


def _stamp_of_checkpoints(path: str) -> Stamp:
    """Changes with the folder, with each checkpoint in it, and with its card."""
    times, size = _stamp(path)
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                folder, card = _stamp(entry.path), _stamp(f"{entry.path}/checkpoint.json")
                times, size = times + folder[0] + card[0], size + card[1]
    except OSError:
        pass
    return times, size


def _stamp(path: str) -> Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return ABSENT
    return status.st_mtime_ns, status.st_size
