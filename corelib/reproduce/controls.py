"""Why published BPAN is below ours with 64 and 128 hidden units: controls, paired by seed.

Each control does something as the authors' code does it; all else is the standard network. Their
code for these sizes (run_experiment.py, called by run_param_sweep.py and run_all_experiments.sh in
github.com/jeetblahiri/bpan) trains by Adam at a constant learning rate of 1e-3, as here: it has no
schedule. It also reports the epoch that is best on the test images and trains on the 5,000 images
that we validate on; neither is repeated here, as neither would lower the accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from corelib.analysis.anytime import Spread, paired_difference, spread
from corelib.measures.evaluation import measure as measure_checkpoint
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.sizes import PUBLISHED, nearest_size, size
from corelib.runs.registry import checkpoints_of, find
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run
from corelib.words import percent

if TYPE_CHECKING:
    import pandas as pd

HIDDEN = (64, 128)
STANDARD = "standard"


class Control(NamedTuple):
    """What differs from the standard network; ``last_epoch`` measures the last weights in place of
    those that are best on validation images, ``published_count`` takes ``nearest_size``."""

    variant: str = ""
    training: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    last_epoch: bool = False
    published_count: bool = False

    def spec(self, hidden: int, seed: int) -> RunSpec:
        units = nearest_size(hidden) if self.published_count else size(hidden)
        return make_spec(
            "bpan",
            variant=f"h{hidden}{self.variant}",
            config=units._asdict(),
            training=self.training,
            seed=seed,
        )


SWEEP = {"epochs": 10, "batch_size": 512}
CONTROLS: dict[str, Control] = {
    STANDARD: Control(),
    "last epoch": Control(last_epoch=True),
    # The loss of models.py, which run_experiment.py trains; run_anytime_bpan.py weights all steps.
    "cross-entropy of the last step": Control("final", training={"ce": "final"}),
    # The defaults of run_param_sweep.py.
    "10 epochs in batches of 512": Control("sweep", training=SWEEP),
    "both, as in the authors' sweep": Control("sweepfinal", training={**SWEEP, "ce": "final"}),
    # run_all_experiments.sh --quick.
    "5 epochs": Control("quick", training={"epochs": 5}),
    "I units for the published count": Control("count", published_count=True),
}

NOTES = (
    "Standard: as in the table of sizes, 15 epochs in batches of 256, cross-entropy of all steps, "
    "the epoch that is best on validation images. Each other row differs in what its name says. "
    "The last step's answer, 10,000 test images, mean ± sd over seeds. Change: paired by seed; its "
    "share of the gap: of published less standard.",
)


def specs(seed: int) -> list[RunSpec]:
    """What one seed trains; the last epoch is a checkpoint of the standard run."""
    return [
        control.spec(hidden, seed)
        for hidden in HIDDEN
        for control in CONTROLS.values()
        if not control.last_epoch
    ]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures, one row a control, size and seed: the share of test images that the last step
    answers correctly."""
    import pandas as pd

    run_of = {(spec.title, spec.seed): run for spec, run in zip(specs, runs, strict=True)}
    rows = []
    for seed in sorted({spec.seed for spec in specs}):
        for hidden in HIDDEN:
            for name, control in CONTROLS.items():
                run = run_of[control.spec(hidden, seed).title, seed]
                began = run.history().began
                rows.append(
                    {
                        "control": name,
                        "hidden": hidden,
                        "seed": seed,
                        "parameters": began.parameters if began else None,
                        "accuracy": last_accuracy(run)
                        if control.last_epoch
                        else find(run.id).card.test["accuracy"],
                    }
                )
    return pd.DataFrame(rows)


def last_accuracy(run: Run) -> float:
    """The test accuracy of a run's last checkpoint, which need not be its best."""
    item = checkpoints_of(run).usable[-1]
    return measure_checkpoint(item, item.card.dataset, "test").metrics["accuracy"]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows; cells over seeds are ``Spread``, or None for the standard row."""
    import pandas as pd

    lines = [line for hidden in HIDDEN for line in _lines(rows, hidden)]
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = [*NOTES, *sentences(rows)]
    return frame


def _lines(rows: pd.DataFrame, hidden: int) -> list[dict[str, Any]]:
    sized = rows[rows["hidden"] == hidden]
    lines: list[dict[str, Any]] = []
    for change in changes(rows, hidden):
        own: Any = sized[sized["control"] == change.control]
        lines.append(
            {
                "control": change.control,
                "hidden": hidden,
                "seeds": len(own),
                "parameters": int(own["parameters"].iloc[0]),
                "published parameters": PUBLISHED[hidden].parameters,
                "accuracy / %": spread(100 * own["accuracy"]),
                "published accuracy / %": PUBLISHED[hidden].bpan,
                "change / points": change.points,
                "share of the gap / %": None if change.share is None else round(change.share),
            }
        )
    return lines


class Change(NamedTuple):
    """What a control changes: ``points`` of accuracy, paired by seed, and their ``share`` in per
    cent of published less standard; both None for the standard network itself."""

    control: str
    points: Spread | None
    share: float | None


def gap(rows: pd.DataFrame, hidden: int) -> float:
    """Published less standard, in points; negative where ours is better."""
    standard: Any = rows[(rows["hidden"] == hidden) & (rows["control"] == STANDARD)]["accuracy"]
    return PUBLISHED[hidden].bpan.mean - 100 * float(standard.mean())


def changes(rows: pd.DataFrame, hidden: int) -> list[Change]:
    """What each control changes, in the order of ``CONTROLS``; seeds that it has with the standard
    network count."""
    by_seed: Any = rows[rows["hidden"] == hidden].pivot(
        index="seed", columns="control", values="accuracy"
    )
    found = []
    for name in (name for name in CONTROLS if name in by_seed):
        if name == STANDARD:
            found.append(Change(name, None, None))
            continue
        both = 100 * by_seed[[STANDARD, name]].dropna()
        points = paired_difference(both[name], both[STANDARD])
        found.append(Change(name, points, 100 * points.mean / gap(rows, hidden)))
    return found


def sentences(rows: pd.DataFrame) -> list[str]:
    """For each size how far published is from ours, and how much of it which control explains."""
    return [_sentence(rows, hidden) for hidden in HIDDEN]


def _sentence(rows: pd.DataFrame, hidden: int) -> str:
    missing = gap(rows, hidden)
    told: list[str] = []
    shares: dict[str, float] = {}
    for control, points, share in changes(rows, hidden):
        if points is None or share is None:
            continue
        told.append(f"{control} {points.mean:+.2f} ± {points.sd:.2f} ({percent(share / 100, 0)})")
        shares[control] = share
    nearest = min(shares, key=lambda control: abs(shares[control] - 100))
    verdict = "no control comes near it"
    if abs(shares[nearest] - 100) < 50:
        verdict = (
            f"“{nearest}” comes nearest to it, with {percent(shares[nearest] / 100, 0)} of the gap"
        )
    return (
        f"Hidden {hidden}: published is {abs(missing):.2f} points "
        f"{'below' if missing < 0 else 'above'} ours; {verdict}. Each control's change in points, "
        f"with its share of the gap: {'; '.join(told)}."
    )


TABLE = OverSeeds("controls", seeds=3, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
