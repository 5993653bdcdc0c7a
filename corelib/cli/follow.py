"""Following a run until it ends: a bar on a terminal, one line per epoch elsewhere."""

import shutil
import sys
from typing import ClassVar

from corelib.cli import show
from corelib.cli.parse import PROGRAM
from corelib.errors import RunError
from corelib.runs import watch
from corelib.runs.history import History
from corelib.runs.store import ENDED, Run, State, Status


def follow(run: Run) -> int:
    """Show a run until it ends, then its test metrics; returns the exit code.

    Ctrl-C cancels the run. Raises ``RunError`` if it ends incomplete for any other reason.
    """
    view = Bar(run) if sys.stdout.isatty() else Lines(run)
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


def say(line: str) -> None:
    # Without buffering, also into a pipe.
    print(line, flush=True)


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
    reason = status.message or "no reason was recorded"
    again = f" Continue from the last checkpoint with: {resume}" if run.checkpoints() else ""
    return f"Run {run.id} {status.state}: {reason}{again}"


def _say_result(run: Run, history: History) -> None:
    if history.finished is not None:
        say(f"Test set, best checkpoint (update {history.finished.best_step:,}):")
        say(show.metrics(history.finished.metrics))
    say(f"Run {run.id} is completed; evaluate it with: {PROGRAM} evaluate {run.id}")


class Lines:
    """A line when the state changes and one for each epoch, for logs and pipes."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.state: State | None = None
        self.last_step: int | None = None

    def show(self, status: Status, history: History) -> None:
        if status.state != self.state:
            self.state = status.state
            sentence = state_sentence(self.run, status, history)
            if sentence:
                say(sentence)
        if self.last_step is None:
            # Epochs before a resume are not printed again.
            self.last_step = history.step
        for validated in history.validations:
            if validated.step > self.last_step:
                self.last_step = validated.step
                say(progress(history, validated.step))

    def close(self) -> None: ...


class Bar:
    """One line that is redrawn."""

    WIDEST: ClassVar[int] = 20

    def __init__(self, run: Run) -> None:
        self.run = run
        self.state: State | None = None

    def show(self, status: Status, history: History) -> None:
        if status.state != self.state:
            self.state = status.state
            sentence = state_sentence(self.run, status, history)
            if sentence:
                self._draw("")
                say(sentence)
        if history.began is not None:
            text = progress(history, history.step, brief=True)
            columns = shutil.get_terminal_size().columns
            width = max(0, min(self.WIDEST, columns - len(text) - 2))
            done = width * history.step // history.began.total_steps
            self._draw(f"{'█' * done}{'░' * (width - done)} {text}"[: columns - 1])

    def close(self) -> None:
        print(flush=True)

    def _draw(self, line: str) -> None:
        print(f"\r{line}\x1b[K", end="", flush=True)


def state_sentence(run: Run, status: Status, history: History) -> str:
    """A sentence for a new state; empty for ended states, which are reported at the end."""
    match status.state:
        case "starting":
            return f"Run {run.id} is starting."
        case "queued":
            return f"Run {run.id} is queued: it starts when an earlier run ends."
        case "paused":
            return f"Run {run.id} is paused; continue with: {PROGRAM} runs resume {run.id}"
        case "running" if history.began is not None:
            began = history.began
            threads = "1 thread" if began.threads == 1 else f"{began.threads} threads"
            return (
                f"Training {began.parameters:,} parameters on {began.device} with {threads}: "
                f"updates {began.step + 1:,} to {began.total_steps:,}. {status.message}".strip()
            )
    return ""


def progress(history: History, step: int, brief: bool = False) -> str:
    """Epoch, rate, time left, loss and validation score at a step."""
    began = history.began
    if began is None:
        return ""
    epochs = -(-began.total_steps // began.steps_per_epoch)
    epoch = step // began.steps_per_epoch
    parts = [f"epoch {epoch}/{epochs}"]
    rate, left = history.updates_per_second(), history.seconds_left()
    if rate is not None and left is not None:
        parts += [f"{rate:.0f} updates/s", f"{show.duration(left)} left"]
    stepped = next((e for e in reversed(history.steps) if e.step <= step), None)
    if stepped is not None:
        name, value = next(iter(stepped.metrics.items()))
        parts.append(f"{name} {show.number(name, value)}")
    validated = next((v for v in reversed(history.validations) if v.step <= step), None)
    if validated is not None:
        names = [n for n, value in validated.metrics.items() if value == validated.score]
        name = names[0] if names else "score"
        called = "" if brief else f"{name} "
        parts.append(f"validation {called}{show.number(name, validated.score)}")
    return "  ".join(parts)
