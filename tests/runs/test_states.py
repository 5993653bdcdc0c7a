"""What is said of a run whose worker comes, ends or falls silent while somebody looks."""

import os
import time

import pytest

from corelib.errors import RunError
from corelib.runs import launch, store
from corelib.runs.store import Run, create_run
from tests.runs.conftest import tiny


def silent_for(run: Run, seconds: float) -> None:
    """Nothing was heard from its worker for so long."""
    run.begin_beating()
    then = time.time() - seconds
    os.utime(run.folder / "heartbeat", (then, then))


@pytest.mark.parametrize("state", ["completed", "cancelled", "failed"])
@pytest.mark.parametrize("before", ["running", "starting"])
def test_a_run_that_ends_between_two_looks_has_not_died(runs_root, monkeypatch, state, before):
    """Its worker writes how it ended, and leaves, after the status was read and before it is asked
    whether it is alive."""
    run = create_run(tiny())
    run.set_status(before)
    monkeypatch.setattr(store, "LAUNCH_GRACE_S", 0.0)
    is_alive = Run.is_alive

    def ending(self):
        run.set_status(state, "as it should")
        return is_alive(self)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "is_alive", ending)
        assert run.status[:2] == (state, "as it should")


def test_a_run_that_ended_long_ago_without_a_word_is_not_silent_and_can_be_resumed(
    runs_root, monkeypatch
):
    launched = []
    monkeypatch.setattr(launch, "_launch", launched.append)
    run = create_run(tiny())
    run.set_status("running")
    silent_for(run, 3600)
    assert run.status.state == "died"
    assert not run.is_silent
    assert "Nothing has been heard" not in run.status.message
    launch.resume(run)
    assert launched == [run]
    assert run.status.state == "starting"


def test_a_living_run_is_asked_to_go_on_and_gets_no_second_worker(runs_root, monkeypatch):
    monkeypatch.setattr(launch, "_launch", lambda run: pytest.fail("it has a worker"))
    run = create_run(tiny())
    with run.lock:
        run.set_status("paused")
        run.ask("pause")
        launch.resume(run)
        assert run.control.request == "run"
        assert run.status.state == "paused", "its worker says when it goes on"


def test_looking_at_a_run_writes_nothing(runs_root):
    run = create_run(tiny())
    before = {f.name: f.stat().st_mtime_ns for f in run.folder.iterdir()}
    assert run.status.state == "starting"
    assert not run.is_alive()
    assert not run.is_watched
    assert run.history().step == 0
    assert {f.name: f.stat().st_mtime_ns for f in run.folder.iterdir()} == before


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(19, ""), (21, "for 21 s;"), (119, "for 119 s;"), (121, "for 2 min;"), (3600, "for 60 min;")],
)
def test_how_long_nothing_was_heard_is_said_in_seconds_then_in_minutes(
    runs_root, monkeypatch, seconds, words
):
    run = create_run(tiny())
    run.set_status("running")
    run.begin_beating()
    stamp = (run.folder / "heartbeat").stat().st_mtime
    monkeypatch.setattr(store.time, "time", lambda: stamp + seconds)
    with run.lock:
        message = run.status.message
    assert (words in message) if words else not message


def test_pausing_again_forgets_no_single_step_that_was_made(runs_root):
    """A worker counts the steps that it has made: were its requests counted anew, it would make
    none of the next ones."""
    run = create_run(tiny())
    with run.lock:
        run.set_status("paused")
        run.ask("pause")
        run.ask_single_step()
        run.ask_single_step()
        assert run.control == ("pause", 2)
        run.ask("run")
        assert run.control == ("run", 2)
        run.set_status("running")
        with pytest.raises(RunError, match="is running; pause it before making single steps"):
            run.ask_single_step()
        run.ask("pause")
        run.set_status("paused")
        run.ask_single_step()
        assert run.control == ("pause", 3)


def test_a_resumed_run_begins_without_old_requests(runs_root, monkeypatch):
    monkeypatch.setattr(launch, "_launch", lambda run: None)
    run = create_run(tiny())
    run.ask("cancel")
    run.set_status("cancelled")
    launch.resume(run)
    assert run.control == ("run", 0)
