"""Showing a run while it trains: a bar on a terminal, one line per epoch elsewhere.

Imports no torch.
"""

import shutil
import sys
from typing import ClassVar

from corelib.runs.history import History
from corelib.runs.store import Run, State, Status
from corelib.words import PROGRAM, clock, figure


def view_of(run: Run) -> "Bar | Lines":
    """A bar where stdout is a terminal, else lines, for logs, pipes and notebooks."""
    return Bar(run) if sys.stdout.isatty() else Lines(run)


def say(line: str) -> None:
    # Without buffering, also into a pipe.
    print(line, flush=True)


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
        parts += [f"{rate:.0f} updates/s", f"{clock(left)} left"]
    stepped = next((e for e in reversed(history.steps) if e.step <= step), None)
    if stepped is not None:
        name, value = next(iter(stepped.metrics.items()))
        parts.append(f"{name} {figure(name, value)}")
    validated = next((v for v in reversed(history.validations) if v.step <= step), None)
    if validated is not None:
        name = validated.measure
        called = "" if brief else f"{name} "
        parts.append(f"validation {called}{figure(name, validated.score)}")
    return "  ".join(parts)
