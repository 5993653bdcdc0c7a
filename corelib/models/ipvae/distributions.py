"""Soft clamps, draws of spike counts, and divergences: pure functions of tensors of any shape."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Draw = Callable[[Tensor], Tensor]
"""Draws the noise of one moment: for Poisson models counts from u, for Gaussian models standard
normal numbers in the shape of mu."""

LOWEST = -8.0
BEYOND = 8.0
BLOCK = 32


def clamp_above(x: Tensor, c: float) -> Tensor:
    """c - softplus(c - x): x far below c, and never above c."""
    return c - F.softplus(c - x)


def clamp_both(x: Tensor, c: float) -> Tensor:
    """c tanh(x / c): x near 0, and always within (-c, c)."""
    return c * torch.tanh(x / c)


def exponential(like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Exponential waiting times of rate 1 in the shape of a tensor; several times faster than
    torch's ``exponential_``."""
    uniform = torch.rand(like.shape, generator=generator, dtype=like.dtype, device=like.device)
    return uniform.neg_().log1p_().neg_()


def poisson(u: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """z ~ Poisson(e^u), without a gradient; 0 where u is NaN, which then shows in the loss."""
    return torch.poisson(u.detach().exp().nan_to_num_(), generator)


class SlopedDraw(NamedTuple):
    """A ``Draw`` whose derivative is known: from u and e^u ``sample`` gives z and dz/du."""

    sample: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

    def __call__(self, u: Tensor) -> Tensor:
        return _Sloped.apply(u, self.sample)


class _Sloped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, sample: Any) -> Tensor:
        z, slope = sample(u, u.exp())
        ctx.save_for_backward(slope)
        return z

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        (grad,), (slope,) = grad_outputs, ctx.saved_tensors
        return grad * slope, None


def surrogate(u: Tensor, counts: Tensor) -> Tensor:
    """The counts, with the gradient of e^u."""
    rate = u.exp()
    return counts + rate - rate.detach()


def _hard(u: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    # In the last digit these are not whole numbers, as those of ``surrogate`` are not.
    return torch.poisson(rate.nan_to_num()).add_(rate).sub_(rate), rate


straight_through = SlopedDraw(_hard)
"""z ~ Poisson(e^u) with the gradient of its mean: dz/du = e^u."""


def _soften(rate: Tensor, waits: Iterable[Tensor], temperature: float) -> tuple[Tensor, Tensor]:
    """z and dz/du of ``relaxed``."""
    shape, rate = rate.shape, rate.flatten()
    info = torch.finfo(rate.dtype)
    # From here on s is 0 to the last bit, and later arrivals change nothing.
    over = 1 + temperature * (1 - math.log(info.smallest_normal * info.eps))
    intensity = rate + info.eps
    counts, slope, arrival = (torch.zeros_like(rate) for _ in range(3))
    ends, at, one = (counts, slope), None, rate.new_ones(())
    for k, wait in enumerate(waits, 1):
        wait = wait.flatten() if at is None else wait.flatten()[at]
        arrival.addcdiv_(wait, intensity)
        soft = torch.sub(one, arrival).div_(temperature).sigmoid_()
        counts += soft
        # t s (1 - s) in one pass.
        slope += torch.ops.aten.sigmoid_backward(arrival, soft)
        # Most rates are small: after arrivals 1, 2, 4, ... only those go on whose time is not over.
        if k & (k - 1) == 0:
            left = (arrival < over).nonzero()[:, 0]
            if 2 * len(left) < len(arrival):
                _put(ends, at, (counts, slope))
                at = left if at is None else at[left]
                intensity, arrival, counts, slope = (
                    part[left] for part in (intensity, arrival, counts, slope)
                )
    _put(ends, at, (counts, slope))
    counts, slope = ends
    slope *= rate / ((rate + info.eps) * temperature)
    return counts.view(shape), slope.view(shape)


def _put(ends: tuple[Tensor, ...], at: Tensor | None, parts: tuple[Tensor, ...]) -> None:
    """Write values to their places; None where they are there."""
    if at is not None:
        for end, part in zip(ends, parts, strict=True):
            end[at] = part


def relaxed(u: Tensor, waits: Iterable[Tensor], temperature: float) -> Tensor:
    """Soft counts of the events of a Poisson process in unit time; any shape as u.

    ``waits`` (arrival, ...) are unit-exponential waiting times, which may be drawn one by one. With
    λ = e^u + eps the arrivals are t_i = (waits_1 + ... + waits_i) / λ, and z = sum_i s_i with
    s_i = sigmoid((1 - t_i) / τ). As every t_i goes as 1 / λ, the derivative needs no second pass
    through the cumulative sum:

        dz/du = (e^u / λ) sum_i s_i (1 - s_i) t_i / τ
    """

    def sample(_: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        return _soften(rate, waits, temperature)

    return SlopedDraw(sample)(u)


def relaxed_poisson(temperature: float, generator: torch.Generator | None = None) -> SlopedDraw:
    """``relaxed`` with new waiting times for each draw, as many as can matter.

    The published code draws a number of arrivals that the largest rate exceeds once in a thousand
    draws. Soft counts include arrivals beyond the end, so here arrivals are drawn until the last
    one of every cell has s < e^-8. They are drawn one by one and not kept: there are as many as the
    largest rate. Where a rate is infinite all is NaN, which then shows in the loss.
    """

    def waits(end: Tensor) -> Iterator[Tensor]:
        last, left = torch.zeros_like(end), torch.empty_like(end)
        end = end.nan_to_num(nan=0.0)
        # The smallest difference takes a fifth of the time of comparing each.
        while end.numel() and torch.sub(last, end, out=left).amin().item() < 0:
            wait = exponential(end, generator)
            last += wait
            yield wait

    def sample(u: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        end = (1 + BEYOND * temperature) * (rate + torch.finfo(u.dtype).eps)
        if bool(end.isinf().any()):
            return u * torch.nan, u * torch.nan
        return _soften(rate, waits(end), temperature)

    return SlopedDraw(sample)


def shared_poisson(generator: torch.Generator) -> Draw:
    """Counts for which all rows of u (batch, unit) share one random process.

    Each unit has one Poisson process of rate 1, and a row's count is the number of its events up to
    time e^u. So each row by itself is Poisson(e^u), and it does not depend on which other rows
    there are, nor on their order; it is NaN where u is. For measures that must not depend on the
    batch.
    """

    def draw(u: Tensor) -> Tensor:
        rate = u.detach().exp().cpu().T.contiguous()
        longest = rate.nan_to_num(nan=0.0).amax(1, keepdim=True) if rate.numel() else rate[:, :0]
        # With a seed of its own, so that the rows do not change what the next draw begins with.
        seed = int(torch.randint(2**62, (), generator=generator))
        own = torch.Generator().manual_seed(seed)
        events = torch.zeros((len(rate), 0), dtype=rate.dtype)
        last = torch.zeros((len(rate), 1), dtype=rate.dtype)
        while bool(torch.any(last < longest)):
            waits = torch.empty((len(rate), BLOCK), dtype=rate.dtype).exponential_(generator=own)
            events = torch.cat([events, last + waits.cumsum(1)], 1)
            last = events[:, -1:]
        counts = torch.searchsorted(events, rate).to(rate)
        return counts.masked_fill_(rate.isnan(), torch.nan).T.to(u)

    return draw


def normal(mu: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Standard normal numbers of the shape of mu."""
    return torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)


def shared_normal(generator: torch.Generator) -> Draw:
    """Standard normal numbers (batch, unit), the same in all rows."""

    def draw(mu: Tensor) -> Tensor:
        row = torch.randn(mu.shape[-1], dtype=mu.dtype, generator=generator)
        return row.to(mu.device).expand_as(mu)

    return draw


def kl_poisson(u: Tensor, prior: Tensor) -> Tensor:
    """KL(Poisson(e^u) || Poisson(e^prior)) = e^prior (1 + e^d (d - 1)), with d = u - prior."""
    d = u - prior
    return prior.exp() * (1 + d.exp() * (d - 1))


def kl_poisson_published(u: Tensor, prior: Tensor) -> Tensor:
    """The published code's version: e^u (1 + e^d (d - 1)), with d = u - prior.

    It is e^d times the true divergence: equal to second order in d, and larger where the rate
    rises.
    """
    d = u - prior
    return u.exp() * (1 + d.exp() * (d - 1))


def kl_gaussian(mu: Tensor, xi: Tensor, prior_mu: Tensor, prior_xi: Tensor) -> Tensor:
    """KL(N(mu, e^(2 xi)) || N(prior_mu, e^(2 prior_xi)))."""
    d = xi - prior_xi
    shift = (mu - prior_mu) * torch.exp(-prior_xi)
    return 0.5 * (shift.square() + torch.exp(2 * d) - 1) - d
