"""Training runs, each a folder: a registry of checkpoints, workers, slots and histories.

``table()`` lists all runs; ``Experiment.of(id)`` opens one.
"""

from typing import TYPE_CHECKING

from corelib import lazy

if TYPE_CHECKING:
    from corelib.runs.experiment import Experiment as Experiment
    from corelib.runs.index import table as table

__getattr__, __dir__, __all__ = lazy.names(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__, {"Experiment": "corelib.runs.experiment", "table": "corelib.runs.index"}
)
