"""The time steps of the Poisson network with their gradient written by hand.

``network.unroll`` with one iteration in a step and without a leak: the same numbers to the bit, and
the gradient that automatic differentiation finds, in fewer passes over memory. In step t, with
q = f/2 - s, the change Δ and sg(x) = 1 / (1 + e^-x) where a clamp lets x pass, else 0:

    a = e^η (s - f_{t-1} - e^b)           Δ = c_Δ - softplus(c_Δ - a)
    b = u_{t-1} + Δ                       u_t = c_u - softplus(c_u - b)
    z_t drawn at u_t                      f_t = z_t G
    likelihood = own + Σ z_t q_t          divergence = KL(u_t, u_{t-1})

and backwards, with g_x the gradient in x:

    g_f = ½ g_L z - g_s of step t + 1     g_z = g_L q + g_f Gᵀ          g_G += zᵀ g_f
    g_u = z' g_z + g_L ∂missing/∂u + g_D ∂KL/∂u + what step t + 1 sends back
    g_b = g_u sg(c_u - b)                 g_a = g_b sg(c_Δ - a)
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from corelib.models.ipvae.distributions import LOWEST, SlopedDraw, kl_poisson, kl_poisson_published
from corelib.models.ipvae.dynamics import Limits, PoissonState, limited

_aten = torch.ops.aten
_SOFTPLUS = (1, 20)  # torch's own beta and threshold


class PoissonDivergence(NamedTuple):
    """The divergence of a state from the one before it, (batch, unit): the true one, or the
    published code's version."""

    published: bool

    def __call__(self, after: PoissonState, before: PoissonState) -> Tensor:
        kl = kl_poisson_published if self.published else kl_poisson
        return kl(after.u, before.u)


class Rules(NamedTuple):
    """What the steps are made of besides tensors; ``corrected``: with ``cost_of_variance``."""

    steps: int
    draw: SlopedDraw
    divergence: PoissonDivergence
    corrected: bool
    limits: Limits


class Inputs(NamedTuple):
    """What the steps begin with: ``u`` and ``feedback`` of the state before them, ``stimulus``
    (batch, unit), ``own`` (batch,), the part of the likelihood without the code, and the weights
    as in ``dynamics``."""

    u: Tensor
    feedback: Tensor
    stimulus: Tensor
    own: Tensor
    gram: Tensor
    threshold: Tensor
    step_size: Tensor


class Step(NamedTuple):
    """What the gradient of a step needs, (batch, unit): a and b before their clamps, c_Δ - a and
    c_u - b after them, e^u of this and of the last step, z and dz/du, q, and u_t - u_{t-1}."""

    a: Tensor
    below_du: Tensor
    b: Tensor
    below_u: Tensor
    rate: Tensor
    prior_rate: Tensor
    z: Tensor
    slope: Tensor
    q: Tensor
    change: Tensor


def unroll(inputs: Inputs, rules: Rules) -> tuple[Tensor, Tensor, PoissonState]:
    """Likelihood and divergence of each step, (time, batch), and the state after the last one,
    which has no gradient."""
    likelihood, divergence, *state = _Unroll.apply(rules, *inputs)
    return likelihood, divergence, PoissonState(*state)


class _Unroll(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rules: Rules, *tensors: Tensor) -> tuple[Tensor, ...]:
        inputs = Inputs(*tensors)
        u, f, rate = inputs.u, inputs.feedback, inputs.u.exp()
        c_u, c_du = (u.new_tensor(c) for c in (rules.limits.u, rules.limits.du))
        z = f
        likelihood: list[Tensor] = []
        divergence: list[Tensor] = []
        kept: list[Tensor] = []
        for _ in range(rules.steps):
            before, prior_rate = u, rate
            a = torch.sub(inputs.stimulus, f).sub_(inputs.threshold).mul_(inputs.step_size)
            below_du, b = limited(a, c_du)
            b += before
            below_u, u = limited(b, c_u)
            rate = u.exp()
            z, slope = rules.draw.sample(u, rate)
            f = z @ inputs.gram
            q = torch.mul(f, 0.5).sub_(inputs.stimulus)
            change = u - before
            likelihood.append(inputs.own + (z * q).sum(1))
            kl = (change - 1).mul_(change.exp()).add_(1)
            divergence.append(kl.mul_(rate if rules.divergence.published else prior_rate).sum(1))
            kept += Step(a, below_du, b, below_u, rate, prior_rate, z, slope, q, change)
        ctx.rules = rules
        ctx.save_for_backward(inputs.gram, inputs.step_size, *kept)
        ctx.mark_non_differentiable(u, z, f)
        return torch.stack(likelihood), torch.stack(divergence), u, z, f

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  (by the decorator's type)
        ctx: Any, *grads: Tensor
    ) -> tuple[Any, ...]:
        rules: Rules = ctx.rules
        gram, step_size, *kept = ctx.saved_tensors
        size = len(Step._fields)
        steps = [Step(*kept[at : at + size]) for at in range(0, len(kept), size)]
        # In u, f, the stimulus, G, the threshold and the step size.
        u, f = torch.zeros_like(steps[0].a), torch.zeros_like(steps[0].a)
        seen, weights = torch.zeros_like(u), torch.zeros_like(gram)
        threshold, rate = gram.new_zeros(len(gram)), torch.zeros_like(step_size)
        for at in reversed(range(rules.steps)):
            step, g_l, g_d = steps[at], grads[0][at, :, None], grads[1][at, :, None]
            half = 0.5 * g_l
            f.addcmul_(step.z, half)
            z = torch.mul(step.q, g_l).addmm_(f, gram.t())
            weights.addmm_(step.z.t(), f)
            seen.addcmul_(step.z, g_l, value=-1)
            u.addcmul_(z, step.slope)
            if rules.corrected:
                u.addcmul_(step.rate * gram.diagonal(), half)
            of_u, of_prior = _divergence_slopes(step, rules.divergence)
            u.addcmul_(of_u, g_d)
            _pass(u, step.below_u, step.b)
            a = _pass(u.clone(), step.below_du, step.a)
            u.addcmul_(of_prior, g_d)
            # a is e^η times the drive.
            rate += torch.dot(a.flatten(), step.a.flatten()) / step_size
            f = a.mul_(-step_size)
            seen -= f
            threshold += f.sum(0)
        return (None, u, f, seen, grads[0].sum(0), weights, threshold, rate)


def _divergence_slopes(step: Step, divergence: PoissonDivergence) -> tuple[Tensor, Tensor]:
    """The derivative of KL(u, prior) in u and in the prior."""
    d, rate = step.change, step.rate
    if not divergence.published:
        return d * rate, step.prior_rate - rate
    # e^u (1 + e^d (d - 1)); rate e^d d falls by the prior alone.
    ratio = d.exp()
    risen = rate * ratio * d
    return rate * (1 + ratio * (d - 1)) + risen, -risen


def _pass(g: Tensor, below: Tensor, x: Tensor) -> Tensor:
    """The gradient through a soft limit, in place of g: g sg(c - x), and 0 below the clamp."""
    _aten.softplus_backward.grad_input(g, below, *_SOFTPLUS, grad_input=g)
    return _aten.threshold_backward.grad_input(g, x, LOWEST, grad_input=g)
