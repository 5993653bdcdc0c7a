"""Real workers: started through the library, watched with a deadline, and stopped with the test."""

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from corelib.runs import launch
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import ENDED, Run

DEADLINE_S = 60.0
TINY = {"n_excitatory": 8, "n_inhibitory": 2, "n_steps": 2}


def tiny(epochs: int = 3, batch_size: int = 500, **more) -> RunSpec:
    """A run that takes about a second; its epochs have 110 steps."""
    training = {"epochs": epochs, "batch_size": batch_size, "device": "cpu"}
    return make_spec("bpan", **{"config": TINY, "training": training, "seed": 3, **more})


def wait_until(what: Callable[[], object], about: str) -> None:
    """Until ``what()`` is true; the test fails when that takes longer than the deadline."""
    end = time.monotonic() + DEADLINE_S
    while not what():
        assert time.monotonic() < end, f"waited {DEADLINE_S:.0f} s in vain until {about}"
        time.sleep(0.01)


def wait_for(run: Run, *states: str) -> None:
    """Until the run is in one of the states; fails at once if it ends in another."""
    end = time.monotonic() + DEADLINE_S
    while (status := run.status).state not in states:
        log = run.log.read_text(encoding="utf-8") if run.log.exists() else ""
        assert status.state not in ENDED, f"{status} while waiting for {states}; log:\n{log}"
        assert time.monotonic() < end, f"still {status} while waiting for {states}; log:\n{log}"
        time.sleep(0.01)


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
