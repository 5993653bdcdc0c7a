"""A suspended worker keeps its locks: it is said to be silent, and others no longer wait for it."""

import os
import signal
import time

import pytest

from corelib.errors import RunError
from corelib.runs import launch, slots, store, waiting
from corelib.runs.deleted import remove_run
from corelib.runs.store import create_run
from tests.runs.conftest import tiny, wait_for, wait_until
from tests.runs.test_runs import assert_same_end, uninterrupted  # noqa: F401 (a fixture)


def test_a_suspended_worker_is_said_to_be_silent_and_goes_on_exactly(
    workers,
    uninterrupted,  # noqa: F811
    monkeypatch,
):
    run = launch.start(tiny())
    wait_until(lambda: run.history().step >= 1, "the first step is recorded")
    workers.signal(run, signal.SIGSTOP)
    assert not run.is_silent
    monkeypatch.setattr(store, "SILENT_AFTER_S", 0.5)
    wait_until(lambda: run.is_silent, "its silence is noticed")
    status, pid = run.status, workers.of(run).pid
    assert status.state == "running"
    assert "Nothing has been heard from its worker for" in status.message
    assert f"kill -CONT {pid}" in status.message
    with pytest.raises(RunError, match="is running; cancel it before removing it"):
        remove_run(run)
    with pytest.raises(RunError, match=f"kill -CONT {pid}"):
        launch.resume(run)

    # As for any reader who has not been waiting so long.
    step = run.history().step
    monkeypatch.setattr(store, "SILENT_AFTER_S", 20.0)
    os.kill(pid, signal.SIGCONT)
    wait_for(run, "completed")
    assert run.history().step > step
    assert_same_end(run, uninterrupted)


def silent_run(monkeypatch, seed: int):
    """A run whose lock is held here, by a process from which nothing has been heard for an hour."""
    run = create_run(tiny(seed=seed))
    run.begin_beating()
    an_hour_ago = time.time() - 3600
    os.utime(run.folder / "heartbeat", (an_hour_ago, an_hour_ago))
    return run


def test_the_queue_passes_by_a_silent_worker(runs_root, monkeypatch):
    silent, fresh = silent_run(monkeypatch, 1), create_run(tiny(seed=2))
    with silent.lock.acquire(blocking=False), fresh.lock.acquire(blocking=False):
        silent.set_status("starting")
        slot = slots.wait_for_slot(silent, lambda: True)
        silent.set_status("running")
        fresh.begin_beating()
        tries = iter([True, True, False])
        assert "for 60 min" in silent.status.message
        passed = slots.wait_for_slot(fresh, lambda: next(tries))
        assert passed is not None, "the slot of a silent worker does not count"
        passed.release()

        silent.beat()
        assert silent.status.message == ""
        tries = iter([True, True, False])
        assert slots.wait_for_slot(fresh, lambda: next(tries)) is None
        slot.release()


def test_a_silent_worker_in_the_line_is_passed_by(runs_root, monkeypatch):
    silent, fresh = silent_run(monkeypatch, 1), create_run(tiny(seed=2))
    with silent.lock.acquire(blocking=False), fresh.lock.acquire(blocking=False):
        silent.set_status("queued")
        waiting.join(silent)
        fresh.begin_beating()
        slot = slots.wait_for_slot(fresh, lambda: True)
        assert fresh.status.state == "starting", "it did not have to join the line"
        slot.release()
        silent.beat()
        tries = iter([True, True, False])
        assert slots.wait_for_slot(fresh, lambda: next(tries)) is None
        assert fresh.status.state == "queued"


def test_a_paused_silent_worker_holds_no_slot(runs_root, monkeypatch):
    paused, busy, fresh = silent_run(monkeypatch, 1), create_run(tiny(seed=2)), create_run(tiny())
    with paused.lock.acquire(blocking=False), busy.lock.acquire(blocking=False):
        paused.set_status("paused")
        slot = slots.wait_for_slot(busy, lambda: True)
        tries = iter([True, True, False])
        assert slots.wait_for_slot(fresh, lambda: next(tries)) is None
        slot.release()
