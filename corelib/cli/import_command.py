"""The authors' checkpoints: bring them in, and write ours under their names."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
from pathlib import Path

from corelib.cli import show
from corelib.cli.parse import flag, name, text
from corelib.data.sources import DATASETS
from corelib.files import printable
from corelib.runs.registry import export, find
from corelib.training.card import write_card
from corelib.words import PROGRAM


@dataclasses.dataclass(frozen=True)
class Import:
    """Import a checkpoint of the papers' authors: a file, or a folder of several.

    BPAN and its baselines, iterative VAEs and instructed networks are known.
    Settings that the shapes do not tell are read from the JSON file beside it.
    """

    path: name("The file, or a folder that holds several")
    system: text("Which network it is, by its name in the catalogue", "NAME", "default: told") = ""
    name: text("What to call it", "NAME", "default: imported_SYSTEM") = ""
    dataset: text(
        "What to show it",
        "{" + ",".join(DATASETS) + "}",
        "default: the standard data set of its size",
    ) = ""
    measure: flag("Measure it on the test set at once, and keep the result on its card") = False

    def __call__(self) -> None:
        from corelib.runs.foreign import import_checkpoint

        for item in import_checkpoint(self.path, self.system, self.name, self.dataset):
            card, origin = item.card, item.card.origin
            print(f"{item.name}: {card.system}, tested on {card.dataset}; use it by this name.")
            if origin is not None and origin.trained_on:
                print(f"  trained on: {printable(origin.trained_on)}")
            if origin is not None and origin.assumed:
                print(f"  assumed, as no file tells: {', '.join(origin.assumed)}")
            if self.measure:
                from corelib.measures.evaluation import measure

                test = measure(item, card.dataset, "test").metrics
                write_card(item.folder, card.model_copy(update={"test": test}))
                print(show.metrics(test))
            else:
                print(f"  measure it with: {PROGRAM} evaluate {item.name}")


@dataclasses.dataclass(frozen=True)
class Export:
    """Write a checkpoint to a new folder, or in its authors' names for their code.

    The latter for BPAN and the iterative VAEs."""

    run: name("Name of a checkpoint, id of a run (its best checkpoint), or a folder")
    file: name("The new folder; with --authors the new file, which ends in .pt")
    authors: flag("A file of torch.save in the authors' names, with its settings beside it") = False

    def __call__(self) -> None:
        if not self.authors:
            export(find(self.run), Path(self.file))
            print(f"Weights and card are in {self.file}.")
            return
        from corelib.runs.foreign import export_authors

        written, settings = export_authors(self.run, self.file)
        print(f"The tensors are in {written}, the settings in {settings}.")
