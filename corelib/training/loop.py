"""The one training loop: it draws batches and steps a learner; it never sees a loss.

It is a generator. Its caller decides what happens between two updates: a worker pauses, cancels and
saves there, a script just iterates.
"""

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from corelib.data import Dataset, Split
from corelib.data.images import steps_per_epoch
from corelib.errors import DivergedError
from corelib.training.config import TrainingSettings
from corelib.training.events import Stepped, Validated
from corelib.training.learner import Learner


def step_seed(seed: int, step: int) -> int:
    """The seed of one update's noise, a pure function of the run's seed and the step."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0])


def total_steps(dataset: Dataset, training: TrainingSettings) -> int:
    """Updates in the whole run."""
    passes = training.epochs * steps_per_epoch(len(dataset.train.labels), training.batch_size)
    return min(passes, training.max_steps or passes)


def train(
    learner: Learner,
    dataset: Dataset,
    training: TrainingSettings,
    seed: int,
    *,
    from_step: int = 0,
    best_score: float = -np.inf,
) -> Iterator[Stepped | Validated]:
    """Yield ``Stepped`` after each update and ``Validated`` after each epoch and at the end.

    The first ``from_step`` updates count as done (resume); ``best_score`` is the best
    validation score among them. Raises ``DivergedError`` at the first update whose loss, score or
    weights are not finite.
    """
    per_epoch = steps_per_epoch(len(dataset.train.labels), training.batch_size)
    device = next(learner.model.parameters()).device
    train_split, validation = (
        Split(*(tensor.to(device) for tensor in split))
        for split in (dataset.train, dataset.validation)
    )
    total = total_steps(dataset, training)
    for step in range(from_step, total):
        began = time.perf_counter()
        torch.manual_seed(step_seed(seed, step))
        metrics = learner.step(dataset.batch(train_split, step, training.batch_size, seed))
        done = step + 1
        _check_finite(done, metrics, learner.model)
        yield Stepped(step=done, count=1, seconds=time.perf_counter() - began, metrics=metrics)
        if done % per_epoch == 0 or done == total:
            began = time.perf_counter()
            metrics = learner.evaluate(validation)
            score = metrics[learner.score]
            if not math.isfinite(score):
                raise DivergedError(done, f"the validation score {learner.score} is {score}")
            yield Validated(
                step=done,
                epoch=-(-done // per_epoch),
                metrics=metrics,
                score=score,
                best=score > best_score,
                seconds=time.perf_counter() - began,
            )
            best_score = max(best_score, score)


def _check_finite(step: int, metrics: dict[str, float], model: nn.Module) -> None:
    # Other metrics may be undefined for a while, such as the angle of a layer that is silent.
    loss = metrics.get("loss", 0.0)
    if not math.isfinite(loss):
        raise DivergedError(step, f"loss is {loss}")
    # A sum is finite only if all its terms are; it takes a thirtieth of the time of ``isfinite``.
    total = torch.stack([p.detach().sum() for p in model.parameters()]).sum()
    if not total.isfinite():
        names = [n for n, p in model.named_parameters() if not p.isfinite().all()]
        if names:  # otherwise the sum itself was too large
            raise DivergedError(step, f"weights are not finite, in {', '.join(names[:3])}")
