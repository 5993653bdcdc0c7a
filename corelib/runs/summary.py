"""A run in one line, whatever its folder holds. Imports no torch."""

from typing import NamedTuple

from corelib.errors import SynaptariumError
from corelib.files import printable
from corelib.runs.history import History
from corelib.runs.registry import checkpoints_of
from corelib.runs.spec import RunSpec, resolve
from corelib.runs.store import Run, State, list_runs


class RunSummary(NamedTuple):
    """What a list of runs shows. Without ``spec``, the run cannot be trained any further."""

    run: Run
    state: State
    message: str
    spec: RunSpec | None
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
    spec, history, status = None, History(run.events), run.status
    try:
        spec = run.spec
        resolve(spec)
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
        history,
        best.card.score if best else None,
        best.card.test if best else {},
        tuple(problems),
    )


def summaries() -> list[RunSummary]:
    """All runs, newest first."""
    return [summary(run) for run in list_runs()]
