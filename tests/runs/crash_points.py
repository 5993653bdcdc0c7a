"""Kills a run's worker at every one of its file operations, or fills the disk there.

``python -m tests.runs.crash_points SYSTEM FAULT FOLDER [EVERY]`` trains a small run undisturbed and
counts the file operations of its worker. Then, for each of them (or each EVERY-th), a new run
meets the fault at that operation, and is resumed. Each attempt is a forked process, so that torch
is imported once. Prints one line of JSON: how many points there were, and what differed.

``kill`` ends the process before the operation takes place; a file that was to be opened for writing
is left half written. ``full`` lets this and every later attempt to create or extend a file fail as
on a full disk.
"""

import errno
import json
import os
import signal
import sys
import threading
from pathlib import Path
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

    def __call__(self, event: str, arguments: tuple) -> None:
        if self.quiet or threading.current_thread() is not threading.main_thread():
            return
        if not self._is_counted(event, arguments):
            return
        self.count += 1
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


def attempt(run: Run, fault: Fault | None) -> int:
    """Run the worker in a forked process; returns its exit code, negative if it was killed."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            sys.stdout = sys.stderr = run.log.open("a", encoding="utf-8")
            if fault is not None:
                sys.addaudithook(fault)
            code = worker.main(str(run.folder))
        finally:
            if fault is not None:
                fault.quiet = True
                if fault.at is None:
                    Path(fault.root, "count").write_text(str(fault.count), encoding="utf-8")
            os._exit(code)
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
        "validations": history.validations,
        "finished": history.finished,
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


def check(system: str, kind: str, root: Path, every: int) -> dict:
    reference = new_run(system)
    assert attempt(reference, Fault(root, kind, None)) == 0, reference.log.read_text("utf-8")
    truth = end_of(reference)
    assert truth["state"] == "completed"
    assert truth["steps"][-1][0] == STEPS
    points = int((root / "count").read_text("utf-8"))
    wrong: dict[int, object] = {}
    for at in range(1, points + 1, every):
        run = new_run(system)
        code = attempt(run, Fault(root, kind, at))
        if kind == "kill" and code != -signal.SIGKILL:
            wrong[at] = f"was not killed: {code}"
            continue
        if run.status.state != "completed":
            # As the page does before it starts a worker again.
            run.reset_control()
            run.set_status("starting")
            code = attempt(run, None)
            if code:
                wrong[at] = [code, run.status.message, run.log.read_text("utf-8")[-500:]]
                continue
        if differs := difference(end_of(run), truth):
            wrong[at] = differs
    return {"points": points, "wrong": wrong}


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
