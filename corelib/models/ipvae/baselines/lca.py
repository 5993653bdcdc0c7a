"""LCA, the locally competitive algorithm: sparse coding by a circuit of leaky integrators that
inhibit each other, and its curve of rate against distortion.

Rozell, Johnson, Baraniuk and Olshausen, "Sparse coding via thresholding and local competition in
neural circuits" (Neural Computation 20, 2008). With features Φ (pixel, unit) of unit norm, the
potentials u and activities a of an image x follow

    τ du/dt = b - u - (Φ^T Φ - I) a,   b = Φ^T x,   a = T_λ(u)

where T_λ is the soft threshold: sign(u) max(|u| - λ, 0), or max(u - λ, 0) where activity must not
be negative, as spike counts are not. The circuit rests where the objective

    E(a) = 1/2 |x - Φ a|² + λ Σ |a|

is least, at the optimum of the lasso. We integrate by Euler's method. The rest is the same with any
step; near it the steps converge if dt / τ is below 2 over the largest eigenvalue of Φ^T Φ, and
``code`` keeps below half of that.

Features are learned as in Olshausen and Field 1997: a code is inferred for a batch, then Φ goes a
step down the gradient of 1/2 |x - Φ a|², and its columns are scaled to unit norm. The step is over
the mean squared activity, so that the same rate does for every threshold, and falls to 0.

Images are (image, pixel) in the unit that ``learner.images`` gives them: patches have deviation 1,
hence norm 16 at 16 x 16 pixels. λ is in the same unit as their projections on unit features.
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.errors import DivergedError, SettingsError
from corelib.models.ipvae.baselines.config import LCATraining, Sign
from corelib.models.ipvae.coding import CodePoint
from corelib.models.ipvae.learner import r_squared

N_STEPS = 1000
LARGEST_STEP = 0.1


class Circuit(NamedTuple):
    """``gram`` (unit, unit) = Φ^T Φ, ``threshold`` λ, ``step_size`` dt / τ, and the ``sign`` that
    activity may have."""

    gram: Tensor
    threshold: float
    step_size: float = LARGEST_STEP
    sign: Sign = "signed"


class LCAState(NamedTuple):
    """``u`` potentials and ``activity`` = T_λ(u); (batch, unit)."""

    u: Tensor
    activity: Tensor


def soft_threshold(u: Tensor, threshold: float, sign: Sign = "signed") -> Tensor:
    """T_λ(u), elementwise: exactly 0 where u does not pass λ."""
    return F.softshrink(u, threshold) if sign == "signed" else F.relu(u - threshold)


def resting_state(stimulus: Tensor) -> LCAState:
    """The state before the first step: no potential, no activity."""
    return LCAState(torch.zeros_like(stimulus), torch.zeros_like(stimulus))


def step(stimulus: Tensor, state: LCAState, circuit: Circuit) -> LCAState:
    """One step of Euler's method; ``stimulus`` (batch, unit) is b = Φ^T x."""
    u, activity = state
    inhibition = activity @ circuit.gram - activity
    u = u + circuit.step_size * (stimulus - u - inhibition)
    return LCAState(u, soft_threshold(u, circuit.threshold, circuit.sign))


def infer(stimulus: Tensor, circuit: Circuit, n_steps: int) -> LCAState:
    """The state after ``n_steps`` from rest."""
    state = resting_state(stimulus)
    for _ in range(n_steps):
        state = step(stimulus, state, circuit)
    return state


def circuit_of(features: Tensor, threshold: float, sign: Sign = "signed") -> Circuit:
    """The circuit of features (pixel, unit), with a step size at which it converges.

    Raises ``SettingsError`` for a negative threshold.
    """
    if threshold < 0:
        raise SettingsError(f"threshold is {threshold:g}, but should be 0 or more.")
    gram = features.T @ features
    return Circuit(gram, threshold, min(LARGEST_STEP, 1 / _largest_eigenvalue(gram)), sign)


def code(
    features: Tensor, x: Tensor, threshold: float, n_steps: int = N_STEPS, sign: Sign = "signed"
) -> Tensor:
    """The activity (image, unit) after ``n_steps`` from rest.

    ``features`` (pixel, unit) have unit norm; ``x`` is (image, pixel). Raises ``SettingsError`` for
    a negative threshold.

    >>> features = torch.eye(2)
    >>> code(features, torch.tensor([[3.0, 0.5]]), threshold=1.0).round(decimals=3)
    tensor([[2., 0.]])
    """
    return infer(x @ features, circuit_of(features, threshold, sign), n_steps).activity


def objective(features: Tensor, x: Tensor, activity: Tensor, threshold: float) -> Tensor:
    """E = 1/2 |x - Φ a|² + λ Σ |a| of each image, (image,)."""
    error = (x - activity @ features.T).square().sum(1)
    return 0.5 * error + threshold * activity.abs().sum(1)


def violation(
    features: Tensor, x: Tensor, activity: Tensor, threshold: float, sign: Sign = "signed"
) -> Tensor:
    """How far a code is from the optimum, (image,): the most by which a neuron misses the condition
    of Karush, Kuhn and Tucker, 0 at the optimum.

    With g = Φ^T (x - Φ a), the condition is g = λ sign(a) where a is not 0, and |g| <= λ elsewhere;
    g <= λ where activity must not be negative.
    """
    g = (x - activity @ features.T) @ features
    silent = (g.abs() if sign == "signed" else g) - threshold
    active = (g - threshold * activity.sign()).abs()
    return torch.where(activity != 0, active, F.relu(silent)).amax(1)


def first_features(n_pixels: int, n_latents: int, generator: torch.Generator) -> Tensor:
    """Features of unit norm in random directions, (pixel, unit)."""
    return _unit(torch.randn(n_pixels, n_latents, generator=generator))


def learn(x: Tensor, settings: LCATraining, seed: int = 0) -> Tensor:
    """Features (pixel, unit) of unit norm, learned from images (image, pixel).

    First features and order of the images come from ``seed``; images that do not fill the last
    batch of a pass are left out of that pass. Raises ``DivergedError`` for a learning rate at which
    features are no longer finite.
    """
    generator = torch.Generator().manual_seed(seed)
    features = first_features(x.shape[1], settings.n_latents, generator).to(x)
    size = min(settings.batch_size, len(x))
    n_updates = settings.epochs * (len(x) // size)
    order = torch.empty(0, dtype=torch.int64)
    for k in range(n_updates):
        if len(order) < size:
            order = torch.randperm(len(x), generator=generator)
        batch, order = x[order[:size]], order[size:]
        rate = settings.learning_rate * (1 - k / n_updates)
        features = updated(features, batch, rate, settings)
        if not features.isfinite().all():
            raise DivergedError(k + 1, "a feature is not finite")
    return features


def updated(features: Tensor, x: Tensor, rate: float, settings: LCATraining) -> Tensor:
    """The features after one step down the gradient of 1/2 |x - Φ a|², mean over a batch.

    The step is ``rate`` over the mean squared activity, and at most 1 over the largest eigenvalue
    of <a a^T>, the curvature in Φ: beyond twice that it would overshoot. Nothing changes if no
    neuron is active; where an activity is not finite, no feature is.
    """
    circuit = Circuit(features.T @ features, settings.threshold, sign=settings.sign)
    activity = infer(x @ features, circuit, settings.n_steps).activity
    square = activity.square().mean()
    if square == 0:
        return features
    if not square.isfinite():
        return torch.full_like(features, torch.nan)
    descent = (x - activity @ features.T).T @ activity / len(x)
    steepest = _norm(activity) ** 2 / len(x)
    return _unit(features + torch.minimum(rate / square, 1 / steepest) * descent)


def point(x: Tensor, features: Tensor, activity: Tensor) -> CodePoint:
    """The share of activities that are exactly 0, and R² of the reconstructions, mean over images,
    flat ones left out."""
    r2 = r_squared(x, activity @ features.T).nanmean()
    return CodePoint((activity == 0).float().mean().item(), r2.item())


def curve(
    features: Tensor, x: Tensor, thresholds: Sequence[float], sign: Sign = "signed"
) -> list[CodePoint]:
    """Rate against distortion of one dictionary: a point for each threshold of its circuit, with
    the features as they are.

    It costs one training. Away from the threshold at which they were learned, other features would
    do better: see ``learned_curve``.
    """
    return [point(x, features, code(features, x, value, sign=sign)) for value in thresholds]


def learned_curve(
    train: Tensor, x: Tensor, thresholds: Sequence[float], settings: LCATraining, seed: int = 0
) -> list[CodePoint]:
    """Rate against distortion with a dictionary for each threshold, learned from ``train`` and
    measured on ``x`` at the same threshold.

    A published point of LCA, which has one threshold in training and measurement, is a point of
    this curve.
    """
    points: list[CodePoint] = []
    for value in thresholds:
        own = LCATraining.from_arguments(settings, {"threshold": value})
        features = learn(train, own, seed)
        points += curve(features, x, [value], settings.sign)
    return points


def _largest_eigenvalue(gram: Tensor) -> float:
    values = cast(Tensor, torch.linalg.eigvalsh(gram))  # pyright: ignore[reportUnknownMemberType]
    return values[-1].item()


def _norm(activity: Tensor) -> Tensor:
    """The largest singular value."""
    return cast(
        Tensor,
        torch.linalg.matrix_norm(activity, 2),  # pyright: ignore[reportUnknownMemberType]
    )


def _unit(features: Tensor) -> Tensor:
    return F.normalize(features, dim=0)
