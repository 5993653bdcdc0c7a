"""LCA on the patches of natural images that the iterative VAEs learn: rate against distortion.

Features are learned from training patches and measured after 1,000 steps on 500 test patches, as
iterative VAEs are (``reproduce.ipvae``): zeros are the share of activities that are exactly 0, R²
is 1 - |x - y|² / |x - mean x|² of each patch, both means over patches.

"Published" is the point of LCA in Vafaii, Galor and Yates, "Brain-like variational inference"
(arXiv 2410.19315), with 512 neurons on van Hateren's images.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

import numpy as np

from corelib.analysis.anytime import spread
from corelib.models.ipvae.baselines.config import LCATraining, Sign
from corelib.reproduce.ipvae import N_IMAGES, published_points
from corelib.reproduce.ipvae_rows import NATURAL
from corelib.reproduce.results import Measured, table
from corelib.reproduce.seeds import one_thread, say
from corelib.words import percent

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from corelib.data.images import ImageDataset
    from corelib.models.ipvae.records import CodePoint

SIGNS: tuple[Sign, ...] = get_args(Sign)
NEURONS = (512, 256)
THRESHOLDS = (0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
LEARNED_AT = (0.2, 0.5, 1.0, 2.0)
SHARED = 0.5
"""The threshold at which the one dictionary is learned that is measured at all of them."""
ONE, OWN = "one", "own"

NOTES = (
    "Published: LCA in Vafaii, Galor and Yates, Brain-like variational inference (arXiv "
    "2410.19315), 512 neurons on van Hateren's natural images.",
    "Ours: patches of pictures that come with scikit-image and scikit-learn, whitened by us, each "
    "scaled to unit standard deviation; 500 test patches, 1,000 steps, features of unit norm. "
    "Signed activity may be negative; non-negative activity may not, as spike counts.",
    f'Dictionary "{ONE}": features learned at λ = {SHARED:g} and measured at every λ. Dictionary '
    f'"{OWN}": features learned and measured at the same λ, as the published point is.',
    "Activity is a real number here and a count of spikes in iP-VAE: the same share of zeros does "
    "not mean the same number of bits.",
)


class Layout(NamedTuple):
    """What a dictionary is made of: how many neurons, and the sign of their activity."""

    neurons: int
    sign: Sign

    def training(self, threshold: float) -> LCATraining:
        return LCATraining(n_latents=self.neurons, sign=self.sign, threshold=threshold)


LAYOUTS = tuple(Layout(neurons, sign) for neurons in NEURONS for sign in SIGNS)


def measure(seeds: Sequence[int]) -> pd.DataFrame:
    """Raw figures as shares, one row for each point of each curve and each seed: trains for about
    ten minutes a seed."""
    import pandas as pd

    from corelib.data.sources import load_dataset
    from corelib.models.ipvae.learner import images

    dataset = cast("ImageDataset", load_dataset(NATURAL))
    train = images(dataset, dataset.train.pixels)
    x = images(dataset, dataset.test.pixels[:N_IMAGES])
    with one_thread():
        rows = [
            row
            for seed in seeds
            for layout in LAYOUTS
            for learned_at in LEARNED_AT
            for row in points(layout, learned_at, seed, train, x)
        ]
    return pd.DataFrame(rows)


def points(
    layout: Layout, learned_at: float, seed: int, train: Tensor, x: Tensor
) -> list[dict[str, Any]]:
    """The rows of one dictionary: its own point, and the curve of the one dictionary."""
    from corelib.models.ipvae.baselines import lca

    neurons, sign = layout
    say(f"Learning {neurons} features, {sign} activity, λ = {learned_at:g}, seed {seed}.")
    features = lca.learn(train, layout.training(learned_at), seed)
    wanted = [(OWN, learned_at)]
    if learned_at == SHARED:
        wanted += [(ONE, threshold) for threshold in THRESHOLDS]
    thresholds = [threshold for _, threshold in wanted]
    rows = []
    for (dictionary, threshold), found in zip(
        wanted, lca.curve(features, x, thresholds, sign), strict=True
    ):
        row = {"neurons": neurons, "activity": sign, "dictionary": dictionary, "seed": seed}
        row |= {"learned at": learned_at, "threshold": threshold}
        rows.append(row | {"R²": round(found.r2, 4), "zeros": round(found.zeros, 4)})
        say(f"Measured at λ = {threshold:g}: zeros {percent(found.zeros)}, R² {percent(found.r2)}.")
    return rows


def curve_of(rows: pd.DataFrame, layout: Layout, dictionary: str = OWN) -> dict[float, CodePoint]:
    """One curve of the raw rows, by threshold: means over seeds."""
    from corelib.models.ipvae.records import CodePoint

    same = (rows["neurons"] == layout.neurons) & (rows["activity"] == layout.sign)
    own = rows[same & (rows["dictionary"] == dictionary)]
    return {
        float(cast(float, threshold)): CodePoint(
            float(np.mean(part["zeros"])), float(np.mean(part["R²"]))
        )
        for threshold, part in own.groupby("threshold")
    }


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows: the published point, then ours, curve by curve."""
    import pandas as pd

    theirs = published_points().plane["LCA"]
    lines = [
        {
            "neurons": NEURONS[0],
            "activity": None,
            "dictionary": "published",
            "λ": None,
            "seeds": None,
            "zeros / %": round(100 * theirs.zeros, 1),
            "R² / %": round(100 * theirs.r2, 1),
        }
    ]
    for layout in LAYOUTS:
        for dictionary in (ONE, OWN):
            same = (rows["neurons"] == layout.neurons) & (rows["activity"] == layout.sign)
            lines += [
                {
                    "neurons": layout.neurons,
                    "activity": layout.sign,
                    "dictionary": dictionary,
                    "λ": threshold,
                    "seeds": len(own),
                    "zeros / %": spread((100 * own["zeros"]).tolist()),
                    "R² / %": spread((100 * own["R²"]).tolist()),
                }
                for threshold, own in rows[same & (rows["dictionary"] == dictionary)].groupby(
                    "threshold"
                )
            ]
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


TABLE = Measured("lca", seeds=3, measure=measure, summary=summary)
run = partial(table, TABLE)
