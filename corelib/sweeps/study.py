"""A study in its folder: settings, trials, and what is still missing. Imports no torch.

``<runs>/.studies/NAME`` holds ``study.json``, the settings; ``journal.log``, in which Optuna keeps
the trials, so that any process of any machine that shares the folder can work on them, unless a
database does; ``driver.json``, what became of the process that spread them last, and ``log.txt``,
what that one printed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from filelock import FileLock, Timeout

from corelib import files
from corelib.environment import runs_root
from corelib.errors import RunError, SettingsError
from corelib.runs.store import ENDED, LAUNCH_GRACE_S, Run
from corelib.sweeps.results import Best, Results
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.space import check, known_choices, n_trials, pruner, sampler
from corelib.sweeps.storage import JOURNAL, new_trials, storage_of, trials_missing

if TYPE_CHECKING:
    import optuna
    import pandas as pd
    from optuna.storages import BaseStorage

    from corelib.sweeps.engines import Engine

State = Literal[
    "begun", "starting", "running", "stopping", "stopped", "completed", "failed", "died"
]
LOCK_PATIENCE_S = 2.0
"""Who only asks whether a study is running holds its lock for a moment."""


class Driver(NamedTuple):
    """The process that spread the trials last: what it was doing, since when (in seconds since
    1970), why it ended, if that was an error, and with which engine and resources it was started,
    if that was in the background."""

    state: Literal["none", "starting", "running", "ended"] = "none"
    since: float = 0.0
    problem: str = ""
    engine: Engine = "local"
    resources: dict[str, Any] | None = None


class Unreadable(NamedTuple):
    """A study that cannot be read, by its folder's name, and why."""

    name: str
    problem: str


def studies_root() -> Path:
    return runs_root() / ".studies"


class Study:
    """A study over settings and seeds; ``Study.of("width")`` is one that was begun."""

    def __init__(self, folder: Path, settings: StudySettings) -> None:
        self.folder, self.settings = folder, settings

    @classmethod
    def of(cls, name: str) -> Study:
        """A study that was begun, by its name; raises ``SettingsError`` if there is none."""
        folder = studies_root() / name
        try:
            described = files.read_json(folder / "study.json")
        except (FileNotFoundError, NotADirectoryError):
            known = ", ".join(study.settings.name for study in list_studies()) or "none yet"
            raise SettingsError(f"There is no study named {name!r}; there are: {known}.") from None
        except ValueError as error:
            raise SettingsError(f"{folder / 'study.json'} is damaged: {error}.") from None
        if not isinstance(described, dict):
            raise SettingsError(f"{folder / 'study.json'} should hold a JSON object.")
        return cls(folder, StudySettings(**described))

    @classmethod
    def begin(cls, settings: StudySettings) -> Study:
        """A new study, or the one with these settings that was begun before, wherever that keeps
        its trials. Raises ``SettingsError`` if one of this name has other settings."""
        folder = studies_root() / settings.name
        if (folder / "study.json").exists():
            study = cls.of(settings.name)
            storage = settings.storage or study.settings.storage
            if study.settings != settings.model_copy(update={"storage": storage}):
                raise SettingsError(
                    f"There is a study named {settings.name!r} with other settings; give this one "
                    "another name."
                )
            return study
        check(settings)  # a wrong value is refused before any training
        studies_root().mkdir(parents=True, exist_ok=True)
        with files.new_folder(folder) as scratch:
            files.write_text(scratch / "study.json", settings.model_dump_json(indent=1) + "\n")
            new_trials(settings, scratch, known_choices(settings))
        return cls(folder, settings)

    def __repr__(self) -> str:
        return f"Study({self.settings.name!r}, {self.progress})"

    def storage(self) -> BaseStorage:
        """Where Optuna keeps the trials; raises ``SettingsError`` if that cannot be read."""
        return storage_of(self.settings, self.folder)

    def optuna(self, number: int = 0, storage: BaseStorage | None = None) -> optuna.Study:
        """Optuna's study, whose sampler draws as the ``number``-th."""
        import optuna

        try:
            return optuna.load_study(
                study_name=self.settings.name,
                storage=storage or self.storage(),
                sampler=sampler(self.settings, number),
                pruner=pruner(self.settings),
            )
        except KeyError:
            raise trials_missing(self.settings, self.folder) from None

    def results(self) -> Results:
        """What came of it so far, read once; raises ``SettingsError`` if it cannot be read."""
        return Results(self.settings, self.optuna().get_trials(deepcopy=False))

    @property
    def stamp(self) -> tuple[int, ...]:
        """Another one whenever the trials may have changed."""
        if self.settings.storage:
            return (time.time_ns(),)
        with suppress(FileNotFoundError):
            written = (self.folder / JOURNAL).stat()
            return written.st_mtime_ns, written.st_size
        return ()

    @property
    def n_trials(self) -> int:
        """How many choices it tries."""
        return n_trials(self.settings)

    def unfinished(self) -> list[int]:
        """The numbers of trials that were begun and have not ended."""
        return self.results().unfinished

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial that was begun: see ``Results.table``."""
        return self.results().table

    @property
    def best_so_far(self) -> Best | None:
        """The complete trial with the best score, the first of equals; None while there is none."""
        return self.results().best

    @property
    def best(self) -> dict[str, Any]:
        """The varied settings of the complete trial with the best score; raises ``RunError`` while
        there is none."""
        best = self.best_so_far
        if best is None:
            raise RunError(f"No trial of {self.settings.name} is complete yet.")
        return best.chosen

    @property
    def progress(self) -> str:
        """How many trials have ended, and how, in words."""
        return self.results().progress

    @property
    def state(self) -> State:
        """Begun, starting, running, stopping, stopped, completed (every trial has ended), failed
        (the process that spread the trials says why, see ``driver``) or died (it cannot say)."""
        active = self.activity
        if active is not None:
            return active
        if self.results().is_complete:
            return "completed"
        last = self.driver
        if last.state == "ended":
            return "failed" if last.problem else "stopped"
        return "begun" if last.state == "none" else "died"

    @property
    def activity(self) -> Literal["starting", "running", "stopping"] | None:
        """What a process does with it now, if there is one; the trials are not read for that."""
        last = self.driver
        if self._is_held():
            return "stopping" if self.is_stopping else "running"
        # It may have ended since the first look.
        if last == self.driver and last.state == "starting":
            return "starting" if 0 <= time.time() - last.since < LAUNCH_GRACE_S else None
        return None

    @property
    def driver(self) -> Driver:
        """What is known of the process that spread the trials last."""
        try:
            return Driver(**files.read_json(self.folder / "driver.json"))
        except FileNotFoundError:
            return Driver()
        except (ValueError, TypeError):  # damaged: only the lock is to be trusted
            return Driver("ended")

    def note(
        self, state: Literal["starting", "running", "ended"], problem: str = "", **how: Any
    ) -> None:
        """Keep what the process that spreads the trials is doing; ``how`` are the engine and the
        resources with which it is started."""
        driver = self.driver._replace(state=state, since=time.time(), problem=problem, **how)
        files.write_text(self.folder / "driver.json", json.dumps(driver._asdict()))

    @property
    def log(self) -> Path:
        """What the process that spreads the trials printed, where it has no terminal."""
        return self.folder / "log.txt"

    @property
    def _lock(self) -> FileLock:
        return FileLock(self.folder / "driver.lock")

    def _is_held(self) -> bool:
        """Whether a process spreads the trials."""
        if not (self.folder / "driver.lock").exists():
            return False
        try:
            with self._lock.acquire(blocking=False):
                return False
        except Timeout:
            return True
        except (OSError, NotImplementedError):  # no process could hold such a lock either
            return False

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this process spreads the trials; raises ``RunError`` if another one does."""
        lock = self._lock
        try:
            lock.acquire(timeout=LOCK_PATIENCE_S)
        except Timeout:
            raise RunError(f"The study {self.settings.name} is running already.") from None
        problem = ""
        try:
            self._stop.unlink(missing_ok=True)
            self.note("running")
            yield
        except Exception as error:
            problem = str(error) or type(error).__name__
            raise
        finally:
            self.note("ended", problem)
            lock.release()

    @property
    def _stop(self) -> Path:
        return self.folder / "stop"

    def stop(self) -> None:
        """Ask all who train for it to save their runs and stop; beginning it again goes on."""
        self._stop.touch()

    def active_runs(self) -> list[Run]:
        """The runs of trials under way that have not ended."""
        found = self.results()
        ids = [name for number in found.unfinished for name in found.runs(number).values()]
        runs = [Run(runs_root() / name) for name in ids]
        return [run for run in runs if run.folder.exists() and run.status.state not in ENDED]

    @property
    def is_stopping(self) -> bool:
        return self._stop.exists()

    def remove(self) -> None:
        """Delete the study and its trials; its runs stay. Refused while it is running."""
        if self.activity:
            raise RunError(f"The study {self.settings.name} is {self.activity}; stop it first.")
        if self.settings.storage:
            storage = self.storage()
            with suppress(KeyError):  # the database has lost it
                storage.delete_study(storage.get_study_id_from_name(self.settings.name))
        files.remove(self.folder)


def list_studies() -> Iterator[Study]:
    """All studies whose settings can be read, by name."""
    for found in all_studies():
        if isinstance(found, Study):
            yield found


def all_studies() -> Iterator[Study | Unreadable]:
    """All studies by name, also those whose settings cannot be read, with the reason."""
    try:
        folders = sorted(studies_root().iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for folder in folders:
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            if not (folder / "study.json").exists():
                raise SettingsError(f"{folder / 'study.json'} is missing.")
            yield Study.of(folder.name)
        except SettingsError as error:
            yield Unreadable(files.printable(folder.name), str(error))


def remove_unreadable(name: str) -> None:
    """Delete the folder of a study that cannot be read; its runs stay. Raises ``SettingsError`` if
    there is no such one."""
    for found in all_studies():
        if isinstance(found, Unreadable) and found.name == name:
            files.remove(studies_root() / name)
            return
    raise SettingsError(f"There is no damaged study named {name!r}.")
