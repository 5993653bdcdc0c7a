"""Budgets of BU/TD networks: ``python -m benchmarks.butd`` prints a line of JSON for each.

A whole training step of the same learner, by the Counter-Hebb rule and by back-propagation: the
rule may take at most 1.15 times as long on the simple network and 1.3 times on the fully connected
one, with shared weights and with feedback weights of their own, which back-propagation does not
learn. In the authors' code it takes 1.25 and 5.8 times as long.
"""

from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.measure import report, show_all
from corelib.analysis.clock import medians
from corelib.catalog import system
from corelib.data import load_dataset
from corelib.models.butd.config import Weights

ALLOWED = {"butd": 1.15, "counter-hebb": 1.3}


def training_step(name: str, rounds: int, weights: Weights = "shared") -> dict:
    """The ``ratio`` is back-propagation's time over the rule's; ``needed`` is its lowest allowed
    value."""
    chosen = system(name)
    dataset = load_dataset(chosen.datasets[0])
    candidates = {}
    for rule in ("backprop", "counter-hebb"):
        training = chosen.training_type.model_validate({"rule": rule})
        torch.manual_seed(0)
        model = chosen.make_model(chosen.config_type.model_validate({"weights": weights}))
        learner = chosen.make_learner(model, training, dataset)
        batch = dataset.batch(dataset.train, 0, training.batch_size, 0)
        candidates[rule] = lambda learner=learner, batch=batch: learner.step(batch)
    ms = medians(candidates, rounds, burst=4)
    return report(
        f"{chosen.title}: training step, {weights} weights",
        "counter-hebb",
        "backprop",
        round(1 / ALLOWED[name], 2),
        ms,
        work=candidates["counter-hebb"],
        batch=training.batch_size,
        takes=round(ms["counter-hebb"] / ms["backprop"], 2),
        at_most=ALLOWED[name],
    )


def measured() -> Iterator[dict[str, Any]]:
    yield training_step("butd", rounds=25)
    yield training_step("counter-hebb", rounds=100)
    yield training_step("counter-hebb", rounds=100, weights="separate")


if __name__ == "__main__":
    show_all(measured())
