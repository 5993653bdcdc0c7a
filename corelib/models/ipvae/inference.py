"""Inference over many steps without gradients: what a trained network does with images and films.

Inputs are images (batch, pixel), shown for ``n_steps``, or films (batch, time, pixel), in their own
units as ``learner.images`` gives them. Results are NumPy arrays, float32 as the weights. All noise
comes from ``seed``; draws elsewhere do not change it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from corelib.models.ipvae.dynamics import INTACT, Controls, Drives, Weights, stimulus
from corelib.models.ipvae.learner import explained, spread
from corelib.models.ipvae.network import IterativeVAE, State

FRAMES_AT_ONCE = 64


class Moment(NamedTuple):
    """One time step; ``mean`` (batch, unit) is the rate e^u or the mean activity."""

    state: State
    drives: Drives
    mean: Tensor


class Trace(NamedTuple):
    """Everything over time, each (batch, time, unit); ``threshold`` (unit,).

    The four drives of the potential (in Gaussian networks, the mean) are those of ``dynamics``;
    their sum times e^η, limited, is its change. ``potential`` is u (mu), ``rate`` e^u (the mean
    activity) and ``activity`` the spikes (what the decoder reads), all after the step.
    ``reconstruction`` (batch, time, pixel) is from the activity.
    """

    stimulus: np.ndarray
    explaining_away: np.ndarray
    threshold: np.ndarray
    leak: np.ndarray
    potential: np.ndarray
    rate: np.ndarray
    activity: np.ndarray
    reconstruction: np.ndarray


class Responses(NamedTuple):
    """``rate`` and ``activity`` as in ``Trace``, (batch, time, unit)."""

    rate: np.ndarray
    activity: np.ndarray


class Convergence(NamedTuple):
    """Means over the images after each step, (time,): ``r2`` of the reconstruction from the step's
    activity, the portion of ``zeros`` in it, and ``change``, the norm of the potentials' change
    over units. ``rate`` (batch, unit) and ``r2_of_each`` (batch,) are after the last step."""

    r2: np.ndarray
    zeros: np.ndarray
    change: np.ndarray
    rate: np.ndarray
    r2_of_each: np.ndarray


def trace(
    model: IterativeVAE,
    x: Tensor,
    n_steps: int | None = None,
    controls: Controls = INTACT,
    seed: int = 0,
    reset_at: Sequence[int] = (),
) -> Trace:
    """All drives and potentials over time.

    Images need ``n_steps``, for films it is their length. ``reset_at`` are steps, from 0, before
    which the state is reset. Raises ``ValueError`` for images without ``n_steps``.
    """
    weights = _weights(model)
    rows: list[list[Tensor]] = [[] for _ in range(6)]
    for state, drives, mean in _moments(model, weights, x, n_steps, controls, seed, reset_at):
        leak = torch.zeros_like(mean) if drives.leak is None else drives.leak
        parts = (drives.stimulus, drives.explaining_away, leak, state[0], mean, state.activity)
        for row, part in zip(rows, parts, strict=True):
            row.append(part)
    seen, away, leak, potential, rate, activity = (torch.stack(row, 1) for row in rows)
    return Trace(
        *(part.cpu().numpy() for part in (seen, away, -weights.threshold, leak)),
        *(part.cpu().numpy() for part in (potential, rate, activity)),
        reconstruction=(activity @ weights.decoder.T).cpu().numpy(),
    )


def respond(
    model: IterativeVAE,
    films: Tensor,
    controls: Controls = INTACT,
    seed: int = 0,
    reset_at: Sequence[int] = (),
) -> Responses:
    """The answers of all neurons to films, (batch, time, pixel), each from the resting state.

    ``reset_at`` is as in ``trace``.
    """
    shape = (films.shape[1], len(films), model.decoder.shape[1])
    rates, activities = torch.empty(shape), torch.empty(shape)
    moments = _moments(model, _weights(model), films, None, controls, seed, reset_at)
    for t, (state, _, mean) in enumerate(moments):
        rates[t], activities[t] = mean, state.activity
    return Responses(*(part.transpose(0, 1).numpy() for part in (rates, activities)))


def run_inference(
    model: IterativeVAE, x: Tensor, n_steps: int, controls: Controls = INTACT, seed: int = 0
) -> Convergence:
    """How inference converges on images (batch, pixel) in ``n_steps``, 1 or more.

    R² of flat images is NaN and left out of the mean.
    """
    weights = _weights(model)
    before, spread_of_each = weights.resting[0], spread(x)
    r2, zeros, change = torch.empty(n_steps), torch.empty(n_steps), torch.empty(n_steps)
    rate = r2_of_each = torch.empty(0)
    for t, moment in enumerate(_moments(model, weights, x, n_steps, controls, seed)):
        state, rate = moment.state, moment.mean
        r2_of_each = explained(x, state.activity @ weights.decoder.T, spread_of_each)
        r2[t] = r2_of_each.nanmean()
        n = state.activity.numel()
        zeros[t] = (n - state.activity.count_nonzero()) / n
        change[t] = _norm(state[0] - before).mean()
        before = state[0]
    return Convergence(*(part.cpu().numpy() for part in (r2, zeros, change, rate, r2_of_each)))


def _norm(x: Tensor) -> Tensor:
    """The norm over units, (batch, unit) -> (batch,)."""
    return cast(Tensor, x.norm(dim=1))  # pyright: ignore[reportUnknownMemberType]  (torch's own)


@torch.no_grad()
def _weights(model: IterativeVAE) -> Weights:
    """The weights without gradients, so that nothing computed with them has any."""
    weights = model.weights()
    resting = tuple(part.detach() for part in weights.resting)
    return weights._replace(decoder=weights.decoder.detach(), resting=resting)


def _moments(
    model: IterativeVAE,
    weights: Weights,
    x: Tensor,
    n_steps: int | None,
    controls: Controls,
    seed: int,
    reset_at: Sequence[int] = (),
) -> Iterator[Moment]:
    generator = torch.Generator(weights.decoder.device).manual_seed(seed)
    draw = model.noise(generator)
    kept = None if controls.lesioned is None else ~controls.lesioned
    state = None
    for t, seen in enumerate(_stimuli(x, n_steps, weights)):
        if state is None or t in reset_at:
            state = model.begin(len(x), weights, draw, controls)
        state, drives = model.step(seen, state, weights, draw, controls)
        mean = model.mean_activity(state, weights)
        if kept is not None:
            mean = mean * kept
        yield Moment(state, drives, mean)


def _stimuli(x: Tensor, n_steps: int | None, weights: Weights) -> Iterator[Tensor]:
    """W^T (x / σ²) of each step: once for an image, many frames at a time for films."""
    if x.ndim == 2:
        if n_steps is None:
            raise ValueError("Images need a number of steps, n_steps.")
        seen = stimulus(x, weights)
        yield from (seen for _ in range(n_steps))
        return
    for at in range(0, x.shape[1], FRAMES_AT_ONCE):
        yield from stimulus(x[:, at : at + FRAMES_AT_ONCE].transpose(0, 1), weights)
