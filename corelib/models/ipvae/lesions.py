"""What single neurons are worth to a code."""

from typing import NamedTuple

import numpy as np

from corelib.models.ipvae.inference import Convergence

LATE = 20


class LesionEffect(NamedTuple):
    """What an image loses with one neuron.

    ``loss`` of R² when the neuron is taken out of the finished code; R² when inference runs
    ``intact`` and with the neuron ``silenced`` from the start, each the mean over the last
    ``n_late`` steps; ``most_needed``, the neuron without which the finished code loses most, and
    its ``largest_loss``.
    """

    loss: float
    intact: float
    silenced: float
    n_late: int
    most_needed: int
    largest_loss: float


def loss_without(decoder: np.ndarray, rate: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The loss of R² of an image when one neuron is taken out of its finished code, (unit,).

    R²(x, W a) - R²(x, W a without unit k) for each k; ``decoder`` W (pixel, unit), ``rate`` a
    (unit,), ``x`` (pixel,). The others keep their rates: nothing makes up for what is missing.
    As |x - W a + a_k w_k|² - |x - W a|² = a_k (2 w_k·(x - W a) + a_k |w_k|²), no image is made.
    """
    error = x - decoder @ rate
    more = rate * (2 * (error @ decoder) + rate * np.square(decoder).sum(0))
    return more / np.square(x - x.mean()).sum()


def lesion_effect(
    losses: np.ndarray, neuron: int, intact: Convergence, silenced: Convergence, n_late: int = LATE
) -> LesionEffect:
    """One neuron's effect from the ``losses`` (unit,) of ``loss_without`` and two inferences of the
    image, ``intact`` and with the neuron ``silenced`` from the start.

    Of shorter inferences all steps count.
    """
    n = min(n_late, len(intact.r2), len(silenced.r2))
    most_needed = int(losses.argmax())
    return LesionEffect(
        float(losses[neuron]),
        float(intact.r2[-n:].mean()),
        float(silenced.r2[-n:].mean()),
        n,
        most_needed,
        float(losses[most_needed]),
    )
