"""The commands on runs: list, show, steer, export and remove them."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
import sys
from pathlib import Path
from typing import Annotated, Any

import tyro

from corelib.catalog import SYSTEMS
from corelib.cli import show
from corelib.cli.compare_command import CompareRuns
from corelib.cli.follow import cancel, follow, say_cancelled
from corelib.cli.parse import Group, flag, name, text
from corelib.environment import runs_root
from corelib.errors import RunError
from corelib.files import printable
from corelib.runs import index, launch
from corelib.runs.deleted import deleted_runs, empty_deleted, remove_run, restore_run
from corelib.runs.index import Row
from corelib.runs.marks import mark, marks_of
from corelib.runs.registry import export, find
from corelib.runs.spec import as_command
from corelib.runs.store import find_run
from corelib.runs.waiting import move_to_front
from corelib.words import PROGRAM

RUN = name("Id of a run, a prefix that only one run has, or its own name if no other has it")
KEPT = "\0"
"""The value of an option that was not given; no argument of a program can hold it."""
DETACH = flag("Return at once and print the run's id; the run continues in the background")


def _entry(row: Row) -> dict[str, Any]:
    """The entry of a run in ``runs list``; for an unreadable run, the reason."""
    if not row.is_readable:
        return {"id": row.id, "state": "unreadable", "message": row.said}
    return {
        "id": row.id,
        "state": row.state,
        "message": row.message,
        "system": row.system,
        "variant": row.variant,
        "name": row.name,
        "tags": row.tags,
        "note": row.note,
        "dataset": row.dataset,
        "seed": row.seed,
        "step": row.step,
        "total_steps": row.total,
        "best_score": row.score,
        "test": row.test,
        "folder": str(runs_root() / row.id),
    }


@dataclasses.dataclass(frozen=True)
class ListRuns:
    """List the runs, newest first."""

    json: flag("Print JSON") = False

    def __call__(self) -> None:
        rows = index.rows(fresh=True)
        if self.json:
            show.as_json([_entry(row) for row in rows])
        elif not rows:
            print(f"There are no runs yet; start one with: {PROGRAM} train {next(iter(SYSTEMS))}")
        else:
            print(
                show.table([("run", "state", "updates", "best score", "name"), *map(_line, rows)])
            )


def _line(row: Row) -> tuple[str, ...]:
    return (
        row.id,
        row.state if row.is_readable else "unreadable",
        f"{row.step:,} of {row.total:,}" if row.total else "",
        f"{row.score:.4f}" if row.score is not None else "",
        printable(", ".join(filter(None, (row.called, *(f"#{tag}" for tag in row.tags)))))
        if row.is_readable
        else row.said,
    )


@dataclasses.dataclass(frozen=True)
class ShowRun:
    """Show a run's progress, its metrics and the command that repeats it."""

    run: RUN

    def __call__(self) -> None:
        run = find_run(self.run)
        spec, status, history = run.spec, run.status, run.history()
        rows = [("run", run.id), ("state", f"{status.state} {status.message}".strip())]
        if history.began:
            began = history.began
            rows.append(("updates", f"{history.step:,} of {began.total_steps:,}"))
            rows.append(("parameters", f"{began.parameters:,}"))
            rows.append(("computed on", f"{began.device}, threads: {began.threads}"))
        if history.best:
            rows.append(("best score", f"{history.best.score:.4f} in epoch {history.best.epoch}"))
        rows += [("folder", str(run.folder)), ("repeat with", as_command(spec))]
        print(show.table(rows))
        if history.validations:
            last = history.validations[-1]
            print(f"Validation set, epoch {last.epoch}:\n{show.metrics(last.metrics)}")
        if history.finished:
            print(f"Test set, best checkpoint:\n{show.metrics(history.finished.metrics)}")


@dataclasses.dataclass(frozen=True)
class CancelRun:
    """Cancel a run after the current update; it can be resumed."""

    run: RUN

    def __call__(self) -> None:
        run = find_run(self.run)
        state = cancel(run).state
        if state != "cancelled":
            raise RunError(f"Run {run.id} was not cancelled in time: it is {state}.")
        say_cancelled(run)


@dataclasses.dataclass(frozen=True)
class PauseRun:
    """Pause a run after the current update; its worker waits."""

    run: RUN

    def __call__(self) -> None:
        run = find_run(self.run)
        run.ask("pause")
        print(f"Run {run.id} is pausing; continue with: {PROGRAM} runs resume {run.id}")


@dataclasses.dataclass(frozen=True)
class ResumeRun:
    """Resume a paused, cancelled, failed or died run from its last checkpoint."""

    run: RUN
    detach: DETACH = False

    def __call__(self) -> int:
        run = find_run(self.run)
        launch.resume(run)
        if self.detach:
            print(run.id)
            return 0
        return follow(run)


@dataclasses.dataclass(frozen=True)
class NextRun:
    """Move a waiting run to the front of the queue."""

    run: RUN

    def __call__(self) -> None:
        run = find_run(self.run)
        move_to_front(run)
        print(f"Run {run.id} trains next.")


@dataclasses.dataclass(frozen=True)
class MarkRun:
    """Name a run, tag it, or add a note to it; without options, print them."""

    run: RUN
    name: text("What to call it", "TEXT", "default: as it is; empty: by the word it began with") = (
        KEPT
    )
    tags: text("Its tags, separated by commas", "TAG,TAG", "default: as they are") = KEPT
    note: text("A note", "TEXT", "default: as it is") = KEPT

    def __call__(self) -> None:
        run = find_run(self.run)
        marks = marks_of(run)
        changed = {
            n: getattr(self, n) for n in ("name", "tags", "note") if getattr(self, n) != KEPT
        }
        if changed:
            if "tags" in changed:
                changed["tags"] = changed["tags"].split(",")
            marks = mark(run, **changed)
        said = (("name", marks.name), ("tags", ", ".join(marks.tags)), ("note", marks.note))
        print(show.table([("run", run.id), *((what, printable(t)) for what, t in said if t)]))


@dataclasses.dataclass(frozen=True)
class RemoveRun:
    """Delete a run that has ended, with its checkpoints. It can be restored until the deleted runs
    are emptied."""

    run: RUN
    yes: flag("Accepted for older scripts: nothing is asked, since a run can be restored") = False

    def __call__(self) -> None:
        run = find_run(self.run)
        remove_run(run)
        print(f"Run {run.id} was removed; bring it back with: {PROGRAM} runs restore {run.id}")


@dataclasses.dataclass(frozen=True)
class RestoreRun:
    """Bring a deleted run back; without one, list the deleted runs."""

    run: Annotated[
        str,
        tyro.conf.Positional,
        tyro.conf.arg(help="Id of a deleted run", help_behavior_hint="(default: list them)"),
    ] = ""

    def __call__(self) -> None:
        if self.run:
            print(f"Run {restore_run(self.run).id} was restored.")
        else:
            deleted = deleted_runs()
            print("\n".join(run.id for run in deleted) if deleted else "No run is deleted.")


@dataclasses.dataclass(frozen=True)
class EmptyDeleted:
    """Delete for good what was deleted."""

    yes: flag("Do not ask for confirmation") = False

    def __call__(self) -> None:
        n = len(deleted_runs())
        if not n:
            print("No run is deleted.")
            return
        runs = f"{n} deleted run{'s' * (n != 1)}"
        if not self.yes:
            if not sys.stdin.isatty():
                raise RunError(f"{runs} would be gone for good; add --yes to confirm.")
            if input(f"Delete {runs} for good? [y/N] ").strip().lower() not in ("y", "yes"):
                print("Nothing was deleted.")
                return
        empty_deleted()
        print(f"{runs} were deleted for good." if n > 1 else f"{runs} was deleted for good.")


@dataclasses.dataclass(frozen=True)
class ExportRun:
    """Copy a checkpoint's weights (safetensors) and card (JSON) to a new folder."""

    run: name("Id of a run (its best checkpoint), name of a shipped checkpoint, or a folder")
    folder: name("The new folder")

    def __call__(self) -> None:
        export(find(self.run), Path(self.folder))
        print(f"Weights and card are in {self.folder}.")


@dataclasses.dataclass(frozen=True)
class RunCommand:
    """Print the command that repeats a run."""

    run: RUN

    def __call__(self) -> None:
        print(as_command(find_run(self.run).spec))


RUNS = Group(
    "List, follow, steer, mark, compare, export and remove runs.",
    "command",
    {
        "list": ListRuns,
        "show": ShowRun,
        "cancel": CancelRun,
        "pause": PauseRun,
        "resume": ResumeRun,
        "next": NextRun,
        "mark": MarkRun,
        "remove": RemoveRun,
        "restore": RestoreRun,
        "empty": EmptyDeleted,
        "export": ExportRun,
        "command": RunCommand,
        "compare": CompareRuns,
    },
)
