"""A run is a folder: its files, its state, and the requests it accepts. Imports no torch.

``spec.json`` holds what to train; ``status.json`` the worker's last status; ``control.json`` the
requests to the worker; ``events.jsonl`` the history; ``checkpoints/step-N`` the weights; ``live``
the latest weights, only while somebody watches; ``log.txt`` the worker's output. A held lock on
``worker.lock`` means that a worker is alive; no pid is trusted.
"""

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import uuid4

from filelock import FileLock, Timeout

from corelib.errors import RunError, SettingsError
from corelib.runs.spec import RunSpec, read_spec
from corelib.training import events
from corelib.training.events import Began, Event, Finished, Saved, Stepped, Validated

State = Literal[
    "queued", "starting", "running", "paused", "completed", "cancelled", "failed", "died"
]
Request = Literal["run", "pause", "cancel"]
ENDED: tuple[State, ...] = ("completed", "cancelled", "failed", "died")
WATCHED_FOR_S = 5.0
"""How long the latest weights are still written after a request to watch."""
LAUNCH_GRACE_S = 20.0
"""How long a worker may take after its launch to lock its folder."""


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


def runs_root() -> Path:
    """The folder named by SYNAPTARIUM_RUNS, or ./runs."""
    return Path(os.environ.get("SYNAPTARIUM_RUNS", "runs")).absolute()


class Run:
    """One run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def spec(self) -> RunSpec:
        return read_spec(self.folder / "spec.json")

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
        if status.state in ENDED or self.is_alive():
            return status
        if time.time() - status.launched < LAUNCH_GRACE_S and status.state == "starting":
            return status
        # The worker may have ended between the two checks.
        status = self._last_status()
        if status.state in ENDED:
            return status
        return status._replace(
            state="died",
            message="The worker ended without an error message; the last checkpoint is intact.",
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

    def set_status(self, state: State, message: str = "") -> None:
        launched = time.time() if state == "starting" else self._last_status().launched
        _write_json(
            self.folder / "status.json", Status(state, message, time.time(), launched)._asdict()
        )

    @property
    def control(self) -> Control:
        return _read_record(self.folder / "control.json", Control())

    def ask(self, request: Request) -> None:
        """Ask the worker to run, pause or cancel; raises ``RunError`` if the run has ended."""
        state = self.status.state
        if state in ENDED:
            raise RunError(f"Run {self.id} is {state}; only an active run can {request}.")
        _write_json(self.folder / "control.json", self.control._replace(request=request)._asdict())

    def ask_single_step(self) -> None:
        """Ask a paused worker for exactly one update."""
        if self.status.state != "paused":
            raise RunError(
                f"Run {self.id} is {self.status.state}; pause it before making single steps."
            )
        control = self.control
        _write_json(
            self.folder / "control.json", Control("pause", control.single_steps + 1)._asdict()
        )

    def reset_control(self) -> None:
        _write_json(self.folder / "control.json", Control()._asdict())

    def checkpoints(self) -> list[Path]:
        """The checkpoint folders, oldest first."""
        folders = (self.folder / "checkpoints").glob("step-*")
        return sorted(folders, key=lambda p: int(p.name.removeprefix("step-")))

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
        with (self.folder / "events.jsonl").open("ab") as file:
            file.write(line.encode())

    def drop_half_line(self) -> None:
        """Cut off the incomplete event that a killed worker or a full disk left at the end."""
        file = self.folder / "events.jsonl"
        if file.exists():
            os.truncate(file, file.read_bytes().rfind(b"\n") + 1)

    def history(self) -> "History":
        return History(self.folder / "events.jsonl").refresh()


class History:
    """The events of a run so far; ``refresh`` reads only new, complete lines."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._offset = 0
        self.began: Began | None = None
        self.steps: list[Stepped] = []
        self.validations: list[Validated] = []
        self.finished: Finished | None = None
        self.saved_step = 0

    def refresh(self) -> "History":
        try:
            with self.file.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            return self
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                event = events.parse(line)
            except ValueError:
                raise RunError(f"{self.file} is damaged: {line[:60]!r} is not an event.") from None
            self._take(event)
        return self

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
        rate = self.updates_per_second()
        return (self.began.total_steps - self.step) / rate if rate and self.began else None


def create_run(spec: RunSpec) -> Run:
    """Create a run's folder by one rename; it waits for a worker."""
    root = runs_root()
    root.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    name = f"{stamp}-{spec.title}-s{spec.seed}-{uuid4().hex[:4]}"
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    scratch.chmod(0o755)
    (scratch / "checkpoints").mkdir()
    (scratch / "spec.json").write_text(spec.model_dump_json(indent=1) + "\n", encoding="utf-8")
    run = Run(scratch)
    run.reset_control()
    run.set_status("starting")
    scratch.rename(root / name)
    return Run(root / name)


def list_runs() -> Iterator[Run]:
    """All runs, newest first."""
    root = runs_root()
    if root.is_dir():
        folders = (f for f in root.iterdir() if not f.name.startswith("."))
        for folder in sorted(folders, key=lambda f: f.name, reverse=True):
            if (folder / "spec.json").exists():
                yield Run(folder)


def find_run(name: str) -> Run:
    """A run by its id, or by any prefix that only one run has."""
    if re.fullmatch(r"[\w-]+", name, re.ASCII):
        matches = [run for run in list_runs() if run.id.startswith(name)]
        exact = [run for run in matches if run.id == name]
        if len(exact or matches) == 1:
            return (exact or matches)[0]
        if matches:
            raise RunError(f"{len(matches)} runs begin with {name}; give more of the id.")
    raise RunError(f"There is no run named {name!r} in {runs_root()}.")


def remove_run(run: Run) -> None:
    """Delete a run's folder; refused until the run has ended."""
    if run.status.state not in ENDED:
        raise RunError(f"Run {run.id} is {run.status.state}; cancel it before removing it.")
    # The rename takes it out of the list at once.
    gone = run.folder.with_name(f".removed-{run.id}")
    run.folder.rename(gone)
    shutil.rmtree(gone)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{uuid4().hex[:6]}")
    try:
        scratch.write_text(json.dumps(value), encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _read_record(path: Path, default: Record) -> Record:
    """The record in a file, ``default`` if there is none; raises ``SettingsError`` on damage."""
    try:
        return type(default)(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return default
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{path} is damaged: {error}.") from None
