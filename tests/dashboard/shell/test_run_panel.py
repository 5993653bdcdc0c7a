"""A run that began just now is waited for until its first step is there, and no other is."""

import os
import threading
import time

import pytest

from corelib.runs.history import History
from corelib.runs.store import Run, create_run
from corelib.training.events import Began, Stepped
from dashboard.shell import run_panel
from tests.runs.conftest import tiny

FIRST = Stepped(step=1, count=1, seconds=0.1, metrics={"loss": 1.0})


class Naps:
    """Sleeps that take no time but move the panel's clock; ``then`` is called at the third."""

    def __init__(self, monkeypatch) -> None:
        self.now, self.taken = time.time(), 0
        self.then = lambda: None
        monkeypatch.setattr(run_panel, "time", lambda: self.now)
        monkeypatch.setattr(run_panel, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.taken += 1
        if self.taken == 3:
            self.then()


@pytest.fixture
def naps(monkeypatch) -> Naps:
    return Naps(monkeypatch)


@pytest.fixture
def never(monkeypatch):
    """A sleep is a failure."""
    monkeypatch.setattr(run_panel, "sleep", lambda seconds: pytest.fail("it was waited for"))


def append_first(run: Run) -> None:
    began = Began(
        step=0, total_steps=330, steps_per_epoch=110, device="cpu", threads=1, parameters=9
    )
    run.append(began)
    run.append(FIRST)


def began_long_ago(run: Run) -> None:
    then = time.time() - 60
    os.utime(run.folder / "spec.json", (then, then))


@pytest.mark.parametrize("state", ["starting", "running"])
def test_a_run_that_began_just_now_is_waited_for_until_its_first_step(runs_root, naps, state):
    run = create_run(tiny())
    run.set_status(state)
    history = History(run.events)
    asked = threading.Event()
    worker = threading.Thread(target=lambda: asked.wait(60) and append_first(run))
    worker.start()

    def write() -> None:
        asked.set()
        worker.join(60)

    naps.then = write
    with run.lock:
        run_panel._wait_for_the_first_step(run, history)
    assert history.steps == [FIRST]
    assert naps.taken == 3, "it is seen at once, and not waited for any longer"


def test_a_step_that_does_not_come_is_waited_for_half_a_second(runs_root, naps):
    run, began = create_run(tiny()), naps.now
    run_panel._wait_for_the_first_step(run, History(run.events))
    assert run_panel.FIRST_STEP_S <= naps.now - began < run_panel.FIRST_STEP_S + 0.05


def test_a_run_that_ends_meanwhile_is_waited_for_no_longer(runs_root, naps):
    run = create_run(tiny())
    naps.then = lambda: run.set_status("failed", "at once")
    run_panel._wait_for_the_first_step(run, History(run.events))
    assert naps.taken == 3


@pytest.mark.parametrize("state", ["starting", "running"])
def test_a_run_that_began_long_ago_is_not_waited_for(runs_root, never, state):
    run = create_run(tiny())
    run.set_status(state)
    began_long_ago(run)
    with run.lock:
        run_panel._wait_for_the_first_step(run, History(run.events))


@pytest.mark.parametrize("state", ["queued", "paused", "completed", "cancelled", "failed"])
def test_a_run_that_does_not_train_now_is_not_waited_for(runs_root, never, state):
    run = create_run(tiny())
    run.set_status(state)
    with run.lock:
        run_panel._wait_for_the_first_step(run, History(run.events))


def test_a_run_whose_first_step_is_there_or_whose_spec_is_gone_is_not_waited_for(runs_root, never):
    run = create_run(tiny())
    append_first(run)
    run_panel._wait_for_the_first_step(run, run.history())
    bare = create_run(tiny(seed=9))
    (bare.folder / "spec.json").unlink()
    run_panel._wait_for_the_first_step(bare, History(bare.events))
