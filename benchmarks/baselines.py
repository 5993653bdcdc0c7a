"""Budgets of BPAN's baselines: ``python -m benchmarks.baselines`` prints a line of JSON for each.

A training step (loss, backward, clip, Adam) of ACT, PonderNet, Multi-Exit and GRU against the same
network on torch's own layers, ``slow_baselines``. Before the timing both losses are compared.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn

from benchmarks.measure import report, show_all
from benchmarks.slow_baselines import SLOW
from corelib.analysis.clock import medians
from corelib.catalog import system
from corelib.models.bpan.anytime import AnytimeClassifier
from corelib.training.adam import Adam

NEEDED = {"act": 3.5, "pondernet": 3.5, "multi-exit": 2.0, "gru": 1.7}
HIDDEN = 256


def training_step(name: str, rounds: int = 25, batch: int = 256) -> dict[str, Any]:
    torch.manual_seed(0)
    chosen = system(name)
    settings = chosen.training_type()
    ours = cast(AnytimeClassifier, chosen.make_model(chosen.config_type(n_hidden=HIDDEN)))
    theirs = SLOW[type(ours)](ours)
    x, y = torch.randn(batch, 784), torch.randint(10, (batch,))
    first = Adam(ours, 1e-3, 5.0)
    second = torch.optim.Adam(theirs.parameters(), 1e-3)

    def loss() -> Tensor:
        return ours.loss_and_logits(x, y, settings)[0]

    def plain_loss() -> Tensor:
        return cast(Callable[[Tensor, Tensor], Tensor], theirs.compute_loss)(x, y)

    torch.testing.assert_close(loss(), plain_loss(), rtol=1e-4, atol=1e-5)

    def step() -> None:
        loss().backward()
        first.step()

    def plain_step() -> None:
        second.zero_grad()
        plain_loss().backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 5.0)
        second.step()

    ms = medians({"ours": step, "torch's layers": plain_step}, rounds, burst=3)
    return report(
        f"{chosen.title}: training step",
        "ours",
        "torch's layers",
        NEEDED[name],
        ms,
        work=lambda: loss().backward(),
        batch=batch,
        hidden=HIDDEN,
    )


def measured() -> Iterator[dict[str, Any]]:
    yield from map(training_step, NEEDED)


if __name__ == "__main__":
    show_all(measured())
