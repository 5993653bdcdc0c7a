"""Published claims beside our figures, with a verdict on each, and why some did not reproduce.

Every figure is read from a table over seeds, where published and ours stand in one row; the verdict
follows from both by ``RULE``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

from corelib.analysis.anytime import Spread, t_interval
from corelib.reproduce import results
from corelib.reproduce.ipvae_rows import CONVERGENCE, IP_DIGITS, MNIST, NETWORKS, SECTIONS

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["reproduced", "exceeded", "reproduced in part", "not reproduced"]
Better = Literal["more", "less", "neither"]
POINTS, SHARE = 0.5, 0.02
"""How far apart two figures may be that count as the same: in percentage points, and as a share of
the published one for other figures."""


class Claim(NamedTuple):
    """One published figure and ours: ``table`` is the reproduction that computes ours, ``better``
    which way is better. With ``paired`` ours is a difference between two networks over paired
    seeds."""

    what: str
    table: str
    unit: str
    published: float
    ours: Spread
    better: Better = "more"
    paired: bool = False

    @property
    def verdict(self) -> Verdict:
        """By ``RULE``."""
        ours, published = self.ours.mean, self.published
        ahead = ours > published if self.better == "more" else ours < published
        interval = t_interval(self.ours) if self.paired else None
        if interval is None:
            tolerance = POINTS if self.unit == "%" else SHARE * abs(published)
            chance = 2 * self.ours.sd if self.ours.n > 1 else 0.0
            same = abs(ours - published) <= max(tolerance, chance)
        else:
            same = interval.holds(published)
        if same:
            return "reproduced"
        if ahead and self.better != "neither":
            return "exceeded"
        if interval is not None and not interval.holds(0) and ours * published > 0:
            return "reproduced in part"
        return "not reproduced"

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        seeds = "one seed" if self.ours.n == 1 else f"{self.ours.n} seeds"
        return (
            f"{self.what}: published {self.published:g}{unit}, ours {self.ours}{unit} ({seeds}): "
            f"{self.verdict}."
        )


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


def _module(table: str) -> Any:
    from corelib.reproduce import REPRODUCTIONS

    return import_module(REPRODUCTIONS[table].module)


def summary_of(table: str) -> pd.DataFrame:
    """The table of the shipped raw figures."""
    return cast("pd.DataFrame", _module(table).TABLE.summary(results.shipped(table)))


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
                f"λ_bal = 5e-4 less λ_bal = 0, {claim.measure.title.split(' / ')[0]}",
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
            "loss of the generator x 1000", "generator loss x 1000", "others' loss x 1000", ""
        )._replace(better="less"),
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


def _notes(table: str, *parts: str) -> Callable[[], list[str]]:
    """Those sentences below a table that contain one of ``parts``."""

    def found() -> list[str]:
        notes = cast("Sequence[str]", summary_of(table).attrs["notes"])
        return [note for note in notes if any(part in note for part in parts)]

    return found


def _why_halting() -> list[str]:
    """PonderNet's steps beside those of the authors' code, which departs from its paper."""
    rows = summary_of("anytime").set_index("model")
    own, theirs = (rows.loc[name] for name in ("PonderNet", "PonderNet as in the authors' code"))
    steps, accuracy = "mean steps by own rule", "accuracy by own rule / %"
    return [
        f"PonderNet trained as its paper says halts after {own[steps]} steps. The authors' code "
        f"departs from that paper; trained as in their code, it halts after {theirs[steps]} steps, "
        f"near the published {own['published mean steps']:g}. Its accuracy by its own rule is then "
        f"{theirs[accuracy]} % against {own[accuracy]} %."
    ]


def _why_robustness() -> list[str]:
    """The authors' choice of the epoch by the corrupted test images works one way only."""
    short = [claim.published - claim.ours.mean for claim in _robustness()]
    below = sum(points > 0 for points in short)
    return [
        f"Of {len(short)} published accuracies, {below} are above ours. They are the best of ten "
        "epochs on the same corrupted test images, with one seed; ours are of networks that were "
        "chosen on clean validation images. Choosing on the test images can only raise an accuracy."
    ]


def _why_sequential() -> list[str]:
    claims = list(_sequential())
    worst = max(claims, key=lambda claim: claim.published - claim.ours.mean)
    below = sum(claim.ours.mean < claim.published for claim in claims)
    order = [
        sorted(claims, key=figure) for figure in (lambda c: c.published, lambda c: c.ours.mean)
    ]
    same = "the same" if order[0] == order[1] else "not the same"
    return [
        "The paper leaves clutter, glimpses and noise of these tasks open, so our images may be "
        f"harder: {below} of {len(claims)} accuracies are below the published ones, furthest "
        f"{worst.what} ({worst.ours.mean - worst.published:+.2f} points). The order of all is "
        f"{same}."
    ]


def _why_bpc() -> list[str]:
    """The best loss that there is, and what depth does, of which the paper has no figure."""
    from corelib.reproduce import bpc_depth

    best = _notes("bpc", "Best loss")()
    return [*best, *bpc_depth.verdict(results.shipped("bpc-depth"))]


def _why_codes() -> list[str]:
    from corelib.reproduce import ipvae

    digits = NETWORKS[IP_DIGITS].sizes
    published = SECTIONS[MNIST][IP_DIGITS]
    assert published is not None
    return [
        *ipvae.answers(results.shipped("ipvae")),
        f"On MNIST K, T and β are {digits} here and {published.sizes} in the paper, whose fit took "
        "hours on a GPU.",
    ]


TOPICS: tuple[Topic, ...] = (
    Topic("Halting", BPAN_README, _halting, _why_halting),
    Topic(
        "Accuracy and size", BPAN_README, _sizes, _notes("classification", "Hidden ", "logged less")
    ),
    Topic("Robustness", BPAN_FILES, _robustness, _why_robustness),
    Topic("Balance", BPAN_README, _balance, _notes("balance", "excluded", "conditions, most")),
    Topic("Evidence over time", BPAN_README, _sequential, _why_sequential),
    Topic("Bidirectional predictive coding", TUTORIAL, _bpc, _why_bpc),
    Topic("Instructed vision and Counter-Hebb learning", COUNTER_HEBB, _instructed, list),
    Topic("Codes of the iterative VAEs", IPVAE_PAPER, _codes, _why_codes),
    Topic(
        "Selectivity for orientation",
        IPVAE_PAPER,
        _selectivity,
        _notes("selectivity", "equals the", "intervals of"),
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

RULE = (
    "a figure is reproduced if the two differ by no more than twice the standard deviation over "
    f"our seeds or {POINTS:g} percentage points ({100 * SHARE:g} % of the published figure for "
    "what is no percentage), and for a difference between two networks if its 95 % t-interval over "
    "paired seeds contains the published one. It is exceeded if ours is better by more than that, "
    "reproduced in part if a difference is smaller than published but its interval lies on the "
    "same side of zero, and else not reproduced."
)
PREAMBLE = (
    "This page is written by `python -m corelib.reproduce.claims` from the figures that ship in "
    "assets/results; no number in it is typed in."
)


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
