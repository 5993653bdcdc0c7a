"""What there is: systems, data sets and checkpoints, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from corelib.catalog import SYSTEMS
from corelib.data.sources import DATASETS
from corelib.errors import CheckpointError
from corelib.runs.described import origin_of, score, stored
from corelib.runs.offered import available
from corelib.runs.registry import Checkpoint

if TYPE_CHECKING:
    import pandas as pd


def systems() -> pd.DataFrame:
    """What can be trained, one row a system: ``title``, ``about``, the ``datasets`` it can be
    trained on and its ``presets``."""
    import pandas as pd

    rows = {
        name: {
            "title": item.title,
            "about": item.about,
            "datasets": ", ".join(item.datasets),
            "presets": ", ".join(item.presets),
        }
        for name, item in SYSTEMS.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("system")


def datasets() -> pd.DataFrame:
    """The data sets, one row each: ``title``, ``about``, ``kind``, the number of ``inputs`` and
    ``classes``, and whether it is ``here``, that is, can be loaded without a network."""
    import pandas as pd

    rows = {
        name: {
            "title": item.title,
            "about": item.about,
            "kind": item.kind,
            "inputs": item.input_dim,
            "classes": item.n_classes,
            "here": item.here(),
        }
        for name, item in DATASETS.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("dataset")


def checkpoints(items: Iterable[Checkpoint] | None = None) -> pd.DataFrame:
    """The trained networks that ``load`` knows, or these ``items``, one row each: those that ship,
    then imported ones, then the best of each run. ``score`` is on the validation set, by the metric
    of its system.

    ``measured`` is its foremost metric, on the set ``measure`` names, shares from 0 to 1;
    ``weights`` the numbers in its file, of so many ``bytes``; ``origin`` is "shipped", "imported"
    or "own", that is, of a run. What is not known is missing.
    """
    import pandas as pd

    columns = ["title", "system", "dataset", "seed", "updates", "score", "own"]
    columns += ["measure", "measured", "weights", "bytes", "origin"]
    rows = {item.name: _checkpoint(item) for item in (available() if items is None else items)}
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("name")


def _checkpoint(item: Checkpoint) -> list[object]:
    card, best = item.card, score(item.card)
    size = None
    with suppress(CheckpointError):  # its weights are damaged, which is told when they are loaded
        size = stored(item)
    return [
        *(item.title, card.system, card.dataset, card.seed, card.step, card.score, item.own),
        *((f"{best.metric}, {best.split}", best.value) if best else (None, None)),
        *(size or (None, None)),
        origin_of(item),
    ]
