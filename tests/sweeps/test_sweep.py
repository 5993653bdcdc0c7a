"""Studies that train: each choice and seed once, whatever is stopped or killed meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from corelib import sweep
from corelib.__main__ import main
from corelib.errors import RunError, SettingsError
from corelib.runs.experiment import Experiment
from corelib.runs.store import list_runs
from corelib.sweeps import sweep as sweeping
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.study import Study
from corelib.sweeps.sweep import missing, run
from corelib.sweeps.trial import train_trial
from tests.runs.conftest import wait_until

ROOT = Path(__file__).parents[2]
SHORT = {"epochs": 1, "max_steps": 20}
WIDTHS = {"n_hidden": [4, 16]}


@pytest.fixture(autouse=True)
def _runs(runs_root):
    """Each test has a folder of its own."""


def settings(**changed) -> StudySettings:
    given = {"name": "w", "system": "mlp", "fixed": SHORT, "vary": WIDTHS}
    return StudySettings(**{**given, **changed})


def any_validated() -> bool:
    return any(run.history().validations for run in list_runs())


def test_a_grid_trains_every_choice_with_every_seed_once():
    study = sweep("mlp", vary=WIDTHS, seeds=(0, 1), name="w", **SHORT)
    runs = {(r.spec.config["n_hidden"], r.spec.seed): r for r in list_runs()}
    assert set(runs) == {(4, 0), (4, 1), (16, 0), (16, 1)}
    assert len(list(list_runs())) == 4
    table = study.trials
    assert table["state"].tolist() == ["complete"] * 2
    for row in table.itertuples():
        scores = [
            max(Experiment.of(runs[row.n_hidden, seed].id).history["score"]) for seed in (0, 1)
        ]
        mean = sum(scores) / 2
        assert row.score == pytest.approx(mean)
        assert row.sd == pytest.approx(abs(scores[0] - scores[1]) / 2**0.5)
        assert row.n == 2
    assert study.best == {"n_hidden": int(table.loc[table["score"].idxmax(), "n_hidden"])}
    # The same call trains nothing again; another study of this name is refused.
    again = sweep("mlp", vary=WIDTHS, seeds=(0, 1), name="w", **SHORT)
    assert again.trials.equals(table)
    assert len(list(list_runs())) == 4
    with pytest.raises(SettingsError, match="with other settings"):
        sweep("mlp", vary=WIDTHS, seeds=(0, 2), name="w", **SHORT)


def test_a_wrong_value_is_refused_before_anything_is_trained():
    with pytest.raises(SettingsError, match="n_hidden"):
        sweep("mlp", vary={"n_hidden": [4, 0]}, name="w", **SHORT)
    assert not list(list_runs())
    with pytest.raises(SettingsError, match="There is no study named 'w'"):
        Study.of("w")


def test_a_trial_that_fails_says_why_and_the_others_go_on():
    study = sweep("bpc", vary={"learning_rate": [1.0, 1e-3]}, name="w", **SHORT)
    wild, tame = study.trials.itertuples()
    assert (wild.state, tame.state) == ("fail", "complete")
    assert "is failed: diverged at update" in wild.problem
    assert study.best == {"learning_rate": 1e-3}
    assert study.progress == "2 of 2 trials (1 failed)"


def test_pruned_trials_say_so_and_their_runs_are_ended(monkeypatch):
    monkeypatch.setattr("optuna.trial.Trial.should_prune", lambda trial: trial.number == 1)
    study = sweep("mlp", vary={"n_hidden": [4, 8]}, name="w", epochs=40, max_steps=900)
    assert study.trials["state"].tolist() == ["complete", "pruned"]
    states = {r.spec.config["n_hidden"]: r.status.state for r in list_runs()}
    assert states == {4: "completed", 8: "cancelled"}


def test_two_processes_cannot_run_one_study():
    study = Study.begin(settings())
    with study.held(), pytest.raises(RunError, match="is running already"):
        run(study)


def test_a_killed_study_goes_on_and_gets_each_result_once(runs_root):
    """The process that runs it is killed while it trains; its worker may go on or not."""
    long = settings(fixed={"epochs": 20, "max_steps": 1500}, seeds=(0,))
    study = Study.begin(long)
    driver = subprocess.Popen(
        [sys.executable, "-m", "corelib", "sweep", "w"],
        cwd=ROOT,
        env={**os.environ, "SYNAPTARIUM_RUNS": str(runs_root)},
        stdout=subprocess.DEVNULL,
    )
    wait_until(
        lambda: driver.poll() is not None or any_validated(), "a run is validated", seconds=120
    )
    assert driver.poll() is None
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert [job.number for job in missing(study)] == [0, None]
    run(study)
    assert study.trials["state"].tolist() == ["complete"] * 2
    assert len(list(list_runs())) == 2


def test_ctrl_c_saves_what_is_under_way(monkeypatch):
    study = Study.begin(settings(fixed={"epochs": 40, "max_steps": 3000}))
    watchers = []

    def interrupted(engine, jobs, given):
        watchers.append(threading.Thread(target=train_trial, args=[jobs[0]], daemon=True))
        watchers[0].start()
        wait_until(any_validated, "a run is validated", seconds=120)
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(sweeping, "train_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(study)
    (under_way,) = list_runs()
    assert under_way.status.state == "cancelled"
    assert under_way.checkpoints()
    watchers[0].join(60)
    assert study.unfinished() == [0]  # and not failed, though its run was cancelled beside it


def test_the_command_line_runs_lists_and_saves(tmp_path, capsys):
    file = tmp_path / "w.toml"
    file.write_text(
        'name = "w"\nsystem = "mlp"\n[fixed]\nepochs = 1\nmax_steps = 20\n'
        "[vary]\nn_hidden = [4, 16]\n",
        encoding="utf-8",
    )
    assert main(["sweep"]) == 0
    assert "No study was begun yet" in capsys.readouterr().out
    assert main(["sweep", str(file), "--csv", str(tmp_path / "w.csv")]) == 0
    out = capsys.readouterr().out
    assert "2 of 2 trials; best" in out
    assert (tmp_path / "w.csv").read_text(encoding="utf-8").count("complete") == 2
    assert main(["sweep"]) == 0
    assert "w  mlp  2 of 2 trials" in capsys.readouterr().out
    assert main(["sweep", "v"]) == 2
    assert "There is no study named 'v'; there are: w." in capsys.readouterr().err
    assert main(["sweep", "w", "--engine", "slurm"]) == 2
    assert "should be 'local' or 'ray'" in capsys.readouterr().err


@pytest.mark.slow
def test_ray_with_two_workers_of_which_one_is_killed():
    pytest.importorskip("ray")
    study = Study.begin(settings(vary={"n_hidden": [4, 8, 12, 16]}, fixed={"epochs": 1}))
    killed = []

    def kill_one() -> bool:
        found = subprocess.run(
            ["pgrep", "-f", "ray::train_trial"], capture_output=True, encoding="utf-8"
        ).stdout.split()
        if found and any(r.history().steps for r in list_runs()):
            os.kill(int(found[0]), signal.SIGKILL)
            killed.append(found[0])
        return bool(killed)

    killer = threading.Thread(target=wait_until, args=[kill_one, "one is killed", 120])
    killer.start()
    run(study, "ray", sweeping.Resources(workers=2))
    killer.join()
    assert killed
    assert study.trials["state"].tolist() == ["complete"] * 4
    assert sorted(study.trials["n_hidden"]) == [4, 8, 12, 16]
    assert sorted(r.spec.config["n_hidden"] for r in list_runs()) == [4, 8, 12, 16]
