"""The iterative VAEs: modules that hold the weights, and the loss of an unrolled inference.

An update of the weights back-propagates through T time steps. The state persists from step to step,
and the divergence of each step is taken from the step before it, which is its prior.

One draw serves two purposes: the z from which the loss of step t reconstructs the image is also the
one that is explained away in step t + 1, where the published code draws again. Each step has the
same distribution either way, so the expected loss and its gradient are the same.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from corelib.models.ipvae.config import IGVAEConfig, IGVAETraining, IPVAEConfig, IPVAETraining
from corelib.models.ipvae.distributions import (
    Draw,
    SlopedDraw,
    clamp_both,
    kl_gaussian,
    normal,
    poisson,
    relaxed_poisson,
    shared_normal,
    shared_poisson,
    straight_through,
)
from corelib.models.ipvae.dynamics import (
    INTACT,
    Controls,
    Drives,
    GaussianState,
    Inner,
    Limits,
    PoissonState,
    Resting,
    Weights,
    gaussian_state,
    gaussian_step,
    poisson_state,
    poisson_step,
    stimulus,
)
from corelib.models.ipvae.unrolled import Inputs, PoissonDivergence, Rules, unroll
from corelib.shapes import images

LOG_SCALE_LIMIT = 3.45
FIRST_LOG_BIAS = -3.0
PIXELS = 256.0
NOISE_SEED = 0

State = PoissonState | GaussianState


class Objective(NamedTuple):
    """What a training minimises: how z is drawn, the divergence of a state from the one before
    it, (batch, unit) in nats, and what the gradient of the draw leaves out of the likelihood,
    (batch,), if anything."""

    draw: Draw
    divergence: Callable[[Any, Any], Tensor]
    missing: Callable[[Any, Weights], Tensor] | None = None


class Unrolled(NamedTuple):
    """``likelihood``, the negative log-likelihood summed over pixels, and ``divergence``, summed
    over units, of each step in nats, (time, batch); ``state`` after the last step, of which no
    gradient is taken."""

    likelihood: Tensor
    divergence: Tensor
    state: State


class IterativeVAE(nn.Module, ABC):
    """A linear decoder whose code is inferred by gradient steps; ``x`` is (batch, pixel).

    Each pixel has its own noise, σ = exp(3.45 tanh(log_scale / 3.45)), from e^-3.45 to e^3.45 as in
    the authors' code. ``decoder`` W (pixel, unit) starts as N(0, init_scale / sqrt(M)).
    """

    step_sizes: ClassVar[int]

    def __init__(self, config: IPVAEConfig | IGVAEConfig, limits: Limits) -> None:
        super().__init__()
        input_dim, n_latents = config.input_dim, config.n_latents
        self.t_train, self.limits = config.t_train, limits
        self.inner = Inner(config.n_iters_inner, config.beta_inner)
        scale = config.init_scale / math.sqrt(input_dim)
        self.decoder = nn.Parameter(scale * torch.randn(input_dim, n_latents))
        self.log_scale = nn.Parameter(torch.zeros(input_dim))
        self.log_bias = nn.Parameter(torch.full((n_latents,), FIRST_LOG_BIAS))
        self.log_step = nn.Parameter(torch.full((self.step_sizes,), config.log_step))

    @abstractmethod
    def resting(self) -> Resting:
        """The state in which inference begins: u, or mu and xi; (unit) each."""

    @abstractmethod
    def state(self, at: Resting, weights: Weights, draw: Draw, controls: Controls) -> State:
        """The state at u, or mu and xi, (batch, unit) each, with z drawn."""

    @abstractmethod
    def step(
        self, stimulus: Tensor, state: State, weights: Weights, draw: Draw, controls: Controls
    ) -> tuple[State, Drives]:
        """One time step; ``stimulus`` (batch, unit) is W^T (x / σ²)."""

    @abstractmethod
    def objective(self, settings: Any) -> Objective:
        """How z is drawn and the divergence computed under these training settings."""

    @abstractmethod
    def mean_activity(self, state: Any, weights: Weights) -> Tensor:
        """The activity without noise, (batch, unit): rates e^u, or what the decoder reads at mu."""

    @abstractmethod
    def noise(self, generator: torch.Generator) -> Draw:
        """Draws from the network's own distribution, without gradients."""

    @abstractmethod
    def shared_noise(self, generator: torch.Generator) -> Draw:
        """Draws that are the same for each image, whatever else is in the batch."""

    def fixed_noise(self) -> Draw:
        """Shared noise from a fixed seed."""
        return self.shared_noise(torch.Generator().manual_seed(NOISE_SEED))

    def gain(self) -> Tensor | None:
        """The factor of relu(z), (unit); None where the decoder reads z itself."""
        return None

    def weights(self) -> Weights:
        """What all images share, computed once per pass."""
        log_scale = clamp_both(self.log_scale, LOG_SCALE_LIMIT)
        scaled = self.decoder * torch.exp(-log_scale)[:, None]
        return Weights(
            decoder=self.decoder,
            log_scale=log_scale,
            gram=scaled.T @ scaled,
            threshold=self.log_bias.exp(),
            step_size=self.log_step.exp(),
            resting=self.resting(),
            gain=self.gain(),
        )

    def begin(self, batch: int, weights: Weights, draw: Draw, controls: Controls = INTACT) -> State:
        """The state of ``batch`` images before the first step."""
        at = tuple(part.expand(batch, -1) for part in weights.resting)
        return self.state(at, weights, draw, controls)

    def go_on(self, state: State, weights: Weights, draw: Draw) -> State:
        """The state as a new start, from which truncated back-propagation continues.

        Its gradient ends in the prior, as if the state were the prior plus a constant, as in the
        authors' code. z is drawn again, because the weights may have changed.
        """
        at = zip(state, weights.resting, strict=False)
        kept = tuple(rest + (now - rest).detach() for now, rest in at)
        return self.state(kept, weights, draw, INTACT)

    def unroll(
        self, x: Tensor, objective: Objective, weights: Weights, state: State | None = None
    ) -> Unrolled:
        """T time steps on constant images, from the prior or from a state."""
        draw, divergence, missing = objective
        seen = stimulus(x, weights)
        state = self.begin(len(x), weights, draw) if state is None else state
        own = self._own(x, weights)
        likelihood: list[Tensor] = []
        divergences: list[Tensor] = []
        for _ in range(self.t_train):
            before = state
            state, _ = self.step(seen, before, weights, draw, INTACT)
            # |x - W a|² / σ² from what is known already: a W^T x / σ² and a (W^T W / σ²) a.
            of_step = own + (state.activity * (0.5 * state.feedback - seen)).sum(1)
            likelihood.append(of_step if missing is None else of_step + missing(state, weights))
            divergences.append(divergence(state, before).sum(1))
        return Unrolled(torch.stack(likelihood), torch.stack(divergences), state)

    @staticmethod
    def _own(x: Tensor, weights: Weights) -> Tensor:
        """The negative log-likelihood of images if nothing is active, (batch,)."""
        constant = weights.log_scale.sum() + 0.5 * x.shape[1] * math.log(2 * math.pi)
        return 0.5 * x.square() @ torch.exp(-2 * weights.log_scale) + constant

    def forward(self, x: Tensor) -> Tensor:
        """Mean activity (batch, unit) after T steps; all images get the same noise."""
        x = images(x, len(self.log_scale))
        weights, draw = self.weights(), self.fixed_noise()
        seen = stimulus(x, weights)
        state = self.begin(len(x), weights, draw)
        for _ in range(self.t_train):
            state, _ = self.step(seen, state, weights, draw, INTACT)
        return self.mean_activity(state, weights)


class IPVAE(IterativeVAE):
    """The iterative Poisson VAE: potentials u, rates e^u, and integer spike counts z."""

    step_sizes = 1
    u_init: Tensor

    def __init__(self, config: IPVAEConfig | None = None, **settings: Any) -> None:
        config = IPVAEConfig.from_arguments(config, settings)
        super().__init__(config, Limits(config.clamp_u, config.clamp_du))
        u_init = torch.empty(config.n_latents).uniform_(config.prior_low, config.prior_high)
        _hold(self, "u_init", u_init, config.fit_prior)

    def resting(self) -> Resting:
        return (self.u_init,)

    def state(self, at: Resting, weights: Weights, draw: Draw, controls: Controls) -> PoissonState:
        (u,) = at
        return poisson_state(u, weights, draw, controls)

    def step(
        self, stimulus: Tensor, state: Any, weights: Weights, draw: Draw, controls: Controls
    ) -> tuple[PoissonState, Drives]:
        return poisson_step(stimulus, state, weights, draw, controls, self.inner, self.limits)

    def objective(self, settings: IPVAETraining) -> Objective:
        relaxed = settings.sampling == "relaxed"
        draw = relaxed_poisson(settings.temperature) if relaxed else straight_through
        divergence = PoissonDivergence(published=settings.kl == "published")
        corrected = settings.sampling == "variance-corrected"
        return Objective(draw, divergence, cost_of_variance if corrected else None)

    def unroll(
        self, x: Tensor, objective: Objective, weights: Weights, state: Any = None
    ) -> Unrolled:
        draw, divergence, missing = objective
        if (
            not torch.is_grad_enabled()
            or self.inner.iterations > 1
            or missing not in (None, cost_of_variance)
            or not isinstance(draw, SlopedDraw)
            or not isinstance(divergence, PoissonDivergence)
        ):
            return super().unroll(x, objective, weights, state)
        state = self.begin(len(x), weights, draw) if state is None else state
        rules = Rules(self.t_train, draw, divergence, missing is not None, self.limits)
        seen, own = stimulus(x, weights), self._own(x, weights)
        shared = weights.gram, weights.threshold, weights.step_size
        return Unrolled(*unroll(Inputs(state.u, state.feedback, seen, own, *shared), rules))

    def mean_activity(self, state: PoissonState, weights: Weights) -> Tensor:
        return state.u.exp()

    def noise(self, generator: torch.Generator) -> Draw:
        return partial(poisson, generator=generator)

    def shared_noise(self, generator: torch.Generator) -> Draw:
        return shared_poisson(generator)


def cost_of_variance(state: PoissonState, weights: Weights) -> Tensor:
    """What the straight-through gradient leaves out of a step's likelihood: 0 (batch,), with the
    gradient ½ G_kk λ_k in u_k.

    With counts z_k ~ Poisson(λ_k), λ = e^u, independent, and G = W^T W / σ², the expected quadratic
    of the likelihood is

        E[½ z^T G z] = ½ λ^T G λ + ½ Σ_k G_kk λ_k,

    because the variance of a count is its mean. Its gradient in u_k is λ_k ((G λ)_k + ½ G_kk). The
    straight-through gradient of one draw is λ_k (G z)_k, on average λ_k (G λ)_k: it treats the
    counts as if their spread did not grow with the rate, and so spikes are too cheap by
    ½ G_kk λ_k. This term costs what is missing,

        ½ Σ_k G_kk (e^(u_k) - stop(e^(u_k))).

    G is held constant: W already receives the gradient of the quadratic at the counts drawn, whose
    mean is exact. What a count does to later steps is still estimated by its mean. The paper does
    not have this term; its softened counts have a bias of their own.
    """
    rate = state.u.exp()
    return 0.5 * (rate - rate.detach()) @ weights.gram.detach().diagonal()


class GaussianVAE(IterativeVAE, ABC):
    """Means mu and log-scales xi; z = mu + e^xi ε."""

    step_sizes = 2
    mu_init: Tensor
    xi_init: Tensor

    def __init__(self, config: IGVAEConfig | None = None, **settings: Any) -> None:
        config = IGVAEConfig.from_arguments(config, settings)
        limits = Limits(config.clamp_u, config.clamp_du, config.clamp_xi, config.clamp_dxi)
        super().__init__(config, limits)
        for name in ("mu_init", "xi_init"):
            _hold(self, name, torch.zeros(config.n_latents), config.fit_prior)

    def resting(self) -> Resting:
        return self.mu_init, self.xi_init

    def state(self, at: Resting, weights: Weights, draw: Draw, controls: Controls) -> GaussianState:
        mu, xi = at
        return gaussian_state(mu, xi, weights, draw, controls)

    def step(
        self, stimulus: Tensor, state: Any, weights: Weights, draw: Draw, controls: Controls
    ) -> tuple[GaussianState, Drives]:
        return gaussian_step(stimulus, state, weights, draw, controls, self.inner, self.limits)

    def objective(self, settings: IGVAETraining) -> Objective:
        def divergence(after: GaussianState, before: GaussianState) -> Tensor:
            return kl_gaussian(after.mu, after.xi, before.mu, before.xi)

        return Objective(normal, divergence)

    def mean_activity(self, state: GaussianState, weights: Weights) -> Tensor:
        return state.mu if weights.gain is None else weights.gain * torch.relu(state.mu)

    def noise(self, generator: torch.Generator) -> Draw:
        return partial(normal, generator=generator)

    def shared_noise(self, generator: torch.Generator) -> Draw:
        return shared_normal(generator)


class IGVAE(GaussianVAE):
    """The iterative Gaussian VAE: the decoder reads z, of either sign."""


class IGReluVAE(GaussianVAE):
    """The iterative Gaussian VAE whose decoder reads e^gain relu(z)."""

    def __init__(self, config: IGVAEConfig | None = None, **settings: Any) -> None:
        super().__init__(config, **settings)
        self.log_gain = nn.Parameter(torch.zeros(self.decoder.shape[1]))

    def gain(self) -> Tensor:
        return self.log_gain.exp()


def _hold(module: nn.Module, name: str, value: Tensor, learned: bool) -> None:
    """Register a tensor as a parameter if it is learned, else as a buffer."""
    if learned:
        module.register_parameter(name, nn.Parameter(value))
    else:
        module.register_buffer(name, value)
