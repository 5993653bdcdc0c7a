"""All data sets by name, and whether each is here.

``DATASETS`` holds those that are built in and your own (``corelib.data.own``), which are looked up
in the data folder whenever it is asked: what is added is there at once, in every process. Of your
own grey images there are scenes as well (``corelib.data.multidigit``).
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from functools import cache, partial
from threading import Lock, Thread
from typing import Literal, NamedTuple, cast

from corelib.data import (
    celeba,
    cifar,
    fashion_mnist,
    mnist,
    multidigit,
    own,
    patches,
    photographs,
    torchvision_sets,
)
from corelib.data.images import ImageDataset
from corelib.data.sequences import TASKS, SequenceDataset, Task, sequences
from corelib.errors import DataError, SynaptariumError

Kind = Literal["image", "picture", "scene", "sequence", "fragment"]
"""An image is grey and has one label; a picture is in colour; a scene has a label for each task; a
fragment is a piece of a whitened image, whose pixels lie above and below its mean."""
Dataset = ImageDataset | SequenceDataset


class Source(NamedTuple):
    """A data set that can be loaded by name.

    ``input_dim`` is the size of an image, or of one step of a sequence; ``n_tasks`` is the number
    of labels of each image, each one of ``n_classes``. ``checksum`` is that of an own set's pixels
    and labels, ``version`` all that is said of it; both are empty for others.
    """

    title: str
    about: str
    here: Callable[[], bool]
    load: Callable[[], Dataset]
    download: Callable[[], None] | None
    kind: Kind = "image"
    input_dim: int = 784
    n_classes: int = 10
    n_tasks: int = 1
    checksum: str = ""
    version: str = ""


class Sources(MutableMapping[str, Source]):
    """The built-in data sets, in their order, then your own, by name. Only built-in ones are set
    and deleted here; your own are files."""

    def __init__(self, built_in: dict[str, Source]) -> None:
        self.built_in = built_in

    def __getitem__(self, name: str) -> Source:
        if name in self.built_in:
            return self.built_in[name]
        if (item := own.find(name)) is not None:
            return _own(item)
        item = own.find(multidigit.digits_of(name) or "")
        if item is None or not _composes(item):
            raise KeyError(name)
        return _own_scenes(item)

    def __iter__(self) -> Iterator[str]:
        yield from self.built_in
        for name, item in own.sets().items():
            if name not in self.built_in:
                yield name
                if _composes(item):
                    yield f"{multidigit.MULTI}{name}"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, name: str, source: Source) -> None:
        self.built_in[name] = source

    def __delitem__(self, name: str) -> None:
        del self.built_in[name]


def _own(item: own.OwnSet) -> Source:
    return Source(
        title=f"{item.name} (your own)",
        about=item.about,
        here=lambda: True,
        load=partial(own.load, item.name),
        download=None,
        kind=item.kind,
        input_dim=item.input_dim,
        n_classes=len(item.class_names),
        checksum=item.checksum,
        version=item.model_dump_json(),
    )


def _composes(item: own.OwnSet) -> bool:
    """Whether scenes are made of an own set: it is grey, and there are classes to tell apart."""
    return item.kind == "image" and len(item.class_names) > 1


def _own_scenes(item: own.OwnSet) -> Source:
    return _own(item)._replace(
        title=f"Scenes of {item.name} (your own)",
        about=f"two overlapping images of {item.name} in {item.side} x {item.side} pixels; the "
        "task is to name the left or the right one; composed here",
        load=lambda: multidigit.scenes(cast(ImageDataset, _load(item.name))),
        kind="scene",
        n_tasks=len(multidigit.TASKS),
    )


def _published(name: str) -> Source:
    item = torchvision_sets.PUBLISHED[name]
    return Source(
        title=item.title,
        about=item.about,
        here=item.here,
        load=partial(torchvision_sets.load, name),
        download=partial(torchvision_sets.download, name),
        kind="picture" if item.colour else "image",
        input_dim=item.input_dim,
        n_classes=len(item.class_names),
    )


def _natural(side: int) -> Source:
    return Source(
        f"Natural images, {side} x {side}",
        f"50,000 whitened patches of {side} x {side} pixels from pictures that come with "
        "scikit-image and scikit-learn",
        lambda: True,
        partial(patches.load, side),
        None,
        "fragment",
        side**2,
    )


def _composed(task: Task) -> Source:
    def load() -> SequenceDataset:
        return sequences(cast(ImageDataset, _load("mnist")), task)

    return Source(task.title, task.about, mnist.PATH.exists, load, None, "sequence", task.input_dim)


BUILT_IN: dict[str, Source] = {
    "mnist": Source(
        "MNIST digits",
        "70,000 handwritten digits of 28 x 28 pixels; ships with Synaptarium",
        mnist.PATH.exists,
        mnist.load,
        None,
    ),
    "fashion-mnist": Source(
        "Fashion-MNIST",
        "70,000 pictures of clothing of 28 x 28 pixels; from a folder or downloaded on request",
        lambda: fashion_mnist.find_folder() is not None,
        fashion_mnist.load,
        fashion_mnist.download,
    ),
    "cifar-10": Source(
        "CIFAR-10",
        "60,000 colour pictures of ten kinds of objects, 32 x 32 pixels; from a folder or "
        "downloaded on request",
        cifar.is_here,
        cifar.load,
        cifar.download,
        "picture",
        input_dim=3 * 32**2,
    ),
    "cifar-10-grey": Source(
        "CIFAR-10, grey",
        "the pictures of CIFAR-10 made grey by luminance, 32 x 32 pixels; from a folder or "
        "downloaded on request",
        cifar.is_here,
        torchvision_sets.load_grey_cifar,
        cifar.download,
        input_dim=32**2,
    ),
    **{name: _published(name) for name in torchvision_sets.PUBLISHED},
    "multi-mnist": Source(
        "Multi-MNIST",
        "two overlapping MNIST digits in 28 x 28 pixels; the task is to name the left or the right "
        "one; composed here",
        mnist.PATH.exists,
        multidigit.load,
        None,
        "scene",
        n_tasks=len(multidigit.TASKS),
    ),
    "celeba": Source(
        "CelebA",
        "202,599 faces with 40 attributes, in colour, reduced to 64 x 64 pixels; from a folder",
        celeba.is_here,
        celeba.load,
        None,
        "scene",
        input_dim=3 * celeba.SIDE**2,
        n_classes=1,
        n_tasks=celeba.N_TASKS,
    ),
    "natural-16": _natural(16),
    "natural-12": _natural(12),
    "photographs-16": Source(
        "Photographs, 16 x 16",
        "50,000 whitened patches of 16 x 16 pixels from your own photographs, or from those of "
        "Debian's package lomiri-wallpapers-16.04; from a folder",
        lambda: bool(photographs.find()),
        photographs.load,
        None,
        "fragment",
        photographs.SIDE**2,
    ),
    "doves": Source(
        "Van Hateren's images, 16 x 16",
        "whitened patches of 16 x 16 pixels as the authors of iP-VAE cut them; from a folder",
        lambda: patches.doves_file().exists(),
        patches.load_doves,
        None,
        "fragment",
        patches.DOVES_SIDE**2,
    ),
    **{task.name: _composed(task) for task in TASKS},
}
DATASETS = Sources(BUILT_IN)
"""All data sets by name."""


def is_here(name: str) -> bool:
    """Whether the data can be loaded without the network. Imports no torch."""
    return _source(name).here()


_loading = Lock()


def load_dataset(name: str = "mnist") -> Dataset:
    """A data set by name, on the CPU; loaded once per process.

    Raises ``DataError`` when the name is unknown, or the data is missing or damaged.
    """
    with _loading:
        return _load(name)


def _load(name: str) -> Dataset:
    return _loaded(name, _source(name).version)


@cache
def _loaded(name: str, version: str) -> Dataset:
    """A data set as it is: your own may be removed, and other images get its name."""
    return _source(name).load()


def read_ahead(name: str = "mnist") -> None:
    """Start reading a data set in the background; ``load_dataset`` then raises any error."""

    def read() -> None:
        with suppress(SynaptariumError):
            load_dataset(name)

    Thread(target=read, daemon=True).start()


def _source(name: str) -> Source:
    if name not in DATASETS:
        raise DataError(f"There is no data set named {name!r}; there are: {', '.join(DATASETS)}.")
    return DATASETS[name]


def sum_of(name: str) -> dict[str, str]:
    """The checksum of an own set as a part of the versions that a run was made with; empty for
    data sets that are built in, or unknown."""
    source = DATASETS.get(name)
    return {"data": source.checksum} if source is not None and source.checksum else {}


def check_same(name: str, versions: Mapping[str, str]) -> None:
    """Raise ``DataError`` if a run was made with a data set that is not here, or with other images
    of this name."""
    if name not in DATASETS:
        raise DataError(
            f"It was trained on {name[:60]!r}, which is not known here; if these were images of "
            "your own, add them again."
        )
    made_with = versions.get("data", "")
    if made_with and made_with != DATASETS[name].checksum:
        raise DataError(
            f"It was trained on other images that were named {name!r}; add those again under this "
            "name, and remove the present ones first."
        )
