"""The commands under ``data``: your own images, and the built-in data sets that are downloaded."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from corelib.cli import show
from corelib.cli.parse import Group, Late, flag, name, text, whole
from corelib.data import own
from corelib.data.own_images import add_images
from corelib.data.sources import BUILT_IN, DATASETS, is_here, load_dataset
from corelib.errors import DataError
from corelib.words import PROGRAM


@dataclasses.dataclass(frozen=True)
class Download:
    """What the commands ``data DATASET`` share."""

    dataset: ClassVar[str]

    def __call__(self) -> None:
        source = DATASETS[self.dataset]
        if is_here(self.dataset):
            print(f"{source.title}: already here, nothing to download.")
            return
        if source.download is None:
            # The error says how to get a data set that has no download.
            load_dataset(self.dataset)
            return
        print(f"Downloading {source.title}.", flush=True)
        source.download()
        if not is_here(self.dataset):
            raise DataError(f"{source.title} is incomplete; download it again.")
        print(f"{source.title}: downloaded.")


def _download(dataset: str, words: Sequence[str] = ()) -> type[Download]:
    made = dataclasses.make_dataclass(
        "Download", [], bases=(Download,), namespace={"dataset": dataset}, frozen=True
    )
    made.__doc__ = f"Download {BUILT_IN[dataset].title} unless it is already here."
    return made


@dataclasses.dataclass(frozen=True)
class Add:
    """Add images of your own: an npz, a folder of pictures for each class, or photographs."""

    path: name(
        "An npz with images N x H x W [x 3], labels and perhaps class_names; a folder that holds a "
        "folder of pictures for each class; or a folder of photographs, for patches"
    )
    name: text("What to call them: small letters, digits and hyphens", "NAME", "required")
    grey: flag("Make colour pictures grey, by luminance") = False
    side: text(
        "Fit each image into a black square of so many pixels; of photographs, the side of patches",
        "PIXELS",
        "default: as they are; patches: 16",
    ) = ""
    licence: text("Where they come from, and what may be done with them", "TEXT", "none") = ""
    seed: text("Seed of the split into training, validation and test", "INT", "default: 0") = "0"

    def __call__(self) -> None:
        side = whole("side", self.side) if self.side else 0
        item = add_images(
            self.path,
            self.name,
            side=side,
            grey=self.grey,
            licence=self.licence,
            seed=whole("seed", self.seed),
        )
        print(f"Added {item.name}: {item.about}.")
        print(f"Kept in {own.file_of(item.name)}.")
        print(_try(item))


def _try(item: own.OwnSet) -> str:
    system = {"image": "bpan", "picture": "counter-hebb", "fragment": "ipvae"}[item.kind]
    return f"Train on it with: {PROGRAM} train {system} --dataset {item.name}"


@dataclasses.dataclass(frozen=True)
class List:
    """List all data sets: those that are built in, and your own."""

    json: flag("Print JSON") = False

    def __call__(self) -> None:
        rows = [
            {
                "name": key,
                "kind": source.kind,
                "inputs": source.input_dim,
                "classes": source.n_classes,
                "here": source.here(),
                "title": source.title,
            }
            for key, source in DATASETS.items()
        ]
        if self.json:
            show.as_json(rows)
            return
        shown = [[str(v) for v in (row | {"here": _yes(row["here"])}).values()] for row in rows]
        print(show.table([list(rows[0]), *shown]))
        for problem in own.unreadable():
            print(problem)


def _yes(here: bool) -> str:
    return "yes" if here else "no"


@dataclasses.dataclass(frozen=True)
class Show:
    """Say what a set of your own images holds."""

    name: name("Its name")
    json: flag("Print JSON") = False

    def __call__(self) -> None:
        item = own.get(self.name)
        if self.json:
            show.as_json(item.model_dump())
            return
        print(f"{item.name}: {item.about}.")
        print(f"Values: {item.values}.")
        print(f"Licence: {item.licence or 'nothing noted'}.")
        if item.kind == "fragment":
            print("Photographs: " + ", ".join(item.class_names))
            return
        parts = own.sizes(item)
        print(
            f"Split with seed {item.seed}: {parts[0]:,} to train, {parts[1]:,} to validate, "
            f"{parts[2]:,} to test."
        )
        counts = zip(item.class_names, map(str, item.counts), strict=True)
        print(show.table([("class", "images"), *counts]))


@dataclasses.dataclass(frozen=True)
class Remove:
    """Remove images of your own from the data folder; what they were added from stays."""

    name: name("Their name")

    def __call__(self) -> None:
        own.remove(self.name)
        print(f"Removed {self.name}. Networks trained on it are no longer offered.")


DATA = Group(
    "Your own images, and data sets that can be downloaded.",
    "command or data set",
    {
        "add": Add,
        "list": List,
        "show": Show,
        "remove": Remove,
        **{key: Late(item.about, partial(_download, key)) for key, item in BUILT_IN.items()},
    },
)
