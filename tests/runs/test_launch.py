"""Processes of their own: a closed tab, server or terminal does not end them."""

import os
from pathlib import Path

import pytest

import corelib
from corelib.errors import RunError
from corelib.runs import launch
from corelib.runs.store import create_run
from tests.runs.conftest import tiny

ROOT = Path(corelib.__file__).parents[1]
PROBE = """
import os, sys
print("session", os.getsid(0) == os.getpid(), sys.argv[1:], flush=True)
print("error", file=sys.stderr, flush=True)
print("input", repr(sys.stdin.read()))
"""


def test_what_is_started_has_its_own_session_no_input_and_one_log(tmp_path, monkeypatch):
    (tmp_path / "probe.py").write_text(PROBE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    log = tmp_path / "log.txt"
    log.write_text("before\n", encoding="utf-8")
    launch.spawn(["probe", "one", "two"], log).join(60)
    assert log.read_text(encoding="utf-8").splitlines() == [
        "before",
        "session True ['one', 'two']",
        "error",
        "input ''",
    ]


def test_a_child_finds_this_package_first_and_what_was_found_before(monkeypatch):
    monkeypatch.setattr(launch.sysconfig, "get_path", lambda name: "/nowhere")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert launch.import_path() == str(ROOT)
    monkeypatch.setenv("PYTHONPATH", "/a")
    assert launch.import_path() == os.pathsep.join([str(ROOT), "/a"])
    # Installed, it lies among all others, which would then hide Python's own modules.
    monkeypatch.setattr(launch.sysconfig, "get_path", lambda name: str(ROOT))
    assert launch.import_path() == "/a"


@pytest.mark.parametrize(
    ("state", "alive", "launches"),
    [
        ("cancelled", False, 1),
        ("cancelled", True, 1),  # it is still leaving
        ("failed", False, 1),
        ("running", False, 1),  # it has died
        ("starting", False, 1),  # it was killed before it had locked its folder
        ("paused", True, 0),
        ("queued", True, 0),
    ],
)
def test_who_needs_a_worker_gets_one(runs_root, monkeypatch, state, alive, launches):
    launched = []
    monkeypatch.setattr(launch, "_launch", launched.append)
    run = create_run(tiny())
    run.ask("pause")
    run.set_status(state)
    lock = run.lock
    if alive:
        lock.acquire(blocking=False)
    launch.resume(run)
    assert len(launched) == launches
    assert run.control.request == "run"
    assert run._last_status().state == ("starting" if launches else state)
    lock.release()


def test_a_completed_run_needs_none(runs_root, monkeypatch):
    monkeypatch.setattr(launch, "_launch", lambda run: pytest.fail("it was launched"))
    run = create_run(tiny())
    run.set_status("completed")
    with pytest.raises(RunError, match="is completed; there is nothing left to resume"):
        launch.resume(run)
