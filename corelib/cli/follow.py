"""Following a run until it ends."""

from corelib.cli import show
from corelib.errors import RunError
from corelib.runs import watch
from corelib.runs.history import History
from corelib.runs.progress import say, view_of
from corelib.runs.store import ENDED, Run, Status
from corelib.words import PROGRAM


def follow(run: Run) -> int:
    """Show a run until it ends, then its test metrics; returns the exit code.

    Ctrl-C cancels the run. Raises ``RunError`` if it ends incomplete for any other reason.
    """
    view = view_of(run)
    history, status = run.history(), run.status
    try:
        for status in watch.statuses(run):
            # After the status: once that says "ended", the history is complete.
            history.refresh()
            view.show(status, history)
        view.close()
    except KeyboardInterrupt:
        view.close()
        return _interrupted(run)
    if status.state != "completed":
        raise RunError(_why_ended(run, status))
    _say_result(run, history)
    return 0


def cancel(run: Run) -> Status:
    """Ask a run to cancel, and wait for its worker to exit; returns the final status."""
    if not watch.cancel(run):
        raise RunError(
            f"Run {run.id} was asked to cancel but has not responded yet; check again "
            f"with: {PROGRAM} runs show {run.id} {run.status.message}".strip()
        )
    return run.status


def say_cancelled(run: Run) -> None:
    say(
        f"Run {run.id} is cancelled after {run.history().saved_step:,} updates; "
        f"continue with: {PROGRAM} runs resume {run.id}"
    )


def _interrupted(run: Run) -> int:
    if run.status.state not in ENDED:
        say("Cancelling; the current update is finished and saved.")
        try:
            cancel(run)
        except RunError:
            # It may have ended by itself between the two checks.
            if run.status.state not in ENDED:
                raise
    state = run.status.state
    if state == "cancelled":
        say_cancelled(run)
    else:
        say(f"Run {run.id} is {state}.")
    return 130


def _why_ended(run: Run, status: Status) -> str:
    resume = f"{PROGRAM} runs resume {run.id}"
    if status.state == "cancelled":
        return f"Run {run.id} was cancelled; continue with: {resume}"
    reason = status.message or "no reason was recorded."
    again = f" Continue from the last checkpoint with: {resume}" if run.checkpoints() else ""
    return f"Run {run.id} {status.state}: {reason}{again}"


def _say_result(run: Run, history: History) -> None:
    if history.finished is not None:
        say(f"Test set, best checkpoint (update {history.finished.best_step:,}):")
        say(show.metrics(history.finished.metrics))
    say(f"Run {run.id} is completed; evaluate it with: {PROGRAM} evaluate {run.id}")
