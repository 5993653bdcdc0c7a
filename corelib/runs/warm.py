"""A warm start for workers: a process that has torch and the digits, from which they fork.

``prepare()`` starts it in the background, for a person who is about to press Train; ``begin()``
forks a worker from it, or returns False, and then the caller starts one the ordinary way. It ends
with the process that prepared it, after ``IDLE_S`` without a request, and when this program has
changed. Only on Linux: elsewhere nothing is prepared.

A worker from it computes the same numbers as another: all that it inherits are imported modules and
the images. torch must not have computed anything before the fork on more than one thread, nor have
touched a GPU, whose state a fork would break.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from corelib.version import program_time

IMPORTED = ("corelib.runs.worker", "corelib.runs.trained", "corelib.training.loop")
"""What a worker imports late."""
IDLE_S = 600.0
ANSWER_S = 2.0
"""A parent that takes longer to fork is given up."""


class Parent:
    """The process from which workers fork, seen from the one that prepared it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._basis: tuple[int, dict[str, str]] | None = None

    def prepare(self, environment: dict[str, str]) -> None:
        """Start it, unless it is there; returns at once."""
        with self._lock:
            if sys.platform != "linux" or self._alive():
                return
            self._basis = _basis(environment)
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )

    def begin(self, folder: Path, log: Path, environment: dict[str, str]) -> bool:
        """Fork a worker for the run in a folder; False if none was begun."""
        asked = {"folder": str(folder), "log": str(log), "cwd": os.getcwd(), "env": environment}
        with self._lock:
            if not self._alive():
                return False
            if self._basis != _basis(environment):
                self._end()
                return False
            process = self._process
            assert process is not None
            # It says a word when it is ready, so that nobody waits for one that still imports.
            if not _says(process, 0.0):
                return False
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
                begun = _says(process, ANSWER_S)
            except OSError:  # it ended meanwhile
                begun = False
            if not begun:
                self._end()
            return begun

    def end(self) -> None:
        """End it, if it is there; workers that were begun go on."""
        with self._lock:
            self._end()

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _basis(environment: dict[str, str]) -> tuple[int, dict[str, str]]:
    """What was decided when torch was imported: this program, and variables that are not ours."""
    others = {k: v for k, v in environment.items() if not k.startswith("SYNAPTARIUM_")}
    return program_time(), others


def _says(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it has said a word, or does within so many seconds."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return bool(ready) and os.read(process.stdout.fileno(), 1) == b"."


PARENT = Parent()
"""The parent of this process's workers."""


def serve() -> None:
    """Fork a worker for each request, until there are none any more."""
    # A worker that has ended does not stay a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    import torch

    # One thread of OpenMP: a pool of them would not survive the fork.
    torch.set_num_threads(1)
    from corelib.data import load_dataset

    for name in IMPORTED:
        import_module(name)
    load_dataset("mnist")
    sys.stdout.buffer.write(b".")
    sys.stdout.buffer.flush()
    while select.select([sys.stdin], [], [], IDLE_S)[0] and (line := sys.stdin.buffer.readline()):
        asked = json.loads(line)
        if os.fork() == 0:
            _become(asked)
            os._exit(_work(asked["folder"]))
        # One word says that it is begun, the next that another may be asked for.
        sys.stdout.buffer.write(b"..")
        sys.stdout.buffer.flush()


def _become(asked: dict[str, Any]) -> None:
    """Leave what is the parent's: its session, its pipes, its variables."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for ours, standard in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, standard)


def _work(folder: str) -> int:
    """As ``python -m corelib.runs.worker FOLDER``; returns the exit code."""
    from corelib.runs import worker

    try:
        return worker.main(folder)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    serve()
