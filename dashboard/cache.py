"""What is computed once and kept: data, models, and results by (checkpoint, controls).

Everything here is shared by all sessions and must not be changed. A checkpoint is named by
``Stamp``: its name and the time its weights were written, so that a run's newer best is seen.
"""

from threading import Thread
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from corelib.data import read_ahead
from corelib.runs.shelf import find, shelf, shelf_state

if TYPE_CHECKING:
    from collections.abc import Callable

    import plotly.graph_objects as go
    from torch import nn

    from corelib.analysis.anytime import Answers
    from corelib.data import ImageDataset
    from corelib.models.bpan.analysis import Controls, LoopGain, NetDensity
    from corelib.runs.shelf import Shelved


def warm_up() -> None:
    """Import what the rooms need, in the background, while a person reads Home."""
    Thread(target=_import_heavy, daemon=True).start()


def _import_heavy() -> None:
    import plotly.subplots  # noqa: F401
    import torch  # noqa: F401

    read_ahead()


class Stamp(NamedTuple):
    """A checkpoint at a moment."""

    name: str
    dataset: str
    written_ns: int


def stamp(item: "Shelved") -> Stamp:
    try:
        written = (item.folder / "weights.safetensors").stat().st_mtime_ns
    except FileNotFoundError:
        # A training has replaced its best checkpoint in this moment.
        return stamp(find(item.name))
    return Stamp(item.name, item.card.dataset, written)


def checkpoints() -> "list[Shelved]":
    """All checkpoints; read again only when one has changed."""
    return _checkpoints(shelf_state())


@st.cache_resource(show_spinner=False, max_entries=2)
def _checkpoints(state: tuple) -> "list[Shelved]":
    return shelf()


@st.cache_resource(
    show_spinner=False,
    max_entries=128,
    hash_funcs={FunctionType: lambda f: (f.__module__, f.__qualname__)},
)
def figure(make: "Callable[..., go.Figure]", *args: Any, **options: Any) -> "go.Figure":
    """A figure made by a function of ``dashboard.figures``; the same arguments make it once."""
    return make(*args, **options)


@st.cache_resource(show_spinner="Reading the images", max_entries=2)
def dataset(name: str) -> "ImageDataset":
    from corelib.data import load_dataset

    return load_dataset(name)


def test_labels(name: str) -> np.ndarray:
    """The true classes of the test images, (image,)."""
    return dataset(name).test.labels.numpy()


@st.cache_resource(show_spinner="Reading the network", max_entries=8)
def model(which: Stamp) -> "nn.Module":
    import torch

    from corelib import load

    # The app shares its cores with a training; one thread is then fastest.
    torch.set_num_threads(1)
    return load(which.name)


@st.cache_resource(show_spinner=False, max_entries=8)
def _test_drive(which: Stamp):
    from corelib.models.bpan.analysis import drive_of

    data = dataset(which.dataset)
    return drive_of(model(which), data.inputs(data.test.pixels))


@st.cache_resource(show_spinner=False, max_entries=32)
def test_answers(which: Stamp, controls: "Controls") -> "Answers":
    """The answer to every test image at every step, under controls."""
    from corelib.models.bpan.analysis import answers

    return answers(model(which), _test_drive(which), controls)


@st.cache_resource(show_spinner="Measuring 10,000 images", max_entries=8)
def test_densities(which: Stamp, controls: "Controls") -> "tuple[NetDensity, NetDensity]":
    """How the net current is distributed over the test set, under controls."""
    from corelib.models.bpan.analysis import net_densities

    return net_densities(model(which), _test_drive(which), controls)


@st.cache_data(show_spinner=False, max_entries=64)
def loop_gain(which: Stamp, inhibition_gain: float) -> "LoopGain":
    from corelib.models.bpan.analysis import loop_gain

    return loop_gain(model(which), inhibition_gain)
