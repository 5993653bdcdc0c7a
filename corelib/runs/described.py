"""What is said of a checkpoint: how it departs from the standard, its size, its score, where it
comes from. Imports no torch."""

import math
from typing import NamedTuple

from corelib.catalog import system
from corelib.errors import CheckpointError
from corelib.files import printable
from corelib.runs.registry import SHIPPED, Checkpoint
from corelib.training.card import WEIGHTS, Card

FOREMOST = ("accuracy", "R²")
"""The metrics that say most of a network, of those that it has."""


class Stored(NamedTuple):
    """How many ``numbers`` a file of weights holds, and its size in bytes."""

    numbers: int
    bytes: int


class Score(NamedTuple):
    """A network's foremost metric, and on which ``split`` it was measured."""

    metric: str
    split: str
    value: float


def differences(card: Card) -> list[str]:
    """What differs from its system's standard settings, each as ``α = 0.5`` or ``dale: off``;
    empty if nothing does."""
    chosen = system(card.system)
    return [
        f"{info.symbol or info.name} = {values[info.name]:g}"
        if info.kind in ("int", "float")
        else f"{info.name}: {'on' if values[info.name] is True else values[info.name] or 'off'}"
        for kind, values in (
            (chosen.config_type, card.config),
            (chosen.training_type, card.training),
        )
        for info in kind.infos()
        if values.get(info.name, info.default) != info.default
    ]


def stored(item: Checkpoint) -> Stored:
    """The size of a checkpoint's file of weights, by its header alone. Raises ``CheckpointError``
    if that is damaged."""
    from safetensors import SafetensorError, safe_open

    file = item.folder / WEIGHTS
    try:
        with safe_open(file, "numpy") as opened:
            shapes = [opened.get_slice(name).get_shape() for name in opened.keys()]  # noqa: SIM118
        return Stored(sum(math.prod(shape) for shape in shapes), file.stat().st_size)
    except (SafetensorError, OSError) as error:
        reason = printable(" ".join(str(error).split())[:160])
        raise CheckpointError(f"{WEIGHTS} of {item.title} is damaged: {reason}.") from None


def score(card: Card) -> Score | None:
    """The foremost metric of a network on the test set, or on the validation set if it was not
    tested; None if it was not measured."""
    for split, metrics in (("test", card.test), ("validation", card.metrics)):
        if metrics:
            metric = next((name for name in FOREMOST if name in metrics), next(iter(metrics)))
            return Score(metric, split, metrics[metric])
    return None


def origin_of(item: Checkpoint) -> str:
    """Where a network comes from: shipped, imported, or own."""
    if item.folder.parent == SHIPPED:
        return "shipped"
    return "own" if item.card.origin is None else "imported"
