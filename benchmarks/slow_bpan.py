"""BPAN in its most direct form: four blocks of theta, two input layers, all recomputed at each
step. The benchmark's reference; it gives the same numbers as ``corelib.models.bpan``."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpan import BPAN


class SlowBPAN(nn.Module):
    """The same parameters, loss and defaults as ``BPAN`` with Dale's law."""

    def __init__(
        self,
        input_dim: int = 784,
        n_excitatory: int = 128,
        n_inhibitory: int = 32,
        n_classes: int = 10,
        n_steps: int = 6,
        alpha: float = 0.2,
    ) -> None:
        super().__init__()
        e, i = n_excitatory, n_inhibitory
        self.n_excitatory, self.n_inhibitory = e, i
        self.n_steps, self.alpha = n_steps, alpha
        self.theta_ee = nn.Parameter(0.05 * torch.randn(e, e))
        self.theta_ei = nn.Parameter(0.05 * torch.randn(e, i))
        self.theta_ie = nn.Parameter(0.05 * torch.randn(i, e))
        self.theta_ii = nn.Parameter(0.05 * torch.randn(i, i))
        self.input_e = nn.Linear(input_dim, e)
        self.input_i = nn.Linear(input_dim, i)
        self.b_e = nn.Parameter(torch.zeros(e))
        self.b_i = nn.Parameter(torch.zeros(i))
        self.readout = nn.Linear(e, n_classes)

    @torch.no_grad()
    def take(self, model: BPAN) -> "SlowBPAN":
        """Copy the weights of a BPAN of the same sizes."""
        n = self.n_excitatory
        self.theta_ee.copy_(model.theta[:n, :n])
        self.theta_ei.copy_(model.theta[:n, n:])
        self.theta_ie.copy_(model.theta[n:, :n])
        self.theta_ii.copy_(model.theta[n:, n:])
        for layer, part in ((self.input_e, slice(None, n)), (self.input_i, slice(n, None))):
            layer.weight.copy_(model.drive.weight[part])
            layer.bias.copy_(model.drive.bias[part])
        self.b_e.copy_(model.bias[:n])
        self.b_i.copy_(model.bias[n:])
        self.readout.load_state_dict(model.readout.state_dict())
        return self

    def step(self, x: Tensor, e: Tensor, i: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """New e and i, and the balance currents of both."""
        w_ee = F.softplus(self.theta_ee) / self.n_excitatory
        w_ie = F.softplus(self.theta_ie) / self.n_excitatory
        w_ei = -F.softplus(self.theta_ei) / self.n_inhibitory
        w_ii = -F.softplus(self.theta_ii) / self.n_inhibitory
        r_e, r_i = F.relu(e), F.relu(i)
        balance_e = r_e @ w_ee.T + r_i @ w_ei.T + self.input_e(x)
        balance_i = r_e @ w_ie.T + r_i @ w_ii.T + self.input_i(x)
        e = (1 - self.alpha) * e + self.alpha * (balance_e + self.b_e)
        i = (1 - self.alpha) * i + self.alpha * (balance_i + self.b_i)
        return e, i, balance_e, balance_i

    def compute_loss(
        self, x: Tensor, y: Tensor, lambda_act: float = 1e-4, lambda_bal: float = 5e-4
    ) -> Tensor:
        e = torch.zeros(len(x), self.n_excitatory, dtype=x.dtype)
        i = torch.zeros(len(x), self.n_inhibitory, dtype=x.dtype)
        share = torch.linspace(0.3, 1, self.n_steps, dtype=x.dtype)
        share = share / share.sum()
        loss = torch.zeros((), dtype=x.dtype)
        for t in range(self.n_steps):
            e, i, balance_e, balance_i = self.step(x, e, i)
            r_e, r_i = F.relu(e), F.relu(i)
            loss = loss + share[t] * F.cross_entropy(self.readout(r_e), y)
            activity = r_e.square().mean() + r_i.square().mean()
            balance = balance_e.square().mean() + balance_i.square().mean()
            loss = loss + (lambda_act * activity + lambda_bal * balance) / self.n_steps
        return loss
