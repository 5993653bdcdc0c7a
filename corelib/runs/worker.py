"""The worker: ``python -m corelib.runs.worker RUN_DIR`` trains one run to its end.

It holds the run's lock while it is alive and a slot while it trains, obeys ``control.json`` between
updates, and continues from the last checkpoint if there is one.
"""

import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from corelib.data import read_ahead
from corelib.errors import DivergedError, SynaptariumError
from corelib.runs.registry import best_checkpoint
from corelib.runs.slots import thread_count, wait_for_slot
from corelib.runs.spec import resolve
from corelib.runs.store import BEATS_EVERY_S, Run
from corelib.training.advice import out_of_memory, what_to_lower
from corelib.training.events import Stepped

if TYPE_CHECKING:
    from corelib.runs.trained import Trained

SAVE_EVERY_S = 30.0
WRITE_EVERY_S = 0.1
SHOW_EVERY_S = 0.5


def main(folder: str) -> int:
    run = Run(Path(folder))
    lock = run.lock
    try:
        # With a timeout: checking whether a run is alive holds its lock for a moment, and a
        # cancelled worker may still be exiting.
        lock.acquire(timeout=2)
    except Timeout:
        print(f"Run {run.id} already has a worker.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: run.ask("cancel"))
    try:
        return work(run)
    finally:
        lock.release()


def work(run: Run) -> int:
    """Train a run whose lock is held; returns the exit code. How it ends is its status."""
    beating = _beat(run)
    try:
        Worker(run).work()
    except DivergedError as error:
        run.set_status("failed", _diverged(run, error))
        return 1
    except SynaptariumError as error:
        run.set_status("failed", str(error))
        return 2
    except Exception as error:
        run.set_status("failed", _unexpected(run, error))
        return 1
    finally:
        beating.set()
    return 0


def _beat(run: Run) -> threading.Event:
    """Touch the heartbeat until the event is set: it stops with the process, also if that is
    suspended."""
    ended = threading.Event()

    def on() -> None:
        while not ended.wait(BEATS_EVERY_S):
            run.beat()

    run.begin_beating()
    threading.Thread(target=on, daemon=True).start()
    return ended


def _diverged(run: Run, error: DivergedError) -> str:
    """What happened, what to lower, and what is left."""
    resolved = resolve(run.spec)
    advice = what_to_lower(resolved.config, resolved.training)
    best = best_checkpoint(run)
    left = f"The checkpoint of update {best.card.step:,} is kept." if best else "No checkpoint yet."
    return f"{error}. {advice} {left} Resuming would repeat this: start a new run."


def _unexpected(run: Run, error: Exception) -> str:
    """What to say of an error that we did not raise: lack of memory, the system's, or a bug."""
    with suppress(SynaptariumError):  # without a readable spec there is nothing to lower
        resolved = resolve(run.spec)
        if sentence := out_of_memory(error, resolved.config, resolved.training):
            return sentence
    if isinstance(error, OSError):
        return f"Disk or system error: {error}."
    traceback.print_exception(error)
    return f"{type(error).__name__}: {error}. See the log for details."


class Worker:
    """Drives the training loop of one run and records its events."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.slot: FileLock | None = None
        self.single_steps = run.control.single_steps

    def work(self) -> None:
        if not self._take_slot():
            return
        try:
            self.run.set_status("starting")
            self._train()
        finally:
            self._leave_slot()

    def _train(self) -> None:
        # Reading the images and importing torch overlap, since a person waits for the first point.
        # Both happen only now, so that a queued run costs next to nothing.
        read_ahead(self.run.spec.dataset)
        import torch

        from corelib.runs.trained import Trained

        torch.set_num_threads(thread_count())
        trained = Trained.begin_or_resume(self.run)
        self.run.drop_half_line()
        self.run.append(trained.began())
        for problem in trained.left_out:
            print(f"Left out: {problem}")
        self.run.set_status("running", " ".join(f"Left out: {p}" for p in trained.left_out))
        steps = StepWriter(self.run)
        try:
            self._follow(trained, steps)
        except DivergedError:
            steps.flush()
            raise

    def _follow(self, trained: "Trained", steps: "StepWriter") -> None:
        """Drive the loop to its end, or until the run is cancelled."""
        from corelib.training.loop import train

        saved_at = shown_at = time.monotonic()
        for event in train(
            trained.learner,
            trained.dataset,
            trained.training,
            trained.spec.seed,
            from_step=trained.step,
            best_score=trained.best_score,
        ):
            if isinstance(event, Stepped):
                trained.stepped(event)
                steps.add(event)
                if time.monotonic() - shown_at > SHOW_EVERY_S:
                    shown_at = time.monotonic()
                    if self.run.is_watched:
                        trained.show()
                if trained.validation_is_due:
                    continue
            else:
                steps.flush()
                self.run.append(event)
                trained.validated(event)
                trained.save()
                saved_at = time.monotonic()
            if time.monotonic() - saved_at > SAVE_EVERY_S:
                steps.flush()
                trained.save()
                saved_at = time.monotonic()
            if self.run.control.request != "run":
                steps.flush()
                trained.save()
                if not self._may_go_on():
                    return
        steps.flush()
        self.run.append(trained.finish())
        self.run.set_status("completed")

    def _may_go_on(self) -> bool:
        """Wait while paused. True: make the next update; False: cancelled."""
        while (control := self.run.control).request == "pause":
            if self.run.status.state != "paused":
                self.run.set_status("paused")
                self._leave_slot()
            if control.single_steps > self.single_steps:
                self.single_steps += 1
                return True
            time.sleep(0.03)
        if control.request == "cancel":
            self.run.set_status("cancelled")
            return False
        if not self._take_slot():
            return False
        self.run.set_status("running")
        return True

    def _take_slot(self) -> bool:
        """Wait for a slot unless one is held; if cancelled meanwhile, set that and return False."""
        if self.slot is None:
            self.slot = wait_for_slot(self.run, lambda: self.run.control.request != "cancel")
        if self.slot is None:
            self.run.set_status("cancelled")
        return self.slot is not None

    def _leave_slot(self) -> None:
        if self.slot is not None:
            self.slot.release()
            self.slot = None


class StepWriter:
    """Writes ``Stepped`` events at most ten times a second; those in between are averaged."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.waiting: list[Stepped] = []
        self.written_at = -WRITE_EVERY_S

    def add(self, event: Stepped) -> None:
        self.waiting.append(event)
        if time.monotonic() - self.written_at >= WRITE_EVERY_S:
            self.flush()

    def flush(self) -> None:
        if not self.waiting:
            return
        n = len(self.waiting)
        names = self.waiting[0].metrics
        self.run.append(
            Stepped(
                step=self.waiting[-1].step,
                count=n,
                seconds=sum(e.seconds for e in self.waiting),
                metrics={k: sum(e.metrics[k] for e in self.waiting) / n for k in names},
            )
        )
        self.waiting.clear()
        self.written_at = time.monotonic()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
