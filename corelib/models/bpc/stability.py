"""Whether gradient steps of inference converge: γ times the largest eigenvalue of the Hessian.

Near a minimum of the energy F, a step z <- z - γ dF/dz multiplies the distance along each
eigenvector of the Hessian by 1 - γ λ, so it shrinks while

    γ λ_max < 2

(Nesterov 2004, "Introductory lectures on convex optimization", section 1.2.3). The energy is
quadratic only where φ is linear, so λ_max changes with the activity: ``eigenvalues_along`` follows
it through inference, ``over_step_sizes`` through other step sizes. λ_max is by power iteration with
products written by hand (``energy.hessian_product``); it is the largest in absolute value.
"""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from corelib.models.bpc.energy import Activity, Weights, hessian_product
from corelib.models.bpc.inference import Given, InferenceConfig, begin, infer

LIMIT = 2.0
"""Gradient steps converge while γ λ_max is below it."""
POWER_STEPS = 60


class Stability(NamedTuple):
    """Whether inference converges: ``eigenvalue`` is the largest of the energy's Hessian over the
    free activity, mean over samples; ``value`` = γ times it. Gradient steps converge below 2."""

    eigenvalue: float
    value: float

    def __str__(self) -> str:
        if self.value < 1:
            return "Each step of inference lowers the energy: stable."
        if self.value < LIMIT:
            return "Inference overshoots along its steepest direction, but converges."
        return "Inference runs away along its steepest direction: lower the step size."


class Eigenvalues(NamedTuple):
    """The largest eigenvalue during inference: ``step`` (time) counts the updates so far,
    ``eigenvalue`` (batch, time). Only moments at which all activity is finite are kept."""

    step: Tensor
    eigenvalue: Tensor

    def limiting_step_size(self) -> float:
        """The step size at which γ times the largest of all eigenvalues is ``LIMIT``."""
        return LIMIT / self.eigenvalue.max().item()


class StepSizes(NamedTuple):
    """Inference with several step sizes: ``value`` is γ times the largest eigenvalue on its way,
    mean over samples, and ``energy`` that after its last step, mean over samples, infinite where it
    ran away; each (size)."""

    step_size: Tensor
    value: Tensor
    energy: Tensor


@torch.no_grad()
def stability(
    given: Given,
    weights: Weights,
    config: InferenceConfig,
    generator: torch.Generator | None = None,
) -> Stability:
    """The stability of inference at its start. A random start is drawn from ``generator``; raises
    ``ValueError`` when the network cannot start as asked."""
    z = begin(given, weights, config.start, generator)
    eigenvalue = largest_eigenvalues(z, given, weights, config).mean().item()
    return Stability(eigenvalue, config.step_size * eigenvalue)


@torch.no_grad()
def eigenvalues_along(
    given: Given,
    weights: Weights,
    config: InferenceConfig,
    every: int = 1,
    generator: torch.Generator | None = None,
) -> Eigenvalues:
    """The largest eigenvalue at the start of inference, after each ``every`` steps, and at the end.

    A random start is drawn from ``generator``. Raises ``ValueError`` as ``infer`` does.
    """
    trace = infer(given, weights, config, every, generator)
    n = len(trace.energy)
    z: list[Tensor] = [trace.label, *trace.hidden, trace.image]
    finite = reduce(torch.logical_and, (layer.isfinite().all(2).all(0) for layer in z))
    kept = int(finite.cumprod(0).sum())
    # All moments at once, as if each were a sample.
    states = tuple(layer[:, :kept].flatten(0, 1) for layer in z)

    def repeated(mask: Tensor | None) -> Tensor | None:
        per_sample = mask is not None and mask.dim() == 2
        return mask.repeat_interleave(kept, 0) if per_sample and mask is not None else mask

    known = given._replace(x_known=repeated(given.x_known), y_known=repeated(given.y_known))
    values = largest_eigenvalues(states, known, weights, config)
    return Eigenvalues(trace.step[:kept], values.reshape(n, kept))


@torch.no_grad()
def over_step_sizes(
    given: Given,
    weights: Weights,
    config: InferenceConfig,
    step_sizes: Sequence[float],
    generator: torch.Generator | None = None,
) -> StepSizes:
    """Inference with each of ``step_sizes`` in place of that of ``config``, always from the same
    start. Raises ``ValueError`` as ``infer`` does."""
    values: list[Tensor] = []
    energies: list[Tensor] = []
    every = max(1, config.n_steps // 4)
    for step_size in step_sizes:
        own = config._replace(step_size=step_size)
        noise = None if generator is None else generator.clone_state()
        largest = eigenvalues_along(given, weights, own, every, noise).eigenvalue
        noise = None if generator is None else generator.clone_state()
        energy = infer(given, weights, own, max(1, config.n_steps), noise).energy[:, -1].mean()
        values.append(step_size * largest.amax(1).mean())
        energies.append(torch.where(energy.isfinite(), energy, torch.inf))
    return StepSizes(torch.tensor(list(step_sizes)), torch.stack(values), torch.stack(energies))


def largest_eigenvalues(
    z: Activity, given: Given, weights: Weights, config: InferenceConfig
) -> Tensor:
    """Of the Hessian of each sample's energy over its free activity, at z_0 .. z_L: (batch)."""
    known = {0: given.y_known, weights.depth: given.x_known}
    free = [k for k in range(weights.depth + 1) if 0 < k < weights.depth or known[k] is not None]
    masks = [None if mask is None else ~mask for mask in (known.get(k) for k in free)]
    product = hessian_product(z, weights, config.precision, free)
    noise = torch.Generator().manual_seed(0)
    v = [torch.randn(z[k].shape, generator=noise, dtype=z[k].dtype).to(z[k]) for k in free]
    length = z[0].new_zeros(len(z[0]), 1)
    for _ in range(POWER_STEPS + 1):
        # What is clamped does not move.
        v = [a if mask is None else a * mask for a, mask in zip(v, masks, strict=True)]
        squares = reduce(torch.add, (a.square().sum(1, keepdim=True) for a in v))
        length = squares.sqrt().clamp(min=1e-30)
        v = product([a / length for a in v])
    return length[:, 0]
