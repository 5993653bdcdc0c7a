"""What the Sub-networks and the Counter-Hebb page compute once and keep."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.catalog import system
from corelib.runs.registry import find
from dashboard.shell import cache
from dashboard.shell.cache import CheckpointKey

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.butd.analysis import Alignment, Difference
    from corelib.models.butd.history import GateHistory
    from corelib.models.butd.instructions import Plane
    from corelib.models.butd.networks import BUTDNet
    from corelib.models.butd.subnetworks import Answers, Lesion, Overlap, Rows, Told, Units


class Silenced(NamedTuple):
    """What a lesion takes: a share of the units of one kind (an integer, None for all that are
    open) in some populations, within channels (all if empty) and a box of positions; ``draws``
    controls of the same size."""

    layers: tuple[int, ...]
    kind: int | None
    share: float = 1.0
    channels: tuple[int, ...] = ()
    rows: tuple[float, float] = (0.0, 1.0)
    columns: tuple[float, float] = (0.0, 1.0)
    draws: int = 3


class Effect(NamedTuple):
    """``units`` silenced, the answers without them, and the shares right (draw, task) without as
    many units drawn at random."""

    units: int
    answers: "Answers"
    control: np.ndarray


@st.cache_resource(show_spinner=False, max_entries=8)
def gates(which: CheckpointKey) -> "Units":
    """What each task opens: bool (task, unit...) of each population."""
    from corelib.models.butd.subnetworks import gates_of

    return gates_of(cache.model(which))


@st.cache_resource(show_spinner=False, max_entries=8)
def reached(which: CheckpointKey) -> "Units":
    """The units that can be reached: bool (unit...) of each population."""
    from corelib.models.butd.subnetworks import reachable

    return reachable(cache.model(which))


@st.cache_resource(show_spinner=False, max_entries=8)
def noted(which: CheckpointKey) -> "GateHistory | None":
    """Gates at several moments of the training, where the checkpoint keeps them."""
    from corelib.models.butd.history import read

    return read(find(which.name).folder, cache.model(which))


@st.cache_resource(show_spinner=False, max_entries=8)
def overlaps(which: CheckpointKey, first: int, second: int) -> "list[Overlap]":
    """What two tasks opened at each of those moments."""
    from corelib.models.butd.gates import unpack
    from corelib.models.butd.subnetworks import overlap

    model: BUTDNet = cache.model(which)
    found = noted(which)
    return [
        overlap(unpack(row, model.shapes, model.n_tasks), reached(which), first, second)
        for row in (() if found is None else found.packed)
    ]


@st.cache_resource(show_spinner=False, max_entries=4)
def scenes(name: str, images: int) -> "tuple[Tensor, np.ndarray]":
    """So many test scenes as networks read them, (image, input), and labels (image, task); from
    all over the test set, whose first scenes are harder than the others."""
    data = cache.dataset(name)
    every = max(len(data.test.labels) // images, 1)
    chosen = slice(0, every * images, every)
    return data.inputs(data.test.pixels[chosen]), data.test.labels[chosen].numpy()


@st.cache_resource(show_spinner=False, max_entries=16)
def measured(which: CheckpointKey, images: int) -> "Answers":
    from corelib.models.butd.subnetworks import predictions, score

    x, labels = scenes(which.dataset, images)
    return score(predictions(cache.model(which), x), labels)


@st.cache_resource(show_spinner=False, max_entries=16)
def combinations(which: CheckpointKey, images: int) -> "dict[str, Answers]":
    from corelib.models.butd.subnetworks import combinations

    return combinations(cache.model(which), *scenes(which.dataset, images))


@st.cache_resource(show_spinner=False, max_entries=16)
def swaps(which: CheckpointKey, images: int) -> "list[Answers]":
    from corelib.models.butd.subnetworks import swap_matrix

    return swap_matrix(cache.model(which), *scenes(which.dataset, images))


@st.cache_resource(show_spinner=False, max_entries=16)
def between(which: CheckpointKey, images: int, steps: int, first: int, second: int) -> "Told":
    from corelib.models.butd.subnetworks import between, told

    model = cache.model(which)
    x, labels = scenes(which.dataset, images)
    given = between(steps, first, second, model.n_tasks)
    return told(model, x, labels[:, [first, second]], given)


@st.cache_resource(show_spinner=False, max_entries=16)
def plane(which: CheckpointKey, images: int, half: int, first: int, second: int) -> "Plane":
    from corelib.models.butd.instructions import plane

    x, labels = scenes(which.dataset, images)
    return plane(cache.model(which), x, labels, half, first, second)


@st.cache_resource(show_spinner=False, max_entries=1)
def _below(which: CheckpointKey, images: int, n: int) -> "Rows":
    from corelib.models.butd.subnetworks import activities

    return activities(cache.model(which), scenes(which.dataset, images)[0], n)


@st.cache_resource(show_spinner=False, max_entries=128)
def effect(which: CheckpointKey, images: int, first: int, second: int, what: Silenced) -> Effect:
    """How scenes are answered without some units, beside random controls."""
    from corelib.models.butd import subnetworks
    from corelib.models.butd.gates import silenced

    model = cache.model(which)
    x, labels = scenes(which.dataset, images)
    kinds = subnetworks.kinds(gates(which), reached(which), first, second)
    kind = None if what.kind is None else subnetworks.Kind(what.kind)

    # Below the lowest lesion nothing changes.
    kept = _below(which, images, min(what.layers))

    def drawn(seed: int) -> "Lesion":
        lesions = [
            subnetworks.lesion(kinds, k, kind, what.share, seed, _within(kinds[k].shape, what))
            for k in what.layers
        ]
        return subnetworks.Lesion(
            *(
                tuple(np.logical_or.reduce(parts) for parts in zip(*masks, strict=True))
                for masks in zip(*lesions, strict=True)
            )
        )

    def without(mask: "Units") -> "Answers":
        gates = silenced(model.gates(), mask)
        return subnetworks.with_gates(model, x, labels, gates, kept)

    lesions = [drawn(seed) for seed in range(what.draws)]
    units = int(sum(mask.sum() for mask in lesions[0].lesioned))
    return Effect(
        units,
        without(lesions[0].lesioned),
        np.array([without(lesion.control).right for lesion in lesions]),
    )


def _within(shape: tuple[int, ...], what: Silenced) -> np.ndarray:
    """Which units of a population the channels and the box leave."""
    found = np.ones(shape, bool)
    if what.channels:
        found[[k for k in range(shape[0]) if k not in what.channels]] = False
    if len(shape) == 3:
        for axis, (low, high) in ((1, what.rows), (2, what.columns)):
            place = (np.arange(shape[axis]) + 0.5) / shape[axis]
            outside = (place < low) | (place > high)
            found[(slice(None),) * axis + (outside,)] = False
    return found


# Counter-Hebb learning.


class Switches(NamedTuple):
    """What may be changed in a network whose update is held against the gradient."""

    weights: str = "as trained"
    norm: bool = False
    top_down_bias: bool = False
    noise: float = 0.0
    loss: str = "cross-entropy"
    images: int = 64

    def quiet(self) -> "Switches":
        """The same without noise, which acts on updates alone."""
        return self._replace(noise=0.0)


def twin(which: CheckpointKey, switches: Switches) -> "BUTDNet":
    """The network in float64, changed as the switches say; new norms have settled."""
    return _twin(which, switches.weights, switches.norm, switches.top_down_bias)


@st.cache_resource(show_spinner=False, max_entries=24)
def _twin(which: CheckpointKey, weights: str, norm: bool, top_down_bias: bool) -> "BUTDNet":
    from corelib.models.butd.departures import departed

    item = find(which.name)
    config = system(item.card.system).config_type(**item.card.config)
    x, labels, task = sample(which.dataset, 250)
    return departed(cache.model(which), config, x, labels, task, weights, norm, top_down_bias)


@st.cache_resource(show_spinner=False, max_entries=8)
def sample(name: str, images: int) -> "tuple[Tensor, Tensor, Tensor | None]":
    """The first validation images, x (image, input), and what each is asked: labels and task,
    (image,); tasks take turns."""
    import torch

    data = cache.dataset(name)
    labels = data.validation.labels[:images]
    task = None
    if labels.dim() == 2:
        task = torch.arange(len(labels)) % labels.shape[1]
        labels = labels.gather(1, task[:, None])[:, 0]
    return data.inputs(data.validation.pixels[:images]), labels, task


@st.cache_resource(show_spinner=False, max_entries=64)
def difference(which: CheckpointKey, switches: Switches) -> "Difference":
    """Counter-Hebb's update against the gradient, for the first validation images."""
    import torch

    from corelib.models.butd.analysis import difference

    x, labels, task = sample(which.dataset, switches.images)
    torch.manual_seed(0)
    return difference(
        twin(which, switches),
        x.double(),
        labels,
        task,
        switches.loss,
        switches.top_down_bias,
        switches.noise,
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def alignment(which: CheckpointKey) -> "Alignment":
    from corelib.models.butd.analysis import alignment

    return alignment(cache.model(which))
