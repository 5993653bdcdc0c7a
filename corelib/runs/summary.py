"""A run in one line, whatever its folder holds. Imports no torch."""

from __future__ import annotations

from typing import NamedTuple

from corelib.errors import SynaptariumError
from corelib.files import printable
from corelib.runs.history import History
from corelib.runs.registry import checkpoints_of
from corelib.runs.spec import RunSpec, network_of
from corelib.runs.store import Run, State


class RunSummary(NamedTuple):
    """What a list of runs shows. ``network`` is what ``network_of`` tells of it, empty if
    its settings are not understood; without them it cannot be resumed."""

    run: Run
    state: State
    message: str
    spec: RunSpec | None
    network: str
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
    spec, network, history, status = None, "", History(run.events), run.status
    try:
        spec = run.spec
        network = network_of(spec)
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
        network,
        history,
        best.card.score if best else None,
        best.card.test if best else {},
        tuple(problems),
    )
