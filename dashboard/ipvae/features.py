"""Features as all pages of the family show them, also while they are learned."""

from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures import mosaic as mosaics
from dashboard.figures.mosaic import grid
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.ipvae.network import IterativeVAE
    from corelib.runs.store import Run


MISSING = (
    "The paper's table beside ours is not part of this copy yet. This command trains the networks "
    "it needs and makes it; the tab shows it from then on."
)
"""What is said where the table is missing."""


def activity_words(kind: str) -> tuple[str, str, str]:
    """What potential, rate and activity of a network are called."""
    if kind == "iP-VAE":
        return "potentials u", "rates exp(u)", "spikes z"
    return "means μ", "mean activity", "activity drawn"


def draw_features(network: "IterativeVAE", run: "Run") -> None:
    """The features of a network while it learns."""
    from corelib.models.ipvae.analysis import features
    from dashboard.shell.theme import palette

    found = features(network)
    columns, cell = grid(len(found))
    chart(
        mosaics.mosaic(
            found,
            [f"neuron {k}" for k in range(len(found))],
            np.arange(len(found)),
            None,
            columns,
            palette(),
            cell=cell,
        ),
        f"ipvae_learning_{run.spec.system}",
        alt="The features as they are now",
        caption=f"Features a moment ago: they begin as noise (n = {len(found)}, seed "
        f"{run.spec.seed}).",
    )
