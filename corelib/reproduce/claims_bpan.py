"""Claims on BPAN and its baselines: the authors' README, and the result files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from corelib.analysis.anytime import Spread
from corelib.data.corruption_kinds import CORRUPTIONS
from corelib.data.sources import DATASETS
from corelib.reproduce.anytime import OWN_RULE
from corelib.reproduce.balance import MATCHED, NONE, STANDARD, ZEROED
from corelib.reproduce.claim import PARAMETERS, Claim, View
from corelib.reproduce.claims_read import (
    COUNTED,
    Pair,
    Row,
    Topic,
    counts,
    from_table,
    notes,
    row_of,
    rows_of,
    told,
)
from corelib.reproduce.controls import STANDARD as AS_IT_IS
from corelib.reproduce.robustness import CONDITIONS
from corelib.reproduce.sizes import sizes_with
from corelib.words import PER_CENT

AUTHORS = "Lahiri and Panwar, Balanced Predictive Attractor Networks"
README = f"{AUTHORS}, the authors' README"
FILES = "the result files in Lahiri and Panwar's repository"
LOG = "results/mnist_param_sweep.jsonl in Lahiri and Panwar's repository, one seed"
FAMILY = "bpan"

NAMES = {
    "BPAN": "bpan-mnist",
    "ACT": "act-mnist",
    "PonderNet": "pondernet-mnist",
    "Multi-Exit": "multi-exit-mnist",
    "MLP": "mlp-mnist",
}
"""The shipped networks by what the tables call them."""
HALTING_CONTROLS = {
    "BPAN": "BPAN, recurrence zeroed after training",
    "PonderNet": "PonderNet as in the authors' code",
}
ONE_STEP = "MLP, two layers of 256"
AS_AUTHORS = "PonderNet as in the authors' code"


def _halting() -> Iterator[Claim]:
    """What stops by its own rule is compared by that."""

    def view(row: Row, pair: Pair) -> View:
        return View.of(
            "halting",
            halting_models=NAMES[row["model"]],
            halting_theta="0.9",
            halting_cost="steps",
            halting_tab="Numbers",
        )

    for by, rule in (("at θ = 0.9", "at θ = 0.9"), ("by own rule", "by its own rule")):
        own = by == "by own rule"
        accuracy, steps = f"accuracy {by} / %", f"mean steps {by}"
        speed_up = "speed-up by steps, own rule" if own else "speed-up by steps"

        def control(row: Row, pair: Pair, columns: tuple[str, ...] = (accuracy, steps)) -> str:
            name = HALTING_CONTROLS.get(row["model"], ONE_STEP)
            fallback = ("accuracy at the last step / %",)
            other = row_of("anytime", model=name)
            return told(name, other, *(columns if other.get(columns[0]) else fallback))

        yield from from_table(
            "anytime",
            lambda row: row["model"],
            Pair(f"accuracy {rule}", accuracy, "published accuracy / %"),
            Pair(f"mean steps {rule}", steps, "published mean steps", "", "neither"),
            Pair(f"speed-up by steps {rule}", speed_up, "published speed-up", "", "neither"),
            view=view,
            control=control,
            where=lambda row, own=own: row["model"] in NAMES and own == (row["model"] in OWN_RULE),
        )
    yield from from_table(
        "anytime", lambda row: row["model"], counts(), view=view, control=lambda row, pair: COUNTED
    )


def _why_halting() -> list[str]:
    """PonderNet's steps beside those of the authors' code, which departs from its paper."""
    own, theirs = (row_of("anytime", model=name) for name in ("PonderNet", AS_AUTHORS))
    steps, accuracy = "mean steps by own rule", "accuracy by own rule / %"
    return [
        f"PonderNet trained as its paper says halts after {own[steps]} steps. The authors' code "
        f"departs from that paper; trained as in their code, it halts after {theirs[steps]} steps, "
        f"near the published {own['published mean steps']:g}. Its accuracy by its own rule is then "
        f"{theirs[accuracy]}{PER_CENT} against {own[accuracy]}{PER_CENT}."
    ]


SIZES_VIEW = View.of("halting", halting_tab="Published", halting_table="classification")


def _sizes() -> Iterator[Claim]:
    def control(row: Row, pair: Pair) -> str:
        if pair.unit == PARAMETERS:
            return _with_that_count(int(row[pair.published]))
        if pair.ours.startswith("MLP"):
            return _logged(row["logged MLP accuracy / %"])
        return _nearest_control(row["hidden"]) or _logged(row["logged accuracy / %"])

    yield from from_table(
        "classification",
        lambda row: f"hidden {row['hidden']}",
        Pair("accuracy of BPAN", "accuracy / %", "published accuracy / %"),
        Pair("accuracy of the MLP", "MLP: accuracy / %", "published MLP accuracy / %"),
        counts(ours="BPAN: parameters")._replace(measured="number of parameters of BPAN"),
        view=lambda row, pair: SIZES_VIEW,
        control=control,
    )


def _logged(accuracy: float) -> str:
    return f"The authors' log: {accuracy:g}{PER_CENT}, one seed."


def _with_that_count(parameters: int) -> str:
    """Which networks of this structure have a published count."""
    found = [f"E = {e}, I = {i}" for e, i in sizes_with(parameters)]
    return f"That count has {'; '.join(found) if found else 'no network of this structure'}."


def _nearest_control(hidden: int) -> str:
    """The control that comes nearest to the published accuracy; empty for sizes without any."""
    known = [
        row
        for row in rows_of("controls")
        if row["hidden"] == hidden and row["control"] != AS_IT_IS and row["change / points"]
    ]
    if not known:
        return ""
    row = min(known, key=lambda row: abs(row["share of the gap / %"] - 100))
    return (
        f"Trained with “{row['control']}”: {row['accuracy / %']}{PER_CENT}, which is "
        f"{row['share of the gap / %']}{PER_CENT} of the gap."
    )


def _log() -> Iterator[Claim]:
    yield from from_table(
        "classification",
        lambda row: f"hidden {row['hidden']}, as logged",
        Pair("accuracy of BPAN", "accuracy / %", "logged accuracy / %"),
        Pair("accuracy of the MLP", "MLP: accuracy / %", "logged MLP accuracy / %"),
        counts("logged parameters", "BPAN: parameters")._replace(
            measured="number of parameters of BPAN"
        ),
        view=lambda row, pair: SIZES_VIEW,
        control=lambda row, pair: (
            f"Published in the README: {row[pair.published.replace('logged', 'published')]}."
        ),
    )


def _robustness() -> Iterator[Claim]:
    others = {"BPAN": "BPAN, λ_bal = 0", "MLP": "BPAN"}

    def control(row: Row, pair: Pair) -> str:
        name = others[row["model"]]
        other = row_of("robustness", corruption=row["corruption"], model=name)
        return told(name, other, pair.ours)

    yield from from_table(
        "robustness",
        lambda row: f"{row['model']}, corruption: {row['corruption']}",
        Pair("accuracy", "accuracy / %", "published / %"),
        view=_corrupted,
        control=control,
    )


def _corrupted(row: Row, pair: Pair) -> View:
    """The page shows severities of its grid; what is beyond stands in the published table."""
    condition = next(item for item in CONDITIONS if item.title == row["corruption"])
    kind, severity = condition.corruption, condition.severity
    if severity not in CORRUPTIONS[kind].severities:
        return View.of("robustness", robust_tab="Published", robust_table="robustness")
    return View.of(
        "robustness",
        **{
            "robust_models": NAMES[row["model"]],
            "robust_kind": kind,
            f"robust_{kind}_severity": str(severity),
            "robust_faithful": "true",
            "robust_tab": "Numbers",
        },
    )


def _why_robustness() -> list[str]:
    """The authors' choice of the epoch by the corrupted test images works one way only."""
    pairs = [(row["published / %"], row["accuracy / %"]) for row in rows_of("robustness")]
    short = [published.mean - ours.mean for published, ours in pairs if published is not None]
    below = sum(points > 0 for points in short)
    return [
        f"Of {len(short)} published accuracies, {below} are above ours. They are the best of ten "
        "epochs on the same corrupted test images, with one seed; ours are of networks that were "
        "chosen on clean validation images. Choosing on the test images can only raise an accuracy."
    ]


def _balance() -> Iterator[Claim]:
    """The published changes hold of the sizes; a fall is written as a negative number."""
    for row in rows_of("balance"):
        if row["published"] is None:
            continue
        measured = str(row["measure"])
        accuracy = measured.startswith("accuracy")
        ours = row["difference"] if accuracy else row["change / %"]
        if not isinstance(ours, Spread):
            continue
        yield Claim(
            f"{STANDARD} less {NONE}, {measured.split(' / ')[0]}",
            "balance",
            "points" if accuracy else "%",
            float(row["published"].split()[0]),
            ours,
            "more" if accuracy else "less",
            paired=True,
            control=_balance_control(row, accuracy),
            view=View.of("robustness", robust_tab="Balance ablation")
            if accuracy
            else View.of("balance", balance_versus="bpan-unbalanced-mnist", balance_tab="Test set"),
        )


def _balance_control(row: Row, accuracy: bool) -> str:
    """The authors' code run again; of an accuracy also what the two controls of its size change."""
    parts = [f"Their code, run again: {row['their code, run again']}."]
    for name in (ZEROED, MATCHED) if accuracy else ():
        other = row_of("balance", measure=row["measure"], arm=name)
        parts.append(f"{name}: {other['difference']} points, {other['95 % interval']}.")
    return " ".join(parts)


def _sequential() -> Iterator[Claim]:
    def view(row: Row, pair: Pair) -> View:
        task = row["task"]
        kind = "bpan" if row["model"] == "BPAN" else "gru"
        return View.of(
            "evidence",
            **{
                "evidence_task": task,
                f"evidence_{DATASETS[task].input_dim}_models": f"{kind}-sequence-{task}",
            },
        )

    yield from from_table(
        "sequential",
        lambda row: f"{row['model']} on {row['task']}",
        Pair(
            "accuracy at the last step", "accuracy at the last step / %", "published accuracy / %"
        ),
        counts(),
        view=view,
        control=lambda row, pair: COUNTED if pair.unit == PARAMETERS else _matched(row, pair),
    )


def _matched(row: Row, pair: Pair) -> str:
    """The GRU with about as many parameters as BPAN, on the same task."""
    other: dict[str, Any] = next(
        (
            other
            for other in rows_of("sequential")
            if other["task"] == row["task"]
            and other["model"] not in ("BPAN", row["model"])
            and other["published accuracy / %"] is None
        ),
        {},
    )
    return told(f"{other['model']}, as large as BPAN", other, pair.ours) if other else ""


def _why_sequential() -> Sequence[str]:
    claims = [claim for claim in _sequential() if claim.unit != PARAMETERS]
    figures = {claim.what: (claim.ours.mean, claim.published) for claim in claims if claim.ours}
    apart = {name: ours - (published or 0.0) for name, (ours, published) in figures.items()}
    worst = min(apart, key=lambda name: apart[name])
    below = sum(points < 0 for points in apart.values())
    order = [sorted(figures, key=lambda name, k=k: figures[name][k] or 0.0) for k in (0, 1)]
    same = "the same" if order[0] == order[1] else "not the same"
    return [
        "The paper leaves clutter, glimpses and noise of these tasks open, so our images may be "
        f"harder: {below} of {len(claims)} accuracies are below the published ones, furthest "
        f"{worst} ({apart[worst]:+.2f} points). The order of all is {same}."
    ]


TOPICS = (
    Topic("Halting", FAMILY, README, _halting, _why_halting),
    Topic(
        "Accuracy and size",
        FAMILY,
        README,
        _sizes,
        notes("classification", "Hidden ", "logged less", "number of parameters is"),
    ),
    Topic("Accuracy and size, as logged", FAMILY, LOG, _log),
    Topic("Robustness", FAMILY, FILES, _robustness, _why_robustness),
    Topic("Balance", FAMILY, README, _balance, notes("balance", "excluded", "conditions, most")),
    Topic("Evidence over time", FAMILY, README, _sequential, _why_sequential),
)
