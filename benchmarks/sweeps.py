"""What a sweep costs beside its trainings: two workers against one on both engines, the share that
goes into starting processes, the disk that a run takes, and how a study grows with its trials.

``python -m benchmarks.sweeps [TRIALS]`` on a calm machine: it trains perceptrons for an epoch in a
temporary folder, ``TRIALS`` of them with each engine and number of workers. A line of JSON each;
times are in seconds, sizes in kB.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import show

TRIALS = 8
WORKERS = (1, 2)
LARGE = 1000
"""Trials of the study whose reading is timed."""
REPORTS = 10
"""Validations that each of them reports."""


def engine(name: str, n: int) -> None:
    """The throughput of two workers over that of one; Ray's own start is not counted."""
    took, starting, disk = {}, {}, []
    for workers in WORKERS:
        took[workers], starting[workers], sizes = _swept(name, workers, n)
        disk += sizes
    show(
        {
            "what": f"sweep, {name}",
            "trials": n,
            "ratio_of_two_workers": round(took[1] / took[2], 2),
            "s_per_trial": {str(w): round(took[w] / n, 2) for w in WORKERS},
            "share_not_training": {str(w): round(starting[w], 2) for w in WORKERS},
            "kB_per_run": round(sum(disk) / len(disk) / 1000),
        }
    )


def _swept(name: str, workers: int, n: int) -> tuple[float, float, list[int]]:
    """From the first trial's beginning to the last one's end; of the trials' time, the share in
    which nothing was trained or measured; the size of each run in bytes."""
    from corelib import sweep
    from corelib.runs.store import find_run

    with tempfile.TemporaryDirectory() as root:
        os.environ["SYNAPTARIUM_RUNS"] = root
        study = sweep(
            "mlp",
            vary={"learning_rate": [0.001 * (k + 1) for k in range(n)]},
            name="bench",
            epochs=1,
            engine="ray" if name == "ray" else "local",
            workers=workers,
        )
        trials = study.optuna().get_trials()
        begins = [t.datetime_start for t in trials if t.datetime_start]
        ends = [t.datetime_complete for t in trials if t.datetime_complete]
        waited = sum(t.duration.total_seconds() for t in trials if t.duration)
        histories, sizes = [], []
        for id in study.trials["runs"]:
            run = find_run(id)
            histories.append(run.history())
            files = run.folder.rglob("*")
            sizes.append(sum(file.stat().st_size for file in files if file.is_file()))
        trained = sum(
            sum(step.seconds for step in h.steps)
            + len(h.validations) * h.seconds_per_validation()
            + (h.finished.seconds if h.finished else 0.0)
            for h in histories
        )
        return (max(ends) - min(begins)).total_seconds(), 1 - trained / waited, sizes


def growth() -> None:
    """How large the journal of a large study is, and how long it takes to read."""
    from corelib.sweeps.results import RUNS, SCORES
    from corelib.sweeps.settings import Range, StudySettings
    from corelib.sweeps.space import distributions
    from corelib.sweeps.study import Study

    with tempfile.TemporaryDirectory() as root:
        os.environ["SYNAPTARIUM_RUNS"] = root
        rates = Range(low=1e-4, high=1e-1, log=True)
        study = Study.begin(
            StudySettings(
                name="large",
                system="mlp",
                vary={"learning_rate": rates},
                search="random",
                trials=LARGE,
            )
        )
        searched = study.optuna()
        before = time.perf_counter()
        for _ in range(LARGE):
            trial = searched.ask(distributions(study.settings))
            trial.set_user_attr(RUNS, {"0": f"20260101-000000-mlp-mnist-s0-{trial.number:04x}"})
            for step in range(REPORTS):
                trial.report(0.5, step)
            trial.set_user_attr(SCORES, {"0": 0.5})
            searched.tell(trial, 0.5)
        wrote = time.perf_counter() - before
        before = time.perf_counter()
        study.results()
        show(
            {
                "what": f"journal of {LARGE:,} trials, {REPORTS} validations each",
                "kB": round((Path(study.folder) / "journal.log").stat().st_size / 1000),
                "s_to_read": round(time.perf_counter() - before, 2),
                "ms_to_write_a_trial": round(1000 * wrote / LARGE, 1),
            }
        )


if __name__ == "__main__":
    os.environ["SYNAPTARIUM_SLOTS"] = "2"
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    growth()
    engine("local", asked)
    engine("ray", asked)
