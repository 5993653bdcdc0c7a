"""The iterative VAEs in NumPy float64: one image, one time step and one inner iteration at a time.

Noise comes from outside, one array for each draw: spike counts, or waiting times (arrival, unit)
for softened counts, or standard normal numbers.
"""

import math
from typing import NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """As the networks hold them; ``mu_init``, ``xi_init`` and ``log_gain`` where there are any."""

    decoder: np.ndarray
    log_scale: np.ndarray
    log_bias: np.ndarray
    log_step: np.ndarray
    u_init: np.ndarray | None = None
    mu_init: np.ndarray | None = None
    xi_init: np.ndarray | None = None
    log_gain: np.ndarray | None = None


class Setting(NamedTuple):
    """``sampling`` is "hard", "straight-through" or "relaxed" for the Poisson network."""

    n_steps: int
    n_inner: int = 1
    beta_inner: float = 1.0
    clamp_u: float = 7.0
    clamp_du: float = 7.0
    clamp_xi: float = 2.0
    clamp_dxi: float = 3.0
    sampling: str = "hard"
    temperature: float = 1.0
    explaining_away: float = 1.0
    leak: float = 0.0
    lesioned: tuple[int, ...] = ()
    curvature: np.ndarray | None = None
    """diag(W^T W / σ²), held: with it, straight-through counts cost their variance."""


class Moment(NamedTuple):
    """One time step of one image; ``u`` and ``xi`` after it, drives of the potential (mean)."""

    stimulus: np.ndarray
    explaining_away: np.ndarray
    threshold: np.ndarray
    leak: np.ndarray
    u: np.ndarray
    xi: np.ndarray | None
    activity: np.ndarray
    rate: np.ndarray | None
    likelihood: float
    kl: float
    kl_published: float


def softplus(v):
    return np.log1p(np.exp(-np.abs(v))) + np.maximum(v, 0)


def sigmoid(v):
    return 0.5 * (1 + np.tanh(v / 2))


def below(x, c):
    """Not under -8, and softly not above c."""
    x = np.maximum(x, -8.0)
    return c - softplus(c - x)


def within(x, c):
    return c * np.tanh(x / c)


def soft_count(rate, waits, temperature):
    arrivals = np.cumsum(waits, 0) / (rate + np.finfo(float).eps)
    return sigmoid((1 - arrivals) / temperature).sum(0)


def pixel_sd(p: Parameters) -> np.ndarray:
    return np.exp(within(p.log_scale, 3.45))


def run_image(
    x: np.ndarray,
    p: Parameters,
    s: Setting,
    noise: list[np.ndarray],
    anchors: list[np.ndarray] | None = None,
) -> list[Moment]:
    """All moments of one image. ``noise`` has one array for the beginning and one for each inner
    iteration. Straight-through counts move with e^u from where ``anchors``, the rates at the same
    draws, stood."""
    draws, last = iter(range(len(noise))), 0
    sd = pixel_sd(p)
    intact = np.ones(p.decoder.shape[1])
    intact[list(s.lesioned)] = 0

    def counts(u):
        nonlocal last
        at = last = next(draws)
        rate = np.exp(u)
        if s.sampling == "relaxed":
            return soft_count(rate, noise[at], s.temperature) * intact
        if s.sampling == "straight-through" and anchors is not None:
            return (noise[at] + rate - anchors[at]) * intact
        return noise[at] * intact

    def cost_of_variance(u):
        """Zero where the anchors stood; it moves with e^u from there."""
        if s.curvature is None or anchors is None:
            return 0.0
        return 0.5 * float(np.sum(s.curvature * (np.exp(u) - anchors[last])))

    def seen_through(a):
        """Its reconstruction by the decoder, projected back onto the neurons."""
        return p.decoder.T @ ((p.decoder @ a) / sd**2)

    def likelihood(a):
        error = (x - p.decoder @ a) / sd
        return float(np.sum(0.5 * error**2 + np.log(sd) + 0.5 * math.log(2 * math.pi)))

    stimulus = p.decoder.T @ (x / sd**2)
    threshold = -np.exp(p.log_bias)
    step = np.exp(p.log_step)
    moments = []
    if p.u_init is not None:
        u = p.u_init.copy()
        z = counts(u)
        for _ in range(s.n_steps):
            prior = u
            sums = [np.zeros_like(u) for _ in range(4)]
            for _ in range(s.n_inner):
                away = -s.explaining_away * seen_through(z)
                leak = -s.leak * (u - p.u_init)
                if s.n_inner > 1:
                    leak = leak - s.beta_inner * (u - prior)
                drives = (stimulus, away, threshold, leak)
                sums = [a + b for a, b in zip(sums, drives, strict=True)]
                u = below(u + below(step[0] * sum(drives), s.clamp_du), s.clamp_u)
                z = counts(u)
            d = u - prior
            bracket = 1 + np.exp(d) * (d - 1)
            moments.append(
                Moment(
                    *sums,
                    u,
                    None,
                    z,
                    np.exp(u),
                    likelihood(z) + cost_of_variance(u),
                    float(np.sum(np.exp(prior) * bracket)),
                    float(np.sum(np.exp(u) * bracket)),
                )
            )
        return moments

    mu, xi = p.mu_init.copy(), p.xi_init.copy()

    def draw(mu, xi):
        eps = noise[next(draws)]
        z = mu + np.exp(xi) * eps
        if p.log_gain is None:
            return eps, z * intact, np.ones_like(z)
        gain = np.exp(p.log_gain)
        return eps, gain * np.maximum(z, 0) * intact, gain * (z > 0)

    eps, a, slope = draw(mu, xi)
    for _ in range(s.n_steps):
        prior_mu, prior_xi = mu, xi
        sums = [np.zeros_like(mu) for _ in range(4)]
        for _ in range(s.n_inner):
            var = np.exp(2 * xi)
            away = -s.explaining_away * seen_through(a)
            # Gradients of the free energy by mu and xi, then the inverse Fisher information.
            by_mu = slope * (stimulus + away)
            by_xi = slope * (stimulus + away) * eps * np.exp(xi)
            leak_mu, leak_xi = np.zeros_like(mu), np.zeros_like(xi)
            if s.n_inner > 1:
                leak_mu = -s.beta_inner * (mu - prior_mu) / np.exp(2 * prior_xi)
                leak_xi = -s.beta_inner * (np.exp(2 * (xi - prior_xi)) - 1)
            leak = var * leak_mu - s.leak * (mu - p.mu_init)
            drives = (var * slope * stimulus, var * slope * away, threshold, leak)
            sums = [b + c for b, c in zip(sums, drives, strict=True)]
            change = step[0] * (var * by_mu + threshold + leak)
            turn = step[1] * 0.5 * (by_xi + leak_xi)
            mu = within(mu + within(change, s.clamp_du), s.clamp_u)
            xi = within(xi + within(turn, s.clamp_dxi), s.clamp_xi)
            eps, a, slope = draw(mu, xi)
        ratio = np.exp(2 * (xi - prior_xi))
        kl = 0.5 * ((mu - prior_mu) ** 2 / np.exp(2 * prior_xi) + ratio - 1 - np.log(ratio))
        moments.append(Moment(*sums, mu, xi, a, None, likelihood(a), float(kl.sum()), float("nan")))
    return moments


def loss(
    x: np.ndarray,
    p: Parameters,
    s: Setting,
    noise: list[np.ndarray],
    beta: float,
    kl: str = "true",
    anchors: list[np.ndarray] | None = None,
) -> float:
    """The training loss: mean over images and time of -log p(x | z) + β KL, for 256 pixels.

    Noise and anchors are (batch, ...) for each draw; waiting times (arrival, batch, unit).
    """
    total = 0.0
    axis = 1 if s.sampling == "relaxed" else 0
    for k, image in enumerate(x):
        own = [n.take(k, axis) for n in noise]
        stood = None if anchors is None else [a[k] for a in anchors]
        for moment in run_image(image, p, s, own, stood):
            divergence = moment.kl if kl == "true" else moment.kl_published
            total += (moment.likelihood + beta * divergence) / (len(x) * s.n_steps)
    return total * 256 / x.shape[1]
