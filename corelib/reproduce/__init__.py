"""Published tables and figures computed anew: one module each, ours beside theirs.

Each module has ``run()``, which returns the table as a DataFrame.
"""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from corelib.errors import SynaptariumError

if TYPE_CHECKING:
    import pandas as pd


class Reproduction(NamedTuple):
    """``module`` is imported only when it is run."""

    about: str
    module: str


REPRODUCTIONS: dict[str, Reproduction] = {
    "bpan": Reproduction(
        "BPAN on MNIST: accuracy and mean steps at θ = 0.9, published, re-run, and ours",
        "corelib.reproduce.bpan",
    ),
    "checkpoints": Reproduction(
        "The networks that ship, trained again: test accuracy then and now, and whether the "
        "weights are the same (trains for minutes)",
        "corelib.reproduce.checkpoints",
    ),
}


def reproduce(name: str) -> "pd.DataFrame":
    """The table of a reproduction by name; raises ``SynaptariumError`` naming those there are."""
    if name not in REPRODUCTIONS:
        known = ", ".join(REPRODUCTIONS)
        raise SynaptariumError(f"There is no reproduction named {name!r}; there are: {known}.")
    return import_module(REPRODUCTIONS[name].module).run()
