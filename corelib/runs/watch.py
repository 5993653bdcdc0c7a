"""Waiting until a run has ended, is completed or is cancelled. Imports no torch."""

import time
from collections.abc import Callable, Iterator

from corelib.errors import RunError
from corelib.runs.store import ENDED, Run, Status

LOOK_EVERY_S = 0.1
PATIENCE_S = 60.0
"""How long to wait for a cancelled worker; it may be importing torch on a busy machine."""


def statuses(run: Run) -> Iterator[Status]:
    """The status of a run, polled until it ends; the last one says how it ended."""
    while True:
        status = run.status
        yield status
        if status.state in ENDED:
            return
        time.sleep(LOOK_EVERY_S)


def until_completed(run: Run, see: Callable[[Status], object] | None = None) -> None:
    """Wait until a run is completed; ``see`` is called with each polled status.

    Raises ``RunError`` with its state and message if it ends any other way.
    """
    status = run.status
    for status in statuses(run):
        if see is not None:
            see(status)
    if status.state != "completed":
        reason = f": {status.message}" if status.message else "."
        raise RunError(f"Run {run.id} is {status.state}{reason}")


def cancel(run: Run) -> bool:
    """Ask a run to cancel, and wait for its worker to exit; returns whether it has within
    ``PATIENCE_S`` seconds. Raises ``RunError`` if the run has already ended."""
    run.ask("cancel")
    deadline = time.monotonic() + PATIENCE_S
    while run.status.state not in ENDED or run.is_alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY_S)
    return True
