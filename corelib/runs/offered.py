"""What is offered to choose from: all usable checkpoints, and what people call each run. Imports no
torch."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from corelib.data import own
from corelib.environment import runs_root
from corelib.runs import scan
from corelib.runs.index import Row, rows
from corelib.runs.registry import (
    NOTHING,
    SHIPPED,
    Checkpoint,
    Unreadable,
    best_checkpoint,
    imported,
    imported_root,
    shipped,
    survey_shipped,
)
from corelib.runs.store import list_runs
from corelib.runs.titles import Named, could_be, own_titles


def available(newest: int | None = None) -> list[Checkpoint]:
    """Shipped checkpoints, then imported ones, then the best of each run, newest first; unusable
    ones are left out. ``newest`` limits how many runs are looked at.

    No two have the same title.
    """
    called = titles()
    own = ((run.id, best_checkpoint(run)) for run in islice(list_runs(), newest))
    return [
        *shipped(),
        *imported().usable,
        # A run that has just begun is called by its id until the next call.
        *(item._replace(titled=called.get(id, "")) for id, item in own if item is not None),
    ]


def titles() -> dict[str, str]:
    """What people call each run, by its id: see ``own_titles``. No title is the name of a shipped
    checkpoint or of an imported one."""
    runs = [_named(row, row.called) for row in rows()]
    places = (place for place in (SHIPPED, imported_root()) if place.is_dir())
    others = (folder.name for place in places for folder in place.iterdir())
    return own_titles(runs, (*others, NOTHING))


def formerly(title: str) -> str:
    """The id of the one run that had this title before it, or another run, was named; empty if
    there is none, or several."""
    found = [row.id for row in rows() if _had(row, title)]
    return found[0] if len(found) == 1 else ""


def _had(row: Row, title: str) -> bool:
    names = (row.name, *row.former, row.variant)
    return any(could_be(_named(row, name), title) for name in dict.fromkeys(names))


def _named(row: Row, name: str) -> Named:
    return Named(row.id, name, row.trained, row.seed or 0)


def unreadable() -> list[Unreadable]:
    """Checkpoints that ``available`` leaves out, and why: shipped ones, then imported ones. Those
    of runs are among the problems of a run's row."""
    return [*survey_shipped().left_out, *imported().left_out]


def registry_state() -> tuple:
    """Changes when ``available`` does: when a run saves, drops or measures a checkpoint, when one
    is imported or removed, and when images of your own come or go."""

    def written(path: Path) -> int:
        try:
            return path.stat().st_mtime_ns
        except OSError:
            return 0

    place = imported_root()
    cards = sorted(place.glob("[!.]*/checkpoint.json"))
    return (
        *((os.fsencode(path), written(path), 0) for path in (place, *cards)),
        (os.fsencode(runs_root()), *scan.state()),
        *own.state(),
    )
