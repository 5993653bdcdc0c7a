"""The data sets there are, what each is, and whether it is here."""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from corelib.data import fashion_mnist, mnist
from corelib.data.images import ImageDataset
from corelib.errors import DataError

DatasetName = Literal["mnist", "fashion-mnist"]


class Source(NamedTuple):
    title: str
    about: str
    here: Callable[[], bool]
    load: Callable[[], ImageDataset]
    download: Callable[[], None] | None


DATASETS: dict[str, Source] = {
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
}
assert set(DATASETS) == set(get_args(DatasetName))


def is_here(name: str) -> bool:
    """Whether the data can be loaded without the network. Imports no torch."""
    return _source(name).here()


@lru_cache(maxsize=2)
def load_dataset(name: str = "mnist") -> ImageDataset:
    """A data set by name, on the CPU; loaded once a process.

    Raises ``DataError`` when the name is unknown, or the data is missing or damaged.
    """
    return _source(name).load()


def _source(name: str) -> Source:
    if name not in DATASETS:
        raise DataError(f"There is no data set named {name!r}; there are: {', '.join(DATASETS)}.")
    return DATASETS[name]
