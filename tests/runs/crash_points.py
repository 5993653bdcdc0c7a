"""Lets a run's worker meet a fault, wherever it may strike, resumes it, and compares the end.

``python -m tests.runs.crash_points SYSTEM FAULT FOLDER [EVERY]`` trains a small run undisturbed and
then one run for each point of the fault, or for each EVERY-th. Each attempt is a forked process:
torch is imported once. Prints a line of JSON: how many points there were, and what differed.

- ``kill``: killed before each of its file operations in turn; a file that was to be opened for
  writing is left with half a line.
- ``full``: from each of its file operations on, none can be created or extended, as on a full disk.
- ``moment``: killed at fifty random moments.
- ``size``: no file may grow beyond so many bytes, up to the last byte of the largest.
"""

import errno
import json
import os
import resource
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

import torch

from corelib.runs import worker
from corelib.runs.spec import make_spec
from corelib.runs.store import Run, create_run
from corelib.training.checkpoint import LEARNER, WEIGHTS, read_tensors
from tests.test_catalog_laws import SMALL, halves, noisy_digits

SYSTEMS = {"bpan": "mnist", "bpc": "mnist", "butd": "multi-mnist", "ipvae": "mnist"}
"""One system a family, and the data it is trained on here."""
STEPS = 7
CREATE = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.chmod"}


class Fault:
    """An audit hook that counts a worker's file operations and strikes at the ``at``-th."""

    def __init__(self, root: Path, kind: str, at: int | None) -> None:
        self.root, self.kind, self.at = str(root), kind, at
        self.count = 0
        self.quiet = False
        # An open file, which the forked process writes and this one reads.
        self.counter = os.memfd_create("count") if at is None else -1

    def counted(self) -> int:
        return int.from_bytes(os.pread(self.counter, 8, 0), "big")

    def __call__(self, event: str, arguments: tuple) -> None:
        if self.quiet or threading.current_thread() is not threading.main_thread():
            return
        if not self._is_counted(event, arguments):
            return
        self.count += 1
        if self.at is None:
            os.pwrite(self.counter, self.count.to_bytes(8, "big"), 0)
        if self.at is None or self.count < self.at:
            return
        if self.kind == "kill":
            self.quiet = True
            if event == "open":
                _write_half(arguments[0])
            os.kill(os.getpid(), signal.SIGKILL)
        if event in ("open", "os.mkdir"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))

    def _is_counted(self, event: str, arguments: tuple) -> bool:
        if event == "open":
            path, mode, flags = arguments
            # Locks are opened without a mode, and are not files that hold anything.
            return mode is not None and bool(flags & CREATE) and str(path).startswith(self.root)
        # While a folder is deleted, names are relative to it.
        path = str(arguments[0])
        return event in CHANGES and (not path.startswith("/") or path.startswith(self.root))


def _write_half(path: str) -> None:
    with open(path, "ab") as file:
        file.write(b'{"kind":"stepped","st')


def data(system: str, _name: str):
    return halves(noisy_digits()) if system == "butd" else noisy_digits()


def new_run(system: str) -> Run:
    training = {"epochs": 3, "batch_size": 50, "max_steps": STEPS, "device": "cpu"}
    return create_run(
        make_spec(system, dataset=SYSTEMS[system], config=SMALL[system], training=training, seed=3)
    )


def attempt(
    run: Run, prepare: Callable[[], object] | None = None, kill_after_s: float | None = None
) -> int:
    """Run the worker in a forked process that first calls ``prepare``; returns its exit code,
    negative if it was killed."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            sys.stdout = sys.stderr = run.log.open("a", encoding="utf-8")
            if prepare is not None:
                prepare()
            code = worker.main(str(run.folder))
        finally:
            os._exit(code)
    if kill_after_s is not None:
        ended = os.pidfd_open(child)  # readable once it has, which may be sooner
        select.select([ended], [], [], kill_after_s)
        os.close(ended)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def end_of(run: Run) -> dict:
    """All that must not depend on what happened on the way."""
    folders = run.checkpoints()
    tensors = {
        f"{folder.name}/{file}/{name}": tensor
        for folder in folders
        for file in (WEIGHTS, LEARNER)
        for name, tensor in read_tensors(folder / file).items()
    }
    history = run.history()
    scrap = [e.name for e in (run.folder / "checkpoints").iterdir() if e.name.startswith(".")]
    scrap += [e.name for e in run.folder.iterdir() if e.name.endswith((".trash", ".part"))]
    return {
        "state": run.status.state,
        "steps": [(e.step, e.metrics) for e in history.steps],
        "measured": [
            event.model_copy(update={"seconds": 0.0})
            for event in (*history.validations, *filter(None, [history.finished]))
        ],
        "unreadable": history.unreadable,
        "scrap": scrap,
        "tensors": tensors,
    }


def difference(ours: dict, truth: dict) -> list[str]:
    wrong = [k for k in truth if k != "tensors" and ours[k] != truth[k]]
    a, b = ours["tensors"], truth["tensors"]
    if a.keys() != b.keys():
        return [*wrong, "the checkpoints kept"]
    return wrong + [name for name in b if not torch.equal(a[name], b[name])]


Attempt = Callable[[Run], int]


def faults(kind: str, root: Path, reference: Run) -> Iterator[Attempt]:
    """Train the reference undisturbed; then an attempt for each point at which to strike."""
    began = time.monotonic()
    if kind in ("kill", "full"):
        counter = Fault(root, kind, None)
        assert attempt(reference, partial(sys.addaudithook, counter)) == 0, log(reference)
        for at in range(1, counter.counted() + 1):
            fault = Fault(root, kind, at)
            yield partial(attempt, prepare=partial(sys.addaudithook, fault))
        return
    assert attempt(reference) == 0, log(reference)
    if kind == "moment":
        lasted, chance = time.monotonic() - began, Random(0)
        for _ in range(50):
            # The first run is the slowest.
            yield partial(attempt, kill_after_s=chance.uniform(0, 0.6 * lasted))
    else:
        largest = max(f.stat().st_size for f in reference.folder.rglob("*") if f.is_file())
        for limit in sorted({*range(0, largest, largest // 48), largest - 1}):
            limits = (limit, resource.RLIM_INFINITY)
            yield partial(
                attempt, prepare=partial(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
            )


def log(run: Run) -> str:
    return run.log.read_text("utf-8")


def check(system: str, kind: str, root: Path, every: int) -> dict:
    reference = new_run(system)
    truth: dict = {}
    ended: dict[str, int] = {}
    wrong: dict[int, object] = {}
    points = 0
    for points, strike in enumerate(faults(kind, root, reference), 1):
        if not truth:
            truth = end_of(reference)
            assert truth["state"] == "completed"
            assert truth["steps"][-1][0] == STEPS
        if (points - 1) % every:
            continue
        run = new_run(system)
        code = strike(run)
        if kind == "kill" and code != -signal.SIGKILL:
            wrong[points] = f"was not killed: {code}"
            continue
        state = run.status.state
        ended[state] = ended.get(state, 0) + 1
        if state != "completed":
            # As the page does before it starts a worker again.
            run.reset_control()
            run.set_status("starting")
            code = attempt(run)
            if code:
                wrong[points] = [code, run.status.message, log(run)[-500:]]
                continue
        if differs := difference(end_of(run), truth):
            wrong[points] = differs
    return {"points": points, "ended": ended, "wrong": wrong}


def main(system: str, kind: str, folder: str, every: str = "1") -> None:
    root = Path(folder).resolve()
    os.environ["SYNAPTARIUM_RUNS"] = str(root / "runs")
    torch.set_num_threads(1)
    (root / "runs" / ".slots").mkdir(parents=True)
    with (
        patch.object(worker, "SAVE_EVERY_S", -1.0),
        patch.object(worker, "WRITE_EVERY_S", 0.0),
        patch.object(worker, "thread_count", lambda: 1),
        patch("corelib.runs.trained.load_dataset", lambda name: data(system, name)),
        patch("corelib.runs.worker.read_ahead", lambda name: None),
    ):
        print(json.dumps(check(system, kind, root, int(every))))


if __name__ == "__main__":
    main(*sys.argv[1:])
