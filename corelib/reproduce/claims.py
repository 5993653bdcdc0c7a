"""Published claims beside our figures, with a verdict on each, and why some did not reproduce.

Every figure is read from a table over seeds, where published and ours stand in one row; the verdict
follows from both by ``RULE``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

from corelib.analysis.anytime import Spread
from corelib.reproduce import results
from corelib.reproduce.claim import RULE, Better, Claim, Verdict
from corelib.reproduce.claims_why import (
    notes,
    summary_of,
    why_bpc,
    why_codes,
    why_halting,
    why_robustness,
    why_sequential,
)
from corelib.reproduce.ipvae_rows import CONVERGENCE, MNIST

if TYPE_CHECKING:
    import pandas as pd


class Topic(NamedTuple):
    """What several claims belong to: who made them, and ``why``, sentences computed from tables
    on what we think of those that did not reproduce."""

    name: str
    source: str
    claims: Callable[[], Iterator[Claim]]
    why: Callable[[], Sequence[str]]


BPAN_README = "Lahiri and Panwar, Balanced Predictive Attractor Networks, the authors' README"
BPAN_FILES = "the result files in Lahiri and Panwar's repository"
IPVAE_PAPER = "Vafaii, Galor and Yates, Brain-like variational inference (arXiv 2410.19315)"
TUTORIAL = "the tutorial of bidirectional predictive coding, and an independent re-run"
COUNTER_HEBB = (
    "Abel and Ullman, Biologically inspired learning model for instructed vision; their code run "
    "again by us"
)


class Pair(NamedTuple):
    """Columns of a table: our figure, the published one beside it, and what both measure."""

    measured: str
    ours: str
    published: str
    unit: str = "%"
    better: Better = "more"


Row = dict[str, Any]


def _from(
    table: str, what: Callable[[Row], str], *pairs: Pair, where: Callable[[Row], bool] | None = None
) -> Iterator[Claim]:
    """A claim for each pair of each row that has both figures; ``where`` chooses the rows."""
    for row in cast("list[Row]", summary_of(table).to_dict("records")):
        if where is not None and not where(row):
            continue
        for measured, own, others, unit, better in pairs:
            ours, published = row.get(own), row.get(others)
            if isinstance(ours, Spread) and published is not None:
                known = published.mean if isinstance(published, Spread) else float(published)
                yield Claim(f"{what(row)}, {measured}", table, unit, known, ours, better)


def _halting() -> Iterator[Claim]:
    """What stops by its own rule is compared by that."""
    for by, rule in (("by own rule", "by its own rule"), ("at θ = 0.9", "at θ = 0.9")):
        yield from _from(
            "anytime",
            lambda row: row["model"],
            Pair(f"accuracy {rule}", f"accuracy {by} / %", "published accuracy / %"),
            Pair(f"mean steps {rule}", f"mean steps {by}", "published mean steps", "", "neither"),
            where=lambda row, own=by == "by own rule": own == bool(row["mean steps by own rule"]),
        )


def _sizes() -> Iterator[Claim]:
    yield from _from(
        "classification",
        lambda row: f"hidden {row['hidden']}",
        Pair("accuracy of BPAN", "accuracy / %", "published accuracy / %"),
        Pair("accuracy of the MLP", "MLP: accuracy / %", "published MLP accuracy / %"),
    )


def _robustness() -> Iterator[Claim]:
    yield from _from(
        "robustness",
        lambda row: f"{row['model']}, corruption: {row['corruption']}",
        Pair("accuracy", "accuracy / %", "published / %"),
    )


def _balance() -> Iterator[Claim]:
    """The published changes hold of the sizes; a fall is written as a negative number."""
    from corelib.reproduce import balance

    for claim in balance.claims(results.shipped("balance")):
        published = claim.measure.published
        if claim.change is not None and published is not None:
            accuracy = claim.measure.is_accuracy
            yield Claim(
                f"{balance.STANDARD} less {balance.NONE}, {claim.measure.title.split(' / ')[0]}",
                "balance",
                "points" if accuracy else "%",
                float(published.split()[0]),
                claim.change,
                "more" if accuracy else "less",
                paired=True,
            )


def _sequential() -> Iterator[Claim]:
    yield from _from(
        "sequential",
        lambda row: f"{row['model']} on {row['task']}",
        Pair(
            "accuracy at the last step", "accuracy at the last step / %", "published accuracy / %"
        ),
    )


def _bpc() -> Iterator[Claim]:
    yield from _from(
        "bpc",
        lambda row: f"BPC, {row['network']}",
        Pair("accuracy", "accuracy / %", "others' accuracy / %"),
        Pair(
            "loss of the generator x 1000",
            "generator loss x 1000",
            "others' loss x 1000",
            unit="",
            better="less",
        ),
    )


def _instructed() -> Iterator[Claim]:
    yield from _from(
        "butd",
        lambda row: f"{row['data']}, {row['rule']}",
        Pair("accuracy", "accuracy / %", "re-run / %"),
        Pair("left digit", "left digit / %", "left digit, re-run / %"),
        Pair("right digit", "right digit / %", "right digit, re-run / %"),
    )


def _codes() -> Iterator[Claim]:
    for figure, images in ((CONVERGENCE, "natural images"), (MNIST, "MNIST")):
        yield from _from(
            "ipvae",
            lambda row, images=images: f"{row['model']} on {images}",
            Pair("R²", "R² / %", "published R² / %"),
            Pair("zeros", "zeros / %", "published zeros / %"),
            Pair("readout", "readout / %", "published readout / %"),
            where=lambda row, figure=figure: row["figure"] == figure,
        )


def _selectivity() -> Iterator[Claim]:
    """At the contrast at which ours comes nearest to the published figure."""
    frame = summary_of("selectivity")
    known = frame[frame["1 - CV"].notna()]
    for name in dict.fromkeys(known["network"]):
        own: pd.DataFrame = known.loc[known["network"] == name]
        rows = cast("list[Row]", own.to_dict("records"))
        row = min(rows, key=lambda row: abs(row["1 - CV"].mean - row["published"]))
        yield Claim(
            f"{name}, 1 - circular variance at contrast {row['contrast']:g}, the nearest of those "
            "measured",
            "selectivity",
            "",
            row["published"],
            row["1 - CV"],
            "neither",
        )


TOPICS: tuple[Topic, ...] = (
    Topic("Halting", BPAN_README, _halting, why_halting),
    Topic(
        "Accuracy and size", BPAN_README, _sizes, notes("classification", "Hidden ", "logged less")
    ),
    Topic("Robustness", BPAN_FILES, _robustness, lambda: why_robustness(list(_robustness()))),
    Topic("Balance", BPAN_README, _balance, notes("balance", "excluded", "conditions, most")),
    Topic(
        "Evidence over time", BPAN_README, _sequential, lambda: why_sequential(list(_sequential()))
    ),
    Topic("Bidirectional predictive coding", TUTORIAL, _bpc, why_bpc),
    Topic("Instructed vision and Counter-Hebb learning", COUNTER_HEBB, _instructed, list),
    Topic("Codes of the iterative VAEs", IPVAE_PAPER, _codes, why_codes),
    Topic(
        "Selectivity for orientation",
        IPVAE_PAPER,
        _selectivity,
        notes("selectivity", "equals the", "intervals of"),
    ),
)


UNTESTED = (
    (
        "Iterative VAEs on van Hateren's images",
        "they cannot be had without a network, so our networks learn other images; with a folder "
        "of van Hateren's patches in place the same commands train on those.",
    ),
    (
        "Instructed vision on CelebA",
        "the rows run where the data is, but take longer than we had; python -m "
        "corelib.reproduce.butd_cost says how long.",
    ),
    (
        "iP-VAE on MNIST at the paper's T, β and length",
        "their fit took hours on a GPU; ours has a smaller T and β, which the table ipvae names.",
    ),
)

PREAMBLE = (
    "This page is written by `python -m corelib.reproduce.claims` from the figures that ship in "
    "assets/results; no number in it is typed in."
)


def claims() -> list[Claim]:
    """All claims that the shipped tables speak to."""
    return [claim for topic in TOPICS for claim in topic.claims()]


def summary() -> pd.DataFrame:
    """One row a claim; the rule and the reasons are in ``attrs["notes"]``."""
    import pandas as pd

    lines = [
        {
            "topic": topic.name,
            "claim": claim.what,
            "unit": claim.unit,
            "published": claim.published,
            "ours": claim.ours,
            "seeds": claim.ours.n,
            "verdict": claim.verdict,
            "computed by": f"reproduce {claim.table}",
        }
        for topic in TOPICS
        for claim in topic.claims()
    ]
    frame = pd.DataFrame(lines, dtype=object)
    reasons = [f"{topic.name}: {reason}" for topic in TOPICS for reason in topic.why()]
    frame.attrs["notes"] = (
        f"Verdict: {RULE}",
        *(f"{name}: {why}" for name, why in UNTESTED),
        *reasons,
    )
    return frame


run = summary
"""The table of ``reproduce claims``."""


def text() -> str:
    """What did not reproduce, and why we think so, as Markdown: a section a topic."""
    every = {topic: list(topic.claims()) for topic in TOPICS}
    verdicts = Counter(claim.verdict for found in every.values() for claim in found)
    total = sum(verdicts.values())
    said = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in get_args(Verdict))
    parts = [
        "# What did not reproduce, and why we think so",
        f"{PREAMBLE} Of {total} published figures that our tables speak to: {said}.",
        f"The rule: {RULE}",
    ]
    for topic, found in every.items():
        open_claims = [claim for claim in found if claim.verdict != "reproduced"]
        if not open_claims:
            continue
        rest = len(found) - len(open_claims)
        parts += [
            f"## {topic.name}",
            f"Published: {topic.source}." + (f" Reproduced besides: {rest}." if rest else ""),
            "\n".join(f"- {claim}" for claim in open_claims),
            *(reason.replace("|", "\\|") for reason in topic.why()),
        ]
    parts += ["## What cannot be tested here", "\n".join(f"- **{a}**: {b}" for a, b in UNTESTED)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(text(), end="")
