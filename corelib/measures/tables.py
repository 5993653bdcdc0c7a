"""What there is: systems, data sets and checkpoints, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corelib.catalog import SYSTEMS
from corelib.data.sources import DATASETS
from corelib.runs.registry import available

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


def checkpoints() -> pd.DataFrame:
    """The trained networks that ``load`` knows, one row each: those that ship, then the best of
    each run. ``score`` is on the validation set, by the metric of its system."""
    import pandas as pd

    rows = {
        item.name: {
            "title": item.title,
            "system": item.card.system,
            "dataset": item.card.dataset,
            "seed": item.card.seed,
            "updates": item.card.step,
            "score": item.card.score,
            "own": item.own,
        }
        for item in available()
    }
    columns = ["title", "system", "dataset", "seed", "updates", "score", "own"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("name")
