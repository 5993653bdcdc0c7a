"""What the Sub-networks page computes once and keeps."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.runs.registry import find
from dashboard.butd.cache import network
from dashboard.shell import cache
from dashboard.shell.cache import CheckpointKey

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.butd.answers import Answers, Rows, Summary
    from corelib.models.butd.history import GateHistory, OverlapHistory
    from corelib.models.butd.instructions import Plane, Sweep
    from corelib.models.butd.lesions import Effect, LesionSpec
    from corelib.models.butd.subnetworks import Units


AMONG = 100
"""Test digits among which the page finds the pair to begin with."""


@st.cache_data(show_spinner=False, max_entries=4)
def clearest_pair(name: str) -> tuple[int, int]:
    """The first test images of a data set that hide each other least: left and right."""
    from corelib.data.multidigit import clearest_pair as find_pair
    from corelib.data.multidigit import shift_of

    test = cache.dataset(name).test
    shift = shift_of(test.pixels.shape[-1])
    return find_pair(test.pixels[:AMONG].numpy(), test.labels[:AMONG].numpy(), shift)


@st.cache_resource(show_spinner=False, max_entries=8)
def gates(which: CheckpointKey) -> "Units":
    """What each task opens: bool (task, unit...) of each population."""
    from corelib.models.butd.subnetworks import gates_of

    return gates_of(network(which))


@st.cache_resource(show_spinner=False, max_entries=8)
def reached(which: CheckpointKey) -> "Units":
    """The units that can be reached: bool (unit...) of each population."""
    from corelib.models.butd.subnetworks import reachable

    return reachable(network(which))


@st.cache_resource(show_spinner=False, max_entries=8)
def gate_history(which: CheckpointKey) -> "GateHistory | None":
    """Gates at several moments of the training, where the checkpoint keeps them."""
    from corelib.models.butd.history import read

    return read(find(which.name).folder, network(which))


@st.cache_resource(show_spinner=False, max_entries=8)
def overlap_history(which: CheckpointKey, first: int, second: int) -> "OverlapHistory | None":
    """How much two tasks opened and shared at each of those moments."""
    from corelib.models.butd.history import overlap_history

    history = gate_history(which)
    return None if history is None else overlap_history(history, network(which), first, second)


@st.cache_resource(show_spinner=False, max_entries=4)
def scenes(name: str, images: int) -> "tuple[Tensor, np.ndarray]":
    """Test scenes as networks read them, (image, input), and labels (image, task)."""
    from corelib.models.butd.answers import scenes

    return scenes(cache.dataset(name), images)


@st.cache_resource(show_spinner=False, max_entries=16)
def summary(which: CheckpointKey, images: int, first: int, second: int) -> "Summary":
    """How well a network follows two instructions."""
    from corelib.models.butd.answers import summary

    return summary(network(which), *scenes(which.dataset, images), first, second)


@st.cache_resource(show_spinner=False, max_entries=16)
def answers(which: CheckpointKey, images: int) -> "Answers":
    """How scenes are answered under each task."""
    from corelib.models.butd.answers import predictions, score

    x, labels = scenes(which.dataset, images)
    return score(predictions(network(which), x), labels)


@st.cache_resource(show_spinner=False, max_entries=16)
def combinations(which: CheckpointKey, images: int) -> "dict[str, Answers]":
    """How scenes are answered through own, swapped, united, intersected and no gates."""
    from corelib.models.butd.answers import combinations

    return combinations(network(which), *scenes(which.dataset, images))


@st.cache_resource(show_spinner=False, max_entries=16)
def swaps(which: CheckpointKey, images: int) -> "list[Answers]":
    """How scenes are answered when one population has the gates of the other task."""
    from corelib.models.butd.answers import swap_matrix

    return swap_matrix(network(which), *scenes(which.dataset, images))


@st.cache_resource(show_spinner=False, max_entries=16)
def between(which: CheckpointKey, images: int, steps: int, first: int, second: int) -> "Sweep":
    """What instructions from one task to another do."""
    from corelib.models.butd.instructions import mixtures, sweep

    model = network(which)
    x, labels = scenes(which.dataset, images)
    given = mixtures(steps, first, second, model.n_tasks)
    return sweep(model, x, labels[:, [first, second]], given)


@st.cache_resource(show_spinner=False, max_entries=16)
def plane(which: CheckpointKey, images: int, half: int, first: int, second: int) -> "Plane":
    """What instructions in the plane of two tasks do."""
    from corelib.models.butd.instructions import plane

    x, labels = scenes(which.dataset, images)
    return plane(network(which), x, labels, half, first, second)


@st.cache_resource(show_spinner=False, max_entries=1)
def _below(which: CheckpointKey, images: int, n: int) -> "Rows":
    from corelib.models.butd.answers import activities

    return activities(network(which), scenes(which.dataset, images)[0], n)


@st.cache_resource(show_spinner=False, max_entries=128)
def effect(
    which: CheckpointKey, images: int, first: int, second: int, spec: "LesionSpec"
) -> "Effect":
    """How scenes are answered without some units, beside random controls."""
    from corelib.models.butd.lesions import effect
    from corelib.models.butd.subnetworks import kinds

    sorts = kinds(gates(which), reached(which), first, second)
    # Below the lowest lesion nothing changes.
    kept = _below(which, images, min(spec.layers))
    x, labels = scenes(which.dataset, images)
    return effect(network(which), x, labels, sorts, spec, kept)
