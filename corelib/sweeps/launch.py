"""Running a study in a process of its own, and what follows from its best. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.errors import RunError
from corelib.runs.launch import spawn
from corelib.sweeps.engines import Engine, Resources
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.study import Study


def start(study: Study, engine: Engine = "local", resources: Resources | None = None) -> None:
    """Train what is missing of a study in a process that outlives this one; returns at once.

    Its output is appended to ``study.log``. Raises ``RunError`` if it is running or starting.
    """
    if study.activity:
        raise RunError(f"The study {study.settings.name} is {study.activity} already.")
    given = resources or Resources()
    study.note("starting", engine=engine, resources=given._asdict())
    words = ["corelib", "sweep", study.folder.name, "--engine", engine]
    for option, value in given._asdict().items():
        words += [f"--{option}", str(value)] if value else []
    spawn(words, study.log)


def go_on(study: Study) -> None:
    """Start a study again as it was started last."""
    last = study.driver
    start(study, last.engine, Resources(**(last.resources or {})))


def best_again(study: Study, seeds: Sequence[int] = (0, 1, 2, 3, 4)) -> StudySettings:
    """A study of one choice, the best of this one, with these seeds: named as it is, with
    ``_best``. Raises ``RunError`` while no trial is complete."""
    old = study.settings
    return old.model_copy(
        update={
            "name": f"{old.name[:35]}_best",
            "vary": {name: (value,) for name, value in study.best.items()},
            "seeds": tuple(seeds),
            "search": "grid",
            "pruning": "none",
        }
    )
