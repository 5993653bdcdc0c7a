"""Iterative VAEs on natural images and on MNIST: convergence, rate against distortion, what the
settings do, and readout.

Inference runs for 1,000 steps on images that the networks were not trained on. R² is 1 - |x - y|² /
|x - mean x|² of each image, with the reconstruction y from one draw of z; zeros are the share of
z = 0; the change is |u_t - u_(t-1)|, Euclidean over neurons, at the last step. All are means over
images. On MNIST a logistic regression reads the digit from the rates.

"Published" figures are those of Vafaii, Galor and Yates, "Brain-like variational inference"
(arXiv 2410.19315), with 512 neurons, on van Hateren's images. We use pictures that come with
scikit-image and scikit-learn, split as theirs are, in strips of every picture; patches of a picture
that no network saw stand beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from corelib.analysis.anytime import Spread, spread
from corelib.reproduce.ipvae_rows import (
    CAUSES,
    CONVERGENCE,
    CORRECTED,
    DIGITS,
    FORMER,
    IG,
    IG_RELU,
    IP,
    IP_DIGITS,
    MNIST,
    NARROWER,
    NETWORKS,
    NOTES,
    PLAIN,
    PLANE,
    SECTIONS,
    SOFTENED,
    THEIR_KL,
    Published,
)
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import one_thread, say
from corelib.runs.registry import Checkpoint, find, load
from corelib.runs.spec import RunSpec
from corelib.runs.store import Run
from corelib.words import percent

if TYPE_CHECKING:
    import pandas as pd

    from corelib.data.images import ImageDataset
    from corelib.models.ipvae.analysis import Code
    from corelib.models.ipvae.network import IterativeVAE
    from corelib.models.ipvae.records import CodePoint

N_STEPS = 1000
N_IMAGES = 500
RAN_AWAY = -1.0
"""The R² below which an image counts as one on which inference ran away."""
READOUT_STEPS, READOUT_IMAGES = 100, 30_000


class PublishedPoints(NamedTuple):
    """The paper's codes: ``converged`` after 1,000 steps by the name of their kind, ``plane`` all
    that have a place in the plane of sparsity and quality by the name in the table, and ``digits``,
    the row of MNIST."""

    converged: dict[str, CodePoint]
    plane: dict[str, CodePoint]
    digits: Published


def kind_of(name: str) -> str:
    """The kind of a network in the table: "iP-VAE" of "iP-VAE, β = 24"."""
    return name.split(",")[0]


def published_points() -> PublishedPoints:
    """The published figures as shares.

    iP-VAE is in two sections; in the plane it has the figures of "rate and distortion", under the
    name with its β.
    """
    from corelib.models.ipvae.records import CodePoint

    def points(section: dict[str, Published | None]) -> dict[str, CodePoint]:
        return {
            name: CodePoint(row.zeros / 100, row.r2 / 100)
            for name, row in section.items()
            if row is not None
        }

    digits = SECTIONS[MNIST][IP_DIGITS]
    assert digits is not None
    converged = {kind_of(name): point for name, point in points(SECTIONS[CONVERGENCE]).items()}
    others = {kind: point for kind, point in converged.items() if kind != kind_of(IP)}
    return PublishedPoints(converged, others | points(SECTIONS[PLANE]), digits)


def specs(seed: int) -> list[RunSpec]:
    """The runs that one seed of the table needs."""
    return [network.spec(seed) for network in NETWORKS.values() if seed < network.seeds]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures as shares, one row for each network and seed."""
    import pandas as pd

    run_of = {(spec.title, spec.seed): run for spec, run in zip(specs, runs, strict=True)}
    rows = []
    with one_thread():
        for name, network in NETWORKS.items():
            for seed in sorted({spec.seed for spec in specs if spec.seed < network.seeds}):
                say(f"Measuring {name} on {network.dataset}, seed {seed}.")
                item = find(run_of[network.spec(seed).title, seed].id)
                rows.append({"model": _key(name), "seed": seed, **figures(item)})
    return pd.DataFrame(rows)


def figures(item: Checkpoint, n_images: int = N_IMAGES, n_steps: int = N_STEPS) -> dict[str, float]:
    """One row of the raw figures, measured on test images."""
    from corelib.data import patches
    from corelib.data.sources import load_dataset
    from corelib.models.ipvae import analysis, gabor
    from corelib.models.ipvae.learner import images

    dataset = cast("ImageDataset", load_dataset(item.card.dataset))
    model = cast("IterativeVAE", load(item.name))
    x = images(dataset, dataset.test.pixels[:n_images])
    code = analysis.encode(model, x, n_steps)
    row = {
        "R²": mean_r2(code),
        "zeros": round(float(code.zeros[-1]), 4),
        "change": round(float(code.change[-1]), 4),
        "ran away": float((code.r2_of_each < RAN_AWAY).mean()),
        "R² at T": round(float(code.r2[model.t_train - 1]), 4),
        "zeros at T": round(float(code.zeros[model.t_train - 1]), 4),
    }
    if item.card.dataset in patches.SETS:
        elsewhere = patches.unseen(dataset.test.pixels.shape[-1]).pixels[:n_images]
        far = analysis.encode(model, images(dataset, elsewhere), n_steps)
        row["R² unseen"] = mean_r2(far)
        row["zeros unseen"] = round(float(far.zeros[-1]), 4)
    if item.card.dataset == DIGITS:
        train, test = (
            analysis.encode(model, images(dataset, split.pixels[:READOUT_IMAGES]), READOUT_STEPS)
            for split in (dataset.train, dataset.test)
        )
        readout = analysis.read_out(
            train.rate,
            dataset.train.labels[:READOUT_IMAGES].numpy(),
            test.rate,
            dataset.test.labels[:READOUT_IMAGES].numpy(),
        )
        row["readout"] = readout.accuracy
    else:
        fits = gabor.fit(analysis.features(model))
        row["Gabor fit"] = round(float(np.nanmedian(fits.r2)), 4)
    return row


def mean_r2(code: Code) -> float:
    """R² after the last step, the mean over the images that did not run away."""
    return round(float(np.nanmean(code.r2_of_each[code.r2_of_each >= RAN_AWAY])), 4)


def quality(item: Checkpoint) -> dict[str, float]:
    """What is added to the card of a network that ships, beside its learner's measures."""
    row = figures(item)
    late = ("R²", "zeros", "R² unseen", "zeros unseen")
    return {f"{name} after {N_STEPS:,} steps": row[name] for name in late if name in row} | {
        name: row[name] for name in ("Gabor fit", "readout") if name in row
    }


def _key(name: str) -> str:
    return f"{name}, MNIST" if NETWORKS[name].dataset == DIGITS else name


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows, published figures beside ours; None where a figure is missing. What
    is neither published nor measured has no row."""
    import pandas as pd

    measured = set(rows["model"])
    lines = [
        _line(section, name, published, rows)
        for section, names in SECTIONS.items()
        for name, published in names.items()
        if published is not None or _key(name) in measured
    ]
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = (*NOTES, *answers(rows))
    return frame


def beta_curve(rows: pd.DataFrame) -> dict[float, CodePoint]:
    """Rate against distortion of iP-VAE by β: means over seeds, the smallest β first."""
    from corelib.models.ipvae.records import CodePoint

    found: dict[float, CodePoint] = {}
    for name in SECTIONS[PLANE]:
        own = rows[rows["model"] == name]
        if name in NETWORKS and len(own):
            zeros, r2 = (float(np.mean(own[column])) for column in ("zeros", "R²"))
            found[NETWORKS[name].beta] = CodePoint(zeros, r2)
    return dict(sorted(found.items()))


def causes(rows: pd.DataFrame) -> dict[str, tuple[Spread, Spread]]:
    """R² and zeros, in per cent, of the networks that differ in one setting after another."""
    found: dict[str, tuple[Spread, Spread]] = {}
    for name in SECTIONS[CAUSES]:
        own = rows[rows["model"] == name]
        if len(own):
            r2, zeros = (
                spread([100 * float(x) for x in own[column]]) for column in ("R²", "zeros")
            )
            found[name] = r2, zeros
    return found


def answers(rows: pd.DataFrame) -> list[str]:
    """What the table says, in a sentence each: the order of the three models, the paper's point,
    and what each setting does."""
    means = {
        str(name): {title: 100 * float(np.mean(own[title])) for title in ("R²", "zeros")}
        for name, own in rows.groupby("model")
    }
    sentences: list[str] = []
    three = [name for name in (IP, IG_RELU, IG) if name in means]
    if len(three) == 3:
        theirs = {name: row for name in three if (row := SECTIONS[CONVERGENCE][name])}
        for title, published in (
            ("R²", {name: row.r2 for name, row in theirs.items()}),
            ("zeros", {name: row.zeros for name, row in theirs.items()}),
        ):
            ours = {name: means[name][title] for name in three}
            sentences.append(f"By {title}, ours: {_order(ours)}; published: {_order(published)}.")
    published = SECTIONS[CONVERGENCE][IP]
    if IP in means and published is not None:
        r2, zeros = means[IP]["R²"] - published.r2, means[IP]["zeros"] - published.zeros
        sentences.append(
            f"Against the paper's point, iP-VAE with β = 24: R² {r2:+.1f} points, zeros "
            f"{zeros:+.1f} points, on images that are not theirs."
        )
    sentences += [
        f"{what}: R² {means[one]['R²'] - means[other]['R²']:+.1f} points, zeros "
        f"{means[one]['zeros'] - means[other]['zeros']:+.1f} points."
        for what, one, other in (
            ("Learning the prior and raising the limits from 4 to 10", PLAIN, FORMER),
            ("Adding the cost of the counts' variance to the gradient", CORRECTED, PLAIN),
            ("Lowering the limits from 10 to 7", NARROWER, CORRECTED),
            ("Softened counts, as in the paper, without that cost", SOFTENED, NARROWER),
            ("The published divergence in place of the true one", THEIR_KL, NARROWER),
        )
        if one in means and other in means
    ]
    return sentences


def _order(figures: dict[str, float]) -> str:
    """Kinds of networks from the largest figure to the smallest, in per cent."""
    ranked = sorted(figures, key=lambda name: figures[name], reverse=True)
    return ", ".join(f"{kind_of(name)} {percent(figures[name] / 100)}" for name in ranked)


def _line(
    section: str, name: str, published: Published | None, rows: pd.DataFrame
) -> dict[str, Any]:
    own = rows[rows["model"] == _key(name)] if name in NETWORKS else rows[:0]

    def over_seeds(column: str, factor: float = 100) -> Spread | None:
        values = np.asarray(own[column], float) if column in own else np.empty(0)
        known = len(values) > 0 and not np.isnan(values).any()
        return spread((factor * values).tolist()) if known else None

    return {
        "figure": section,
        "model": name,
        "seeds": len(own) or None,
        "K, T, β": NETWORKS[name].sizes if len(own) else None,
        "published K, T, β": published and published.sizes,
        "R² / %": over_seeds("R²"),
        "published R² / %": published and published.r2,
        "zeros / %": over_seeds("zeros"),
        "published zeros / %": published and published.zeros,
        "unseen R² / %": over_seeds("R² unseen"),
        "unseen zeros / %": over_seeds("zeros unseen"),
        "change": over_seeds("change", 1),
        "ran away / %": over_seeds("ran away"),
        "Gabor fit / %": over_seeds("Gabor fit"),
        "readout / %": over_seeds("readout"),
        "published readout / %": published and published.readout,
    }


TABLE = OverSeeds("ipvae", seeds=3, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
