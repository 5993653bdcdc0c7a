"""How much of an update of Adam comes from the task where weights also decay.

The decay is part of what Adam normalises: with g the gradient, or the value of the learning rule,

    Δw = -η m̂ / (√v̂ + ε)        m̂, v̂ running means of g + λ w and of (g + λ w)²

m̂ is linear in what it averages, so the update is the sum of a task's part, that of g, and of a
decay's. Where gradients are small, λ w makes up most of v̂, and the step of the task shortens.
"""

from typing import NamedTuple

from torch import Tensor

from corelib.training.adam import EPSILON, Moments


class EffectiveStep(NamedTuple):
    """The task's part Δ of an update of the weights w of a layer.

    ``share`` is the root mean square of Δ over all weights, in units of the learning rate η: 1 if
    every weight moves by η, always in the same direction. ``relative`` is |Δ| / |w|.
    """

    share: float
    relative: float


def effective_step(
    weight: Tensor, moments: Moments, decayed: Tensor, learning_rate: float
) -> EffectiveStep:
    """The part of Adam's last update that the task makes.

    ``weight``, the ``moments`` of g + λ w, and ``decayed``, the running mean of λ w alone that is
    corrected for its start as they are, all have the same shape.
    """
    step = learning_rate * (moments.mean - decayed) / (moments.square.sqrt() + EPSILON)
    length, size = float(step.square().sum().sqrt()), float(weight.square().sum().sqrt())
    return EffectiveStep(length / (learning_rate * step.numel() ** 0.5), length / size)
