"""The dynamics of the iterative VAEs as pure functions of state and weights.

One time step, for each inner iteration, with the activity a that the decoder reads (z, and in the
relu network e^gain relu(z)) and its slope a' = da/dz:

    stimulus         a' W^T (x / σ²)
    explaining-away  -a' (W^T W / σ²) a
    threshold        -e^b
    leak             -β_inner (u - u_prior), only with two inner iterations or more

Poisson: u <- limited(u + limited(e^η (sum of the drives))), then z ~ Poisson(e^u).

Gaussian, by the natural gradient, with z = mu + e^xi ε: stimulus and explaining-away of the mean
have the factor e^(2 xi), its leak is -β_inner e^(2 (xi - xi_prior)) (mu - mu_prior), and

    mu <- limited(mu + limited(e^η1 (sum of the drives)))
    xi <- limited(xi + limited(e^η2 (a' ε e^xi (W^T (x - W a) / σ²)
                                     - β_inner (e^(2 (xi - xi_prior)) - 1)) / 2))

u_prior (mu_prior, xi_prior) is the state at the start of the time step. Stimuli are given as
W^T (x / σ²), (batch, unit), which is computed once for a constant image.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.ipvae.distributions import LOWEST, Draw, clamp_above, clamp_both

Resting = tuple[Tensor, ...]


class Weights(NamedTuple):
    """The weights and what follows from them, the same for all images of a pass.

    ``decoder`` (pixel, unit) = W; ``log_scale`` (pixel) = log σ; ``gram`` (unit, unit) =
    W^T diag(1 / σ²) W; ``threshold`` (unit) = e^b; ``step_size`` (1,) or (2,) = e^η; ``resting``
    the state in which inference begins: u (unit), or mu and xi; ``gain`` (unit) = e^gain of the
    relu network.
    """

    decoder: Tensor
    log_scale: Tensor
    gram: Tensor
    threshold: Tensor
    step_size: Tensor
    resting: Resting
    gain: Tensor | None = None


class Inner(NamedTuple):
    """Iterations within a time step, and β_inner, the weight of the leak with two or more."""

    iterations: int
    beta: float


class Limits(NamedTuple):
    """Soft limits of the potential (mean) and its change, and of the log-scale and its change."""

    u: float
    du: float
    xi: float = 0.0
    dxi: float = 0.0


class Controls(NamedTuple):
    """What can be changed in a trained network.

    ``explaining_away`` multiplies that drive; 0 switches it off. ``leak`` adds -leak (u - u_init)
    to the leak, so that the potential falls back to where it began, which it does not do otherwise.
    ``lesioned`` (unit) of bool marks the neurons that are silenced.
    """

    explaining_away: float = 1.0
    leak: float = 0.0
    lesioned: Tensor | None = None


INTACT = Controls()


class Drives(NamedTuple):
    """The drives of the potential (mean) in a time step, (batch, unit); the threshold is (unit).

    With several inner iterations they are sums over these. The sum of the four times the step size,
    limited, is the change. ``leak`` is None in a network without a leak.
    """

    stimulus: Tensor
    explaining_away: Tensor
    threshold: Tensor
    leak: Tensor | None


class PoissonState(NamedTuple):
    """``u`` log-rates, ``activity`` = z counts, ``feedback`` = (W^T W / σ²) z; (batch, unit)."""

    u: Tensor
    activity: Tensor
    feedback: Tensor


class GaussianState(NamedTuple):
    """``mu`` means, ``xi`` log-scales, ``noise`` = ε, ``z`` = mu + e^xi ε, ``activity`` = a(z) and
    ``feedback`` = (W^T W / σ²) a; (batch, unit)."""

    mu: Tensor
    xi: Tensor
    noise: Tensor
    z: Tensor
    activity: Tensor
    feedback: Tensor


def stimulus(x: Tensor, weights: Weights) -> Tensor:
    """W^T (x / σ²): (..., pixel) -> (..., unit)."""
    return (x * torch.exp(-2 * weights.log_scale)) @ weights.decoder


def poisson_state(u: Tensor, weights: Weights, draw: Draw, controls: Controls) -> PoissonState:
    """The state at potential u (batch, unit), with counts drawn."""
    z = _intact(draw(u), controls)
    return PoissonState(u, z, z @ weights.gram)


def poisson_step(
    stimulus: Tensor,
    state: PoissonState,
    weights: Weights,
    draw: Draw,
    controls: Controls,
    inner: Inner,
    limits: Limits,
) -> tuple[PoissonState, Drives]:
    """One time step of the Poisson network, and its drives; ``stimulus`` is (batch, unit)."""
    prior = state.u
    steps: list[Drives] = []
    for _ in range(inner.iterations):
        drives = Drives(
            stimulus,
            -controls.explaining_away * state.feedback,
            -weights.threshold,
            _leak(state.u, prior, weights.resting[0], inner, controls),
        )
        steps.append(drives)
        change = _floored(weights.step_size * _sum(drives), limits.du)
        state = poisson_state(_floored(state.u + change, limits.u), weights, draw, controls)
    return state, _total(steps)


def gaussian_state(
    mu: Tensor, xi: Tensor, weights: Weights, draw: Draw, controls: Controls
) -> GaussianState:
    """The state at mean mu and log-scale xi, (batch, unit) each, with z drawn."""
    noise = draw(mu)
    z = mu + xi.exp() * noise
    activity = z if weights.gain is None else weights.gain * torch.relu(z)
    activity = _intact(activity, controls)
    return GaussianState(mu, xi, noise, z, activity, activity @ weights.gram)


def gaussian_step(
    stimulus: Tensor,
    state: GaussianState,
    weights: Weights,
    draw: Draw,
    controls: Controls,
    inner: Inner,
    limits: Limits,
) -> tuple[GaussianState, Drives]:
    """One time step of a Gaussian network, and its drives; ``stimulus`` is (batch, unit)."""
    prior = state
    steps: list[Drives] = []
    for _ in range(inner.iterations):
        mu, xi, noise, z, _, feedback = state
        slope = 1.0 if weights.gain is None else weights.gain * (z > 0)
        seen, away = slope * stimulus, -controls.explaining_away * slope * feedback
        variance = torch.exp(2 * xi)
        widened = torch.exp(2 * (xi - prior.xi))
        drives = Drives(
            variance * seen,
            variance * away,
            -weights.threshold,
            _leak(mu, prior.mu, weights.resting[0], inner, controls, widened),
        )
        steps.append(drives)
        change = clamp_both(weights.step_size[0] * _sum(drives), limits.du)
        slant = noise * torch.exp(xi) * (seen + away)
        if inner.iterations > 1:
            slant = slant - inner.beta * (widened - 1)
        turn = clamp_both(weights.step_size[1] * 0.5 * slant, limits.dxi)
        state = gaussian_state(
            clamp_both(mu + change, limits.u),
            clamp_both(xi + turn, limits.xi),
            weights,
            draw,
            controls,
        )
    return state, _total(steps)


def _intact(activity: Tensor, controls: Controls) -> Tensor:
    return activity if controls.lesioned is None else activity * ~controls.lesioned


def _leak(
    u: Tensor,
    prior: Tensor,
    resting: Tensor,
    inner: Inner,
    controls: Controls,
    widened: Tensor | float = 1.0,
) -> Tensor | None:
    leak = None
    if inner.iterations > 1:
        leak = -inner.beta * widened * (u - prior)
    if controls.leak:
        own = -controls.leak * (u - resting)
        leak = own if leak is None else leak + own
    return leak


def _sum(drives: Drives) -> Tensor:
    three = drives.stimulus + drives.explaining_away + drives.threshold
    return three if drives.leak is None else three + drives.leak


def _total(steps: list[Drives]) -> Drives:
    """The sum over inner iterations; all of them have a leak, or none has."""
    total, *others = steps
    for one in others:
        leaks = total.leak, one.leak
        total = Drives(
            total.stimulus + one.stimulus,
            total.explaining_away + one.explaining_away,
            total.threshold + one.threshold,
            None if leaks[0] is None or leaks[1] is None else leaks[0] + leaks[1],
        )
    return total


def limited(x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """c - clamp(x), and its soft limit c - softplus(c - clamp(x)), without a gradient; c ()."""
    below = x.clamp(min=LOWEST)
    torch.sub(c, below, out=below)
    value = F.softplus(below)
    return below, torch.sub(c, value, out=value)


def _floored(x: Tensor, c: float) -> Tensor:
    if x.requires_grad:
        return clamp_above(x.clamp(min=LOWEST), c)
    return limited(x, x.new_tensor(c))[1]
