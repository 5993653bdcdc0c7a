"""What rows of the table butd take on this machine, whether or not their data is here.

``python -m corelib.reproduce.butd_cost`` measures a few updates at full size of each row of
CIFAR-10 and CelebA, and prints how long their trainings take.
"""

from __future__ import annotations

from itertools import islice
from math import isqrt
from statistics import median
from typing import NamedTuple

from corelib.data.images import ImageDataset, Split
from corelib.data.sources import DATASETS
from corelib.reproduce.butd import ROWS, TABLE, Row
from corelib.runs.slots import thread_count
from corelib.runs.spec import resolve
from corelib.training.events import Stepped

TRAINING_IMAGES = {"cifar-10": 45_000, "celeba": 162_770}
"""Images in the published splits; of CIFAR-10 without those that validate."""
MEASURED = 3
"""Updates that are measured."""


class Cost(NamedTuple):
    """Of one seed: the median ``seconds`` of an update, and the number of ``updates``; validation
    and the decoding of images come on top."""

    seconds: float
    updates: int

    @property
    def hours(self) -> float:
        return self.seconds * self.updates / 3600


def cost(row: Row, measured: int = MEASURED) -> Cost:
    """The cost of a row of the data sets in ``TRAINING_IMAGES``, from a few updates at full size
    with the threads of a worker; the first of them, which reserves memory, does not count.

    >>> cost(Row("cifar-10", "feedback alignment"), measured=2).updates
    13500
    """
    import torch

    from corelib.training.loop import total_steps, train

    torch.set_num_threads(thread_count())
    chosen, config, training = resolve(row.spec(0))
    data = one_image(row.dataset)
    learner = chosen.make_learner(chosen.make_model(config), training, data)
    events = islice(train(learner, data, training, seed=0), measured + 1)
    seconds = [event.seconds for event in events if isinstance(event, Stepped)]
    return Cost(median(seconds[1:]), total_steps(data, training))


def one_image(name: str) -> ImageDataset:
    """As many training images as the data set ``name`` has, all of them the same noise, which takes
    the memory of one."""
    import torch

    source, n = DATASETS[name], TRAINING_IMAGES[name]
    side = isqrt(source.input_dim // 3)
    pixels = torch.randint(256, (1, 3, side, side), dtype=torch.uint8)
    labels = torch.zeros((1, source.n_tasks) if source.n_tasks > 1 else 1, dtype=torch.int64)
    split = Split(pixels.expand(n, *pixels.shape[1:]), labels.expand(n, *labels.shape[1:]))
    tasks = tuple(map(str, range(source.n_tasks))) if source.n_tasks > 1 else ()
    classes = tuple(map(str, range(max(2, source.n_classes))))
    return ImageDataset(name, classes, 0.5, 0.5, split, split, split, tasks)


def in_words(row: Row, cost: Cost) -> str:
    """The cost as a line to print."""
    return (
        f"{DATASETS[row.dataset].title}, {row.rule}: {cost.seconds:.3g} s x {cost.updates:,} "
        f"updates, {cost.hours:.3g} h for one seed, {TABLE.seeds * cost.hours:.3g} h for "
        f"{TABLE.seeds}"
    )


if __name__ == "__main__":
    for row in ROWS:
        if row.dataset in TRAINING_IMAGES:
            print(in_words(row, cost(row)), flush=True)
