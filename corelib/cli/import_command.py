"""Checkpoints for other machines and programs, and those that come from there."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
from pathlib import Path

from corelib.cli import show
from corelib.cli.parse import flag, name, text
from corelib.data.sources import DATASETS
from corelib.files import printable
from corelib.reproduce.model_card import export_model
from corelib.runs.registry import export, find
from corelib.training.card import write_card
from corelib.words import PROGRAM


@dataclasses.dataclass(frozen=True)
class Import:
    """Import a checkpoint: a zip that export wrote, or a file of the papers' authors.

    Of the authors' networks BPAN and its baselines, iterative VAEs and instructed networks are
    known; settings that the shapes do not tell are read from the JSON file beside it. A folder may
    hold several files.
    """

    path: name("The zip or file, or a folder")
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
    """Write a checkpoint to a new folder, or as a zip, as ONNX, or in its authors' names.

    A name that ends in .zip or .onnx says so. The zip has the model card and an example beside the
    weights. The authors' names are known of BPAN and the iterative VAEs."""

    run: name("Name of a checkpoint, id of a run (its best checkpoint), or a folder")
    file: name("The new folder, or a new file: .zip, .onnx, or .pt with --authors")
    authors: flag("A file of torch.save in the authors' names, with its settings beside it") = False

    def __call__(self) -> None:
        ending = Path(self.file).suffix.lower()
        if self.authors:
            from corelib.runs.foreign import export_authors

            written, settings = export_authors(self.run, self.file)
            print(f"The tensors are in {written}, the settings in {settings}.")
        elif ending == ".zip":
            written = export_model(self.run, self.file)
            print(f"Weights, card, model card and an example are in {written}.")
        elif ending == ".onnx":
            from corelib.runs.onnx_file import export_onnx

            print(f"The network is in {self.file}; {export_onnx(self.run, self.file)}.")
        else:
            export(find(self.run), Path(self.file))
            print(f"Weights and card are in {self.file}.")
