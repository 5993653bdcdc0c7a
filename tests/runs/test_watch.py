"""Waiting for a run, without a worker: its status is set by the test."""

import pytest

from corelib.errors import RunError
from corelib.runs import watch
from corelib.runs.store import create_run
from tests.runs.conftest import tiny


@pytest.fixture
def run(runs_root):
    """A run that lives as long as its lock is held."""
    run = create_run(tiny())
    with run.lock:
        run.set_status("running")
        yield run


def ending_as(run, state: str, message: str = ""):
    """Records the states it is shown, and ends the run at the third poll."""
    seen = []

    def see(status) -> None:
        seen.append(status.state)
        if len(seen) == 3:
            run.set_status(state, message)

    return seen, see


def test_it_polls_until_the_run_is_completed(run, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.0)
    seen, see = ending_as(run, "completed")
    watch.until_completed(run, see)
    assert seen == ["running"] * 3 + ["completed"]


@pytest.mark.parametrize(
    ("message", "end"), [("no disk", "is failed: no disk"), ("", "is failed.")]
)
def test_another_end_is_an_error_with_its_reason(run, monkeypatch, message, end):
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.0)
    seen, see = ending_as(run, "failed", message)
    with pytest.raises(RunError, match=f"^Run {run.id} {end}$"):
        watch.until_completed(run, see)
    assert seen[-1] == "failed"


def test_cancelling_waits_until_the_worker_has_left(runs_root, monkeypatch):
    run = create_run(tiny())
    lock = run.lock.acquire().lock
    run.set_status("running")
    steps = iter(
        [lambda: run.set_status("cancelled"), lambda: None, lock.release]
    )  # it says that it has ended while it is still there
    monkeypatch.setattr(watch.time, "sleep", lambda seconds: next(steps)())
    assert watch.cancel(run)
    assert next(steps, None) is None


def test_cancelling_does_not_wait_for_ever(run, monkeypatch):
    monkeypatch.setattr(watch, "PATIENCE_S", 0.05)
    assert not watch.cancel(run)
