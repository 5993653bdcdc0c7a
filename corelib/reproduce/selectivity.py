"""Orientation selectivity of the iterative VAEs against the contrast of the bar.

The stimulus is the paper's: 300 baseline frames, then 400 frames of a bar a fifth of the patch
wide. Selectivity is 1 - circular variance for orientation, the median over the neurons that answer.
"Published" figures are those of Vafaii, Galor and Yates, "Brain-like variational inference"
(arXiv 2410.19315), which does not name the contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from corelib.analysis.anytime import Spread, spread
from corelib.reproduce.ipvae_rows import IG, IG_RELU, IP, NETWORKS
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import find, load
from corelib.runs.spec import RunSpec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd

    from corelib.models.ipvae.network import IterativeVAE
    from corelib.models.ipvae.records import ContrastCurve

PUBLISHED = {"ipvae": 0.85, "igvae-relu": 0.27, "igvae": 0.15}
"""1 - circular variance by system."""
CONTRASTS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
"""Up to four standard deviations of the patches, beyond which hardly a pixel of them lies."""
DIRECTIONS = 24
BY_SIZE = "igvae, size of activity"
SEEDS = 3

NOTES = (
    "Published: Vafaii, Galor and Yates, Brain-like variational inference (arXiv 2410.19315), at a "
    "contrast that we do not know.",
    "Ours: the paper's bar (300 baseline frames, then 400 frames) in "
    f"{DIRECTIONS} directions, one trial each; contrast in standard deviations of the patches. The "
    "median over the neurons that answer, mean ± sd over networks of several seeds; beside it the "
    "95 % bootstrap interval over neurons, its bounds averaged over seeds.",
    "An iG-VAE's activity has either sign and averages out while a bar passes, so its size is "
    "measured, too; we do not know which of the two the published figure is.",
)


def specs(seed: int) -> list[RunSpec]:
    """The networks of natural images, one of each kind."""
    return [NETWORKS[name].spec(seed) for name in (IP, IG_RELU, IG)]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures: a row for each network, seed and contrast; iG-VAE's activity by its size,
    too. A median over no neuron is missing."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for spec, run in zip(specs, runs, strict=True):
        say(f"Measuring {spec.system}, seed {spec.seed}.")
        model = cast("IterativeVAE", load(find(run.id).name))
        for name, curve in curves(model, spec.system).items():
            rows += [
                {
                    "network": name,
                    "seed": spec.seed,
                    "contrast": float(curve.contrasts[k]),
                    **{
                        column: round(float(getattr(curve, column)[k]), 4)
                        for column in ("median", "low", "high")
                    },
                    "responsive": int(curve.responsive[k]),
                }
                for k in range(len(curve.contrasts))
            ]
    return pd.DataFrame(rows)


def curves(model: IterativeVAE, system: str) -> dict[str, ContrastCurve]:
    """The curve of one network under its system's name, and that of an iG-VAE's size."""
    from corelib.models.ipvae.contrast import selectivity_by_contrast
    from corelib.models.ipvae.experiment import Experiment, all_directions
    from corelib.models.ipvae.stimuli import paper_bar

    experiment = Experiment(paper_bar(round(model.decoder.shape[0] ** 0.5)), trials=1)
    of = partial(selectivity_by_contrast, model, experiment, CONTRASTS, all_directions(DIRECTIONS))
    return {system: of()} | ({BY_SIZE: of(magnitude=True)} if system == "igvae" else {})


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a network and contrast, with what follows in ``attrs["notes"]``; cells over seeds
    are ``Spread``, or None where no neuron answers."""
    import pandas as pd

    lines: list[dict[str, Any]] = []
    for name in _names(rows):
        curve, seeds = mean_curve(rows, name), rows.loc[rows["network"] == name]
        for k, contrast in enumerate(curve.contrasts):
            own: pd.DataFrame = seeds.loc[seeds["contrast"] == contrast]
            known = bool(np.isfinite(curve.median[k]))
            lines.append(
                {
                    "network": name,
                    "contrast": float(contrast),
                    "seeds": len(own),
                    "1 - CV": _over(own, "median") if known else None,
                    "95 % interval": f"[{curve.low[k]:.3f}, {curve.high[k]:.3f}]"
                    if known
                    else None,
                    "published": published_of(name),
                    "responsive neurons": _over(own, "responsive"),
                }
            )
    frame = pd.DataFrame(lines, dtype=object)
    found = {name: mean_curve(rows, name) for name in _names(rows)}
    frame.attrs["notes"] = (*NOTES, *answers(found))
    return frame


def _names(rows: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(rows["network"]))


def _over(rows: pd.DataFrame, column: str) -> Spread:
    return spread(rows[column].dropna().to_numpy(float))


def mean_curve(rows: pd.DataFrame, name: str) -> ContrastCurve:
    """The mean over seeds of a network's curves; NaN at a contrast that a seed does not answer."""
    from corelib.models.ipvae.records import ContrastCurve

    own = rows.loc[rows["network"] == name].groupby("contrast")
    means = {
        column: own[column].agg(lambda values: values.mean(skipna=False)).to_numpy(float)
        for column in ("median", "low", "high", "responsive")
    }
    return ContrastCurve(own["contrast"].first().to_numpy(float), **means)


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
        contrasts = found[names[0]].contrasts
        common = [f"{c:g}" for k, c in enumerate(contrasts) if all(part[k] for part in agree)]
        sentences.append(
            f"Contrasts at which the intervals of {title} contain the published figures: "
            + (", ".join(common) if common else "none")
            + "."
        )
    return sentences


TABLE = OverSeeds("selectivity", seeds=SEEDS, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
