"""iP-VAE's budgets: ``python -m benchmarks.ipvae`` prints one line of JSON for each measurement.

(a) A training iteration (loss, backward, clipping, Adamax) of 512 neurons, 16 steps, 200 images,
    with counts drawn as in our standard settings and with softened counts, compared with
    ``slow_ipvae``, which softens them.
(b) 1,000 steps of inference, compared with ``slow_ipvae``.
(c) The responses of all neurons to bars in 72 directions over 160 frames, in less than a second,
    compared with ``slow_ipvae``, one direction after another.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.measure import report, show_all
from benchmarks.slow_ipvae import SlowIPVAE
from corelib.analysis.clock import medians
from corelib.models.ipvae import IPVAE, stimuli
from corelib.models.ipvae.config import IPVAEConfig, IPVAETraining
from corelib.models.ipvae.inference import respond, run_inference
from corelib.training.adamax import Adamax

TRAINING_NEEDED, INFERENCE_NEEDED, BARS_NEEDED = 5.0, 1.5, 4.0
SIDE, UNITS, STEPS, BATCH = 16, 512, 16, 200
INFERENCE_STEPS, DIRECTIONS = 1000, 72
CONFIG = IPVAEConfig(input_dim=SIDE**2, n_latents=UNITS, t_train=STEPS)
BETA, TEMPERATURE, CLIP = 24.0, 0.1, 300.0


def model() -> IPVAE:
    """Random features, and initial potentials at which some neurons fire."""
    torch.manual_seed(0)
    return IPVAE(CONFIG)


def images(n: int) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(n, SIDE**2)


def training_iteration(rounds: int = 9) -> dict:
    x, first = images(BATCH), model()
    candidates = {}
    for name, sampling in (("standard", "straight-through"), ("softened", "relaxed")):
        fast = IPVAE(CONFIG)
        fast.load_state_dict(first.state_dict())
        settings = IPVAETraining(sampling=sampling, temperature=TEMPERATURE)
        objective, optimiser = fast.objective(settings), Adamax(fast, 0.005, CLIP)

        def step(fast=fast, objective=objective, optimiser=optimiser) -> None:
            unrolled = fast.unroll(x, objective, fast.weights())
            (unrolled.likelihood + BETA * unrolled.divergence).mean().backward()
            optimiser.step()

        candidates[name] = step
    slow = SlowIPVAE(first)
    slow_optimiser = torch.optim.Adamax(slow.parameters(), 0.005)

    def slow_step() -> None:
        slow_optimiser.zero_grad()
        slow.compute_loss(x, BETA, TEMPERATURE).backward()
        nn.utils.clip_grad_norm_(slow.parameters(), CLIP)
        slow_optimiser.step()

    ms = medians({**candidates, "slow": slow_step}, rounds, warm_up=1)
    return report(
        "iP-VAE training iteration",
        "standard",
        "slow",
        TRAINING_NEEDED,
        ms,
        work=candidates["standard"],
        batch=BATCH,
        neurons=UNITS,
        steps=STEPS,
        ratio_softened=round(ms["slow"] / ms["softened"], 2),
    )


def inference(rounds: int = 5, batch: int = 100) -> dict:
    n_steps = INFERENCE_STEPS
    fast, x = model(), images(batch)
    slow = SlowIPVAE(fast)
    candidates = {
        "ours": lambda: run_inference(fast, x, n_steps),
        "slow": lambda: slow.run_inference(x, n_steps),
    }
    ms = medians(candidates, rounds, warm_up=1)
    return report(
        "iP-VAE inference",
        "ours",
        "slow",
        INFERENCE_NEEDED,
        ms,
        work=candidates["ours"],
        batch=batch,
        neurons=UNITS,
        steps=n_steps,
    )


def bars(rounds: int = 9) -> dict:
    fast = model()
    slow = SlowIPVAE(fast)
    directions = np.arange(DIRECTIONS) * 360 / DIRECTIONS
    films = torch.from_numpy(stimuli.film(stimuli.quick_bar(SIDE), SIDE, directions))

    def one_by_one() -> None:
        for film in films:
            slow.infer(film[:, None])

    ms = medians({"ours": lambda: respond(fast, films), "slow": one_by_one}, rounds, warm_up=1)
    return report(
        "iP-VAE and moving bars",
        "ours",
        "slow",
        BARS_NEEDED,
        ms,
        work=lambda: respond(fast, films),
        directions=DIRECTIONS,
        frames=films.shape[1],
        neurons=UNITS,
        budget_ms=1000,
    )


def measured() -> Iterator[dict[str, Any]]:
    for measurement in (training_iteration, inference, bars):
        yield measurement()


if __name__ == "__main__":
    show_all(measured())
