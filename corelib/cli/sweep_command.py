"""``sweep``: run a study over settings and seeds, or go on with one."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
from pathlib import Path

from corelib.cli import show
from corelib.cli.parse import UsageError, name, number, text, whole
from corelib.errors import SynaptariumError
from corelib.files import printable
from corelib.sweeps.engines import ENGINES, Resources
from corelib.sweeps.settings import StudySettings, read_study
from corelib.sweeps.study import Study, Unreadable, all_studies
from corelib.sweeps.write import as_toml
from corelib.words import PROGRAM


@dataclasses.dataclass(frozen=True)
class Sweep:
    """Train a system over settings and seeds, as a study says; stopped, it goes on.

    Without a study it lists those that were begun.
    """

    study: name("A TOML file that describes a study, or the name of one to go on with") = ""
    engine: text("Who trains", "{" + ",".join(ENGINES) + "}", "default: local") = "local"
    workers: text("Trials at once", "N", "default: one for each slot") = "0"
    address: text("Address of a Ray cluster", "ADDRESS", "default: this machine") = ""
    cpus: text("Cores that a trial takes, of Ray", "FLOAT", "default: 1") = "1"
    gpus: text("GPUs that a trial takes, of Ray", "FLOAT", "default: 0") = "0"
    storage: text("Database for the trials of a new study", "URL", "default: a file") = ""
    csv: text("Also save the trials as CSV", "FILE") = ""
    toml: text("Only save what describes the study, as TOML", "FILE") = ""

    def __call__(self) -> None:
        if not self.study:
            rows = [_row(found) for found in all_studies()]
            print(show.table(rows) if rows else "No study was begun yet.")
            return
        if self.engine not in ENGINES:
            raise UsageError(
                f"engine is {self.engine!r}, but should be {' or '.join(map(repr, ENGINES))}."
            )
        resources = Resources(
            whole("workers", self.workers),
            self.address,
            number("cpus", self.cpus),
            number("gpus", self.gpus),
        )
        from corelib.sweeps.sweep import run

        study = self._study()
        if self.toml:
            Path(self.toml).write_text(as_toml(study.settings), encoding="utf-8")
            return
        print(f"Study {study.settings.name}: {study.progress}.", flush=True)
        try:
            run(study, self.engine, resources, _say)
        except KeyboardInterrupt:
            print(f"Stopped; go on with: {PROGRAM} sweep {study.settings.name}")
            raise
        trials = study.trials
        shown = trials.drop(columns="runs")
        numbers = shown.select_dtypes("float").columns
        shown[numbers] = shown[numbers].map(lambda value: float(f"{value:.4g}"))
        print(show.frame(shown))
        if self.csv:
            trials.to_csv(self.csv, index=False)

    def _study(self) -> Study:
        if self.study.endswith(".toml"):
            given = {"storage": self.storage} if self.storage else {}
            described = read_study(Path(self.study)).model_dump()
            return Study.begin(StudySettings(**{**described, **given}))
        if self.storage:
            raise UsageError("storage is for a new study; one that was begun keeps its own.")
        return Study.of(self.study)


def _row(found: Study | Unreadable) -> tuple[str, str, str]:
    """A study's name, its system, and how far it is; or why that cannot be read."""
    if isinstance(found, Unreadable):
        return found.name, "damaged", printable(found.problem)
    try:
        return found.settings.name, found.settings.system, found.progress
    except SynaptariumError as error:
        return found.settings.name, found.settings.system, printable(str(error))


def _written(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))


def _say(study: Study) -> None:
    """Where the study is, in a line."""
    found = study.results()
    best = found.best
    text = found.progress
    if best is not None:
        chosen = ", ".join(f"{name} = {_written(v)}" for name, v in best.chosen.items())
        text += f"; best {best.score:.4f} with {chosen}"
    print(text, flush=True)
