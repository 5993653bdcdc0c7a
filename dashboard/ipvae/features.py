"""Features as all pages of the family show them, also while they are learned."""

from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures.mosaic import grid, mosaic
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.ipvae.network import IterativeVAE
    from corelib.runs.store import Run


MISSING = (
    "The paper's table beside ours is not part of this copy yet. The command below trains the "
    "networks that it needs and computes it; it then appears here."
)
"""Shown where the published table is missing."""


def activity_words(kind: str) -> tuple[str, str, str]:
    """The names of potential, rate and activity of a network of this kind."""
    if kind == "iP-VAE":
        return "potentials u", "rates exp(u)", "spikes z"
    return "means μ", "mean activity", "sampled activity"


def draw_features(network: "IterativeVAE", run: "Run") -> None:
    """The features of a network while it learns."""
    from corelib.models.ipvae.analysis import features
    from dashboard.shell.theme import palette

    images = features(network)
    n = len(images)
    columns, cell = grid(n)
    chart(
        mosaic(
            images,
            [f"neuron {k}" for k in range(n)],
            np.arange(n),
            None,
            columns,
            palette(),
            cell=cell,
        ),
        f"ipvae_learning_{run.spec.system}",
        alt="The features as they are now",
        caption=f"The features a moment ago; they start as noise (n = {n}, seed {run.spec.seed}).",
    )
