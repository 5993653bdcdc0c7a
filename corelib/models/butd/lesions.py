"""Lesions: units silenced for all tasks, beside as many drawn at random."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from corelib.models.butd.answers import Answers, Rows, activities, with_gates
from corelib.models.butd.gates import silenced
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.subnetworks import Kind, Units


class Lesion(NamedTuple):
    """Silenced units, and as many drawn at random: ``lesioned`` and ``control``, bool (unit...) of
    each population."""

    lesioned: Units
    control: Units


class LesionSpec(NamedTuple):
    """What a lesion silences: a share of the units of one kind (None for all that are open) in some
    populations, by number, within ``channels`` (all if empty) and a box of positions: ``rows`` from
    the top and ``columns`` from the left, as shares of each map. ``draws`` is the number of
    controls of the same size."""

    layers: tuple[int, ...]
    kind: Kind | None
    share: float = 1.0
    channels: tuple[int, ...] = ()
    rows: tuple[float, float] = (0.0, 1.0)
    columns: tuple[float, float] = (0.0, 1.0)
    draws: int = 3


class Effect(NamedTuple):
    """``units`` silenced, the answers without them, and the shares of correct answers (draw, task)
    without as many units drawn at random."""

    units: int
    answers: Answers
    control: np.ndarray

    def lost(self, whole: Answers) -> np.ndarray:
        """By how much the share of correct answers falls below that of the ``whole`` network:
        (task,)."""
        return whole.correct - self.answers.correct

    def lost_at_random(self, whole: Answers) -> np.ndarray:
        """The same without the control units, mean over draws: (task,)."""
        return whole.correct - self.control.mean(0)


def lesion(
    kinds: Units,
    layer: int,
    kind: Kind | None,
    share: float = 1.0,
    seed: int = 0,
    within: np.ndarray | None = None,
) -> Lesion:
    """Silence a share of the units of one kind in one population; of any open kind if None.

    ``within`` (unit...) of bool narrows the choice, to a channel or by hand. The control has as
    many units of the same population, drawn from all that some task opens.
    """
    own = kinds[layer]
    open_to_some = np.isin(own, (Kind.SHARED, Kind.ONLY_FIRST, Kind.ONLY_SECOND))
    chosen = open_to_some if kind is None else own == kind
    if within is not None:
        chosen = chosen & within
    rng = np.random.default_rng(seed)

    def drawn(pool: np.ndarray, n: int) -> Units:
        mask = np.zeros(own.size, bool)
        mask[rng.permutation(np.flatnonzero(pool))[:n]] = True
        masks = [np.zeros(k.shape, bool) for k in kinds]
        masks[layer] = mask.reshape(own.shape)
        return tuple(masks)

    n = round(share * chosen.sum())
    return Lesion(drawn(chosen, n), drawn(open_to_some, n))


def lesioned(
    model: BUTDNet, x: Tensor, labels: np.ndarray, what: Lesion
) -> tuple[Answers, Answers]:
    """How the images are answered without the lesioned units, and without the control's."""
    gates = model.task_gates()
    without, control = (with_gates(model, x, labels, silenced(gates, mask)) for mask in what)
    return without, control


def units_within(shape: tuple[int, ...], spec: LesionSpec) -> np.ndarray:
    """Which units of a population of ``shape`` the channels and the box of ``spec`` leave: bool
    (unit...). A population without positions has no box."""
    inside = np.ones(shape, bool)
    if spec.channels:
        inside[[k for k in range(shape[0]) if k not in spec.channels]] = False
    if len(shape) == 3:
        for axis, (low, high) in ((1, spec.rows), (2, spec.columns)):
            place = (np.arange(shape[axis]) + 0.5) / shape[axis]
            outside = (place < low) | (place > high)
            inside[(slice(None),) * axis + (outside,)] = False
    return inside


def lesion_of(kinds: Units, spec: LesionSpec, seed: int = 0) -> Lesion:
    """The units that ``spec`` silences in all its populations, drawn from ``seed``."""
    parts = [
        lesion(kinds, k, spec.kind, spec.share, seed, units_within(kinds[k].shape, spec))
        for k in spec.layers
    ]

    def together(masks: list[Units]) -> Units:
        return tuple(np.logical_or.reduce(own) for own in zip(*masks, strict=True))

    return Lesion(together([p.lesioned for p in parts]), together([p.control for p in parts]))


def effect(
    model: BUTDNet,
    x: Tensor,
    labels: np.ndarray,
    kinds: Units,
    spec: LesionSpec,
    kept: Rows | None = None,
) -> Effect:
    """How images x (image, input) with ``labels`` (image, task) are answered without some units,
    beside random controls.

    ``kinds`` (unit...) of each population are those of the two tasks compared. ``kept`` are the
    ``activities`` of the populations below the lowest lesion, which it does not change; they are
    computed where they are not given. Raises ``ValueError`` if ``spec`` names no population.
    """
    gates = model.task_gates()
    below = activities(model, x, min(spec.layers)) if kept is None else kept

    def without(mask: Units) -> Answers:
        return with_gates(model, x, labels, silenced(gates, mask), below)

    lesions = [lesion_of(kinds, spec, seed) for seed in range(spec.draws)]
    return Effect(
        int(sum(mask.sum() for mask in lesions[0].lesioned)),
        without(lesions[0].lesioned),
        np.array([without(drawn.control).correct for drawn in lesions]),
    )
