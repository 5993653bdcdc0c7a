"""Training runs, each a folder: a registry of checkpoints, workers, slots and histories.

``table()`` lists all runs; ``Experiment.of(id)`` opens one. ``deleted_runs()`` are those that
``restore_run`` brings back.
"""

from typing import TYPE_CHECKING

from corelib import lazy

if TYPE_CHECKING:
    from corelib.runs.deleted import deleted_runs as deleted_runs
    from corelib.runs.deleted import restore_run as restore_run
    from corelib.runs.experiment import Experiment as Experiment
    from corelib.runs.index import table as table

__getattr__, __dir__, __all__ = lazy.names(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "Experiment": "corelib.runs.experiment",
        "deleted_runs": "corelib.runs.deleted",
        "restore_run": "corelib.runs.deleted",
        "table": "corelib.runs.index",
    },
)
