"""A run is a folder: its files, its state, and the requests it accepts. Imports no torch.

``spec.json`` holds what to train; ``status.json`` the worker's last status; ``control.json`` the
requests to the worker; ``events.jsonl`` the history; ``checkpoints/step-N`` the weights; ``live``
the latest weights, only while somebody watches; ``log.txt`` the worker's output. A held lock on
``worker.lock`` means that a worker is alive; no pid is trusted. ``heartbeat`` is touched while its
process is running: one that is suspended keeps the lock, but is silent.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar
from uuid import uuid4

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from corelib import files
from corelib.environment import runs_root
from corelib.errors import RunError, SettingsError
from corelib.runs.history import History, first_event
from corelib.runs.marks import Marks, marks_of, write_marks
from corelib.runs.spec import RunSpec, read_spec
from corelib.training.events import Event

State = Literal[
    "queued", "starting", "running", "paused", "completed", "cancelled", "failed", "died"
]
Request = Literal["run", "pause", "cancel"]
ENDED: tuple[State, ...] = ("completed", "cancelled", "failed", "died")
WATCHED_FOR_S = 5.0
"""How long the latest weights are still written after a request to watch."""
LAUNCH_GRACE_S = 20.0
"""How long a worker may take after its launch to lock its folder."""
BEATS_EVERY_S, SILENT_AFTER_S = 2.0, 20.0
"""How often a worker touches its heartbeat, and when it counts as silent."""
_CHECKPOINT = re.compile(r"step-([0-9]+)", re.ASCII)


class Status(NamedTuple):
    """The last status that the worker wrote; times are in seconds since 1970."""

    state: State
    message: str = ""
    since: float = 0.0
    launched: float = 0.0


class Control(NamedTuple):
    """Requests to the worker; each increment of ``single_steps`` asks a paused one for a step."""

    request: Request = "run"
    single_steps: int = 0


Record = TypeVar("Record", Status, Control)


class Run:
    """One run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def id(self) -> str:
        """The folder's name; what no text can hold in it is replaced."""
        return files.printable(self.folder.name)

    @property
    def spec(self) -> RunSpec:
        """What it trains: the spec with which it began, whatever became of ``spec.json`` since.

        Raises ``SettingsError`` if it cannot be read.
        """
        began = first_event(self.events)
        if began and began.spec:
            return RunSpec(**began.spec)
        return read_spec(self.folder / "spec.json")

    @property
    def events(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def lock(self) -> FileLock:
        return FileLock(self.folder / "worker.lock")

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def status(self) -> Status:
        """The worker's last status; "died" if its lock is free before the run has ended."""
        status = self._last_status()
        if status.state in ENDED:
            return status
        if self.is_alive():
            return status._replace(message=self._silence() or status.message)
        if status.state == "starting" and 0 <= time.time() - status.launched < LAUNCH_GRACE_S:
            return status
        # The worker may have ended between the two checks.
        status = self._last_status()
        if status.state in ENDED:
            return status
        return status._replace(
            state="died",
            message="The worker ended without an error message; resuming continues from its last "
            "whole checkpoint.",
        )

    def _last_status(self) -> Status:
        """The status in ``status.json``; one damaged file must not hide all other runs."""
        try:
            return _read_record(self.folder / "status.json", Status("died"))
        except SettingsError as error:
            return Status("running" if self.is_alive() else "died", str(error))

    def is_alive(self) -> bool:
        """Whether a worker holds the run's lock."""
        if not (self.folder / "worker.lock").exists():
            return False
        try:
            with self.lock.acquire(blocking=False):
                return False
        except Timeout:
            return True
        except (OSError, NotImplementedError):  # no worker could hold such a lock either
            return False

    def beat(self) -> None:
        """Show that the worker's process is running."""
        with suppress(OSError):
            os.utime(self._heartbeat)

    def begin_beating(self) -> None:
        files.write_text(self._heartbeat, str(os.getpid()))

    @property
    def _heartbeat(self) -> Path:
        return self.folder / "heartbeat"

    @property
    def is_silent(self) -> bool:
        """Whether its worker is alive, but has shown no sign of it for a while."""
        return bool(self._silence()) and self.is_alive()

    def _silence(self) -> str:
        """A sentence if nothing was heard from the worker for ``SILENT_AFTER_S``, else ""."""
        try:
            silent = time.time() - self._heartbeat.stat().st_mtime
            pid = int(self._heartbeat.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return ""
        if silent < SILENT_AFTER_S:
            return ""
        for_ = f"{silent / 60:.0f} min" if silent >= 120 else f"{silent:.0f} s"
        return (
            f"Nothing has been heard from its worker for {for_}; process {pid} may be suspended. "
            f"Other runs no longer wait for it. Let it go on with: kill -CONT {pid}"
        )

    def set_status(self, state: State, message: str = "") -> None:
        launched = time.time() if state == "starting" else self._last_status().launched
        self._write("status", Status(state, message, time.time(), launched))

    def _write(self, name: str, record: Status | Control) -> None:
        files.write_text(self.folder / f"{name}.json", json.dumps(record._asdict()))

    @property
    def control(self) -> Control:
        return _read_record(self.folder / "control.json", Control())

    def ask(self, request: Request) -> None:
        """Ask the worker to run, pause or cancel; raises ``RunError`` if the run has ended."""
        state = self.status.state
        if state in ENDED:
            raise RunError(f"Run {self.id} is {state}; only an active run can {request}.")
        self._write("control", self.control._replace(request=request))

    def ask_single_step(self) -> None:
        """Ask a paused worker for exactly one update."""
        if self.status.state != "paused":
            raise RunError(
                f"Run {self.id} is {self.status.state}; pause it before making single steps."
            )
        self._write("control", Control("pause", self.control.single_steps + 1))

    def reset_control(self) -> None:
        self._write("control", Control())

    def checkpoints(self) -> list[Path]:
        """The folders called checkpoints, oldest first; whether they are whole is not asked."""
        named = {}
        with suppress(OSError):
            for folder in (self.folder / "checkpoints").iterdir():
                if match := _CHECKPOINT.fullmatch(folder.name):
                    named[int(match[1]), folder.name] = folder
        return [named[key] for key in sorted(named)]

    def checkpoint(self, step: int) -> Path:
        return self.folder / "checkpoints" / f"step-{step}"

    @property
    def live(self) -> Path:
        """The latest weights as safetensors; they exist only while somebody watches."""
        return self.folder / "live.safetensors"

    def watch(self) -> None:
        """Ask the worker to write the latest weights; repeat the call while watching."""
        (self.folder / "watched").touch()

    @property
    def is_watched(self) -> bool:
        """Whether somebody has asked for the latest weights in the last few seconds."""
        try:
            asked = (self.folder / "watched").stat().st_mtime
        except FileNotFoundError:
            return False
        return time.time() - asked < WATCHED_FOR_S

    def append(self, event: Event) -> None:
        """Add an event as one whole line."""
        line = event.model_dump_json() + "\n"
        with self.events.open("ab") as file:
            file.write(line.encode())

    def drop_half_line(self) -> None:
        """Cut off the incomplete event that a killed worker or a full disk left at the end."""
        if self.events.exists():
            os.truncate(self.events, self.events.read_bytes().rfind(b"\n") + 1)

    def history(self) -> History:
        return History(self.events).refresh()


def create_run(spec: RunSpec, owner: str = "") -> Run:
    """Create a run's folder by one rename; it waits for a worker."""
    root = runs_root()
    root.mkdir(parents=True, exist_ok=True)
    files.sweep(root)
    # In UTC, so that names sort by time wherever the machine is.
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = root / f"{stamp}-{spec.title}-s{spec.seed}-{uuid4().hex[:4]}"
    with files.new_folder(folder) as scratch:
        (scratch / "checkpoints").mkdir()
        files.write_text(scratch / "spec.json", spec.model_dump_json(indent=1) + "\n")
        run = Run(scratch)
        if owner:
            write_marks(run, Marks(owner=owner))
        run.reset_control()
        run.set_status("starting")
    return Run(folder)


def list_runs() -> Iterator[Run]:
    """All runs, newest first."""
    root = runs_root()
    try:
        names = [name for name in os.listdir(root) if not name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in sorted(names, reverse=True):
        if _is_run(root, name):
            yield Run(root / name)


def _is_run(root: Path, name: str) -> bool:
    """Whether the folder is a run; also one whose spec was deleted, which is said of it."""
    of_a_run = ("spec.json", "events.jsonl", "status.json")
    return any(os.path.exists(f"{root}/{name}/{file}") for file in of_a_run)


def find_run(name: str) -> Run:
    """A run by its id, by any prefix that only one run has, or by a name that only one has."""
    if name == Path(name).name and not name.startswith(".") and _is_run(runs_root(), name):
        return Run(runs_root() / name)  # without looking at all others
    matches = [run for run in list_runs() if run.id.startswith(name)] if name else []
    exact = [run for run in matches if run.id == name]
    named = [] if matches or not name else [run for run in list_runs() if _is_named(run, name)]
    if len(exact or matches or named) == 1:
        return (exact or matches or named)[0]
    if matches:
        raise RunError(f"{len(matches)} runs begin with {name}; give more of the id.")
    if named:
        ids = ", ".join(run.id for run in named)
        raise RunError(f"{len(named)} runs are named {name}; give an id: {ids}.")
    raise RunError(f"There is no run named {name!r} in {runs_root()}.")


def _is_named(run: Run, name: str) -> bool:
    try:
        return (marks_of(run).name or run.spec.variant) == name
    except (SettingsError, OSError):
        return False


_ADAPTERS: dict[type, TypeAdapter] = {kind: TypeAdapter(kind) for kind in (Status, Control)}


def _read_record(path: Path, default: Record) -> Record:
    """The record in a file, ``default`` if there is none; raises ``SettingsError`` on damage."""
    try:
        data = files.read_json(path)
        if not isinstance(data, dict):
            raise ValueError("it should hold a JSON object")
        return _ADAPTERS[type(default)].validate_python(data)
    except FileNotFoundError:
        return default
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f"{path} is damaged: {reason}.") from None
