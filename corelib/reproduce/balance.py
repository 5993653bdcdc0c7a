"""The balance ablation: what the penalty on the balance current changes, over paired seeds.

The arms of one seed start from the same weights (T = 1 and the others too) and see the same
batches and the same noise. Arms of lambda_bal are compared with lambda_bal = 0, the others with
the standard network (lambda_bal = 5e-4), from which each differs in one thing.

"Published" is the README of Lahiri and Panwar, "Balanced Predictive Attractor Networks for Anytime
and Sequential Inference"; "their code, run again" is an independent re-run of the authors' code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from corelib.analysis.anytime import Spread, paired_difference, spread
from corelib.data.corruptions import Corruption
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd

    from corelib.data.images import ImageDataset
    from corelib.models.bpan.network import BPAN


class Arm(NamedTuple):
    """What differs from the standard settings; ``against`` names the arm it is compared with."""

    variant: str
    config: dict[str, Any]
    training: dict[str, Any]
    against: str | None

    def spec(self, seed: int) -> RunSpec:
        return make_spec(
            "bpan", variant=self.variant, config=self.config, training=self.training, seed=seed
        )


NONE, STANDARD = "lambda_bal 0", "lambda_bal 5e-4"
ARMS: dict[str, Arm] = {
    NONE: Arm("unbalanced", {}, {"lambda_bal": 0.0}, None),
    STANDARD: Arm("", {}, {}, NONE),
    "lambda_bal 5e-3": Arm("balanced5e3", {}, {"lambda_bal": 5e-3}, NONE),
    "lambda_bal 5e-2": Arm("balanced5e2", {}, {"lambda_bal": 5e-2}, NONE),
    "no Dale's law": Arm("nodale", {"dale": False}, {}, STANDARD),
    "no activity term": Arm("noactivity", {}, {"lambda_act": 0.0}, STANDARD),
    "T = 1": Arm("onestep", {"n_steps": 1}, {}, STANDARD),
}

CONDITIONS: dict[str, Corruption] = {
    "accuracy clean": Corruption("occlusion", 0.0),
    "accuracy occlusion area 0.25": Corruption("occlusion", 0.25),
    "accuracy occlusion area 0.5": Corruption("occlusion", 0.5),
    "accuracy published occlusion side 0.3": Corruption("occlusion", 0.3, faithful=True),
    "accuracy published occlusion side 0.5": Corruption("occlusion", 0.5, faithful=True),
    "accuracy published gaussian sd 0.5": Corruption("gaussian", 0.5, faithful=True),
    "accuracy published gaussian sd 1.0": Corruption("gaussian", 1.0, faithful=True),
}


class Measure(NamedTuple):
    """A group of lines of the table: a column of the raw rows, shown in hundredths.

    ``published`` and ``rerun`` are what lambda_bal = 5e-4 changes, as others measured it.
    """

    column: str
    title: str
    published: str | None = None
    rerun: str | None = None

    @property
    def is_accuracy(self) -> bool:
        """Accuracies differ in points, all else in per cent."""
        return self.column.startswith("accuracy")


class Interval(NamedTuple):
    """Bounds of a confidence interval."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"[{self.low:.2f}, {self.high:.2f}]"


class Claim(NamedTuple):
    """What lambda_bal = 5e-4 changes, over paired seeds, in a measure with a published change.

    ``change`` is in points for an accuracy, else in per cent. ``interval`` is the 95 % interval of
    a change in points; None for others and for a single seed.
    """

    measure: Measure
    change: Spread | None
    interval: Interval | None


LESS_CURRENT, LESS_VARIANCE = ("-25 %", "about -23 %"), ("-40 %", "about -16 %")
MEASURES = (
    Measure("accuracy clean", "accuracy, clean / %"),
    Measure("accuracy occlusion area 0.25", "accuracy, occluded area 0.25 / %"),
    Measure("accuracy occlusion area 0.5", "accuracy, occluded area 0.5 / %"),
    Measure("accuracy published occlusion side 0.3", "accuracy, published occlusion, side 0.3 / %"),
    Measure(
        "accuracy published occlusion side 0.5",
        "accuracy, published occlusion, side 0.5 / %",
        "+6.5 points",
        "+0.4 to +1.2 points",
    ),
    Measure("accuracy published gaussian sd 0.5", "accuracy, published noise, sd 0.5 / %"),
    Measure("accuracy published gaussian sd 1.0", "accuracy, published noise, sd 1 / %"),
    Measure("recurrent", "mean |recurrent current| / 0.01", *LESS_CURRENT),
    Measure("balance", "mean |balance current| / 0.01", *LESS_CURRENT),
    Measure("balance e", "mean |balance current|, E units / 0.01", *LESS_CURRENT),
    Measure("balance i", "mean |balance current|, I units / 0.01"),
    Measure("recurrent variance", "variance of the recurrent current / 0.01"),
    Measure("balance variance", "variance of the balance current / 0.01", *LESS_VARIANCE),
    Measure(
        "balance variance e", "variance of the balance current, E units / 0.01", *LESS_VARIANCE
    ),
    Measure("balance variance i", "variance of the balance current, I units / 0.01"),
    Measure("excitation", "mean excitation / 0.01"),
    Measure("inhibition", "mean inhibition / 0.01"),
    Measure("last change", "change of the state in the last step / %"),
)

NOTES = (
    "Published: the authors' README of Lahiri and Panwar, Balanced Predictive Attractor Networks "
    "for Anytime and Sequential Inference: 25 % less recurrent current, 40 % less balance "
    "variance, 6.5 points more under 50 % occlusion. Their code, run again: an independent re-run.",
    "Recurrent current: excitation + inhibition, steps 2 to T. Balance current: that plus the "
    "drive, all steps, as in the loss; with T = 1 it is the drive. Means of sizes over test "
    "images, units (E and I together, or apart) and steps; variances over images for each unit and "
    "step, then averaged. The README says recurrent current; the authors' script measures the "
    "balance current of E and of I units apart, so the claims stand beside each candidate.",
    "50 % occlusion in the authors' script is a square of half the side: a quarter of the area, "
    "set to the mean pixel. Ours by area is black; area 0.5 is 20 x 20 pixels, the size of the "
    "box into which MNIST's digits are scaled. Published noise is on the normalised input, "
    "without clipping.",
    "Ours: mean ± sd over seeds, 10,000 test images, the last step's answer, networks chosen on "
    "validation images. Differences are paired by seed, with 95 % t-intervals; accuracies differ "
    "in points. Change: per seed, in per cent of the arm compared with.",
    "Change of the state: |s_t - s_(t-1)| / |s_t|, mean over images.",
)


def specs(seed: int) -> list[RunSpec]:
    """What one seed trains: all arms."""
    return [arm.spec(seed) for arm in ARMS.values()]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures, one row an arm and seed; what a network of one step lacks is missing."""
    import pandas as pd

    from corelib.data.sources import load_dataset

    run_of = {(spec.title, spec.seed): run for spec, run in zip(specs, runs, strict=True)}
    dataset = cast("ImageDataset", load_dataset(specs[0].dataset))
    rows = []
    for name, arm in ARMS.items():
        for seed in sorted({spec.seed for spec in specs}):
            say(f"Measuring {name}, seed {seed}.")
            model = cast("BPAN", load(find(run_of[arm.spec(seed).title, seed].id).name))
            rows.append({"arm": name, "seed": seed, **figures(model, dataset, seed)})
    return pd.DataFrame(rows)


def figures(model: BPAN, dataset: ImageDataset, seed: int) -> dict[str, float]:
    """What one network does on the test images; ``seed`` draws the noise."""
    from corelib.data.corruptions import corrupt
    from corelib.models.bpan import halting
    from corelib.models.bpan.robustness import balance

    pixels, labels = dataset.test
    measured: dict[str, float] = {}
    for name, corruption in CONDITIONS.items():
        seeded = corruption._replace(seed=seed)
        x = dataset.inputs(corrupt(pixels, seeded, dataset.mean, dataset.std))
        predicted = halting.answers(model, x).predicted[:, -1]
        measured[name] = float((predicted == labels.numpy()).mean())
    currents = balance(model, dataset.inputs(pixels))
    for name, value in zip(currents._fields[:-1], currents[:-1], strict=True):
        measured[name.replace("_", " ")] = float(f"{value:.6g}")
    changes = [float(f"{share:.6g}") for share in currents.change]
    if len(changes) > 1:  # the first change is 1 for every network
        measured["last change"] = changes[-1]
    return measured | {f"change {t}": share for t, share in enumerate(changes, 1)}


def t_interval(differences: Spread, confidence: float = 0.95) -> Interval | None:
    """mean ± t sd / sqrt(n), t the quantile of Student's distribution with n - 1 degrees of
    freedom; None for a single seed."""
    from scipy.stats import t

    mean, sd, n = differences
    if n < 2:
        return None
    reach = float(t.ppf((1 + confidence) / 2, n - 1)) * sd / math.sqrt(n)
    return Interval(mean - reach, mean + reach)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows: all arms for each measure, with what others measured.

    Cells over seeds are ``Spread`` and ``Interval``, or None where nothing was measured.
    """
    import pandas as pd

    arms = _arms(rows)
    lines = [_line(measured, name, arms) for measured in MEASURES for name in ARMS if name in arms]
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


def claims(rows: pd.DataFrame) -> list[Claim]:
    """What the balance term changes in the raw rows, for each published change."""
    lines = summary(rows).set_index(["measure", "arm"])
    published: list[Claim] = []
    for measured in (item for item in MEASURES if item.published):
        line = lines.loc[(measured.title, STANDARD)]
        claim = Claim(measured, line["change / %"], None)
        if measured.is_accuracy:
            claim = Claim(measured, line["difference"], line["95 % interval"])
        published.append(claim)
    return published


def by_seed(rows: pd.DataFrame, measured: Measure) -> dict[str, np.ndarray]:
    """A measure in each arm, in hundredths as in the table: (seed,), NaN where it is missing."""
    seeds = sorted(rows["seed"].unique())
    return {
        name: 100 * part[measured.column].reindex(seeds).to_numpy()
        for name, part in _arms(rows).items()
    }


def convergence(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """|s_t - s_(t-1)| / |s_t| at each step, mean over seeds: (time,) by arm.

    Arms with a single step are left out.
    """
    steps = [column for column in rows.columns if column.startswith("change ")]
    return {
        name: part[steps].mean().to_numpy()
        for name, part in _arms(rows).items()
        if len(part[steps].dropna(axis=1).columns) > 1
    }


def _arms(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The raw rows of each arm, by seed."""
    return {str(name): part.set_index("seed") for name, part in rows.groupby("arm", sort=False)}


def _line(measured: Measure, name: str, arms: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """One row of the table; differences are of the seeds that both arms have."""
    against = ARMS[name].against
    values = 100 * cast("pd.Series", arms[name][measured.column].dropna())
    difference = change = None
    if against in arms:
        reference = 100 * cast("pd.Series", arms[against][measured.column].dropna())
        common = values.index.intersection(reference.index)
        if len(common):
            difference = paired_difference(values[common], reference[common])
            change = spread(100 * (values[common] / reference[common] - 1))
    standard = name == STANDARD
    return {
        "measure": measured.title,
        "arm": name,
        "seeds": len(arms[name]),
        "value": spread(values) if len(values) else None,
        "compared with": against,
        "difference": difference,
        "95 % interval": difference and t_interval(difference),
        "change / %": None if measured.is_accuracy else change,
        "published": measured.published if standard else None,
        "their code, run again": measured.rerun if standard else None,
    }


TABLE = OverSeeds("balance", seeds=5, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
