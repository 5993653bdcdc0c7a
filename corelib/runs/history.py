"""The events of a run so far. Imports no torch."""

import os
from pathlib import Path

from corelib.training import events
from corelib.training.events import Began, Event, Finished, Saved, Stepped, Validated


class History:
    """The events of a run so far; ``refresh`` reads only new, complete lines, and the whole of a
    file that has taken the place of the one it read.

    Lines that are no events are left out. ``problem`` is a sentence about what could not be read.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._inode = 0
        self._forget()

    def _forget(self) -> None:
        self._offset = 0
        self.began: Began | None = None
        self.steps: list[Stepped] = []
        self.validations: list[Validated] = []
        self.finished: Finished | None = None
        self.saved_step = 0
        self.unreadable = 0
        self._closed = ""

    def refresh(self) -> "History":
        """Read what was added."""
        try:
            with self.file.open("rb") as file:
                self._begin_again_if_replaced(os.fstat(file.fileno()))
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            return self
        except OSError as error:
            self._closed = f"{self.file} cannot be read: {error.strerror}."
            return self
        self._closed = ""
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                self._take(events.parse(line))
            except ValueError:
                self.unreadable += 1
        return self

    def _begin_again_if_replaced(self, found: os.stat_result) -> None:
        """Lines are only ever added, so a shorter file is another one, too."""
        if found.st_ino != self._inode or found.st_size < self._offset:
            self._forget()
            self._inode = found.st_ino

    def _take(self, event: Event) -> None:
        match event:
            case Began():
                # Resumed from a checkpoint: later events no longer count.
                self.began = event
                self.steps = [e for e in self.steps if e.step <= event.step]
                self.validations = [e for e in self.validations if e.step <= event.step]
                self.finished = None
            case Stepped():
                self.steps.append(event)
            case Validated():
                self.validations.append(event)
            case Saved():
                self.saved_step = event.step
            case Finished():
                self.finished = event

    @property
    def problem(self) -> str:
        """A sentence about what could not be read, or ""."""
        if self._closed or not self.unreadable:
            return self._closed
        lines = f"{self.unreadable} line{'s' * (self.unreadable != 1)}"
        return f"{lines} of its history could not be read."

    @property
    def step(self) -> int:
        """Updates so far."""
        return self.steps[-1].step if self.steps else self.began.step if self.began else 0

    @property
    def best(self) -> Validated | None:
        """The best validation so far."""
        return max(self.validations, key=lambda v: v.score, default=None)

    def updates_per_second(self) -> float | None:
        """The rate over about the last three seconds of training."""
        count = seconds = 0.0
        for event in reversed(self.steps):
            count, seconds = count + event.count, seconds + event.seconds
            if seconds > 3:
                break
        return count / seconds if seconds else None

    def seconds_left(self) -> float | None:
        """For the updates that are left, and the validations among them."""
        rate = self.updates_per_second()
        if not rate or self.began is None:
            return None
        updates = self.began.total_steps - self.step
        validations = -(-updates // self.began.steps_per_epoch)
        return updates / rate + validations * self.seconds_per_validation()

    def seconds_per_validation(self) -> float:
        """The mean over those whose time was kept; 0 if there is none."""
        kept = [event.seconds for event in self.validations if event.seconds]
        return sum(kept) / len(kept) if kept else 0.0


def first_event(file: Path) -> Began | None:
    """The event with which a run began; None if it has not, or if that line is unreadable."""
    try:
        with file.open("rb") as opened:
            event = events.parse(opened.readline())
    except (OSError, ValueError):
        return None
    return event if isinstance(event, Began) else None
