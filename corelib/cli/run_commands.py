"""The commands on runs: list, show, steer, export and remove them."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
import sys
from pathlib import Path
from typing import Any

from corelib.catalog import SYSTEMS
from corelib.cli import show
from corelib.cli.compare_command import CompareRuns
from corelib.cli.follow import cancel, follow, say_cancelled
from corelib.cli.parse import Group, flag, name
from corelib.errors import RunError, SynaptariumError
from corelib.files import printable
from corelib.runs import launch
from corelib.runs.registry import export, find
from corelib.runs.spec import as_command
from corelib.runs.store import ENDED, Run, find_run, list_runs, remove_run
from corelib.words import PROGRAM

RUN = name("Id of a run, a prefix that only one run has, or its own name if no other has it")
DETACH = flag("Return at once and print the run's id; the run continues in the background")


def _summary(run: Run) -> dict[str, Any]:
    """The entry of a run in ``runs list``; for an unreadable run, the reason."""
    try:
        spec, status, history = run.spec, run.status, run.history()
    except (SynaptariumError, ValueError, TypeError) as error:
        return {"id": run.id, "state": "unreadable", "message": str(error)}
    return {
        "id": run.id,
        "state": status.state,
        "message": status.message,
        "system": spec.system,
        "variant": spec.variant,
        "dataset": spec.dataset,
        "seed": spec.seed,
        "step": history.step,
        "total_steps": history.began.total_steps if history.began else None,
        "best_score": history.best.score if history.best else None,
        "test": history.finished.metrics if history.finished else {},
        "folder": str(run.folder),
    }


@dataclasses.dataclass(frozen=True)
class ListRuns:
    """List the runs, newest first."""

    json: flag("Print JSON") = False

    def __call__(self) -> None:
        summaries = [_summary(run) for run in list_runs()]
        if self.json:
            show.as_json(summaries)
        elif not summaries:
            print(f"There are no runs yet; start one with: {PROGRAM} train {next(iter(SYSTEMS))}")
        else:
            rows = [("run", "state", "updates", "best score", "name")]
            for item in summaries:
                total, best = item.get("total_steps"), item.get("best_score")
                rows.append(
                    (
                        item["id"],
                        item["state"],
                        f"{item['step']:,} of {total:,}" if total else "",
                        f"{best:.4f}" if best is not None else "",
                        printable(item.get("variant", "")),
                    )
                )
            print(show.table(rows))


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
class RemoveRun:
    """Delete a run that has ended, with its checkpoints."""

    run: RUN
    yes: flag("Do not ask for confirmation") = False

    def __call__(self) -> None:
        run = find_run(self.run)
        state = run.status.state
        if state in ENDED and not self.yes:
            if not sys.stdin.isatty():
                raise RunError(f"Run {run.id} would be deleted permanently; add --yes to confirm.")
            answer = input(f"Delete run {run.id} and its checkpoints permanently? [y/N] ")
            if answer.strip().lower() not in ("y", "yes"):
                print("Nothing was removed.")
                return
        remove_run(run)
        print(f"Run {run.id} was removed.")


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
    "List, follow, steer, compare, export and remove runs.",
    "command",
    {
        "list": ListRuns,
        "show": ShowRun,
        "cancel": CancelRun,
        "pause": PauseRun,
        "resume": ResumeRun,
        "remove": RemoveRun,
        "export": ExportRun,
        "command": RunCommand,
        "compare": CompareRuns,
    },
)
