"""Learning rules: their names and settings, and how networks trained by them compare."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

REFERENCE = "back-propagation"
SHARED = "Counter-Hebb, shared weights"
SYMMETRIC = "Counter-Hebb, symmetric start"
SEPARATE = "Counter-Hebb, separate weights"
DECAYING = "Counter-Hebb, separate, decaying"
DECAY = 0.01
SAME_DEG = 1.0
"""A rule whose update is nearer to the gradient than this is taken for back-propagation."""


class LearningRule(NamedTuple):
    """A word for the names of its runs, and what differs from standard settings; the decay is the
    one of the authors' code for its asymmetric networks. ``task_head`` matters for networks that
    follow instructions, ``decays`` where there is decay, and ``rate`` multiplies the standard
    learning rate."""

    variant: str
    rule: str
    weights: str = "shared"
    weight_decay: float = 0.0
    task_head: str = "fixed"
    decays: str = "all"
    rate: float = 1.0


RULES = {
    REFERENCE: LearningRule("bp", "backprop"),
    SHARED: LearningRule("shared", "counter-hebb"),
    SYMMETRIC: LearningRule("symmetric", "counter-hebb", "symmetric"),
    SEPARATE: LearningRule("separate", "counter-hebb", "separate"),
    DECAYING: LearningRule("decay", "counter-hebb", "separate", DECAY),
    "feedback alignment": LearningRule("alignment", "counter-hebb", "feedback-alignment"),
}


class OverSeeds(NamedTuple):
    """A measure over training: ``epoch`` (moment,), mean and sample sd over ``n`` seeds (moment,);
    the sd of one seed is 0."""

    epoch: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n: int


class AngleAndAccuracy(NamedTuple):
    """Networks trained by one rule, both (network,): mean ``angle`` of the update to the gradient
    in degrees, and test ``accuracy`` as a share."""

    angle: np.ndarray
    accuracy: np.ndarray


class RuleMeans(NamedTuple):
    """The means over a rule's networks: angle in degrees, accuracy as a share."""

    angle: float
    accuracy: float


class Comparison(NamedTuple):
    """Whether a smaller angle to the gradient goes with better accuracy.

    ``exact`` are the mean accuracies of the rules within ``SAME_DEG`` of the gradient, ``others``
    the means of the other rules by name, the smallest angle first. Of the ``pairs`` of other rules
    with different angles, the one nearer to the gradient is the more accurate in ``agreeing``.
    """

    exact: tuple[float, ...]
    others: dict[str, RuleMeans]
    pairs: int
    agreeing: int


def rule_name(config: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """The name of a learning rule in ``RULES``, or one made alike, from a network's settings."""
    backprop, decay = training["rule"] == "backprop", training["weight_decay"]
    noise = f", noise {training['noise']:g}" if training["noise"] else ""
    weights = "shared" if backprop else config["weights"]
    decays = training.get("decays", "all")
    part = "" if decays == "all" else f" of {decays} weights"
    for name, rule in RULES.items():
        own = rule.rule, rule.weights, rule.weight_decay
        if not part and own == (training["rule"], weights, decay):
            return name + noise
    name = REFERENCE if backprop else f"Counter-Hebb, {config['weights']}"
    return (f"{name}, decay {decay:g}{part}" if decay else name) + noise


def over_seeds(runs: Sequence[Mapping[int, float]]) -> OverSeeds | None:
    """Mean and sd of a measure over runs, at the epochs that all of them have reached.

    Each run gives the measure by epoch; runs without any are left out. None if no run has any.
    """
    kept = [run for run in runs if run]
    if not kept:
        return None
    epochs = [epoch for epoch in sorted(kept[0]) if all(epoch in run for run in kept)]
    values = np.array([[run[epoch] for epoch in epochs] for run in kept])
    sd = values.std(0, ddof=min(1, len(kept) - 1))
    return OverSeeds(np.array(epochs), values.mean(0), sd, len(kept))


def compare(points: Mapping[str, AngleAndAccuracy]) -> Comparison:
    """Whether a smaller angle goes with better accuracy, from the networks of each rule."""
    means = {
        name: RuleMeans(float(p.angle.mean()), float(p.accuracy.mean()))
        for name, p in points.items()
    }
    others = {name: m for name, m in means.items() if m.angle > SAME_DEG}
    pairs = [(a, b) for a in others.values() for b in others.values() if a.angle < b.angle]
    return Comparison(
        tuple(m.accuracy for m in means.values() if m.angle <= SAME_DEG),
        dict(sorted(others.items(), key=lambda item: item[1].angle)),
        len(pairs),
        sum(a.accuracy > b.accuracy for a, b in pairs),
    )
