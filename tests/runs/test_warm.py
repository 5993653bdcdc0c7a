"""A worker that forks from a warm parent does what another does, and nothing depends on it."""

import os
import select
import signal
import subprocess
import sys

import pytest

from corelib.environment import runs_root as root
from corelib.runs import launch, warm
from corelib.runs.store import Run, create_run
from tests.runs.conftest import leave_out_the_test, tiny, wait_for, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not fork")


def is_ready(parent: warm.Parent) -> bool:
    """Whether it has said so; the word is left for ``begin``."""
    process = parent._process
    assert process is not None
    assert process.stdout is not None
    return bool(select.select([process.stdout], [], [], 0)[0])


@pytest.fixture(autouse=True)
def without_the_test_in_it(monkeypatch):
    leave_out_the_test(monkeypatch)


@pytest.fixture(scope="module")
def one():
    """The parent of all tests; it is started anew by the first, and after one that ends it."""
    parent = warm.Parent()
    yield parent
    parent.end()


@pytest.fixture
def parent(one, monkeypatch, runs_root):
    monkeypatch.setattr(launch, "PARENT", one)
    launch.prepare()
    wait_until(lambda: is_ready(one), "the parent is ready")
    return one


@pytest.fixture
def cold(monkeypatch):
    """The runs that were started the ordinary way."""
    started, spawn = [], launch.spawn

    def noted(words, log):
        started.append(words[-1])
        return spawn(words, log)

    monkeypatch.setattr(launch, "spawn", noted)
    return started


def trained(**more) -> Run:
    run = launch.start(tiny(**more))
    wait_for(run, "completed")
    return run


def weights(run: Run) -> list[bytes]:
    files = sorted(run.folder.glob("checkpoints/*/weights.safetensors"))
    assert files
    return [file.read_bytes() for file in files]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_warm_run_is_a_cold_one_bit_for_bit(parent, cold, monkeypatch):
    warm_runs = [trained(), trained()]
    assert not cold
    # One that was never prepared begins no worker.
    monkeypatch.setattr(launch, "PARENT", warm.Parent())
    other = trained()
    assert len(cold) == 1
    for run in warm_runs:
        assert weights(run) == weights(other)
        ours, theirs = (r.history() for r in (run, other))
        assert [e.metrics for e in ours.validations] == [e.metrics for e in theirs.validations]
        assert run.log.read_text(encoding="utf-8") == other.log.read_text(encoding="utf-8")


def test_a_killed_parent_costs_nothing(parent, cold):
    under_way = launch.start(tiny(epochs=40))
    wait_for(under_way, "running")
    process = parent._process
    process.kill()
    process.wait()
    # The worker goes on, and the next run begins the ordinary way.
    wait_for(under_way, "running")
    under_way.ask("cancel")
    wait_for(under_way, "cancelled")
    assert trained().folder.name in cold[0]


def begin(parent: warm.Parent, **more: str) -> bool:
    """Whether it would begin a worker; this one finds no run in its folder, and leaves."""
    folder = root()
    folder.mkdir(exist_ok=True)
    return parent.begin(folder / "none", folder / "log.txt", launch._environment() | more)


def test_what_a_warm_worker_says_is_in_its_log(parent):
    run = create_run(tiny())
    with run.lock:
        assert parent.begin(run.folder, run.log, launch._environment())
        said = f"Run {run.id} already has a worker."
        wait_until(lambda: run.log.exists() and said in run.log.read_text("utf-8"), "it says so")


def test_a_parent_that_does_not_answer_is_given_up(parent, cold, monkeypatch):
    monkeypatch.setattr(warm, "ANSWER_S", 0.2)
    process = parent._process
    process.send_signal(signal.SIGSTOP)
    assert trained().folder.name in cold[0]
    assert process.poll() is not None
    # And it is not asked again, but started anew when somebody prepares.
    assert not begin(parent)


def test_one_that_still_imports_is_not_waited_for(runs_root):
    parent = warm.Parent()
    parent.prepare(launch._environment())
    assert not begin(parent)
    assert parent._process.poll() is None
    parent.end()


def test_another_program_or_another_variable_needs_another_parent(parent, monkeypatch):
    assert begin(parent)
    assert begin(parent, SYNAPTARIUM_SLOTS="2")
    monkeypatch.setattr(warm, "program_time", lambda: 0)
    process = parent._process
    assert not begin(parent)
    assert process.poll() is not None
    monkeypatch.undo()
    parent.prepare(launch._environment())
    # It is ended, ready or not, where one that only is not ready yet would stay.
    assert not begin(parent, OMP_WAIT_POLICY="passive")
    assert parent._process is None


def test_a_run_has_the_folder_and_variables_of_now(parent, cold, monkeypatch, tmp_path):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(tmp_path / "others"))
    run = trained()
    assert run.folder.parent == tmp_path / "others"
    assert not cold


def test_a_killed_worker_is_no_zombie_and_has_died(parent, cold):
    run = launch.start(tiny(epochs=40))
    wait_for(run, "running")
    (pid,) = children(parent._process.pid)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_there(pid), "the killed worker is gone")
    wait_until(lambda: run.status.state == "died", "it is seen to have died")
    launch.resume(run)
    wait_for(run, "running")
    run.ask("cancel")
    wait_for(run, "cancelled")
    assert not cold


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


def test_it_ends_with_the_process_that_prepared_it(runs_root):
    code = (
        "from corelib.runs import launch\n"
        "launch.prepare()\n"
        "print(launch.PARENT._process.pid, flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=launch._environment(),
    ) as owner:
        pid = int(owner.stdout.readline())
        assert is_there(pid)
        owner.kill()
    wait_until(lambda: not is_there(pid), "the parent has ended, too")


def test_it_ends_when_nobody_asks(monkeypatch, capsysbinary):
    monkeypatch.setattr(warm, "IDLE_S", 0.0)
    monkeypatch.setattr(warm.signal, "signal", lambda *_: None)
    reading, writing = os.pipe()
    with os.fdopen(reading) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        warm.serve()
    os.close(writing)
    assert capsysbinary.readouterr().out == b"."


def test_a_page_without_a_server_prepares_nothing(monkeypatch, runs_root):
    from dashboard.shell import train_form
    from tests.pages.app import open_page

    prepared = []
    monkeypatch.setattr(train_form, "prepare", lambda: prepared.append(1))
    open_page("balance", balance_tab="Train")
    assert not prepared
