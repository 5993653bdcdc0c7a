"""Iterative VAEs on natural images and on MNIST: convergence, rate against distortion, readout.

Inference runs for 1,000 steps on images that the networks were not trained on. R² is 1 - |x - y|² /
|x - mean x|² of each image, with the reconstruction y from one draw of z; zeros are the share of
z = 0. Both are means over images. On MNIST a logistic regression reads the digit from the rates.

"Published" figures are those of Vafaii, Galor and Yates, "Brain-like variational inference"
(arXiv 2410.19315), with 512 neurons on van Hateren's images. We use pictures that come with
scikit-image and scikit-learn, 256 neurons and minutes of training: compare the models within a
column, not one column with the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib.analysis.anytime import Spread, spread
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import Checkpoint, find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd

    from corelib.data.images import ImageDataset
    from corelib.models.ipvae.coding import CodePoint
    from corelib.models.ipvae.network import IterativeVAE

N_STEPS = 1000
N_IMAGES = 500
READOUT_STEPS, READOUT_IMAGES = 100, 10_000
NATURAL, DIGITS = "natural-16", "mnist"

_LONG = {"t_train": 16}


class Trained(NamedTuple):
    """A network that the table needs."""

    system: str
    dataset: str = NATURAL
    variant: str = ""
    training: dict[str, Any] = {}  # noqa: RUF012 (never changed)

    def spec(self, seed: int) -> RunSpec:
        return make_spec(
            self.system,
            dataset=self.dataset,
            variant=self.variant,
            config=_LONG,
            training=self.training,
            seed=seed,
        )


class Published(NamedTuple):
    """A published row, in per cent: ``r2``, ``zeros``, and digits read correctly."""

    r2: float
    zeros: float
    readout: float | None = None


_PACE = {"epochs": 8}
IP, IG, IG_RELU, IP_DIGITS = "iP-VAE, β = 24", "iG-VAE, β = 8", "iG-relu-VAE, β = 8", "iP-VAE"

NETWORKS: dict[str, Trained] = {
    IP: Trained("ipvae", training={**_PACE, "beta_outer": 24.0}),
    "iP-VAE, β = 12": Trained("ipvae", variant="beta12", training={**_PACE, "beta_outer": 12.0}),
    "iP-VAE, β = 6": Trained("ipvae", variant="beta6", training={**_PACE, "beta_outer": 6.0}),
    IG_RELU: Trained("igvae-relu", training=_PACE),
    IG: Trained("igvae", training=_PACE),
    IP_DIGITS: Trained(
        "ipvae",
        DIGITS,
        training={"epochs": 5, "batch_size": 100, "learning_rate": 0.005, "beta_outer": 12.0},
    ),
}

SHIPPED = (IP, IG, IG_RELU, IP_DIGITS)
SYSTEMS = tuple(dict.fromkeys(network.system for network in NETWORKS.values()))

SECTIONS: dict[str, dict[str, Published | None]] = {
    "convergence, t = 1,000": {
        IP: Published(83.0, 77.3),
        IG_RELU: Published(82.0, 57.6),
        IG: Published(87.4, 0.0),
    },
    "rate and distortion": {
        "LCA": Published(82.6, 77.8),
        "amortised P-VAE": Published(69.6, 77.4),
        IP: Published(82.7, 77.5),
        "iP-VAE, β = 12": None,
        "iP-VAE, β = 6": None,
    },
    "MNIST": {IP_DIGITS: Published(95.1, 84.4, 96.46)},
}

NOTES = (
    "Published: Vafaii, Galor and Yates, Brain-like variational inference (arXiv 2410.19315), 512 "
    "neurons on van Hateren's natural images.",
    "Our natural images are not van Hateren's: they are pictures that come with scikit-image and "
    "scikit-learn, whitened by us, each patch scaled to unit standard deviation; 256 neurons, "
    "minutes of training. Measured after 1,000 steps on 500 patches of a picture that was never "
    "used in training.",
    "Gabor fit: the share of a feature's variance that a Gabor function explains, median over "
    "features. Readout: logistic regression from the rates of 10,000 training digits after 100 "
    "steps, on all test digits.",
)


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
    from corelib.models.ipvae.coding import CodePoint

    convergence, distortion, mnist = SECTIONS.values()

    def points(section: dict[str, Published | None]) -> dict[str, CodePoint]:
        return {
            name: CodePoint(row.zeros / 100, row.r2 / 100)
            for name, row in section.items()
            if row is not None
        }

    digits = mnist[IP_DIGITS]
    assert digits is not None
    converged = {kind_of(name): point for name, point in points(convergence).items()}
    others = {kind: point for kind, point in converged.items() if kind != kind_of(IP)}
    return PublishedPoints(converged, others | points(distortion), digits)


def specs(seed: int) -> list[RunSpec]:
    """The runs that one seed of the table needs."""
    return [network.spec(seed) for network in NETWORKS.values()]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures as shares, one row for each network and seed."""
    import pandas as pd
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run_of = {(spec.title, spec.seed): run for spec, run in zip(specs, runs, strict=True)}
    rows = []
    try:
        for name, network in NETWORKS.items():
            for seed in sorted({spec.seed for spec in specs}):
                say(f"Measuring {name} on {network.dataset}, seed {seed}.")
                item = find(run_of[network.spec(seed).title, seed].id)
                rows.append({"model": _key(name), "seed": seed, **figures(item)})
    finally:
        torch.set_num_threads(threads)
    return pd.DataFrame(rows)


def figures(item: Checkpoint, n_images: int = N_IMAGES, n_steps: int = N_STEPS) -> dict[str, float]:
    """One row of the raw figures, measured on test images."""
    import numpy as np

    from corelib.data.sources import load_dataset
    from corelib.models.ipvae import analysis, gabor
    from corelib.models.ipvae.learner import images

    dataset = cast("ImageDataset", load_dataset(item.card.dataset))
    model = cast("IterativeVAE", load(item.name))
    x = images(dataset, dataset.test.pixels[:n_images])
    code = analysis.encode(model, x, n_steps)
    row = {
        "R²": round(float(code.r2[-1]), 4),
        "zeros": round(float(code.zeros[-1]), 4),
        "change": round(float(code.change[-1]), 4),
        "R² at T": round(float(code.r2[model.t_train - 1]), 4),
        "zeros at T": round(float(code.zeros[model.t_train - 1]), 4),
    }
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


def quality(item: Checkpoint) -> dict[str, float]:
    """What is added to the card of a network that ships, beside its learner's measures."""
    row = figures(item)
    late = {f"{name} after {N_STEPS:,} steps": row[name] for name in ("R²", "zeros")}
    return late | {name: row[name] for name in ("Gabor fit", "readout") if name in row}


def _key(name: str) -> str:
    return f"{name}, MNIST" if NETWORKS[name].dataset == DIGITS else name


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows, published figures beside ours; None where a figure is missing."""
    import pandas as pd

    lines = [
        _line(section, name, published, rows)
        for section, names in SECTIONS.items()
        for name, published in names.items()
    ]
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


def _line(
    section: str, name: str, published: Published | None, rows: pd.DataFrame
) -> dict[str, Any]:
    import numpy as np

    own = rows[rows["model"] == _key(name)] if name in NETWORKS else rows[:0]

    def over_seeds(column: str) -> Spread | None:
        values = np.asarray(own[column], float) if column in own else np.empty(0)
        known = len(values) > 0 and not np.isnan(values).any()
        return spread((100 * values).tolist()) if known else None

    return {
        "figure": section,
        "model": name,
        "seeds": len(own) or None,
        "R² / %": over_seeds("R²"),
        "published R² / %": published and published.r2,
        "zeros / %": over_seeds("zeros"),
        "published zeros / %": published and published.zeros,
        "Gabor fit / %": over_seeds("Gabor fit"),
        "readout / %": over_seeds("readout"),
        "published readout / %": published and published.readout,
    }


TABLE = OverSeeds("ipvae", seeds=3, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
