"""The commands: each a dataclass whose fields are its options and whose call does the work."""

import dataclasses
import json
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import tyro

from corelib.catalog import SYSTEMS, system
from corelib.cli import show
from corelib.cli.follow import cancel, follow, say_cancelled
from corelib.cli.parse import PROGRAM, Group, Late, UsageError, flag, name, options_of, text
from corelib.data.sources import DATASETS, is_here, load_dataset
from corelib.errors import DataError, RunError, SynaptariumError
from corelib.reproduce import REPRODUCTIONS, reproduce
from corelib.reproduce.measure import SPLITS, measure
from corelib.runs import launch
from corelib.runs.registry import export, find
from corelib.runs.spec import RunSpec, as_command, make_spec, read_spec
from corelib.runs.store import ENDED, Run, find_run, list_runs, remove_run

RUN = name("Id of a run, or any beginning that only one run has")
DETACH = flag("Return at once, printing the run's id; the training goes on by itself")


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def _train(spec: RunSpec, detach: bool) -> int:
    if not is_here(spec.dataset):
        # Says how to get it, before a run is made that could only fail.
        load_dataset(spec.dataset)
    run = launch.start(spec)
    if detach:
        print(run.id)
        return 0
    return follow(run)


@dataclasses.dataclass(frozen=True)
class TrainSystem:
    """What all ``train SYSTEM`` commands share; the options are made from the system's settings."""

    system: ClassVar[str]

    def spec(self) -> RunSpec:
        """The checked spec; raises ``SettingsError`` naming what is wrong."""
        return make_spec(
            self.system, config=vars(self.network), training=vars(self.training), **vars(self.run)
        )

    def __call__(self) -> int:
        return _train(self.spec(), self.detach)


def train_system(system_name: str) -> type[TrainSystem]:
    """The ``train`` command of one system, made from its two settings classes."""
    chosen = system(system_name)
    names = chosen.datasets
    infos = {info.name: info for info in RunSpec.infos()}
    dataset = infos["dataset"]._replace(choices=names, default=names[0])
    run = [dataset, infos["seed"], infos["variant"]]
    groups = {
        "run": options_of("Run", "What to train on, and the run's name.", run),
        "network": options_of("Network", "The network.", chosen.config_type.choices()),
        "training": options_of("Training", "Loss and optimiser.", chosen.training_type.choices()),
    }
    made = dataclasses.make_dataclass(
        f"Train_{system_name}",
        [("detach", DETACH, dataclasses.field(default=False))]
        + [(n, kind, dataclasses.field(default_factory=kind)) for n, kind in groups.items()],
        bases=(TrainSystem,),
        namespace={"system": system_name},
        frozen=True,
    )
    made.__doc__ = (
        f"Train a {chosen.title}: {chosen.about}.\n\n"
        f"To repeat a run instead: {PROGRAM} train --spec FILE"
    )
    return made


@dataclasses.dataclass(frozen=True)
class TrainSpec:
    """Repeat a run from its spec.json."""

    spec: text("The spec.json of a run, or the folder it lies in", "FILE", "required")
    detach: DETACH = False

    def __call__(self) -> int:
        file = Path(self.spec)
        spec = read_spec(file / "spec.json" if file.is_dir() else file)
        # Completed and checked; the versions are those that it is trained with now.
        spec = make_spec(
            spec.system,
            dataset=spec.dataset,
            config=spec.config,
            training=spec.training,
            seed=spec.seed,
            variant=spec.variant,
        )
        return _train(spec, self.detach)


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Measure a trained network on the test set or the validation set."""

    run: name("Name of a shipped checkpoint, id of a run (its best), or a checkpoint's folder")
    split: text("test or validation", "{test,validation}", "default: test") = "test"
    dataset: text(
        "Another data set to measure it on",
        "{" + ",".join(DATASETS) + "}",
        "default: the one it was trained on",
    ) = ""
    json: flag("Print JSON") = False

    def __call__(self) -> None:
        if self.split not in SPLITS:
            raise UsageError(
                f"split is {self.split!r}, but should be {' or '.join(map(repr, SPLITS))}."
            )
        item = find(self.run)
        dataset = self.dataset or item.card.dataset
        measured = measure(item, dataset, self.split)
        if self.json:
            _print_json(
                {
                    "name": item.name,
                    "dataset": dataset,
                    "split": self.split,
                    "images": measured.images,
                    "parameters": measured.parameters,
                    "metrics": measured.metrics,
                }
            )
            return
        print(f"{item.name} on {measured.images:,} images of {dataset} ({self.split}):")
        print(show.metrics(measured.metrics))


def _summary(run: Run) -> dict[str, Any]:
    """What ``runs list`` tells of a run; of one that cannot be read, why."""
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
        found = [_summary(run) for run in list_runs()]
        if self.json:
            _print_json(found)
        elif not found:
            print(f"There are no runs yet; start one with: {PROGRAM} train {next(iter(SYSTEMS))}")
        else:
            rows = [("run", "state", "updates", "best score")]
            for item in found:
                total, best = item.get("total_steps"), item.get("best_score")
                rows.append(
                    (
                        item["id"],
                        item["state"],
                        f"{item['step']:,} of {total:,}" if total else "",
                        f"{best:.4f}" if best is not None else "",
                    )
                )
            print(show.table(rows))


@dataclasses.dataclass(frozen=True)
class ShowRun:
    """Show how far a run came, what it measured, and the command that repeats it."""

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
            print(f"Test set, by the best checkpoint:\n{show.metrics(history.finished.metrics)}")


@dataclasses.dataclass(frozen=True)
class CancelRun:
    """Cancel a run after the update under way; it can be resumed."""

    run: RUN

    def __call__(self) -> None:
        run = find_run(self.run)
        state = cancel(run).state
        if state != "cancelled":
            raise RunError(f"Run {run.id} was not cancelled in time: it is {state}.")
        say_cancelled(run)


@dataclasses.dataclass(frozen=True)
class PauseRun:
    """Pause a run after the update under way; its worker stays and waits."""

    run: RUN

    def __call__(self) -> None:
        run = find_run(self.run)
        run.ask("pause")
        print(f"Run {run.id} pauses; go on with: {PROGRAM} runs resume {run.id}")


@dataclasses.dataclass(frozen=True)
class ResumeRun:
    """Let a paused, cancelled, failed or died run go on from its last checkpoint."""

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
    yes: flag("Do not ask") = False

    def __call__(self) -> None:
        run = find_run(self.run)
        state = run.status.state
        if state in ENDED and not self.yes:
            if not sys.stdin.isatty():
                raise RunError(f"Run {run.id} would be deleted for good; say --yes if you mean it.")
            answer = input(f"Delete run {run.id} and its checkpoints for good? [y/N] ")
            if answer.strip().lower() not in ("y", "yes"):
                print("Nothing is removed.")
                return
        remove_run(run)
        print(f"Run {run.id} is removed.")


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


@dataclasses.dataclass(frozen=True)
class Data:
    """Download a data set, or say that it is here."""

    dataset: name(" or ".join(DATASETS))

    def __call__(self) -> None:
        if is_here(self.dataset):
            print(f"{DATASETS[self.dataset].title}: here already, nothing to download.")
            return
        download = DATASETS[self.dataset].download
        if download is None:
            # Says what to do about a file that should have come with Synaptarium.
            load_dataset(self.dataset)
            return
        print(f"Downloading {DATASETS[self.dataset].title}.", flush=True)
        download()
        if not is_here(self.dataset):
            raise DataError(f"{DATASETS[self.dataset].title} is incomplete; download it again.")
        print(f"{DATASETS[self.dataset].title}: here now.")


@dataclasses.dataclass(frozen=True)
class Reproduce:
    """Compute a published table or figure anew, ours beside theirs; without a name, list them."""

    name: Annotated[
        str,
        tyro.conf.Positional,
        tyro.conf.arg(help="What to reproduce", help_behavior_hint="(default: list them)"),
    ] = ""
    train: flag("Train what is missing and measure anew, instead of reading what ships") = False
    seeds: text("Train with the seeds 0 to N - 1", "N", "default: 3 or 5, as published") = ""
    ship: flag("Like --train, and replace the figures in assets/results") = False
    csv: text("Save the table as CSV too", "FILE") = ""

    def __call__(self) -> None:
        if not self.name:
            print(show.table([(name, item.about) for name, item in REPRODUCTIONS.items()]))
            return
        options: dict[str, Any] = {n: True for n in ("train", "ship") if getattr(self, n)}
        if self.seeds:
            if not self.seeds.isdecimal():
                raise UsageError(f"seeds is {self.seeds!r}, but should be a whole number.")
            options["n_seeds"] = int(self.seeds)
        frame = reproduce(self.name, **options)
        print(REPRODUCTIONS[self.name].about)
        # Only a terminal has a width; in a file or a pipe each row stays one line.
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print(show.frame(frame, width))
        for note in frame.attrs.get("notes", ()):
            print(note)
        if self.csv:
            frame.to_csv(self.csv, index=False)


COMMANDS = Group(
    "Synaptarium: train, evaluate and repeat brain-inspired networks (--version tells which).",
    "command",
    {
        "train": Group(
            f"Train a network. To repeat a run instead: {PROGRAM} train --spec FILE",
            "system",
            {
                item.name: Late(f"{item.title}: {item.about}", partial(train_system, item.name))
                for item in SYSTEMS.values()
            },
            otherwise=TrainSpec,
        ),
        "evaluate": Evaluate,
        "runs": Group(
            "List, follow, steer, export and remove runs.",
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
            },
        ),
        "data": Data,
        "reproduce": Reproduce,
    },
)
