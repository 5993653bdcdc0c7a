"""Starting a worker for a run. Imports no torch."""

import os
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

from corelib.errors import RunError
from corelib.runs.spec import RunSpec
from corelib.runs.store import ENDED, Run, create_run
from corelib.runs.warm import PARENT


def start(spec: RunSpec, owner: str = "") -> Run:
    """Create a run and start its worker."""
    run = create_run(spec, owner)
    _launch(run)
    return run


def resume(run: Run) -> None:
    """Continue a paused run, or restart the worker of a cancelled, failed or died one.

    It continues from the last checkpoint. Raises ``RunError`` for a completed run.
    """
    state = run.status.state
    if state == "completed":
        raise RunError(f"Run {run.id} is completed; there is nothing left to resume.")
    if run.is_silent:
        raise RunError(run.status.message)
    # A worker killed before it had locked its folder leaves the state in which it was launched; of
    # two workers the second one leaves at once.
    if state in ENDED or not run.is_alive():
        run.reset_control()
        run.set_status("starting")
        _launch(run)
    else:
        run.ask("run")


def _launch(run: Run) -> None:
    if not PARENT.begin(run.folder, run.log, _environment()):
        spawn(["corelib.runs.worker", str(run.folder)], run.log)


def prepare() -> None:
    """Make the next runs of this process begin sooner: see ``corelib.runs.warm``."""
    PARENT.prepare(_environment())


def spawn(words: list[str], log: Path) -> threading.Thread:
    """Start ``python -m WORDS`` in its own session; its output is appended to ``log``.

    Closing the tab, the server or the terminal does not end it. The returned thread ends with it.
    """
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=_environment(),
            start_new_session=True,
        )
    # Unless a thread waits for it, a killed worker stays a zombie.
    waiting = threading.Thread(target=process.wait, daemon=True)
    waiting.start()
    return waiting


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": import_path()}


def import_path() -> str:
    """PYTHONPATH with which a child finds this package, too, if it is not installed."""
    root = str(Path(__file__).parents[2])
    known = os.environ.get("PYTHONPATH", "")
    # An installed package's folder holds all others: put first, they would hide Python's own.
    installed = root in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return known if installed else os.pathsep.join(filter(None, [root, known]))
