"""Bidirectional predictive coding in its simplest form: the energy, and automatic differentiation
for activity and parameters alike; all products recomputed at each step. It gives the same
numbers as ``corelib.models.bpc``, which the benchmark compares with it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corelib.models.bpc.network import BPC

PHI = {"relu": F.relu, "gelu": lambda z: F.gelu(z, approximate="tanh")}


class SlowBPC:
    """A copy of a BPC without bias, with torch's Adam for each direction."""

    def __init__(self, model: BPC, learning_rate: float) -> None:
        self.learning = model.learning
        self.phi = PHI[model.activation]
        self.generator = nn.ParameterList(m.weight.detach().clone() for m in model.generator)
        self.amortiser = nn.ParameterList(m.weight.detach().clone() for m in model.amortiser)
        self.optimisers = [
            torch.optim.Adam(side.parameters(), learning_rate)
            for side in (self.generator, self.amortiser)
        ]

    def outputs(self, z: list[Tensor]) -> list[Tensor]:
        return [z[0], *(self.phi(layer) for layer in z[1:-1]), z[-1]]

    def energy(self, z: list[Tensor]) -> Tensor:
        """Summed over the batch."""
        f = self.outputs(z)
        total = torch.zeros((), dtype=z[0].dtype)
        for at, weight in enumerate(self.generator, 1):
            e = z[at] - F.linear(f[at - 1], weight)
            total = total + self.learning.alpha_f / 2 * e.square().sum()
        for at, weight in enumerate(self.amortiser, 1):
            delta = z[at - 1] - F.linear(f[at], weight)
            total = total + self.learning.alpha_b / 2 * delta.square().sum()
        return total

    @torch.no_grad()
    def downward(self, y: Tensor) -> list[Tensor]:
        z = [y]
        for at, weight in enumerate(self.generator):
            z.append(F.linear(self.phi(z[-1]) if at else y, weight))
        return z

    @torch.no_grad()
    def upward(self, x: Tensor) -> list[Tensor]:
        z = [x]
        for at, weight in enumerate(reversed(self.amortiser)):
            z.append(F.linear(self.phi(z[-1]) if at else x, weight))
        return z[::-1]

    def infer(self, x: Tensor, y: Tensor, start: list[Tensor]) -> list[Tensor]:
        """The activity after inference with both ends clamped."""
        z = [y, *start[1:-1], x]
        for _ in range(self.learning.n_steps):
            hidden = [layer.detach().requires_grad_() for layer in z[1:-1]]
            gradients = torch.autograd.grad(self.energy([y, *hidden, x]), hidden)
            moved = zip(hidden, gradients, strict=True)
            z = [y, *((a - self.learning.step_size * g).detach() for a, g in moved), x]
        return z

    def evaluate(self, images: Tensor, labels: Tensor, chunk: int = 1000) -> dict[str, float]:
        """The metrics of images and labels, each from passes of its own."""
        totals = {"accuracy": 0.0, "loss": 0.0, "generator loss": 0.0, "amortiser loss": 0.0}
        for x, y in zip(images.split(chunk), labels.split(chunk), strict=True):
            right = self.upward(x)[0].argmax(1) == y.argmax(1)
            totals["accuracy"] += right.sum().item()
            start = self.upward(x) if self.learning.start == "bottom-up" else self.downward(y)
            totals["loss"] += self.energy(self.infer(x, y, start)).item()
            for name, error in (
                ("generator loss", self.downward(y)[-1] - x),
                ("amortiser loss", self.upward(x)[0] - y),
            ):
                totals[name] += error.square().mean().item() / 2 * len(x)
        return {name: total / len(images) for name, total in totals.items()}

    def step(self, x: Tensor, y: Tensor) -> dict[str, float]:
        """One update from images and labels; returns the same metrics as the fast learner."""
        down, up = self.downward(y), self.upward(x)
        start = up if self.learning.start == "bottom-up" else down
        z = self.infer(x, y, start)
        loss = self.energy(z) / len(x)
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        loss.backward()
        for optimiser in self.optimisers:
            optimiser.step()
        return {
            "loss": loss.item(),
            "generator loss": (down[-1] - x).square().mean().item() / 2,
            "amortiser loss": (up[0] - y).square().mean().item() / 2,
            "accuracy": (up[0].argmax(1) == y.argmax(1)).double().mean().item(),
        }
