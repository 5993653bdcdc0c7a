"""BPC's budget: ``python -m benchmarks.bpc`` prints one line of JSON for each measurement.

A training step (inference, gradients, Adam, and the metrics of each step) is timed against
``slow_bpc``, and against ``jax_bpc`` where JAX can be imported; all on one core, in turns. Before
the timing all three train for some steps and their metrics are compared. Evaluation on all test
images, which infers with both ends clamped to measure the loss, is timed against ``slow_bpc`` and
beside the one pass that the accuracy alone needs.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.measure import report, show_all
from benchmarks.slow_bpc import SlowBPC
from corelib.analysis.clock import medians
from corelib.data import load_dataset
from corelib.models.bpc.config import PRESETS, BPCConfig, TwoWayTraining
from corelib.models.bpc.learner import CHUNK, LocalLearner
from corelib.models.bpc.network import BPC

NEEDED = 1.5
COMPARED = 5


def training_step(preset: str, batch: int, rounds: int = 40) -> dict:
    """Time one training step with the settings of a preset at a batch size."""
    torch.manual_seed(0)
    config = BPCConfig(**PRESETS[preset].config)
    settings = TwoWayTraining(batch_size=batch, schedule="constant")
    dataset = load_dataset("mnist")
    model = BPC(config)
    slow = SlowBPC(model, settings.learning_rate)
    jax = _jax(model, settings.learning_rate)
    learner = LocalLearner(model, settings, dataset)
    split = dataset.batch(dataset.train, 0, batch, 0)
    x, y = dataset.inputs(split.pixels), learner.labels[split.labels]

    def ours() -> dict[str, float]:
        metrics = learner.learn(x, y)
        learner.optimiser.step()
        return metrics

    candidates = {"bpc": ours, "autograd": lambda: slow.step(x, y)}
    if jax is not None:
        import jax.numpy as jnp

        jax_x, jax_y = jnp.asarray(x.numpy()), jnp.asarray(y.numpy())
        candidates["jax"] = lambda: jax.step(jax_x, jax_y)
    for _ in range(COMPARED):
        compared = {name: step() for name, step in candidates.items()}
        _check(compared)
    ms = medians(candidates, rounds, burst=4)
    details = {"ratio_to_jax": round(ms["jax"] / ms["bpc"], 2)} if "jax" in ms else {}
    return report(
        f"BPC training step, preset {preset}, T = {config.n_steps}",
        "bpc",
        "autograd",
        NEEDED,
        ms,
        work=ours,
        batch=batch,
        per_second={name: round(1000 / value) for name, value in ms.items()},
        **details,
    )


def evaluation(preset: str, rounds: int = 7) -> dict:
    """Time ``evaluate`` on the 10,000 test images with the settings of a preset."""
    torch.manual_seed(0)
    dataset = load_dataset("mnist")
    model = BPC(BPCConfig(**PRESETS[preset].config))
    settings = TwoWayTraining()
    slow, learner = SlowBPC(model, settings.learning_rate), LocalLearner(model, settings, dataset)
    x, y = dataset.inputs(dataset.test.pixels), learner.labels[dataset.test.labels]

    def accuracy() -> list[torch.Tensor]:
        with torch.no_grad():
            return [model(part).argmax(1) for part in x.split(CHUNK)]

    candidates = {
        "bpc": lambda: learner.evaluate(dataset.test),
        "autograd": lambda: slow.evaluate(x, y),
        "accuracy": accuracy,
    }
    _check({name: candidates[name]() for name in ("autograd", "bpc")})
    ms = medians(candidates, rounds, warm_up=1)
    return report(
        f"BPC evaluation, preset {preset}, T = {model.learning.n_steps}",
        "bpc",
        "autograd",
        NEEDED,
        ms,
        work=candidates["bpc"],
        images=len(x),
        times_the_accuracy_pass=round(ms["bpc"] / ms["accuracy"], 1),
    )


def _check(compared: dict[str, dict[str, float]]) -> None:
    """Raise ``AssertionError`` where a metric is not that of ``bpc``."""
    for metrics in compared.values():
        for name, value in metrics.items():
            ours = compared["bpc"][name]
            if abs(value - ours) > 1e-3 * abs(value) + 1e-6:
                raise AssertionError(f"{name} differs: {compared}")


def _jax(model: BPC, learning_rate: float):
    if importlib.util.find_spec("jax") is None:
        return None
    from benchmarks.jax_bpc import JaxBPC

    return JaxBPC(model, learning_rate)


def measured() -> Iterator[dict[str, Any]]:
    for preset in ("seed", "best"):
        for batch in (64, 256):
            yield training_step(preset, batch)
        yield evaluation(preset)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        # There is no other way to limit JAX to one thread.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if importlib.util.find_spec("jax") is None:
        print("JAX is not installed: compared with autograd alone.", file=sys.stderr)
    show_all(measured())


if __name__ == "__main__":
    main()
