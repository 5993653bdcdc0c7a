"""Deleting runs, and bringing them back. Imports no torch.

A deleted run lies in ``<runs>/.deleted`` until that is emptied, so that nothing is lost by a slip.
"""

from __future__ import annotations

from pathlib import Path

from corelib import files
from corelib.environment import runs_root
from corelib.errors import RunError
from corelib.runs.store import ENDED, Run


def deleted_root() -> Path:
    """The folder of deleted runs; it need not exist."""
    return runs_root() / ".deleted"


def remove_run(run: Run) -> None:
    """Delete a run; ``restore_run`` brings it back. Refused until the run has ended."""
    state = run.status.state
    if state not in ENDED:
        raise RunError(f"Run {run.id} is {state}; cancel it before removing it.")
    place = deleted_root() / run.folder.name
    place.parent.mkdir(parents=True, exist_ok=True)
    if not run.folder.exists():
        # Before anything is made room for: somebody else may just have deleted it.
        raise RunError(f"Run {run.id} is not there any more.")
    if place.exists():  # it was copied back by hand after an earlier deletion
        files.remove(place)
    try:
        run.folder.rename(place)
    except FileNotFoundError:
        raise RunError(f"Run {run.id} is not there any more.") from None


def deleted_runs() -> list[Run]:
    """Deleted runs, the newest run first."""
    try:
        folders = [f for f in deleted_root().iterdir() if not f.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [Run(folder) for folder in sorted(folders, key=lambda f: f.name, reverse=True)]


def restore_run(id: str) -> Run:
    """Bring a deleted run back, by its id or a beginning that no other has. Raises ``RunError``
    where there is none, or where a run of its id exists."""
    matches = [run for run in deleted_runs() if id and run.id.startswith(id)]
    matches = [run for run in matches if run.id == id] or matches
    if len(matches) != 1:
        what = f"{len(matches)} deleted runs begin with" if matches else "There is no deleted run"
        raise RunError(f"{what} {id}." if matches else f"{what} named {id!r}.")
    (run,) = matches
    place = runs_root() / run.folder.name
    if place.exists():
        raise RunError(f"Run {run.id} cannot be restored: there is a run of this id.")
    run.folder.rename(place)
    return Run(place)


def empty_deleted(only: str = "") -> int:
    """Delete for good what was deleted, or ``only`` the run with this id; how many runs."""
    runs = [run for run in deleted_runs() if only in ("", run.id)]
    for run in runs:
        files.remove(run.folder)
    return len(runs)
