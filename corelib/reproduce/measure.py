"""Measuring a trained network on a split. Imports torch only to measure."""

from typing import NamedTuple

from corelib.catalog import system
from corelib.data.images import Split
from corelib.data.sources import DATASETS, load_dataset
from corelib.errors import SettingsError
from corelib.runs.registry import Checkpoint, load
from corelib.runs.slots import thread_count

SPLITS = ("test", "validation")


class Measured(NamedTuple):
    """``metrics`` are those of the system's learner."""

    images: int
    parameters: int
    metrics: dict[str, float]


def measure(item: Checkpoint, dataset_name: str, split: str, most: int | None = None) -> Measured:
    """Evaluate a checkpoint on the CPU, with as many threads as a worker uses: on a whole split, or
    on its first images, at most ``most``.

    Raises ``SettingsError`` if the network cannot read the data set.
    """
    import torch

    card = item.card
    chosen = system(card.system)
    dataset = load_dataset(dataset_name)
    held = DATASETS[dataset_name].kind
    if dataset_name not in chosen.datasets:
        raise SettingsError(
            f"{item.name} reads {chosen.data}s, but {dataset_name} holds {held}s; choose one of: "
            f"{', '.join(chosen.datasets)}."
        )
    expects = card.config.get("input_dim", dataset.input_dim)
    if expects != dataset.input_dim:
        raise SettingsError(
            f"{item.name} takes {expects} {'inputs' if held == 'sequence' else 'pixels'}, but "
            f"{dataset.size_in_words}; choose another data set."
        )
    torch.set_num_threads(thread_count())
    model = load(item.name if not item.own else str(item.folder))
    learner = chosen.make_learner(model, chosen.training_type(**card.training), dataset)
    part = getattr(dataset, split)
    if most is not None:
        part = Split(*(tensor[:most] for tensor in part))
    return Measured(
        images=len(part.labels),
        parameters=sum(p.numel() for p in model.parameters()),
        metrics=learner.evaluate(part),
    )
