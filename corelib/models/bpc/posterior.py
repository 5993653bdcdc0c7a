"""Samples of everything that is not given, from the energy read as a negative log-density.

    p(z_free | z_given) ∝ exp(-E(z) / T)         E one sample's energy, T the temperature

This takes each error, of generator and amortiser alike, as Gaussian with variance T / α, and
multiplies the two sets of factors; a product of experts, which no directed model with the same
weights equals. Metropolis-adjusted Langevin dynamics leaves this density as it is, whatever its
step ε (Roberts and Tweedie 1996):

    z' = z - ε dE/dz + √(2 ε T) ξ,  ξ standard normal
    accepted with probability min(1, exp(-(E' - E) / T) q(z | z') / q(z' | z))
    log q(b | a) = -|b - a + ε dE/dz(a)|² / (4 ε T) + constant

Each row of the batch is a chain of its own, with its own ε. During burn-in ε is adapted towards
an acceptance of 57 %, the optimum for many dimensions (Roberts and Rosenthal 1998); then it is
held.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from corelib.errors import SettingsError
from corelib.models.bpc.energy import (
    Activity,
    Precision,
    Weights,
    activity_gradients,
    energy,
    errors,
    outputs,
)
from corelib.models.bpc.inference import Given

ACCEPTANCE = 0.574


class SamplerConfig(NamedTuple):
    """``n_burn`` steps whose states are dropped, then ``n_steps`` of which each ``every``-th is
    kept; ``step_size`` is ε at the start, ``temperature`` T."""

    n_burn: int = 2000
    n_steps: int = 1000
    every: int = 20
    step_size: float = 0.02
    temperature: float = 1.0
    precision: Precision = Precision(1.0, 1.0)


class Chain(NamedTuple):
    """States of chains: activity z_0 .. z_L, each (batch, unit), its ``energy`` (batch) and
    ``gradients`` with respect to each layer, zero where a value is given."""

    z: Activity
    energy: Tensor
    gradients: Activity


class Move(NamedTuple):
    """The state after one step, and the probability (batch) with which its proposal is accepted."""

    chain: Chain
    acceptance: Tensor


class Sample(NamedTuple):
    """One kept state, and the mean probability of acceptance (batch) since the one before it."""

    z: Activity
    energy: Tensor
    acceptance: Tensor


def chain_at(z: Activity, free: Activity, weights: Weights, precision: Precision) -> Chain:
    """The state of chains at z; ``free`` holds 1 where a value moves, 0 where it is given."""
    f = outputs(z, weights)
    e = errors(z, f, weights)
    gradients = activity_gradients(z, f, e, weights, precision, range(len(z)))
    moving = tuple(g * mask for g, mask in zip(gradients, free, strict=True))
    return Chain(z, energy(e, precision), moving)


def step(
    chain: Chain,
    free: Activity,
    weights: Weights,
    config: SamplerConfig,
    step_size: Tensor,
    generator: torch.Generator,
) -> Move:
    """One step of all chains; ``step_size`` (batch). Noise comes from ``generator``, on the CPU."""
    epsilon, T = step_size[:, None], config.temperature

    def noise(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, dtype=like.dtype).to(like.device)

    drawn = tuple(
        a - epsilon * g + (2 * epsilon * T).sqrt() * noise(a) * mask
        for a, g, mask in zip(chain.z, chain.gradients, free, strict=True)
    )
    new = chain_at(drawn, free, weights, config.precision)
    log_ratio = (chain.energy - new.energy) / T
    log_ratio = log_ratio + _log_q(chain.z, new, step_size, T) - _log_q(new.z, chain, step_size, T)
    # A proposal whose energy overflows is refused.
    acceptance = log_ratio.nan_to_num(nan=-math.inf).clamp(max=0).exp()
    draws = torch.rand(acceptance.shape, generator=generator, dtype=acceptance.dtype)
    accepted = draws.to(acceptance.device) < acceptance

    def pick(ours: Activity, theirs: Activity) -> Activity:
        return tuple(
            torch.where(accepted[:, None], a, b) for a, b in zip(ours, theirs, strict=True)
        )

    kept = Chain(
        pick(new.z, chain.z),
        torch.where(accepted, new.energy, chain.energy),
        pick(new.gradients, chain.gradients),
    )
    return Move(kept, acceptance)


def _log_q(to: Activity, origin: Chain, step_size: Tensor, temperature: float) -> Tensor:
    """The log-density (batch) of the proposal ``to``, apart from its constant."""
    parts = (
        (b - a + step_size[:, None] * g).square().sum(1)
        for b, a, g in zip(to, origin.z, origin.gradients, strict=True)
    )
    return -sum(parts, torch.zeros_like(step_size)) / (4 * step_size * temperature)


def free_of(given: Given, z: Activity) -> Activity:
    """1 where a value of each layer moves, 0 where it is given."""
    free = [torch.ones_like(layer) for layer in z]
    for at, known in ((0, given.y_known), (-1, given.x_known)):
        free[at] = torch.zeros_like(z[at]) if known is None else (~known).to(z[at]).expand_as(z[at])
    return tuple(free)


@torch.no_grad()
def sample(
    given: Given,
    start: Activity,
    weights: Weights,
    config: SamplerConfig,
    generator: torch.Generator,
) -> Iterator[Sample]:
    """The kept states, one after another, of chains that begin at ``start``, z_0 .. z_L.

    Values that ``given`` knows are those of ``start``. Raises ``SettingsError`` for a temperature
    or step size that is not above 0, or where nothing would be kept.
    """
    for name in ("temperature", "step_size"):
        if not getattr(config, name) > 0:
            raise SettingsError(f"{name} is {getattr(config, name)}, but should be above 0.")
    if not 1 <= config.every <= config.n_steps:
        raise SettingsError(f"every is {config.every}, but should be from 1 to {config.n_steps}.")
    free = free_of(given, start)
    chain = chain_at(start, free, weights, config.precision)
    step_size = torch.full_like(chain.energy, config.step_size)
    for at in range(config.n_burn):
        chain, acceptance = step(chain, free, weights, config, step_size, generator)
        # Robbins and Monro: ever smaller corrections.
        step_size = step_size * torch.exp((acceptance - ACCEPTANCE) / (1 + at) ** 0.6)
    total = torch.zeros_like(chain.energy)
    for at in range(1, config.n_steps + 1):
        chain, acceptance = step(chain, free, weights, config, step_size, generator)
        total = total + acceptance
        if at % config.every == 0:
            yield Sample(chain.z, chain.energy, total / config.every)
            total = torch.zeros_like(total)
