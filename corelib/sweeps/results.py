"""What came of a study so far: its trials, read once. Imports no torch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from corelib.errors import SettingsError
from corelib.sweeps.settings import Range, Scalar, StudySettings
from corelib.sweeps.space import n_trials

if TYPE_CHECKING:
    import pandas as pd
    from optuna.trial import FrozenTrial

RUNS, SCORES, PROBLEM, JOB = "runs", "scores", "problem", "job"
"""What a trial carries: its runs by seed, their scores by seed, why it failed, who trains it."""
BINS = 8
"""Cells into which a range is divided."""
LEAST = 2
"""Complete trials that importances need."""


class Best(NamedTuple):
    """A trial's ``chosen`` settings, its score, the mean over seeds, and its number."""

    chosen: dict[str, Any]
    score: float
    number: int


class Grid(NamedTuple):
    """Scores over two settings: their values or, of ranges, the middles of ``BINS`` cells, as
    ``x`` (x,) and ``y`` (y,); ``score`` (y, x), the mean over the complete trials of a cell, NaN
    where there is none; and ``n`` (y, x), how many there are."""

    x: tuple[Scalar, ...]
    y: tuple[Scalar, ...]
    score: np.ndarray
    n: np.ndarray


class Results:
    """The trials of a study as they were when they were read."""

    def __init__(self, settings: StudySettings, trials: Sequence[FrozenTrial]) -> None:
        self.settings = settings
        self.begun = [trial for trial in trials if trial.state.name != "WAITING"]
        self.complete = [t for t in self.begun if t.state.name == "COMPLETE"]

    @property
    def n_trials(self) -> int:
        """How many choices the study tries."""
        return n_trials(self.settings)

    @property
    def states(self) -> dict[str, int]:
        """How many trials there are of each state: running, complete, pruned, fail."""
        counts: dict[str, int] = {}
        for trial in self.begun:
            name = trial.state.name.lower()
            counts[name] = counts.get(name, 0) + 1
        return counts

    @property
    def n_ended(self) -> int:
        return sum(trial.state.is_finished() for trial in self.begun)

    @property
    def is_complete(self) -> bool:
        """Whether every trial has ended, in whatever way."""
        return self.n_ended >= self.n_trials

    @property
    def unfinished(self) -> list[int]:
        """The numbers of trials that were begun and have not ended."""
        return [trial.number for trial in self.begun if not trial.state.is_finished()]

    @property
    def progress(self) -> str:
        """How many trials have ended, and how, in words."""
        states = self.states
        text = f"{self.n_ended} of {self.n_trials} trials"
        others = [
            f"{states[state]} {word}"
            for state, word in (("pruned", "pruned"), ("fail", "failed"))
            if state in states
        ]
        return f"{text} ({', '.join(others)})" if others else text

    @property
    def best(self) -> Best | None:
        """The complete trial with the best score, the first of equals; None while there is none."""
        best: Best | None = None
        for trial in self.complete:
            if trial.value is not None and (best is None or trial.value > best.score):
                best = Best(dict(trial.params), trial.value, trial.number)
        return best

    def runs(self, number: int) -> dict[int, str]:
        """The ids of a trial's runs, by seed."""
        (trial,) = (trial for trial in self.begun if trial.number == number)
        return {int(seed): run for seed, run in trial.user_attrs.get(RUNS, {}).items()}

    @property
    def table(self) -> pd.DataFrame:
        """One row a trial that was begun: its number, state and varied settings; ``score``, the
        mean over seeds of the best validation score, with ``sd`` (n - 1; NaN for one) and ``n``;
        the ``runs``, and the ``problem`` of one that failed."""
        import pandas as pd

        rows = []
        for trial in self.begun:
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
    def course(self) -> pd.DataFrame:
        """One row a complete trial, in the order in which they ended: ``ended``, how many trials
        had then ended in any way, its ``trial`` number, its ``score``, and the ``best`` so far."""
        import pandas as pd

        ended = [t for t in self.begun if t.datetime_complete is not None]
        ended.sort(key=lambda t: (t.datetime_complete, t.number))
        rows, best = [], -math.inf
        for place, trial in enumerate(ended, 1):
            if trial.state.name == "COMPLETE" and trial.value is not None:
                best = max(best, trial.value)
                rows.append((place, trial.number, trial.value, best))
        return pd.DataFrame(rows, columns=["ended", "trial", "score", "best"])

    def seconds_left(self, since: float, now: float) -> float | None:
        """How long what is left will take at the rate since ``since``, both in seconds since 1970;
        None while no trial has ended since then."""
        ends = [t.datetime_complete.timestamp() for t in self.begun if t.datetime_complete]
        lately = sum(end >= since for end in ends)
        left = self.n_trials - self.n_ended
        return left * (now - since) / lately if lately else None

    def importances(self) -> dict[str, float]:
        """The share of the scores' variance that each varied setting explains, most first; the
        shares add up to 1. It is fANOVA's (Hutter, Hoos and Leyton-Brown, 2014) as Optuna computes
        it, over the complete trials, with its forest's seed fixed.

        Raises ``SettingsError`` where fewer than two are complete, or all have the same score.
        """
        import optuna

        scores = {trial.value for trial in self.complete}
        if len(self.complete) < LEAST or len(scores) < LEAST:
            raise SettingsError(
                f"Importances need at least {LEAST} complete trials with different scores; there "
                f"{'is' if len(self.complete) == 1 else 'are'} {len(self.complete)} complete."
            )
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        read = optuna.create_study(direction="maximize")
        read.add_trials(self.complete)
        forest = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(read, evaluator=forest)
        return {name: float(share) for name, share in found.items()}

    def grid(self, x: str, y: str) -> Grid:
        """The mean score over two varied settings; all others are averaged over."""
        across, up = (_cells(self.settings.vary[name]) for name in (x, y))
        total = np.zeros((len(up.middles), len(across.middles)))
        n = np.zeros_like(total, dtype=int)
        for trial in self.complete:
            place = up.of(trial.params[y]), across.of(trial.params[x])
            total[place] += trial.value or 0.0
            n[place] += 1
        score = np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)
        return Grid(across.middles, up.middles, score, n)


class _Cells(NamedTuple):
    """The values of a setting, or the ``edges`` (cell + 1,) of the cells of its range."""

    middles: tuple[Scalar, ...]
    edges: np.ndarray | None = None

    def of(self, value: Any) -> int:
        """The cell of a value."""
        if self.edges is None:
            return self.middles.index(value)
        return int(np.clip(np.searchsorted(self.edges, value, "right") - 1, 0, BINS - 1))


def _cells(values: tuple[Scalar, ...] | Range) -> _Cells:
    if not isinstance(values, Range):
        return _Cells(values)
    low, high = values.low, values.high
    if values.is_whole and high - low < BINS:
        return _Cells(tuple(range(int(low), int(high) + 1)))
    if values.log:
        edges = np.geomspace(low, high, BINS + 1)
        middles = np.sqrt(edges[:-1] * edges[1:])
    else:
        edges = np.linspace(low, high, BINS + 1)
        middles = (edges[:-1] + edges[1:]) / 2
    return _Cells(tuple(float(middle) for middle in middles), edges)
