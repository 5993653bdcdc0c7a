"""Real workers: started through the library, watched with a deadline, and stopped with the test."""

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from corelib.runs import launch, worker
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import ENDED, Run, list_runs

DEADLINE_S = 60.0
TINY = {"n_excitatory": 8, "n_inhibitory": 2, "n_steps": 2}


def tiny(epochs: int = 3, batch_size: int = 500, **more) -> RunSpec:
    """A run that takes about a second; its epochs have 110 steps."""
    training = {"epochs": epochs, "batch_size": batch_size, "device": "cpu"}
    return make_spec("bpan", **{"config": TINY, "training": training, "seed": 3, **more})


def wait_until(what: Callable[[], object], about: str, seconds: float = DEADLINE_S) -> None:
    """Until ``what()`` is true; the test fails when that takes longer than the deadline."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain until {about}"
        time.sleep(0.01)


def wait_for(run: Run, *states: str) -> None:
    """Until the run is in one of the states; fails at once if it ends in another."""

    def reached() -> bool:
        status = run.status
        log = run.log.read_text(encoding="utf-8") if run.log.exists() else ""
        said = f"{status} while waiting for {states}; log:\n{log}"
        assert status.state in states or status.state not in ENDED, said
        return status.state in states

    wait_until(reached, f"{run.id} is {' or '.join(states)}")


def leave_out_the_test(monkeypatch) -> None:
    """pytest writes into the environment which part of a test runs; workers are not told, so that
    they can fork from one process during several tests."""
    environment = launch._environment

    def others() -> dict[str, str]:
        return {k: v for k, v in environment().items() if k != "PYTEST_CURRENT_TEST"}

    monkeypatch.setattr(launch, "_environment", others)


class Workers:
    """The processes that ``corelib.runs.launch`` started for the runs of one test."""

    def __init__(self) -> None:
        self.processes: dict[str, list[subprocess.Popen]] = {}

    def of(self, run: Run) -> subprocess.Popen:
        return self.processes[run.id][-1]

    def signal(self, run: Run, number: int) -> None:
        os.kill(self.of(run).pid, number)

    def kill(self, run: Run) -> None:
        """kill -9, and wait until the process is gone."""
        process = self.of(run)
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: process.poll() is not None, "the killed worker is gone")

    def end(self) -> None:
        for process in (p for several in self.processes.values() for p in several):
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def workers(runs_root, monkeypatch):
    """Records each worker's process, and kills what is left of them when the test is over."""
    noted = Workers()
    popen = subprocess.Popen

    def start(command, **options):
        process = popen(command, **options)
        noted.processes.setdefault(os.path.basename(command[-1]), []).append(process)
        return process

    monkeypatch.setattr(launch.subprocess, "Popen", start)
    yield noted
    noted.end()


@pytest.fixture
def small_data(runs_root, monkeypatch):
    """Workers in this process, on few images and one thread; each update has its own event."""
    from tests.runs import scripted

    data = scripted.small_data()
    monkeypatch.setattr("corelib.runs.trained.load_dataset", lambda name: data)
    monkeypatch.setattr(worker, "read_ahead", lambda name: None)
    monkeypatch.setattr(worker, "thread_count", lambda: 1)
    monkeypatch.setattr(worker, "WRITE_EVERY_S", 0.0)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(launch, "_launch", lambda run: worker.main(str(run.folder)))
    return data


@pytest.fixture
def script(small_data, monkeypatch):
    """Workers in this process whose learner's scores are written down."""
    from tests.runs.scripted import Script, Scripted

    made = Script()

    def make_learner(system, model, training, dataset):
        (run,) = list_runs()
        return Scripted(lambda done: made.at and made.at(run, done))

    monkeypatch.setattr("corelib.system.System.make_learner", make_learner)
    return made
