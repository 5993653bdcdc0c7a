"""Cached data, models, and results by (checkpoint, controls).

Everything here is shared by all sessions and must not be modified. A checkpoint is identified by
``CheckpointKey``: its name and the time its weights were written, so that a run's newer best
checkpoint is noticed.
"""

from threading import Thread
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from corelib import environment
from corelib.data import own, read_ahead
from corelib.errors import CheckpointError, SynaptariumError
from corelib.runs.index import Row
from corelib.runs.index import rows as all_rows
from corelib.runs.offered import available, registry_state, titles
from corelib.runs.registry import OWN, best_checkpoint, find
from corelib.runs.store import find_run
from dashboard.shell import person

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from corelib.data import ImageDataset
    from corelib.runs.registry import Checkpoint
    from dashboard.figures.figure import Figure


MOST_OFFERED = 200
"""Menus offer so many of the newest runs; an older one is opened by its address."""


def warm_up() -> None:
    """Import what the experiments need, in the background, while a person reads Home."""
    Thread(target=_import_heavy, daemon=True).start()


def _import_heavy() -> None:
    import plotly.graph_objects  # noqa: F401
    import torch  # noqa: F401

    read_ahead()


class CheckpointKey(NamedTuple):
    """A checkpoint as it was written at a given time."""

    name: str
    dataset: str
    written_ns: int


def checkpoint_key(item: "Checkpoint") -> CheckpointKey:
    """Raises ``CheckpointError`` if the weights are missing."""
    file = item.folder / "weights.safetensors"
    try:
        written = file.stat().st_mtime_ns
    except OSError:
        newer = find(item.name)
        if newer.folder == item.folder:
            raise CheckpointError(
                f"The weights of {item.name} cannot be read: put {file} back, or choose another "
                "network."
            ) from None
        # A run has just replaced its best checkpoint.
        return checkpoint_key(newer)
    return CheckpointKey(item.name, item.card.dataset, written)


def checkpoints() -> "list[Checkpoint]":
    """All checkpoints that this person may see, of runs the newest and those that the address
    names; read again only when one has changed."""
    _forget_removed()
    found = _checkpoints(registry_state())
    known = {item.name.removeprefix(OWN) for item in found}
    asked = [item for id in _asked() if id not in known and (item := _checkpoint(id)) is not None]
    hidden = hidden_runs()
    return [
        item for item in (*found, *asked) if not hidden or item.name.removeprefix(OWN) not in hidden
    ]


def _asked() -> list[str]:
    """Runs, beyond the newest, that the address names by id or title."""
    called = run_titles()
    if len(called) <= MOST_OFFERED:
        return []
    values = {value for key in st.query_params for value in st.query_params.get_all(key)}
    return [id for id, title in called.items() if id in values or title in values]


def _checkpoint(id: str) -> "Checkpoint | None":
    try:
        found = best_checkpoint(find_run(id))
    except SynaptariumError:
        return None
    return found and found._replace(titled=run_titles().get(id, ""))


def rows(fresh: bool = False) -> list[Row]:
    """The runs that this person may see, newest first."""
    return [row for row in all_rows(fresh) if person.may_see(row)]


def hidden_runs() -> set[str]:
    """The ids of the runs that this person may not see."""
    if not environment.is_class():
        return set()
    return {row.id for row in all_rows() if not person.may_see(row)}


@st.cache_resource(show_spinner=False)
def _own_images() -> set:
    """The own sets of images that what is kept here may come from."""
    return set(own.state())


def _forget_removed() -> None:
    """Forget all results once images of your own were removed: others may get their name."""
    known, now = _own_images(), set(own.state())
    if not known <= now:
        st.cache_resource.clear()
        st.cache_data.clear()
        # What was known of them has gone with the rest.
        known = _own_images()
    known |= now


def run_titles() -> dict[str, str]:
    """What people call each run, by its id."""
    return _run_titles(registry_state())


@st.cache_resource(show_spinner=False, max_entries=2)
def _run_titles(state: tuple) -> dict[str, str]:
    return titles()


@st.cache_resource(show_spinner=False, max_entries=2)
def _checkpoints(state: tuple) -> "list[Checkpoint]":
    return available(MOST_OFFERED)


@st.cache_resource(
    show_spinner=False,
    max_entries=128,
    hash_funcs={FunctionType: lambda f: (f.__module__, f.__qualname__)},
)
def figure(make: "Callable[..., Figure]", *args: Any, **options: Any) -> "Figure":
    """A figure made by a function of ``dashboard.figures``; made once for the same arguments."""
    return make(*args, **options)


@st.cache_resource(show_spinner="Reading the images", max_entries=4)
def dataset(name: str) -> "ImageDataset":
    from corelib.data import load_dataset

    # The kind that the page's systems read: a page never mixes images and sequences.
    return load_dataset(name)  # pyright: ignore[reportReturnType]


def test_labels(name: str) -> np.ndarray:
    """The true classes of the test images, (image,)."""
    return dataset(name).test.labels.numpy()


def model(which: CheckpointKey) -> "nn.Module":
    """The network of a checkpoint, shared by all sessions."""
    import torch

    # The app shares its cores with training runs; one thread is then fastest. Each run of a page
    # has a thread of its own, which keeps the number it began with: what it computes would differ,
    # by rounding, with whether another session had read a network before.
    torch.set_num_threads(1)
    return _model(which)


@st.cache_resource(show_spinner="Reading the network", max_entries=8)
def _model(which: CheckpointKey) -> "nn.Module":
    from corelib import load

    return load(which.name)


@st.cache_resource(show_spinner=False, max_entries=4)
def test_inputs(name: str) -> "Tensor":
    """The test images as the networks read them: (image, input)."""
    data = dataset(name)
    return data.inputs(data.test.pixels)


class Kept(dict[Any, Any]):
    """The newest entries, at most ``most`` of them."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: Any, value: Any) -> None:
        self.pop(key, None)
        while len(self) >= self.most:
            self.pop(next(iter(self)))
        super().__setitem__(key, value)


def kept(name: str, most: int) -> Kept:
    """What this session alone has computed, by a name that begins with an underscore."""
    return st.session_state.setdefault(name, Kept(most))
