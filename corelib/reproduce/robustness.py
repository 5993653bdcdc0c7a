"""Robustness: BPAN and its baselines under seven corruptions, as mean ± sd over seeds.

The raw rows hold both protocols of ``corelib.data.corruptions``: ``ours`` on the grid of severities
of every corruption, ``published`` (``faithful``) at the severities of the authors' results. Every
seed draws its own noise, the same for all networks. Squares are black and centred.

"Published" are the result files in the repository of Lahiri and Panwar, "Balanced Predictive
Attractor Networks for Anytime and Sequential Inference": one seed, and the epoch of ten with the
best accuracy on the same corrupted test images. Ours are chosen on clean validation images.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from corelib.analysis.anytime import at_threshold, paired_difference, spread
from corelib.analysis.robustness import OverSeverity, Robustness
from corelib.data.corruptions import CORRUPTIONS, Corruption
from corelib.errors import DataError
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from corelib.models.bpan.anytime import AnytimeClassifier

THRESHOLDS = (0.5, 0.9, 0.99)
REFERENCE = "bpan"

NAMES = {
    REFERENCE: "BPAN",
    "bpan-unbalanced": "BPAN, λ_bal = 0",
    "act": "ACT",
    "pondernet": "PonderNet",
    "multi-exit": "Multi-Exit",
    "gru": "GRU",
    "mlp": "MLP",
}
"""The networks: their names in the raw rows, and in the table."""


class Condition(NamedTuple):
    """A line of the table: a published severity, and what the authors' files say of it.

    ``published`` are accuracies in per cent by network.
    """

    title: str
    corruption: str
    severity: float
    published: dict[str, float] = {}  # noqa: RUF012 (never changed)

    @property
    def protocol(self) -> str:
        """Salt and pepper and severity 0 are the same in both protocols."""
        same = self.corruption == "salt_pepper" or not self.severity
        return "ours" if same else "published"


def _published(bpan: float, mlp: float) -> dict[str, float]:
    return {REFERENCE: bpan, "mlp": mlp}


CONDITIONS = (
    Condition("none", "gaussian", 0.0, _published(97.77, 97.93)),
    Condition("Gaussian noise, sd 0.1", "gaussian", 0.1, _published(97.74, 97.91)),
    Condition("Gaussian noise, sd 0.2", "gaussian", 0.2, _published(97.64, 97.84)),
    Condition("Gaussian noise, sd 0.3", "gaussian", 0.3, _published(97.54, 97.77)),
    Condition("Gaussian noise, sd 0.5", "gaussian", 0.5),
    Condition("salt and pepper, 5 %", "salt_pepper", 0.05, _published(97.02, 97.33)),
    Condition("salt and pepper, 10 %", "salt_pepper", 0.1, _published(95.29, 96.27)),
    Condition("salt and pepper, 20 %", "salt_pepper", 0.2, _published(88.51, 92.05)),
    Condition("salt and pepper, 30 %", "salt_pepper", 0.3, _published(75.84, 83.38)),
    Condition("occlusion, side 0.2", "occlusion", 0.2, _published(90.99, 92.68)),
    Condition("occlusion, side 0.4", "occlusion", 0.4, _published(53.49, 53.87)),
    Condition("occlusion, side 0.5", "occlusion", 0.5),
    Condition("occlusion, side 0.6", "occlusion", 0.6, _published(33.90, 30.54)),
)

Groups = dict[tuple[str, str, float, str], dict[int, dict[str, Any]]]
"""Raw rows by protocol, corruption, severity and model, and there by seed."""

NOTES = (
    "The published protocol: noise on the normalised input, whose pixels have sd 1, without "
    "clipping; a centred square of that share of the side, set to the mean pixel. Sd 0.5 and side "
    "0.5 are those of the README, which gives no accuracy.",
    "Published: the result files in the repository of Lahiri and Panwar, Balanced Predictive "
    "Attractor Networks for Anytime and Sequential Inference; one seed, and the epoch of ten with "
    "the best accuracy on the same corrupted test images.",
    "Ours: mean ± sd over seeds, 10,000 test images, networks chosen on clean validation images. "
    "Drop: from the same network's clean accuracy. Differences are paired by seed: the same noise "
    "for all networks. Accuracies are the last step's unless θ is named.",
)


def specs(seed: int) -> list[RunSpec]:
    """What one seed trains."""
    baselines = (make_spec(name, seed=seed) for name in NAMES if not name.startswith(REFERENCE))
    return [
        make_spec(REFERENCE, seed=seed),
        make_spec(REFERENCE, variant="unbalanced", training={"lambda_bal": 0.0}, seed=seed),
        *baselines,
    ]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures, one row a model, seed, protocol, corruption and severity: accuracies as shares,
    of the last step and with the mean steps at each threshold."""
    import pandas as pd

    from corelib.data.corruptions import corrupt
    from corelib.data.sources import load_dataset

    dataset = load_dataset(specs[0].dataset)
    pixels, labels = dataset.test
    rows = []
    for seed in sorted({spec.seed for spec in specs}):
        models = {
            spec.title.removesuffix(f"-{spec.dataset}"): cast(
                "AnytimeClassifier", load(find(run.id).name)
            )
            for spec, run in zip(specs, runs, strict=True)
            if spec.seed == seed
        }
        for corruption in corruptions(seed):
            if not corruption.severity:
                say(f"Measuring {corruption.name}, seed {seed}.")
            x = dataset.inputs(corrupt(pixels, corruption, dataset.mean, dataset.std))
            condition = {
                "seed": seed,
                "protocol": "published" if corruption.faithful else "ours",
                "corruption": corruption.name,
                "severity": corruption.severity,
            }
            for name, model in models.items():
                rows.append({"model": name, **condition, **figures(model, x, labels)})
    return pd.DataFrame(rows)


def corruptions(seed: int) -> list[Corruption]:
    """Every kind on its grid, from severity 0; then what differs in the published protocol."""
    return [
        Corruption(name, severity, seed)
        for name, kind in CORRUPTIONS.items()
        for severity in kind.severities
    ] + [
        Corruption(item.corruption, item.severity, seed, faithful=True)
        for item in CONDITIONS
        if item.protocol == "published"
    ]


def figures(model: AnytimeClassifier, x: Tensor, labels: Tensor) -> dict[str, float]:
    """The accuracies of one network on inputs (image, input), and how long it takes."""
    from corelib.models.bpan import halting

    answers, truth = halting.answers(model, x), labels.numpy()
    measured = {"accuracy": float((answers.predicted[:, -1] == truth).mean())}
    for threshold in THRESHOLDS:
        early = at_threshold(answers.confidence, answers.predicted, truth, threshold)
        measured[f"accuracy at {threshold}"] = early.accuracy
        measured[f"mean steps at {threshold}"] = round(early.mean_steps, 4)
    return measured


def over_seeds(
    rows: pd.DataFrame, model: str, corruption: str, threshold: float, images: int = 10_000
) -> Robustness:
    """One network under one corruption, our protocol, as means over the seeds of the raw rows.

    The sd is that of a sample (n - 1). ``threshold`` is one of ``THRESHOLDS``; ``images`` is how
    many each row was measured on. Raises ``DataError`` where the rows lack this network or
    corruption.
    """
    own = rows[
        (rows["protocol"] == "ours") & (rows["model"] == model) & (rows["corruption"] == corruption)
    ]
    if own.empty:
        raise DataError(f"The table has no rows of {model} under {corruption}.")

    def curve(column: str) -> OverSeverity:
        cells = own.pivot(index="severity", columns="seed", values=column).sort_index().to_numpy()
        n_seeds = cells.shape[1]
        sd = cells.std(1, ddof=1) if n_seeds > 1 else np.zeros(len(cells))
        return OverSeverity(severities, cells.mean(1), sd, n_seeds)

    severities = np.array(sorted(set(own["severity"])))
    early, steps = f"accuracy at {threshold:g}", f"mean steps at {threshold:g}"
    return Robustness(curve("accuracy"), curve(early), curve(steps), images)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows: the published severities, each network beside BPAN.

    Cells over seeds are ``Spread``; a cell is None where nothing was published, and where a network
    would be compared with itself.
    """
    import pandas as pd

    groups: Groups = {}
    for row in rows.sort_values("seed").to_dict("records"):
        key = row["protocol"], row["corruption"], row["severity"], row["model"]
        groups.setdefault(key, {})[row["seed"]] = row
    models = [model for model in NAMES if model in set(rows["model"])]
    lines = [_line(groups, condition, model) for condition in CONDITIONS for model in models]
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


def _line(groups: Groups, condition: Condition, model: str) -> dict[str, Any]:
    """One row of the table, of the seeds that the network and BPAN have."""
    clean = CONDITIONS[0]
    published = model in condition.published

    def seeds_of(where: Condition, of: str) -> dict[int, dict[str, Any]]:
        return groups[where.protocol, where.corruption, where.severity, of]

    reference = seeds_of(condition, REFERENCE)
    common = [seed for seed in seeds_of(condition, model) if seed in reference]

    def figures(what: str, where: Condition = condition, of: str = model) -> np.ndarray:
        own = seeds_of(where, of)
        return np.array([own[seed][what] for seed in common])

    accuracy = 100 * figures("accuracy")
    return {
        "corruption": condition.title,
        "model": NAMES[model],
        "seeds": len(common),
        "accuracy / %": spread(accuracy),
        "published / %": spread([condition.published[model]]) if published else None,
        "drop / points": None
        if condition is clean
        else paired_difference(100 * figures("accuracy", clean), accuracy),
        "less BPAN's / points": None
        if model == REFERENCE
        else paired_difference(accuracy, 100 * figures("accuracy", of=REFERENCE)),
        "accuracy at θ = 0.9 / %": spread(100 * figures("accuracy at 0.9")),
        "mean steps at θ = 0.9": spread(figures("mean steps at 0.9")),
    }


TABLE = OverSeeds("robustness", seeds=3, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
