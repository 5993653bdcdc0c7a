"""Small networks in float64, injected noise, and their NumPy references."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from corelib.models.ipvae.distributions import relaxed, surrogate
from corelib.models.ipvae.network import IGVAE, IPVAE, IGReluVAE, IterativeVAE
from tests.reference import ipvae as reference

PIXELS, UNITS, BATCH = 9, 5, 3
KINDS = {"iP": IPVAE, "iG": IGVAE, "iG-relu": IGReluVAE}


def make(kind: str, t_train: int = 4, n_inner: int = 1, seed: int = 0, **settings: Any):
    """Parameters drawn wide, so that every term matters; the prior is learned."""
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    try:
        model = KINDS[kind](
            input_dim=PIXELS,
            n_latents=UNITS,
            t_train=t_train,
            n_iters_inner=n_inner,
            fit_prior=True,
            beta_inner=0.7,
            **settings,
        )
    finally:
        torch.set_default_dtype(torch.float32)
    middle = {"log_bias": -0.5, "log_step": -1.5, "u_init": -0.7}
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn_like(p) * 0.3 + middle.get(name, 0.0))
    return model


def images(seed: int = 1) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(BATCH, PIXELS, dtype=torch.float64)


class Injected:
    """A draw that takes its noise from a list, one array for each call."""

    def __init__(self, kind: str, noise: list[np.ndarray], temperature: float = 1.0) -> None:
        self.kind, self.left, self.temperature = kind, iter(noise), temperature

    def __call__(self, at: Tensor) -> Tensor:
        noise = torch.from_numpy(next(self.left))
        if self.kind == "straight-through":
            return surrogate(at, noise)
        if self.kind == "relaxed":
            return relaxed(at, noise, self.temperature)
        return noise


def noise_for(kind: str, n_draws: int, seed: int = 2) -> list[np.ndarray]:
    """Counts ("hard", "straight-through"), waiting times ("relaxed"), else normal numbers."""
    rng = np.random.default_rng(seed)
    shape = (BATCH, UNITS)
    if kind in ("hard", "straight-through"):
        return [rng.poisson(0.8, shape).astype(float) for _ in range(n_draws)]
    if kind == "relaxed":
        return [rng.exponential(size=(12, *shape)) for _ in range(n_draws)]
    return [rng.normal(size=shape) for _ in range(n_draws)]


def parameters_of(model: IterativeVAE) -> reference.Parameters:
    return reference.Parameters(
        **{name: value.detach().numpy().copy() for name, value in model.state_dict().items()}
    )


def setting_of(model: IterativeVAE, **more: Any) -> reference.Setting:
    limits = model.limits
    bounds = {"clamp_u": limits.u, "clamp_du": limits.du}
    if limits.xi:
        bounds |= {"clamp_xi": limits.xi, "clamp_dxi": limits.dxi}
    return reference.Setting(
        **{
            "n_steps": model.t_train,
            "n_inner": model.inner.iterations,
            "beta_inner": model.inner.beta,
            **bounds,
            **more,
        }
    )
