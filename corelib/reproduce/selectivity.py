"""Orientation selectivity of the shipped iterative VAEs against the contrast of the bar.

The stimulus is the paper's: 300 baseline frames, then 400 frames of a bar a fifth of the patch
wide. Selectivity is 1 - circular variance for orientation, the median over the neurons that answer.
"Published" figures are those of Vafaii, Galor and Yates, "Brain-like variational inference"
(arXiv 2410.19315), which does not name the contrast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from corelib.errors import CheckpointError
from corelib.runs.registry import load, shipped

if TYPE_CHECKING:
    import pandas as pd

    from corelib.models.ipvae.contrast import ContrastCurve
    from corelib.models.ipvae.network import IterativeVAE

PUBLISHED = {"ipvae": 0.85, "igvae-relu": 0.27, "igvae": 0.15}
"""1 - circular variance by system."""
CONTRASTS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
"""Up to four standard deviations of the patches, beyond which hardly a pixel of them lies."""
DIRECTIONS = 24
BY_SIZE = "igvae, size of activity"

NOTES = (
    "Published: Vafaii, Galor and Yates, Brain-like variational inference (arXiv 2410.19315), at a "
    "contrast that we do not know.",
    "Ours: the paper's bar (300 baseline frames, then 400 frames) in "
    f"{DIRECTIONS} directions, one trial each; contrast in standard deviations of the patches. The "
    "median over the neurons that answer, with its 95 % bootstrap interval over neurons; n = 1 "
    "network a row.",
    "An iG-VAE's activity has either sign and averages out while a bar passes, so its size is "
    "measured, too; we do not know which of the two the published figure is.",
)


def curves() -> dict[str, ContrastCurve]:
    """The curve of each shipped network of natural images, by system; iG-VAE's activity by its
    size, too. Raises ``CheckpointError`` if none ships."""
    from corelib.models.ipvae.contrast import selectivity_by_contrast
    from corelib.models.ipvae.experiment import Experiment, all_directions
    from corelib.models.ipvae.stimuli import paper_bar

    own = [s for s in shipped() if s.card.system in PUBLISHED and s.card.dataset == "natural-16"]
    if not own:
        raise CheckpointError(
            "No iterative VAE of natural images ships with this copy; restore it with: "
            "git checkout -- assets/checkpoints"
        )
    found: dict[str, ContrastCurve] = {}
    for item in sorted(own, key=lambda item: list(PUBLISHED).index(item.card.system)):
        model = cast("IterativeVAE", load(item.name))
        experiment = Experiment(paper_bar(round(model.decoder.shape[0] ** 0.5)), trials=1)
        directions = all_directions(DIRECTIONS)
        name = item.card.system
        found[name] = selectivity_by_contrast(model, experiment, CONTRASTS, directions)
        if name == "igvae":
            found[BY_SIZE] = selectivity_by_contrast(
                model, experiment, CONTRASTS, directions, magnitude=True
            )
    return found


def run() -> pd.DataFrame:
    """One row a contrast and network, and what follows in ``attrs["notes"]``."""
    import pandas as pd

    found = curves()
    rows = [
        {
            "network": name,
            "contrast": contrast,
            "1 - CV": round(float(curve.median[k]), 3) if curve.responsive[k] else None,
            "95 % interval": f"[{curve.low[k]:.3f}, {curve.high[k]:.3f}]"
            if curve.responsive[k]
            else None,
            "published": published_of(name),
            "responsive neurons": int(curve.responsive[k]),
        }
        for name, curve in found.items()
        for k, contrast in enumerate(curve.contrasts)
    ]
    frame = pd.DataFrame(rows)
    frame.attrs["notes"] = (*NOTES, *answers(found))
    return frame


def published_of(name: str) -> float:
    """The published figure of a row's network."""
    return PUBLISHED[name.split(",")[0]]


def answers(found: dict[str, ContrastCurve]) -> list[str]:
    """At which contrast each network equals the paper's figure, and whether one does for all."""
    sentences: list[str] = []
    for name, curve in found.items():
        published = published_of(name)
        at = ", ".join(f"{contrast:.2f}" for contrast in curve.equal_to(published))
        if at:
            sentences.append(f"{name} equals the published {published:g} at contrast {at}.")
        else:
            low, high = np.nanmin(curve.median), np.nanmax(curve.median)
            sentences.append(
                f"{name} never equals the published {published:g}: from contrast "
                f"{curve.contrasts[0]:g} to {curve.contrasts[-1]:g} it lies between {low:.2f} and "
                f"{high:.2f}."
            )
    for title, names in (
        ("all three networks", tuple(PUBLISHED)),
        ("all three networks, iG-VAE by the size of its activity", (*list(PUBLISHED)[:2], BY_SIZE)),
    ):
        if not all(name in found for name in names):
            continue
        agree = [found[name].agrees(published_of(name)) for name in names]
        common = [f"{c:g}" for k, c in enumerate(CONTRASTS) if all(part[k] for part in agree)]
        sentences.append(
            f"Contrasts at which the intervals of {title} contain the published figures: "
            + (", ".join(common) if common else "none")
            + "."
        )
    return sentences
