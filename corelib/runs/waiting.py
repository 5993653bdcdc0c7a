"""The line of runs that wait for a slot. Imports no torch.

``<runs>/.queue`` holds a ticket of each, a file that says its place: the time when it joined, until
somebody moves it.
"""

from __future__ import annotations

import time
from pathlib import Path

from corelib import files
from corelib.environment import runs_root
from corelib.errors import RunError
from corelib.runs.store import ENDED, Run


def _folder() -> Path:
    return runs_root() / ".queue"


def join(run: Run) -> None:
    """Stand at the end of the line."""
    _folder().mkdir(parents=True, exist_ok=True)
    _place(run, time.time())


def leave(run: Run) -> None:
    """Leave the line, because a slot was got or the run was cancelled."""
    (_folder() / run.folder.name).unlink(missing_ok=True)


def waiting() -> list[Run]:
    """The runs that wait, the next one first. A run whose worker is suspended is passed over."""
    found = []
    for place, ticket in _tickets():
        run = Run(runs_root() / ticket.name)
        state = run.status.state
        if state in ENDED:  # its worker was killed while it waited
            ticket.unlink(missing_ok=True)
        elif state == "queued" and not run.is_silent:
            found.append((place, run.id, run))
    return [run for _, _, run in sorted(found, key=lambda item: item[:2])]


def move_to_front(run: Run) -> None:
    """Make a waiting run the next one; raises ``RunError`` if it does not wait."""
    line = waiting()
    if run.folder not in [other.folder for other in line]:
        raise RunError(f"Run {run.id} does not wait for a slot.")
    _place(run, min(place for place, _ in _tickets()) - 1.0)


def _tickets() -> list[tuple[float, Path]]:
    found = []
    try:
        tickets = [file for file in _folder().iterdir() if not file.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    for ticket in tickets:
        try:
            found.append((float(ticket.read_text(encoding="ascii")), ticket))
        except FileNotFoundError:  # it has just left
            continue
        except ValueError:  # damaged: it goes behind all others
            found.append((float("inf"), ticket))
    return found


def _place(run: Run, place: float) -> None:
    files.write_text(_folder() / run.folder.name, repr(place))
