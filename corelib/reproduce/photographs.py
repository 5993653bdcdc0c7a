"""What other natural images change: iP-VAE trained on the pictures that ship, and on photographs.

Two networks with the standard settings, one on ``natural-16``, one on ``photographs-16`` (the seven
of Debian's package lomiri-wallpapers-16.04, unless your own folder has some), both on 40,000
patches cut from strips of whitened pictures. Each is measured on the held-out strips of both, and
on a picture that neither was trained on, as in the table ipvae.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from corelib.analysis.anytime import Spread, paired_difference, spread
from corelib.reproduce.ipvae import N_IMAGES, N_STEPS, mean_r2
from corelib.reproduce.ipvae_rows import NATURAL, NETWORKS, STANDARD
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import find, load
from corelib.runs.spec import RunSpec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from corelib.models.ipvae.network import IterativeVAE

PHOTOGRAPHS, UNSEEN = "photographs-16", "unseen"
TITLES = {
    NATURAL: "the pictures that ship",
    PHOTOGRAPHS: "photographs",
    UNSEEN: "an unseen picture",
}
SEEDS = 3

NOTES = (
    "iP-VAE with the standard settings (256 neurons, T = 16, β = 24, 600 updates), trained on "
    "40,000 patches of one kind of picture. Measured after 1,000 steps on 500 patches of held-out "
    "strips of both kinds, and of a picture that neither network was trained on.",
    "Photographs: the seven that are CC0 or CC-BY in Debian's package lomiri-wallpapers-16.04, "
    "shrunk to at most 1,536 pixels and whitened as the other pictures are.",
)


def specs(seed: int) -> list[RunSpec]:
    """One network a kind of picture."""
    standard = NETWORKS[STANDARD]
    return [standard._replace(dataset=name).spec(seed) for name in (NATURAL, PHOTOGRAPHS)]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures as shares, a row for each network, seed and kind of picture. Raises ``DataError``
    if there are no photographs."""
    import pandas as pd

    shown = images()
    rows: list[dict[str, Any]] = []
    for spec, run in zip(specs, runs, strict=True):
        say(f"Measuring the network of {TITLES[spec.dataset]}, seed {spec.seed}.")
        model = cast("IterativeVAE", load(find(run.id).name))
        rows += [
            {
                "trained on": spec.dataset,
                "measured on": name,
                "seed": spec.seed,
                **figures(model, x),
            }
            for name, x in shown.items()
        ]
    return pd.DataFrame(rows)


def images() -> dict[str, Tensor]:
    """The test patches (image, pixel) of each kind of picture."""
    from corelib.data import patches
    from corelib.data.sources import load_dataset

    splits = {name: load_dataset(name).test for name in (NATURAL, PHOTOGRAPHS)}
    splits[UNSEEN] = patches.unseen(16)
    return {name: split.pixels[:N_IMAGES].flatten(1) for name, split in splits.items()}


def figures(model: IterativeVAE, x: Tensor, n_steps: int = N_STEPS) -> dict[str, float]:
    """R² and zeros after inference on patches ``x`` (image, pixel)."""
    from corelib.models.ipvae import analysis

    code = analysis.encode(model, x, n_steps)
    return {"R²": mean_r2(code), "zeros": round(float(code.zeros[-1]), 4)}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each network and kind of picture; cells over seeds are ``Spread``."""
    import pandas as pd

    lines: list[dict[str, Any]] = []
    for trained in dict.fromkeys(rows["trained on"]):
        for measured in dict.fromkeys(rows["measured on"]):
            r2, zeros = (_values(rows, trained, measured, name) for name in ("R²", "zeros"))
            lines.append(
                {
                    "trained on": TITLES[trained],
                    "measured on": TITLES[measured],
                    "seeds": len(r2),
                    "R² / %": spread(r2),
                    "zeros / %": spread(zeros),
                }
            )
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = (*NOTES, *answers(rows))
    return frame


def answers(rows: pd.DataFrame) -> list[str]:
    """What training on photographs changes, a sentence for each kind of picture."""
    sentences: list[str] = []
    for measured in dict.fromkeys(rows["measured on"]):
        r2, zeros = (_difference(rows, measured, name) for name in ("R²", "zeros"))
        sentences.append(
            f"Measured on {TITLES[measured]}, training on photographs in place of the pictures "
            f"that ship changes R² by {r2} points and zeros by {zeros} points."
        )
    return sentences


def _values(rows: pd.DataFrame, trained: str, measured: str, column: str) -> pd.Series:
    """Per cent by seed."""
    chosen = (rows["trained on"] == trained) & (rows["measured on"] == measured)
    return 100 * cast("pd.Series", rows.loc[chosen].set_index("seed")[column])


def _difference(rows: pd.DataFrame, measured: str, column: str) -> Spread:
    """Trained on photographs less trained on the pictures that ship, paired by seed, in points."""
    one, other = (_values(rows, name, measured, column) for name in (PHOTOGRAPHS, NATURAL))
    common = one.index.intersection(other.index)
    return paired_difference(one[common], other[common])


TABLE = OverSeeds("photographs", seeds=SEEDS, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
