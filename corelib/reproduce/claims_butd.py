"""Claims on instructed vision and Counter-Hebb learning."""

from __future__ import annotations

from collections.abc import Iterator

from corelib.analysis.anytime import Spread
from corelib.data.sources import DATASETS
from corelib.models.butd.rules import REFERENCE, SHARED
from corelib.reproduce.butd import EARLY, TRAINED_HEAD
from corelib.reproduce.claim import Claim, View
from corelib.reproduce.claims_read import Pair, Row, Topic, from_table, row_of, rows_of, told

PAPER = "Abel and Ullman, Biologically inspired learning model for instructed vision"
COUNTER_HEBB = f"{PAPER}; their code run again by us"
FAMILY = "butd"
SEPARATE, SYMMETRIC = "Counter-Hebb, separate weights", "Counter-Hebb, symmetric start"
ANGLE = "angle / °"
EQUAL = 0.0
"""The angle of an update that equals the gradient, which is what the paper proves."""
NAMES = {
    REFERENCE: "counter-hebb-bp-mnist",
    SHARED: "counter-hebb-shared-mnist",
    SEPARATE: "counter-hebb-separate-mnist",
    "feedback alignment": "counter-hebb-alignment-mnist",
}
"""The shipped networks by their learning rules."""


def _instructed() -> Iterator[Claim]:
    def view(row: Row, pair: Pair) -> View:
        if pair.measured == "accuracy":
            return View.of("learning", learn_model=NAMES[row["rule"]], learn_tab="Rules")
        return View.of("subnetworks", sub_model="butd-shared-multi-mnist", sub_tab="Published")

    def control(row: Row, pair: Pair) -> str:
        if row["rule"] == REFERENCE:
            other = row_of("butd", data=row["data"], rule=SHARED)
            return told(SHARED, other, pair.ours)
        if row["less back-propagation's / points"] is not None:
            return told("Paired by seed", row, "less back-propagation's / points")
        other = row_of("butd", data=row["data"], rule=TRAINED_HEAD)
        return told("With the instruction learned too", other, pair.ours)

    late = [
        Pair(f"{task} digit", f"{task} digit / %", f"{task} digit, re-run / %")
        for task in ("left", "right")
    ]
    early = [
        Pair(
            f"{task} digit after {EARLY} epochs",
            f"{task} digit after {EARLY} epochs / %",
            f"{task} digit after {EARLY} epochs, re-run / %",
        )
        for task in ("left", "right")
    ]
    yield from from_table(
        "butd",
        lambda row: f"{row['data']}, {row['rule']}",
        Pair("accuracy", "accuracy / %", "re-run / %"),
        *late,
        *early,
        view=view,
        control=control,
    )
    yield Claim(
        f"Instructed vision on {DATASETS['celeba'].title}, accuracy",
        "butd",
        "%",
        None,
        None,
        view=View.of("subnetworks", sub_tab="Published"),
        untested="the rows run where the data is, but take longer than we had; python -m "
        "corelib.reproduce.butd_cost says how long.",
    )


def _exact() -> Iterator[Claim]:
    """That the update equals the gradient, where forward and feedback weights start alike."""
    for row in rows_of("butd"):
        if row["rule"] == SYMMETRIC and isinstance(row[ANGLE], Spread):
            yield Claim(
                f"{row['data']}, {SYMMETRIC}, angle between its update and the gradient",
                "butd",
                "°",
                EQUAL,
                row[ANGLE],
                "less",
                control=told(SEPARATE, row_of("butd", data=row["data"], rule=SEPARATE), ANGLE),
                view=View.of(
                    "learning",
                    learn_model=NAMES[SHARED],
                    learn_weights="shared",
                    learn_tab="Difference",
                ),
            )


TOPICS = (
    Topic("Instructed vision and Counter-Hebb learning", FAMILY, COUNTER_HEBB, _instructed),
    Topic("Counter-Hebb learning and the gradient", FAMILY, f"{PAPER}, an equality", _exact),
)
