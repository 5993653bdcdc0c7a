"""A study in its folder: settings, trials, and what is still missing. Imports no torch.

``<runs>/.studies/NAME`` holds ``study.json``, the settings, and ``journal.log``, in which Optuna
keeps the trials, so that any process of any machine that shares the folder can work on them.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock, Timeout

from corelib import files
from corelib.environment import runs_root
from corelib.errors import RunError, SettingsError
from corelib.runs.store import ENDED, Run
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.space import known_choices, n_trials, pruner, sampler

if TYPE_CHECKING:
    import optuna
    import pandas as pd

RUNS, SCORES, PROBLEM, JOB = "runs", "scores", "problem", "job"
"""What a trial carries: its runs by seed, their scores by seed, why it failed, who trains it."""


def studies_root() -> Path:
    return runs_root() / ".studies"


class Best(NamedTuple):
    """A trial's ``chosen`` settings, its score, the mean over seeds, and its number."""

    chosen: dict[str, Any]
    score: float
    number: int


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
        """A new study, or the one with these settings that was begun before. Raises
        ``SettingsError`` if one of this name has other settings."""
        folder = studies_root() / settings.name
        if (folder / "study.json").exists():
            study = cls.of(settings.name)
            if study.settings != settings:
                raise SettingsError(
                    f"There is a study named {settings.name!r} with other settings; give this one "
                    "another name."
                )
            return study
        choices = known_choices(settings)
        for chosen in choices:
            settings.spec(chosen, settings.seeds[0])  # a wrong value is refused before any training
        studies_root().mkdir(parents=True, exist_ok=True)
        with files.new_folder(folder) as scratch:
            files.write_text(scratch / "study.json", settings.model_dump_json(indent=1) + "\n")
            new = cls(scratch, settings).optuna()
            for chosen in choices:
                new.enqueue_trial(chosen)
        return cls(folder, settings)

    def __repr__(self) -> str:
        return f"Study({self.settings.name!r}, {self.progress})"

    @property
    def n_trials(self) -> int:
        """How many choices it tries."""
        return n_trials(self.settings)

    def optuna(self, number: int = 0) -> optuna.Study:
        """Optuna's study, whose sampler draws as the ``number``-th."""
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        journal = str(self.folder / "journal.log")
        backend = JournalFileBackend(journal, lock_obj=JournalFileOpenLock(journal))
        return optuna.create_study(
            study_name=self.settings.name,
            storage=JournalStorage(backend),
            direction="maximize",
            sampler=sampler(self.settings, number),
            pruner=pruner(self.settings),
            load_if_exists=True,
        )

    def unfinished(self) -> list[int]:
        """The numbers of trials that were begun and have not ended."""
        from optuna.trial import TrialState

        running = (TrialState.RUNNING,)
        return [trial.number for trial in self.optuna().get_trials(False, running)]

    def states(self) -> dict[str, int]:
        """How many trials there are of each state: running, complete, pruned, fail."""
        counts: dict[str, int] = {}
        for trial in self.optuna().get_trials(deepcopy=False):
            name = trial.state.name.lower()
            if name != "waiting":
                counts[name] = counts.get(name, 0) + 1
        return counts

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial that was begun: its number, state and varied settings; ``score``, the
        mean over seeds of the best validation score, with ``sd`` (n - 1; NaN for one) and ``n``;
        the ``runs``, and the ``problem`` of one that failed."""
        import pandas as pd

        rows = []
        for trial in self.optuna().get_trials(deepcopy=False):
            if trial.state.name == "WAITING":
                continue
            scores = list(trial.user_attrs.get(SCORES, {}).values())
            rows.append(
                {
                    "trial": trial.number,
                    "state": trial.state.name.lower(),
                    **{name: trial.params.get(name) for name in self.settings.vary},
                    "score": statistics.mean(scores) if scores else float("nan"),
                    "sd": statistics.stdev(scores) if len(scores) > 1 else float("nan"),
                    "n": len(scores),
                    "runs": " ".join(trial.user_attrs.get(RUNS, {}).values()),
                    "problem": trial.user_attrs.get(PROBLEM, ""),
                }
            )
        columns = ["trial", "state", *self.settings.vary, "score", "sd", "n", "runs", "problem"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def best_so_far(self) -> Best | None:
        """The complete trial with the best score, the first of equals; None while there is none."""
        from optuna.trial import TrialState

        best: Best | None = None
        for trial in self.optuna().get_trials(False, (TrialState.COMPLETE,)):
            if trial.value is not None and (best is None or trial.value > best.score):
                best = Best(dict(trial.params), trial.value, trial.number)
        return best

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
        states = self.states()
        ended = {name: n for name, n in states.items() if name != "running"}
        text = f"{sum(ended.values())} of {self.n_trials} trials"
        others = [
            f"{ended[state]} {word}"
            for state, word in (("pruned", "pruned"), ("fail", "failed"))
            if state in ended
        ]
        return f"{text} ({', '.join(others)})" if others else text

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this process spreads the trials; raises ``RunError`` if another one does."""
        lock = FileLock(self.folder / "driver.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise RunError(f"The study {self.settings.name} is running already.") from None
        try:
            self._stop.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    @property
    def _stop(self) -> Path:
        return self.folder / "stop"

    def stop(self) -> None:
        """Ask all who train for it to save their runs and stop; beginning it again goes on."""
        self._stop.touch()

    def active_runs(self) -> list[Run]:
        """The runs of trials under way that have not ended."""
        from optuna.trial import TrialState

        trials = self.optuna().get_trials(False, (TrialState.RUNNING,))
        ids = [name for trial in trials for name in trial.user_attrs.get(RUNS, {}).values()]
        runs = [Run(runs_root() / name) for name in ids]
        return [run for run in runs if run.folder.exists() and run.status.state not in ENDED]

    @property
    def is_stopping(self) -> bool:
        return self._stop.exists()


def list_studies() -> Iterator[Study]:
    """All studies that can be read, by name."""
    try:
        folders = sorted(studies_root().iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for folder in folders:
        if (folder / "study.json").exists():
            try:
                yield Study.of(folder.name)
            except SettingsError:
                continue
