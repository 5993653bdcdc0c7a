"""One trial: a choice of settings, trained with every seed. Imports no torch.

Whatever trains it, here or on another machine, asks the study for a choice, trains, reports each
validation, and tells the score. All that it needs to be taken up again is in the study and in the
runs: a trial whose process was killed goes on with the run that it had begun.
"""

from __future__ import annotations

import statistics
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from corelib.errors import RunError, SettingsError
from corelib.runs import launch, watch
from corelib.runs.store import ENDED, Run, create_run, find_run
from corelib.sweeps.results import JOB, PROBLEM, RUNS, SCORES
from corelib.sweeps.space import distributions
from corelib.sweeps.study import Study

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

LOOK_EVERY_S = 0.2
RETRIES = 2
"""How often a run whose worker died is taken up again."""


class Job(NamedTuple):
    """A trial to train: the study's folder, the ``number`` of one that was begun before or None for
    a new one, and a name of its own, by which a repeated job finds the trial that it had begun."""

    folder: str
    number: int | None
    name: str
    place: int


class Stopped(Exception):
    """The study is to stop; its run is saved."""


def train_trial(job: Job) -> int | None:
    """Train one trial to its end; its number, or None if the study was stopped."""
    study = Study.of(Path(job.folder).name)
    if study.is_stopping:
        return None
    storage = study.storage()
    searched = study.optuna(job.place, storage)
    trial = _trial(study, searched, storage, job)
    if trial is None:
        return None
    from optuna.trial import TrialState

    try:
        scores = _train_seeds(study, trial)
    except Stopped:
        return None
    except (RunError, SettingsError) as error:
        trial.set_user_attr(PROBLEM, str(error))
        searched.tell(trial, state=TrialState.FAIL)
    else:
        if scores is None:
            searched.tell(trial, state=TrialState.PRUNED)
        else:
            searched.tell(trial, statistics.mean(scores))
    return trial.number


def _trial(
    study: Study, searched: optuna.Study, storage: BaseStorage, job: Job
) -> optuna.Trial | None:
    """The trial that the job names, that it had begun, or a new one; None if that one has ended."""
    import optuna

    for known in searched.get_trials(deepcopy=False):
        if known.number == job.number or known.user_attrs.get(JOB) == job.name:
            if known.state.is_finished():
                return None
            own = storage.get_study_id_from_name(study.settings.name)
            id = storage.get_trial_id_from_study_id_trial_number(own, known.number)
            return optuna.Trial(searched, id)
    trial = searched.ask(distributions(study.settings))
    trial.set_user_attr(JOB, job.name)
    return trial


def _train_seeds(study: Study, trial: optuna.Trial) -> list[float] | None:
    """The best validation score of each seed, in their order; None if the trial was pruned. The
    first seed decides about that: its scores come at the same updates in every trial."""
    scores: dict[str, float] = dict(trial.user_attrs.get(SCORES, {}))
    for place, seed in enumerate(study.settings.seeds):
        if str(seed) in scores:
            continue
        run = _run_of(study, trial, seed)
        if not _completed(study, run, trial if place == 0 else None):
            return None
        scores[str(seed)] = max(v.score for v in run.history().validations)
        trial.set_user_attr(SCORES, scores)
    return [scores[str(seed)] for seed in study.settings.seeds]


def _run_of(study: Study, trial: optuna.Trial, seed: int) -> Run:
    """The run of a seed: the one that was begun, unless it is gone, or a new one."""
    runs: dict[str, str] = dict(trial.user_attrs.get(RUNS, {}))
    if str(seed) in runs:
        with suppress(RunError):
            return find_run(runs[str(seed)])
    run = create_run(study.settings.spec(trial.params, seed))
    trial.set_user_attr(RUNS, {**runs, str(seed): run.id})
    return run


def _completed(study: Study, run: Run, trial: optuna.Trial | None) -> bool:
    """Train a run to its end; False if it was pruned. Raises ``Stopped``, or ``RunError`` if it
    ends in another way."""
    if run.status.state != "completed":
        launch.resume(run)
    retries, reported = RETRIES, 0
    while True:
        status = run.status
        if trial is not None:
            validations = run.history().validations
            for validation in validations[reported:]:
                trial.report(validation.score, validation.step)
            reported = len(validations)
        if status.state == "completed":
            return True
        if study.is_stopping:  # before all else: whoever stopped it may have cancelled the run
            _save_and_end(run)
            raise Stopped
        if status.state == "died" and retries:
            retries -= 1
            launch.resume(run)
        elif status.state in ENDED:
            reason = f": {status.message.rstrip('.')}" if status.message else ""
            raise RunError(f"Run {run.id} is {status.state}{reason}.")
        elif reported and trial is not None and trial.should_prune():
            _save_and_end(run)
            return False
        time.sleep(LOOK_EVERY_S)


def _save_and_end(run: Run) -> None:
    """Cancel a run, unless it has just ended by itself."""
    with suppress(RunError):
        watch.cancel(run)
