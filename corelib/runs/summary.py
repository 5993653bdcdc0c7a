"""A run in one line, whatever its folder holds. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from corelib.errors import SynaptariumError
from corelib.files import printable
from corelib.runs.history import History
from corelib.runs.registry import checkpoints_of
from corelib.runs.spec import RunSpec, resolve
from corelib.runs.store import Run, State, list_runs

if TYPE_CHECKING:
    import pandas as pd


class RunSummary(NamedTuple):
    """What a list of runs shows. ``trainable`` says whether its settings are understood, without
    which it cannot be resumed."""

    run: Run
    state: State
    message: str
    spec: RunSpec | None
    trainable: bool
    history: History
    best_score: float | None
    test: dict[str, float]
    problems: tuple[str, ...]
    """What could not be read, a sentence each."""

    @property
    def note(self) -> str:
        """Its message and its problems."""
        return printable(" ".join(filter(None, (self.message, *self.problems))))


def summary(run: Run) -> RunSummary:
    """A run's state, progress and scores; what cannot be read becomes a problem, not an error."""
    problems: list[str] = []
    spec, trainable, history, status = None, False, History(run.events), run.status
    try:
        spec = run.spec
        resolve(spec)
        trainable = True
    except SynaptariumError as error:
        problems.append(str(error))
    if problem := history.refresh().problem:
        problems.append(problem)
    found = checkpoints_of(run)
    best = found.best
    problems += [item.reason for item in found.left_out]
    return RunSummary(
        run,
        status.state,
        status.message,
        spec,
        trainable,
        history,
        best.card.score if best else None,
        best.card.test if best else {},
        tuple(problems),
    )


def summaries() -> list[RunSummary]:
    """All runs, newest first."""
    return [summary(run) for run in list_runs()]


def table() -> pd.DataFrame:
    """All runs, the newest first: what was trained, its ``state``, how far it is, its best
    ``score`` and, in ``note``, what is wrong with it. ``Experiment.of(id)`` opens one."""
    import pandas as pd

    rows = {}
    for item in summaries():
        spec, began = item.spec, item.history.began
        rows[item.run.id] = {
            "name": spec.variant if spec else "",
            "system": spec.system if spec else None,
            "dataset": spec.dataset if spec else None,
            "seed": spec.seed if spec else None,
            "state": item.state,
            "updates": item.history.step,
            "of": began.total_steps if began else None,
            "score": item.best_score,
            "note": item.note,
        }
    columns = ["name", "system", "dataset", "seed", "state", "updates", "of", "score", "note"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("run")
