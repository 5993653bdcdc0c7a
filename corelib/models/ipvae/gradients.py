"""The gradient of a step's expected likelihood in the potentials: exact, and as training estimates
it from counts.

With counts z_k ~ Poisson(λ_k), λ = e^u, drive s = W^T x / σ² and G = W^T W / σ², the expected
negative log-likelihood of a step is, up to a constant,

    E[½ z^T G z - s^T z] = ½ λ^T G λ + ½ Σ_k G_kk λ_k - s^T λ,

and its gradient in u_k is λ_k ((G λ)_k + ½ G_kk - s_k). See ``network.cost_of_variance``.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.errors import SettingsError
from corelib.models.ipvae.config import IPVAETraining
from corelib.models.ipvae.distributions import poisson, relaxed_poisson, surrogate
from corelib.models.ipvae.dynamics import PoissonState, Weights, stimulus
from corelib.models.ipvae.network import IPVAE, cost_of_variance

AT_ONCE = 1000
MOST_SPIKES = 200
"""So many spikes of a neuron in a step are drawn one by one."""


class Gradients(NamedTuple):
    """Gradients in the potential of each neuron, (unit,): ``exact``, and means over draws of the
    three estimates, ``straight_through``, ``corrected`` (with the cost of the counts' variance) and
    ``relaxed`` (softened counts)."""

    exact: np.ndarray
    straight_through: np.ndarray
    corrected: np.ndarray
    relaxed: np.ndarray

    def bias(self, estimate: np.ndarray) -> float:
        """How far an estimate is from the exact gradient on average: the norm of the difference in
        shares of the exact gradient's norm."""
        return float(np.linalg.norm(estimate - self.exact) / np.linalg.norm(self.exact))


@torch.no_grad()
def exact_gradient(weights: Weights, u: Tensor, x: Tensor) -> Tensor:
    """The gradient of the expected likelihood at potentials u (unit), for an image x (pixel)."""
    rate = u.exp()
    return rate * (rate @ weights.gram + 0.5 * weights.gram.diagonal() - stimulus(x, weights))


def likelihood_gradients(
    model: IPVAE, u: Tensor, x: Tensor, draws: int = 10_000, seed: int = 0
) -> Gradients:
    """The exact gradient at potentials u (unit) for an image x (pixel), and what training's ways to
    draw counts estimate on average over ``draws``; softened counts have the standard temperature.

    Raises ``SettingsError`` where a neuron fires more than ``MOST_SPIKES``: softened counts draw
    the time of each spike.
    """
    most = float(u.detach().exp().max())
    if not most <= MOST_SPIKES:
        raise SettingsError(
            f"A neuron fires {most:,.0f} spikes a step here. The time of each spike is drawn for "
            f"the softened counts, so the estimates need at most {MOST_SPIKES:,} spikes a step: "
            "show fewer steps, or restore explaining away."
        )
    with torch.no_grad():
        weights = model.weights()
        weights = weights._replace(decoder=weights.decoder.detach())
        seen = stimulus(x, weights)
    generator = torch.Generator(u.device).manual_seed(seed)
    soft = relaxed_poisson(IPVAETraining().temperature, generator)
    sums = torch.zeros(2, len(u), dtype=torch.float64, device=u.device)
    for at in range(0, draws, AT_ONCE):
        potentials = u.detach().expand(min(AT_ONCE, draws - at), -1).clone().requires_grad_()
        hard = surrogate(potentials, poisson(potentials, generator))
        for k, counts in enumerate((hard, soft(potentials))):
            value = (counts * (0.5 * counts @ weights.gram - seen)).sum()
            (gradient,) = torch.autograd.grad(value, potentials)
            sums[k] += gradient.sum(0)
    plain, relaxed = (sums / draws).cpu().numpy()
    exact = exact_gradient(weights, u.detach(), x).cpu().numpy()
    return Gradients(exact, plain, plain + _missing(u, weights), relaxed)


def _missing(u: Tensor, weights: Weights) -> np.ndarray:
    """The gradient of ``cost_of_variance``, which is the same for all draws, (unit,)."""
    at = u.detach().clone().requires_grad_()
    term = cost_of_variance(PoissonState(at[None], at[None], at[None]), weights)
    (gradient,) = torch.autograd.grad(term.sum(), at)
    return gradient.cpu().numpy()
