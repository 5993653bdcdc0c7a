"""BPAN's two budgets: ``python -m benchmarks.bpan`` prints one line of JSON for each measurement.

(a) A training step (loss, backward, clip, Adam) against ``slow_bpan``.
(b) Test digits that stop when confident, in batches of 1 to 10,000, against the fastest computation
    of a fixed depth, which reads out only the last step (and also against ``model(x)``).
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measure import report, show_all
from benchmarks.slow_bpan import SlowBPAN
from corelib.analysis.clock import medians
from corelib.data import load_dataset
from corelib.models.bpan import BPAN
from corelib.models.bpan.config import BPANTraining
from corelib.models.bpan.halting import fixed_depth
from corelib.training.adam import Adam

STEP_NEEDED = 2.5
ANYTIME_NEEDED = {1: 1.0, 32: 1.4, 256: 1.4, 10_000: 1.4}
DIGITS = {1: 300, 32: 3_200}
"""How many are timed where all of them would take long, by batch."""
THRESHOLD = 0.9


def training_step(rounds: int = 60, batch: int = 128) -> dict:
    torch.manual_seed(0)
    fast = BPAN()
    slow = SlowBPAN().take(fast)
    x, y = torch.randn(batch, 784), torch.randint(10, (batch,))
    settings = BPANTraining()
    ours = Adam(fast, settings.learning_rate, settings.clip_norm)
    theirs = torch.optim.Adam(slow.parameters(), 1e-3)

    def fast_step() -> None:
        fast.compute_loss(x, y, settings).backward()
        ours.step()

    def slow_step() -> None:
        theirs.zero_grad()
        slow.compute_loss(x, y).backward()
        nn.utils.clip_grad_norm_(slow.parameters(), 5.0)
        theirs.step()

    ms = medians({"bpan": fast_step, "slow": slow_step}, rounds, burst=4)
    return report(
        "BPAN training step",
        "bpan",
        "slow",
        STEP_NEEDED,
        ms,
        work=lambda: fast.compute_loss(x, y, settings).backward(),
        batch=batch,
    )


def stopping(model: BPAN, inputs: Tensor, batch: int, rounds: int, **details) -> dict:
    parts = inputs.split(batch)

    def anytime() -> None:
        for x in parts:
            model.forward_anytime(x, THRESHOLD)

    def fixed() -> None:
        for x in parts:
            fixed_depth(model, x)

    @torch.no_grad()
    def every_step() -> None:
        for x in parts:
            model(x)

    candidates = {"anytime": anytime, "fixed depth": fixed, "logits of every step": every_step}
    ms = medians(candidates, rounds)
    used = torch.cat([model.forward_anytime(x, THRESHOLD)[1] for x in parts])
    return report(
        f"BPAN stops when confident, θ = {THRESHOLD}",
        "anytime",
        "fixed depth",
        ANYTIME_NEEDED[batch],
        ms,
        work=anytime,
        batch=batch,
        digits=len(inputs),
        mean_steps=round(used.double().mean().item(), 2),
        of=model.n_steps,
        ratio_to_every_step=round(ms["logits of every step"] / ms["anytime"], 2),
        **details,
    )


def measured() -> Iterator[dict[str, Any]]:
    from corelib import load

    yield training_step()
    dataset = load_dataset("mnist")
    model = load("bpan-mnist")
    inputs = dataset.inputs(dataset.test.pixels)
    for batch in ANYTIME_NEEDED:
        digits = inputs[: DIGITS.get(batch)]
        yield stopping(model, digits, batch, rounds=15, checkpoint="bpan-mnist")


if __name__ == "__main__":
    show_all(measured())
