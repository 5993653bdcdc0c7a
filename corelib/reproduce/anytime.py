"""Anytime inference: BPAN and its baselines, published and ours, as mean ± sd over seeds.

All are trained alike and answer at the first step whose largest softmax reaches θ = 0.9; models
that learn when to halt also have their own rule. Two costs are measured, each as the ratio of all T
steps to stopping at θ = 0.9: steps, and multiply-adds counted from the layers, with an answer read
out at each step taken. What the clock says depends on the machine: ``reproduce.clock``.

"Published" is the README of the authors of Lahiri and Panwar, "Balanced Predictive Attractor
Networks for Anytime and Sequential Inference". It heads all mean steps with θ = 0.9, and its
speed-up is T over them; those of ACT and PonderNet resemble their own rules, not a confidence of
0.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib.analysis.anytime import Spread, at_threshold, paired_difference, spread
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import Checkpoint, find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd

    from corelib.models.bpan.anytime import AnytimeClassifier

THRESHOLD = 0.9
REFERENCE = "BPAN"


class Trained(NamedTuple):
    """A network that is trained for the table."""

    system: str
    variant: str = ""
    config: dict[str, Any] = {}  # noqa: RUF012 (never changed)

    def spec(self, seed: int) -> RunSpec:
        return make_spec(self.system, variant=self.variant, config=self.config, seed=seed)


class Row(NamedTuple):
    """A row of the table; ``recurrence=False`` zeroes all recurrent weights after training."""

    trained: Trained
    recurrence: bool = True


class Published(NamedTuple):
    """Accuracy in per cent; ``speed_up`` by steps."""

    parameters: int | None
    accuracy: float
    mean_steps: float
    speed_up: float | None


ROWS: dict[str, Row] = {
    REFERENCE: Row(Trained("bpan")),
    "BPAN, recurrence zeroed after training": Row(Trained("bpan"), recurrence=False),
    "ACT": Row(Trained("act")),
    "PonderNet": Row(Trained("pondernet")),
    "PonderNet as in the authors' code": Row(Trained("pondernet", "faithful", {"faithful": True})),
    "Multi-Exit": Row(Trained("multi-exit")),
    "MLP, two layers of 256": Row(Trained("mlp")),
    "MLP, two layers of 160": Row(Trained("mlp", "matched", {"n_hidden": 160})),
    "MLP, one layer of 128": Row(
        Trained("mlp", "onelayer", {"n_hidden": 128, "n_hidden_layers": 1})
    ),
    "GRU of 256": Row(Trained("gru")),
    "GRU of 60": Row(Trained("gru", "matched", {"n_hidden": 60})),
}

PUBLISHED: dict[str, Published] = {
    REFERENCE: Published(152_650, 97.73, 1.51, 3.97),
    "BPAN, the authors' code run again by us": Published(None, 97.74, 1.44, None),
    "ACT": Published(803_083, 98.18, 2.34, 2.56),
    "PonderNet": Published(803_083, 98.27, 5.95, 1.01),
    "Multi-Exit": Published(614_204, 98.14, 1.11, 5.41),
}


OWN_RULE = ("ACT", "PonderNet")
"""Those that learn when to halt."""


class PublishedPoint(NamedTuple):
    """The published figures of a system: ``accuracy`` is a share, ``rerun`` says that they come
    from the authors' code run again, ``own_rule`` that they resemble halting by the system's own
    rule although they are headed θ = 0.9."""

    system: str
    mean_steps: float
    accuracy: float
    rerun: bool
    own_rule: bool


def published_points() -> list[PublishedPoint]:
    """All published figures as points of accuracy against mean steps."""
    return [
        PublishedPoint(
            ROWS[name].trained.system if name in ROWS else ROWS[REFERENCE].trained.system,
            row.mean_steps,
            row.accuracy / 100,
            rerun=name not in ROWS,
            own_rule=name in OWN_RULE,
        )
        for name, row in PUBLISHED.items()
    ]


NOTES = (
    "Published: the authors' README of Lahiri and Panwar, Balanced Predictive Attractor Networks "
    "for Anytime and Sequential Inference; mean steps at θ = 0.9 and T / mean steps. For ACT and "
    "PonderNet these resemble halting by their own rule, so compare them with that.",
    "Ours: mean ± sd over seeds, 10,000 test images, networks chosen on validation images. Own "
    "rule: ACT halts when its halting values add up to 0.99, PonderNet at the median of its "
    "halting distribution; the others have only θ. Difference: paired by seed, in percentage "
    "points.",
    "By the clock of this machine: python -m corelib reproduce clock.",
)


def specs(seed: int) -> list[RunSpec]:
    """What one seed trains; two rows share BPAN."""
    networks = {row.trained.spec(seed).title: row.trained for row in ROWS.values()}
    return [network.spec(seed) for network in networks.values()]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures, one row a model and seed: accuracies as shares. Figures that a model does not
    have are missing."""
    import pandas as pd

    run_of = {(spec.title, spec.seed): run for spec, run in zip(specs, runs, strict=True)}
    rows = []
    for name, row in ROWS.items():
        for seed in sorted({spec.seed for spec in specs}):
            say(f"Measuring {name}, seed {seed}.")
            item = find(run_of[row.trained.spec(seed).title, seed].id)
            rows.append({"model": name, "seed": seed, **figures(item, row.recurrence)})
    return pd.DataFrame(rows)


def figures(item: Checkpoint, recurrence: bool = True) -> dict[str, float]:
    """The measures of one network on the test images: one row of the raw figures."""
    from corelib.data.sources import load_dataset
    from corelib.models.bpan import halting

    dataset = load_dataset(item.card.dataset)
    x, labels = dataset.inputs(dataset.test.pixels), dataset.test.labels.numpy()
    model = cast("AnytimeClassifier", load(item.name))
    answers = halting.answers(model, x, recurrence)
    early = at_threshold(answers.confidence, answers.predicted, labels, THRESHOLD)
    row = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": answers.predicted.shape[1],
        "accuracy": float((answers.predicted[:, -1] == labels).mean()),
        "accuracy at 0.9": early.accuracy,
        "mean steps at 0.9": round(early.mean_steps, 4),
    }
    if not recurrence:
        # Its recurrent layers would not be built at all: their cost here means nothing.
        return row
    if model.has_own_rule:
        own = halting.own_answers(model, x)
        row["accuracy by own rule"] = float((own.predicted == labels).mean())
        row["mean steps by own rule"] = round(float(own.steps.mean()), 4)
    cost = model.macs()
    row["multiply-adds"] = float(cost.at(model.n_steps))
    row["multiply-adds at 0.9"] = round(float(cost.at(early.steps).mean()), 1)
    return row


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows, published figures beside ours.

    Cells over seeds are ``Spread``; a figure that a model does not have, or that was not
    published, is None.
    """
    import pandas as pd

    reference: Any = rows[rows["model"] == REFERENCE].set_index("seed")["accuracy"]
    names = [name for name in ROWS if name in set(rows["model"])]
    names[1:1] = [name for name in PUBLISHED if name not in names]
    lines = [_line(name, rows.loc[rows["model"] == name], reference) for name in names]
    # Of objects: whole numbers stay whole beside None.
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


def _line(name: str, rows: pd.DataFrame, reference: pd.Series) -> dict[str, Any]:
    """One row of the table; ``reference`` is BPAN's accuracy by seed."""
    published = PUBLISHED.get(name)
    accuracy = rows.set_index("seed")["accuracy"]
    common = accuracy.index.intersection(reference.index)
    difference = None
    if len(common) and name != REFERENCE:
        difference = paired_difference(100 * accuracy[common], 100 * reference[common])
    steps = rows["steps"]

    def over_seeds(values: Any) -> Spread | None:
        return spread(values) if len(values) and values.notna().all() else None

    return {
        "model": name,
        "seeds": len(rows) or None,
        "parameters": int(rows["parameters"].iloc[0]) if len(rows) else None,
        "published parameters": published and published.parameters,
        "accuracy at the last step / %": over_seeds(100 * rows["accuracy"]),
        "last step less BPAN's / points": difference,
        "accuracy at θ = 0.9 / %": over_seeds(100 * rows["accuracy at 0.9"]),
        "accuracy by own rule / %": over_seeds(100 * rows["accuracy by own rule"]),
        "published accuracy / %": published and published.accuracy,
        "mean steps at θ = 0.9": over_seeds(rows["mean steps at 0.9"]),
        "mean steps by own rule": over_seeds(rows["mean steps by own rule"]),
        "published mean steps": published and published.mean_steps,
        "speed-up by steps": over_seeds(steps / rows["mean steps at 0.9"]),
        "speed-up by steps, own rule": over_seeds(steps / rows["mean steps by own rule"]),
        "published speed-up": published and published.speed_up,
        "speed-up by multiply-adds": over_seeds(
            rows["multiply-adds"] / rows["multiply-adds at 0.9"]
        ),
    }


TABLE = OverSeeds("anytime", seeds=3, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
