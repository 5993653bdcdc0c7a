"""The commands: each is a dataclass; its fields are the options, and calling it does the work."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import tyro

from corelib.catalog import SYSTEMS, system
from corelib.cli import show
from corelib.cli.app_command import App
from corelib.cli.begin import YES, may_begin
from corelib.cli.checkpoint_commands import CHECKPOINTS
from corelib.cli.data_commands import DATA
from corelib.cli.film_command import FILM
from corelib.cli.follow import follow
from corelib.cli.import_command import Export, Import
from corelib.cli.parse import (
    Group,
    Late,
    UsageError,
    flag,
    name,
    number,
    options_of,
    text,
    value_of,
    whole,
)
from corelib.cli.report_command import Report
from corelib.cli.run_commands import DETACH, RUNS
from corelib.cli.sweep_command import Sweep
from corelib.data.corruption_kinds import CORRUPTIONS
from corelib.data.sources import BUILT_IN, is_here, load_dataset
from corelib.measures.evaluation import evaluate
from corelib.reproduce import REPRODUCTIONS, expected, reproduce
from corelib.runs import launch
from corelib.runs.expected import expected_seconds
from corelib.runs.registry import find
from corelib.runs.slots import thread_count
from corelib.runs.spec import RunSpec, make_spec, read_spec
from corelib.settings import SettingInfo, Settings
from corelib.training.config import Preset
from corelib.words import PROGRAM

MEASURED = ("test", "validation")


def _train(spec: RunSpec, detach: bool, yes: bool) -> int:
    if not is_here(spec.dataset):
        # The error says how to get it, before a run is created that could only fail.
        load_dataset(spec.dataset)
    # With --detach stdout holds nothing but the run's id.
    if not may_begin(expected_seconds(spec), yes, sys.stderr if detach else sys.stdout):
        return 0
    run = launch.start(spec)
    if detach:
        print(run.id)
        return 0
    return follow(run)


@dataclasses.dataclass(frozen=True)
class TrainSystem:
    """What all ``train SYSTEM`` commands share; the options are made from the system's settings."""

    system: ClassVar[str]
    if TYPE_CHECKING:
        network: Any
        training: Any
        run: Any
        preset: str
        detach: bool
        yes: bool

    def spec(self) -> RunSpec:
        """The checked spec; raises ``SettingsError`` naming what is wrong."""
        return make_spec(
            self.system, config=vars(self.network), training=vars(self.training), **vars(self.run)
        )

    def __call__(self) -> int:
        return _train(self.spec(), self.detach, self.yes)


def train_system(system_name: str, words: Sequence[str] = ()) -> type[TrainSystem]:
    """The ``train`` command of one system, made from its two settings classes; a preset among the
    ``words`` that follow it gives the options other defaults."""
    chosen = system(system_name)
    names = chosen.datasets
    infos = {info.name: info for info in RunSpec.infos()}
    preset = value_of("--preset", words)
    named = chosen.preset(preset) if preset else Preset({}, {})
    dataset = infos["dataset"]._replace(choices=names, default=named.dataset or names[0])
    run = [dataset, infos["seed"], infos["variant"]]
    groups = {
        "run": options_of("Run", "What to train on, and the run's name.", run),
        "network": options_of("Network", "The network.", _infos(chosen.config_type, named.config)),
        "training": options_of(
            "Training", "Loss and optimiser.", _infos(chosen.training_type, named.training)
        ),
    }
    presets = ", ".join(chosen.presets) or "none"
    preset_option = text(f"Named settings, instead of the standard ones: {presets}", "NAME")
    made = dataclasses.make_dataclass(
        f"Train_{system_name}",
        [("preset", preset_option, dataclasses.field(default=""))]
        + [
            (n, kind, dataclasses.field(default=False))
            for n, kind in (("detach", DETACH), ("yes", YES))
        ]
        # Said here: tyro would look for it in the source of a class that has none.
        + [
            (n, kind, dataclasses.field(default_factory=kind, metadata={"help": kind.__doc__}))
            for n, kind in groups.items()
        ],
        bases=(TrainSystem,),
        namespace={"system": system_name},
        frozen=True,
    )
    made.__doc__ = (
        f"Train {chosen.name} ({chosen.title}): {chosen.about}.\n\n"
        f"To repeat a run instead: {PROGRAM} train --spec FILE"
    )
    return made


def _infos(kind: type[Settings], preset: Mapping[str, Any]) -> list[SettingInfo]:
    """The settings that a person chooses, with the preset's values as defaults."""
    return [info._replace(default=preset.get(info.name, info.default)) for info in kind.choices()]


@dataclasses.dataclass(frozen=True)
class TrainSpec:
    """Repeat a run from its spec.json."""

    spec: text("The spec.json of a run, or its folder", "FILE", "required")
    detach: DETACH = False
    yes: YES = False

    def __call__(self) -> int:
        file = Path(self.spec)
        spec = read_spec(file / "spec.json" if file.is_dir() else file)
        # Completed and checked, with the versions that are installed now.
        spec = make_spec(
            spec.system,
            dataset=spec.dataset,
            config=spec.config,
            training=spec.training,
            seed=spec.seed,
            variant=spec.variant,
        )
        return _train(spec, self.detach, self.yes)


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Measure a trained network on the test set or the validation set, corrupted or not."""

    run: name("Name of a shipped checkpoint, id of a run (its best), or a checkpoint's folder")
    split: text("test or validation", "{test,validation}", "default: test") = "test"
    dataset: text(
        "Another data set to measure it on",
        "{" + ",".join(BUILT_IN) + "} or a name of your own",
        "default: the one it was trained on",
    ) = ""
    corruption: text(
        "Corrupt the images first", "{" + ",".join(CORRUPTIONS) + "}", "default: not at all"
    ) = ""
    severity: text("How much, in the unit of the corruption", "FLOAT", "default: 0") = "0"
    threshold: text("Confidence θ at which to answer, 0 to 1", "FLOAT", "default: 0.9") = "0.9"
    seed: text("Seed of the corruption's noise", "INT", "default: 0") = "0"
    images: text("Only the first N images", "N", "default: all") = ""
    json: flag("Print JSON") = False
    csv: text("Also save it as CSV, one row", "FILE") = ""

    def __call__(self) -> None:
        if self.split not in MEASURED:
            raise UsageError(
                f"split is {self.split!r}, but should be {' or '.join(map(repr, MEASURED))}."
            )
        item = find(self.run)
        import torch

        torch.set_num_threads(thread_count())
        frame = evaluate(
            item,
            self.dataset or None,
            threshold=number("threshold", self.threshold),
            split=self.split,
            images=whole("images", self.images) if self.images else None,
            corruption=self.corruption or None,
            severity=number("severity", self.severity),
            seed=whole("seed", self.seed),
        )
        if self.csv:
            frame.to_csv(self.csv, index=False)
        row = frame.iloc[0].to_dict()
        metrics = {name: row.pop(name) for name in frame.attrs["metrics"]}
        shown = {name: row[name] for name in ("dataset", "split", "images", "parameters")}
        if self.corruption:
            shown |= {"corruption": self.corruption, "severity": row["severity"]}
        if self.json:
            show.as_json({"name": item.name, **shown, "metrics": metrics})
            return
        after = f", {self.corruption} {row['severity']:g}" if self.corruption else ""
        print(f"{item.name} on {row['images']:,} images of {row['dataset']} ({self.split}{after}):")
        print(show.metrics(metrics))


@dataclasses.dataclass(frozen=True)
class Reproduce:
    """Recompute a published table or figure, ours beside theirs; without a name, list them."""

    name: Annotated[
        str,
        tyro.conf.Positional,
        tyro.conf.arg(help="What to reproduce", help_behavior_hint="(default: list them)"),
    ] = ""
    train: flag(
        "Train what is missing and measure again, instead of reading the shipped figures"
    ) = False
    seeds: text("Train with the seeds 0 to N - 1", "N", "default: 3 or 5, as published") = ""
    ship: flag("Like --train, and replace the figures in assets/results") = False
    csv: text("Also save the table as CSV", "FILE") = ""
    yes: YES = False

    def __call__(self) -> None:
        if not self.name:
            print(show.table([(name, item.about) for name, item in REPRODUCTIONS.items()]))
            return
        options: dict[str, Any] = {n: True for n in ("train", "ship") if getattr(self, n)}
        if self.seeds:
            if not self.seeds.isdecimal():
                raise UsageError(f"seeds is {self.seeds!r}, but should be a whole number.")
            options["n_seeds"] = int(self.seeds)
        time = expected(self.name, self.train or self.ship, options.get("n_seeds"))
        if time is not None and not may_begin(time, self.yes, sys.stderr):
            return
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
    "Synaptarium: train, evaluate and reproduce brain-inspired networks (version: --version).",
    "command",
    {
        "app": App,
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
        "runs": RUNS,
        "sweep": Sweep,
        "checkpoints": CHECKPOINTS,
        "import": Import,
        "export": Export,
        "data": DATA,
        "film": FILM,
        "reproduce": Reproduce,
        "report": Report,
    },
)
