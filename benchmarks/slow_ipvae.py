"""The iterative Poisson VAE in its most direct form: the prediction error passes through W and
back at each step, counts are drawn separately for inference and for the loss, and softened counts
are differentiated through the cumulative sum of their waiting times. The benchmarks compare with
it; the equations are those of ``corelib.models.ipvae``."""

import math

import torch
import torch.nn.functional as F
from scipy.stats import poisson
from torch import Tensor, nn

from corelib.models.ipvae import IPVAE

SIGMA_LIMIT, LOWEST = 3.45, -8.0
EXCEEDED = 1e-3  # probability of more events than are drawn


class SlowIPVAE(nn.Module):
    """The parameters and limits of an ``IPVAE`` with one inner iteration."""

    def __init__(self, model: IPVAE) -> None:
        super().__init__()
        self.t_train, self.limits = model.t_train, model.limits
        for name, p in model.named_parameters():
            setattr(self, name, nn.Parameter(p.detach().clone()))
        if not isinstance(model.u_init, nn.Parameter):
            self.register_buffer("u_init", model.u_init.clone())

    def sigma(self) -> Tensor:
        return torch.exp(SIGMA_LIMIT * torch.tanh(self.log_scale / SIGMA_LIMIT))

    def soft_counts(self, u: Tensor, temperature: float) -> Tensor:
        rate = torch.exp(u) + torch.finfo(u.dtype).eps
        n = int(poisson.ppf(1 - EXCEEDED, rate.max().item())) + 1
        waits = torch.distributions.Exponential(rate).rsample((n,))
        return torch.sigmoid((1 - torch.cumsum(waits, 0)) / temperature).sum(0)

    def update(self, x: Tensor, u: Tensor, z: Tensor) -> Tensor:
        error = (x - F.linear(z, self.decoder)) / self.sigma() ** 2
        net = F.linear(error, self.decoder.T) - torch.exp(self.log_bias)
        du, most = self.limits.du, self.limits.u
        change = du - F.softplus(du - (torch.exp(self.log_step) * net).clamp(min=LOWEST))
        return most - F.softplus(most - (u + change).clamp(min=LOWEST))

    def compute_loss(self, x: Tensor, beta: float, temperature: float) -> Tensor:
        u = self.u_init.expand(len(x), -1)
        loss = torch.zeros(())
        for _ in range(self.t_train):
            prior = u
            u = self.update(x, u, self.soft_counts(u, temperature))
            z = self.soft_counts(u, temperature)
            sigma = self.sigma()
            error = ((x - F.linear(z, self.decoder)) / sigma) ** 2
            own = (0.5 * error + torch.log(sigma) + 0.5 * math.log(2 * math.pi)).sum(1)
            d = u - prior
            kl = (torch.exp(prior) * (1 + torch.exp(d) * (d - 1))).sum(1)
            loss = loss + (own + beta * kl).mean() / self.t_train
        return loss * 256 / x.shape[1]

    @torch.no_grad()
    def infer(self, frames: Tensor) -> Tensor:
        """Rates over time, (time, batch, unit), for a film (time, batch, pixel)."""
        u = self.u_init.expand(frames.shape[1], -1)
        rates = []
        for x in frames:
            u = self.update(x, u, torch.poisson(torch.exp(u)))
            rates.append(torch.exp(u))
        return torch.stack(rates)

    @torch.no_grad()
    def run_inference(self, x: Tensor, n_steps: int) -> Tensor:
        """R² after each step, (time,)."""
        u = self.u_init.expand(len(x), -1)
        spread = (x - x.mean(1, keepdim=True)).square().sum(1)
        r2 = []
        for _ in range(n_steps):
            u = self.update(x, u, torch.poisson(torch.exp(u)))
            y = F.linear(torch.poisson(torch.exp(u)), self.decoder)
            r2.append((1 - (x - y).square().sum(1) / spread).mean())
        return torch.stack(r2)
