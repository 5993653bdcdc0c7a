"""What is computed once and kept: data, models, and results by (checkpoint, controls).

Everything here is shared by all sessions and must not be changed. A checkpoint is named by
``CheckpointKey``: its name and the time its weights were written, so that a run's newer best is
seen.
"""

from threading import Thread
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from corelib.data import read_ahead
from corelib.runs.registry import available, find, registry_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from corelib.analysis.anytime import Answers, Curve
    from corelib.analysis.representation import Projection
    from corelib.data import ImageDataset
    from corelib.data.corruptions import Corruption
    from corelib.models.bpan.analysis import Controls, LoopGain, NetDensity
    from corelib.models.bpan.halting import Clock, OwnAnswers
    from corelib.runs.registry import Checkpoint
    from dashboard.figures.figure import Figure


THRESHOLDS = tuple(
    round(float(t), 4) for t in [*np.linspace(0.1, 0.95, 35), 0.97, 0.98, 0.99, 0.995, 0.999, 1.0]
)


def warm_up() -> None:
    """Import what the rooms need, in the background, while a person reads Home."""
    Thread(target=_import_heavy, daemon=True).start()


def _import_heavy() -> None:
    import plotly.graph_objects  # noqa: F401
    import torch  # noqa: F401

    read_ahead()


class CheckpointKey(NamedTuple):
    """A checkpoint at a moment."""

    name: str
    dataset: str
    written_ns: int


def checkpoint_key(item: "Checkpoint") -> CheckpointKey:
    try:
        written = (item.folder / "weights.safetensors").stat().st_mtime_ns
    except FileNotFoundError:
        # A training has replaced its best checkpoint in this moment.
        return checkpoint_key(find(item.name))
    return CheckpointKey(item.name, item.card.dataset, written)


def checkpoints() -> "list[Checkpoint]":
    """All checkpoints; read again only when one has changed."""
    return _checkpoints(registry_state())


@st.cache_resource(show_spinner=False, max_entries=2)
def _checkpoints(state: tuple) -> "list[Checkpoint]":
    return available()


@st.cache_resource(
    show_spinner=False,
    max_entries=128,
    hash_funcs={FunctionType: lambda f: (f.__module__, f.__qualname__)},
)
def figure(make: "Callable[..., Figure]", *args: Any, **options: Any) -> "Figure":
    """A figure made by a function of ``dashboard.figures``; the same arguments make it once."""
    return make(*args, **options)


@st.cache_resource(show_spinner="Reading the images", max_entries=4)
def dataset(name: str) -> "ImageDataset":
    from corelib.data import load_dataset

    return load_dataset(name)


def test_labels(name: str) -> np.ndarray:
    """The true classes of the test images, (image,)."""
    return dataset(name).test.labels.numpy()


@st.cache_resource(show_spinner="Reading the network", max_entries=8)
def model(which: CheckpointKey) -> "nn.Module":
    import torch

    from corelib import load

    # The app shares its cores with a training; one thread is then fastest.
    torch.set_num_threads(1)
    return load(which.name)


@st.cache_resource(show_spinner=False, max_entries=8)
def _test_drive(which: CheckpointKey):
    from corelib.models.bpan.analysis import drive_of

    data = dataset(which.dataset)
    return drive_of(model(which), data.inputs(data.test.pixels))


@st.cache_resource(show_spinner=False, max_entries=32)
def test_answers(which: CheckpointKey, controls: "Controls") -> "Answers":
    """The answer to every test image at every step, under controls."""
    from corelib.models.bpan.analysis import answers

    return answers(model(which), _test_drive(which), controls)


@st.cache_resource(show_spinner="Measuring 10,000 images", max_entries=8)
def test_densities(which: CheckpointKey, controls: "Controls") -> "tuple[NetDensity, NetDensity]":
    """How the net current is distributed over the test set, under controls."""
    from corelib.models.bpan.analysis import net_densities

    return net_densities(model(which), _test_drive(which), controls)


@st.cache_data(show_spinner=False, max_entries=64)
def loop_gain(which: CheckpointKey, inhibition_gain: float) -> "LoopGain":
    from corelib.models.bpan.analysis import loop_gain

    return loop_gain(model(which), inhibition_gain)


# Halting: any classifier that answers after each of its steps.


@st.cache_resource(show_spinner=False, max_entries=4)
def test_inputs(name: str) -> "Tensor":
    """The test images as the networks read them: (image, input)."""
    data = dataset(name)
    return data.inputs(data.test.pixels)


@st.cache_resource(show_spinner=False, max_entries=32)
def step_answers(which: CheckpointKey, recurrence: bool = True) -> "Answers":
    """The answer to every test image at every step; without its recurrence, if a BPAN."""
    from corelib.models.bpan.halting import answers

    return answers(model(which), test_inputs(which.dataset), recurrence)


@st.cache_resource(show_spinner=False, max_entries=16)
def own_answers(which: CheckpointKey) -> "OwnAnswers":
    """The test images answered by the model's own rule."""
    from corelib.models.bpan.halting import own_answers

    return own_answers(model(which), test_inputs(which.dataset))


@st.cache_data(show_spinner=False, max_entries=64)
def clock(which: CheckpointKey, threshold: float, batch: int, images: int, rounds: int) -> "Clock":
    """Stopping early against fixed depth, by this machine's clock."""
    from corelib.models.bpan.halting import clock

    inputs = test_inputs(which.dataset)[:images]
    return clock(model(which), inputs, threshold, batch, rounds)


@st.cache_data(show_spinner=False, max_entries=64)
def clock_curve(which: CheckpointKey, thresholds: tuple[float, ...], images: int) -> np.ndarray:
    """Milliseconds for so many images at each threshold, in batches of 256, by this machine."""
    from corelib.models.bpan.halting import clock_curve

    inputs = test_inputs(which.dataset)[:images]
    return clock_curve(model(which), inputs, thresholds, 256)


@st.cache_data(show_spinner=False, max_entries=64)
def trajectory(which: CheckpointKey, index: int) -> np.ndarray:
    """Class probabilities of a test image over time: (time, class)."""
    from corelib.models.bpan.halting import trajectory

    return trajectory(model(which), test_inputs(which.dataset)[index : index + 1])


@st.cache_data(show_spinner=False, max_entries=64)
def threshold_curve(which: CheckpointKey) -> "Curve":
    """Accuracy and mean steps over a fine grid of thresholds."""
    from corelib.analysis.anytime import threshold_curve

    found = step_answers(which)
    return threshold_curve(
        found.confidence, found.predicted, test_labels(which.dataset), THRESHOLDS
    )


@st.cache_data(show_spinner=False, max_entries=64)
def work_curve(which: CheckpointKey) -> np.ndarray:
    """Mean multiply-adds an image at each of those thresholds."""
    from corelib.analysis.anytime import halting_steps

    cost, found = model(which).macs(), step_answers(which)
    return np.array([cost.at(halting_steps(found.confidence, t)).mean() for t in THRESHOLDS])


# Robustness: the same networks under corrupted images.


@st.cache_resource(show_spinner=False, max_entries=24)
def corrupted(name: str, corruption: "Corruption", images: int) -> "Tensor":
    """The first test images corrupted, before normalisation: (image, row, column)."""
    from corelib.data.corruptions import corrupt

    data = dataset(name)
    return corrupt(data.test.pixels[:images], corruption, data.mean, data.std)


@st.cache_resource(show_spinner=False, max_entries=512)
def corrupted_answers(which: CheckpointKey, corruption: "Corruption", images: int) -> "Answers":
    """The answer to each of the first test images, corrupted, at each step."""
    from corelib.models.bpan.halting import answers

    inputs = dataset(which.dataset).inputs(corrupted(which.dataset, corruption, images))
    return answers(model(which), inputs)


@st.cache_resource(show_spinner=False, max_entries=128)
def final_states(which: CheckpointKey, corruption: "Corruption", images: int) -> np.ndarray:
    """The rates of a BPAN after its last step under corrupted test images: (image, unit)."""
    from corelib.models.bpan.robustness import final_states

    inputs = dataset(which.dataset).inputs(corrupted(which.dataset, corruption, images))
    return final_states(model(which), inputs)


@st.cache_resource(show_spinner=False, max_entries=8)
def projection(which: CheckpointKey, images: int) -> "Projection":
    """The principal axes of a BPAN's states after its last step, under clean test images."""
    from corelib.analysis.representation import principal
    from corelib.data.corruptions import Corruption

    return principal(final_states(which, Corruption("gaussian", 0.0), images))


# Sequential evidence.


@st.cache_resource(show_spinner=False, max_entries=24)
def sequence_answers(which: CheckpointKey, task: str) -> "Answers":
    """The answer to every test sequence of a task after each of its parts."""
    from corelib.models.bpan.halting import answers

    return answers(model(which), test_inputs(task))
