"""Experiments on a trained network: what is done to it, what it is shown, and what it answers."""

from typing import NamedTuple

from corelib.models.ipvae.analysis import without
from corelib.models.ipvae.dynamics import Controls
from corelib.models.ipvae.network import IterativeVAE


class Intervention(NamedTuple):
    """What is changed in a trained network.

    ``explaining_away`` on or off; ``leak``, the rate a frame at which each potential falls back to
    where it began; ``lesioned``, the neurons that are silenced.
    """

    explaining_away: bool = True
    leak: float = 0.0
    lesioned: tuple[int, ...] = ()


def controls(model: IterativeVAE, intervention: Intervention) -> Controls:
    """The intervention as the dynamics of this network take it."""
    lesioned = None
    if intervention.lesioned:
        lesioned = without(model, list(intervention.lesioned)).lesioned
    return Controls(float(intervention.explaining_away), intervention.leak, lesioned)
