"""Evidence over time: BPAN and a GRU on glimpses of cluttered digits and on digits in chunks,
published and ours, as mean ± sd over seeds.

Each network is trained as the authors' commands say: 20 epochs on cluttered MNIST, 15 on streaming
MNIST. A second GRU has about as many parameters as BPAN. In the rows below the published tasks
the network is also given the position of its pixels. A network is stopped too early when its answer
at θ = 0.9 is wrong and that of the last step is correct.

"Published" is the README of the authors of Lahiri and Panwar, "Balanced Predictive Attractor
Networks for Anytime and Sequential Inference".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib.analysis.anytime import (
    Answers,
    Spread,
    at_threshold,
    paired_difference,
    per_step_accuracy,
    spread,
)
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from corelib.models.bpan.anytime import AnytimeClassifier

THRESHOLD = 0.9
REFERENCE = "BPAN"


class Row(NamedTuple):
    """A network and what it is trained on; ``n_hidden`` units for a GRU, None for BPAN."""

    task: str
    n_hidden: int | None = None
    variant: str = ""

    @property
    def model(self) -> str:
        return REFERENCE if self.n_hidden is None else f"GRU of {self.n_hidden}"

    def spec(self, seed: int) -> RunSpec:
        return make_spec(
            "bpan-sequence" if self.n_hidden is None else "gru-sequence",
            dataset=self.task,
            config={} if self.n_hidden is None else {"n_hidden": self.n_hidden},
            training={"epochs": 20 if self.task.startswith("ct") else 15},
            seed=seed,
            variant=self.variant,
        )


class Published(NamedTuple):
    """Accuracy in per cent."""

    parameters: int
    accuracy: float


ROWS = (
    Row("ct-mnist"),
    Row("ct-mnist", 256),
    Row("ct-mnist", 75, "matched"),
    Row("streaming-mnist"),
    Row("streaming-mnist", 256),
    Row("streaming-mnist", 79, "matched"),
    Row("ct-mnist-located"),
    Row("ct-mnist-located", 75, "matched"),
    Row("streaming-mnist-numbered"),
    Row("streaming-mnist-numbered", 78, "matched"),
)

PUBLISHED = {
    ("ct-mnist", "BPAN"): Published(50_250, 24.98),
    ("ct-mnist", "GRU of 256"): Published(311_306, 47.68),
    ("streaming-mnist", "BPAN"): Published(42_890, 79.72),
    ("streaming-mnist", "GRU of 256"): Published(275_978, 96.84),
}

NOTES = (
    "Published: the authors' README of Lahiri and Panwar, Balanced Predictive Attractor Networks "
    "for Anytime and Sequential Inference. Their code's clutter, glimpses and noise may differ "
    "from ours where the paper leaves them open; corelib.data.sequences describes ours.",
    "Ours: mean ± sd over seeds, 10,000 test sequences, networks chosen on validation sequences. "
    "Difference: from BPAN on the same task, paired by seed, in percentage points.",
    "Too early: share of the test sequences whose answer at θ = 0.9 is wrong and whose answer at "
    "the last step is correct. Located: the network is given row and column of each glimpse; "
    "numbered: the number of each chunk.",
)


class OverSteps(NamedTuple):
    """Accuracy after each step, shares (time,): ``mean`` and ``sd`` over ``n_seeds`` seeds; the sd
    of one seed is 0."""

    mean: np.ndarray
    sd: np.ndarray
    n_seeds: int


def accuracy_over_steps(rows: pd.DataFrame, row: Row) -> OverSteps:
    """The accuracy of one row of the table after each step, from raw rows."""
    own: pd.DataFrame = rows.loc[(rows["task"] == row.task) & (rows["model"] == row.model)]
    columns = [f"accuracy at step {t}" for t in range(1, int(own["steps"].iloc[0]) + 1)]
    values = own[columns].to_numpy()
    sd = values.std(0, ddof=1) if len(values) > 1 else 0 * values[0]
    return OverSteps(values.mean(0), sd, len(values))


def row_of(name: str) -> Row | None:
    """The row whose seed 0 is the checkpoint of this name; None if there is none."""
    return next((row for row in ROWS if row.spec(0).title == name), None)


def published_accuracy(row: Row) -> float | None:
    """The published accuracy after the last step, a share; None if none was published."""
    published = PUBLISHED.get((row.task, row.model))
    return None if published is None else published.accuracy / 100


def specs(seed: int) -> list[RunSpec]:
    """What one seed trains."""
    return [row.spec(seed) for row in ROWS]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures, one row a task, model and seed; accuracies are shares.

    A task with fewer steps than another has no accuracy at those that it lacks.
    """
    import pandas as pd

    names = {row.spec(0).title: row for row in ROWS}
    rows = []
    for spec, run in zip(specs, runs, strict=True):
        row = names[spec.title]
        say(f"Measuring {row.model} on {row.task}, seed {spec.seed}.")
        rows.append({"task": row.task, "model": row.model, "seed": spec.seed, **figures(run.id)})
    return pd.DataFrame(rows)


def figures(name: str) -> dict[str, float]:
    """The measures of one network on its test sequences; ``name`` as ``corelib.load`` takes it."""
    from corelib.data.sources import load_dataset
    from corelib.models.bpan.halting import answers

    dataset = load_dataset(find(name).card.dataset)
    model = cast("AnytimeClassifier", load(name))
    answered = answers(model, dataset.inputs(dataset.test.pixels))
    n_parameters = sum(p.numel() for p in model.parameters())
    return {"parameters": n_parameters, **shares(answered, dataset.test.labels.numpy())}


def shares(answers: Answers, labels: np.ndarray) -> dict[str, float]:
    """Accuracy at each step and at θ = 0.9, mean steps, and the share stopped too early."""
    accuracy = per_step_accuracy(answers.predicted, labels)
    early = at_threshold(answers.confidence, answers.predicted, labels, THRESHOLD)
    too_early = (early.answers != labels) & (answers.predicted[:, -1] == labels)
    return {
        "steps": len(accuracy),
        "accuracy at 0.9": round(early.accuracy, 4),
        "mean steps at 0.9": round(early.mean_steps, 4),
        "too early at 0.9": round(float(too_early.mean()), 4),
        **{f"accuracy at step {t}": round(float(share), 4) for t, share in enumerate(accuracy, 1)},
    }


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows, published figures beside ours.

    Cells over seeds are ``Spread``; what was not published is None.
    """
    import pandas as pd

    groups = {key: group.set_index("seed") for key, group in rows.groupby(["task", "model"])}
    keys = [(row.task, row.model) for row in ROWS if (row.task, row.model) in groups]
    lines = [_line(*key, groups[key], groups.get((key[0], REFERENCE))) for key in keys]
    # Of objects: whole numbers stay whole beside None.
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


def _line(
    task: str, model: str, rows: pd.DataFrame, reference: pd.DataFrame | None
) -> dict[str, Any]:
    """One row of the table; rows and BPAN's rows of the same task are indexed by seed."""
    published = PUBLISHED.get((task, model))
    last = f"accuracy at step {rows['steps'].iloc[0]}"
    difference = None
    if model != REFERENCE and reference is not None:
        common = rows.index.intersection(reference.index)
        if len(common):
            difference = paired_difference(
                100 * rows.loc[common, last], 100 * reference.loc[common, last]
            )

    def percent(name: str) -> Spread:
        return spread(100 * rows[name])

    return {
        "task": task,
        "model": model,
        "seeds": len(rows),
        "parameters": int(rows["parameters"].iloc[0]),
        "published parameters": published and published.parameters,
        "accuracy at the last step / %": percent(last),
        "last step less BPAN's / points": difference,
        "published accuracy / %": published and published.accuracy,
        "at step 1 / %": percent("accuracy at step 1"),
        "at step 3 / %": percent("accuracy at step 3"),
        "steps": int(rows["steps"].iloc[0]),
        "accuracy at θ = 0.9 / %": percent("accuracy at 0.9"),
        "mean steps at θ = 0.9": spread(rows["mean steps at 0.9"]),
        "too early at θ = 0.9 / %": percent("too early at 0.9"),
    }


TABLE = OverSeeds("sequential", seeds=3, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
