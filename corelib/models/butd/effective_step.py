"""How much of an update of Adam comes from the task where weights also decay.

The decay is part of what Adam normalises: with g the gradient, or the value of the learning rule,

    Δw = -η m̂ / (√v̂ + ε)        m̂, v̂ running means of g + λ w and of (g + λ w)²

Where gradients are small, λ w makes up most of v̂, and the step of the task shortens.
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
    weight: Tensor, moments: Moments, learning_rate: float, weight_decay: float
) -> EffectiveStep:
    """The part of Adam's last update that the task makes.

    ``m̂`` is linear in the gradients, so the update is the sum of a task's part and a decay's, of
    which the latter has the running mean of λ w in place of m̂. It is taken to be λ w itself: weights
    change little over the ten updates that the mean covers. ``weight`` has any shape, that of the
    ``moments``; without decay the result is exact.
    """
    task = moments.mean - weight_decay * weight
    step = learning_rate * task / (moments.square.sqrt() + EPSILON)
    length, size = float(step.square().sum().sqrt()), float(weight.square().sum().sqrt())
    return EffectiveStep(length / (learning_rate * step.numel() ** 0.5), length / size)
