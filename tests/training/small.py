"""A small network and gradients for it, for the optimisers."""

import torch
from torch import nn

STEPS = 20


def make(dtype: torch.dtype = torch.float32) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).to(dtype)


def give_gradients(model: nn.Module, step: int) -> None:
    """Gradients that differ from step to step in size, so that some are clipped and some not."""
    torch.manual_seed(1000 + step)
    for p in model.parameters():
        p.grad = (10.0 ** (step % 4 - 2)) * torch.randn_like(p)
