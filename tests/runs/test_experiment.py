"""An experiment in this process: how it begins, what it shows, and how it is interrupted."""

import signal
import threading

import pytest

from corelib.data import fashion_mnist
from corelib.errors import DataError, RunError
from corelib.runs import experiment as module
from corelib.runs import worker
from corelib.runs.experiment import Experiment, train
from corelib.runs.progress import Lines
from corelib.runs.spec import make_spec
from corelib.runs.store import create_run, list_runs
from tests.runs.conftest import tiny
from tests.runs.scripted import BEST, N_TEST, SCORES, STEPS, scripted_spec

SET_SIGNAL = signal.signal


@pytest.fixture
def here(script, monkeypatch):
    """Trains in this process with the scripted learner; Ctrl-C is as real as elsewhere."""
    monkeypatch.setattr(worker.signal, "signal", SET_SIGNAL)
    return script


def test_its_tables_are_those_of_its_history(here):
    experiment = Experiment(scripted_spec())
    assert experiment.train(progress=False, where="here") is experiment
    history, steps = experiment.history, experiment.steps
    assert history["step"].tolist() == list(SCORES)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["score"].tolist() == history["accuracy"].tolist() == list(SCORES.values())
    assert history["best"].tolist() == [True, True, False, False]
    assert history.attrs["score"] == "accuracy"
    assert steps["step"].tolist() == list(range(1, STEPS + 1))
    assert steps["loss"].tolist() == [0.5**k for k in range(1, STEPS + 1)]
    assert experiment.metrics == {"accuracy": 0.9, "updates": BEST, "images": N_TEST}
    assert experiment.checkpoint.card.step == BEST
    assert repr(experiment).endswith(f"seed 3, run {experiment.id}, completed)")


def test_before_it_has_begun_its_tables_are_empty(runs_root):
    experiment = Experiment.of(create_run(tiny()).id)
    assert list(experiment.history.columns) == ["step", "epoch", "score", "best"]
    assert list(experiment.steps.columns) == ["step", "count", "seconds"]
    assert (len(experiment.history), len(experiment.steps), experiment.metrics) == (0, 0, {})
    assert repr(Experiment(tiny())).endswith("seed 3, not begun)")


def test_its_progress_is_shown_to_the_end(here, monkeypatch, capsys):
    looked = threading.Event()
    show = Lines.show
    monkeypatch.setattr(Lines, "show", lambda self, *now: show(self, *now) or looked.set())
    # It is over in no time, and so waits for who looks.
    here.at = lambda run, done: done == 1 and looked.wait(60)
    Experiment(scripted_spec()).train(where="here")
    epochs = [line.split()[1] for line in capsys.readouterr().out.splitlines() if "epoch" in line]
    assert epochs == ["1/4", "2/4", "3/4", "4/4"]


def test_ctrl_c_in_this_process_saves_and_it_goes_on(here):
    experiment = Experiment(scripted_spec())
    before = signal.getsignal(signal.SIGINT)
    here.at = lambda run, done: signal.raise_signal(signal.SIGINT) if done == 8 else None
    with pytest.raises(KeyboardInterrupt):
        experiment.train(progress=False, where="here")
    assert signal.getsignal(signal.SIGINT) is before
    assert experiment.state == "cancelled"
    assert [f.name for f in experiment.run.checkpoints()] == ["step-6", "step-8"]
    here.at = None
    experiment.train(progress=False, where="here")
    assert experiment.state == "completed"
    assert experiment.steps["step"].tolist() == list(range(1, STEPS + 1))
    with pytest.raises(RunError, match="nothing left to train"):
        experiment.train(where="here")


def test_a_failure_in_this_process_is_an_error_with_its_reason(here):
    def fail(run, done):
        raise OSError(28, "No space left on device")

    here.at = fail
    experiment = Experiment(scripted_spec())
    with pytest.raises(RunError, match=r"is failed: Disk or system error: .*No space left"):
        experiment.train(progress=False, where="here")
    assert experiment.state == "failed"


@pytest.mark.parametrize(("state", "cancels"), [("running", 1), ("completed", 0)])
def test_ctrl_c_while_a_worker_trains_cancels_its_run_unless_it_has_ended(
    runs_root, monkeypatch, state, cancels
):
    run = create_run(tiny())
    run.set_status(state)
    cancelled = []

    def interrupted(run, see):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.watch, "until_completed", interrupted)
    monkeypatch.setattr(module.watch, "cancel", cancelled.append)
    with run.lock, pytest.raises(KeyboardInterrupt):
        Experiment(run.spec, run).wait(progress=False)
    assert cancelled == [run] * cancels


def test_starting_again_goes_on_with_the_same_run(runs_root, monkeypatch):
    begun, resumed = [], []
    monkeypatch.setattr(module.launch, "start", lambda spec: begun.append(spec) or create_run(spec))
    monkeypatch.setattr(module.launch, "resume", resumed.append)
    experiment = Experiment(tiny())
    assert experiment.start() is experiment
    experiment.start()
    assert begun == [experiment.spec]
    assert resumed == [experiment.run]


@pytest.mark.parametrize("where", ["worker", "here"])
def test_missing_data_is_said_before_a_run_is_made(runs_root, tmp_path, monkeypatch, where):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "none")
    with pytest.raises(DataError, match="Fashion-MNIST is not here"):
        train("mlp", dataset="fashion-mnist", where=where, progress=False)
    assert list(list_runs()) == []


def test_again_keeps_what_is_not_changed(runs_root):
    spec = make_spec("mlp", dataset="fashion-mnist", config={"n_hidden": 16}, variant="lab")
    again = Experiment(spec).again(epochs=2, name="second").spec
    assert (again.dataset, again.variant, again.seed) == ("fashion-mnist", "second", 0)
    assert again.config == spec.config
    assert again.training == {**spec.training, "epochs": 2}
    other = Experiment(spec).again(seed=5, dataset="mnist").spec
    assert (other.dataset, other.seed, other.variant) == ("mnist", 5, "")
