"""Published claims beside our figures, with a verdict on each, and why some did not reproduce.

Every figure is read from a table over seeds, where published and ours stand in one row; the verdict
follows from both by ``RULE``.

>>> from corelib.reproduce import claims
>>> claim = claims.find("PonderNet, mean steps by its own rule")
>>> claim.verdict, claim.command
('not reproduced', 'python -m corelib reproduce anytime --train')
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, get_args

from corelib.errors import SettingsError
from corelib.reproduce import claims_bpan, claims_bpc, claims_butd, claims_ipvae, expected, results
from corelib.reproduce.claim import RULE, Claim, Verdict
from corelib.reproduce.claims_read import Topic, module_of

if TYPE_CHECKING:
    import pandas as pd

TOPICS: tuple[Topic, ...] = (
    *claims_bpan.TOPICS,
    *claims_bpc.TOPICS,
    *claims_butd.TOPICS,
    *claims_ipvae.TOPICS,
)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
UNTESTED = VERDICTS[-1]
SAID: dict[Verdict, str] = {
    "reproduced": "reproduced",
    "exceeded": "came out better than published",
    "reproduced in part": "reproduced in part",
    "not reproduced": "did not reproduce",
    "cannot be tested here": "cannot be tested here",
}
"""What a sentence says of a claim with each verdict."""

PREAMBLE = (
    "This page is written by `python -m corelib.reproduce.claims` from the figures that ship in "
    "assets/results; no number in it is typed in."
)


class Listed(NamedTuple):
    """A claim under its topic."""

    topic: Topic
    claim: Claim

    def is_about(self, words: str) -> bool:
        """Whether all ``words`` are in what is told of it, small or capital."""
        claim, topic = self.claim, self.topic
        told = " ".join(
            (claim.what, topic.name, topic.source, claim.verdict, claim.table, claim.untested)
        ).casefold()
        return all(word in told for word in words.casefold().split())


def listed() -> tuple[Listed, ...]:
    """All claims, topic by topic; read again when a shipped table changes. Raises ``DataError`` if
    one is missing or damaged."""
    return _listed(results.shipped_state())


@lru_cache(maxsize=2)
def _listed(state: tuple[tuple[str, int, int], ...]) -> tuple[Listed, ...]:
    return tuple(Listed(topic, claim) for topic in TOPICS for claim in topic.claims())


def claims() -> list[Claim]:
    """All claims that the shipped tables speak to, and those that none can speak to."""
    return [item.claim for item in listed()]


def find(what: str) -> Claim:
    """The claim of this name; raises ``SettingsError`` if there is none."""
    for claim in claims():
        if claim.what == what:
            return claim
    raise SettingsError(
        f"There is no claim {what!r:.90}; python -m corelib reproduce claims lists them."
    )


def chosen(family: str = "", verdicts: Collection[str] = (), words: str = "") -> list[Listed]:
    """The claims on one family's networks, with one of these verdicts and all of these words; all
    of them where nothing is asked for."""
    return [
        item
        for item in listed()
        if family in ("", item.topic.family)
        and (not verdicts or item.claim.verdict in verdicts)
        and item.is_about(words)
    ]


def sentence(items: Sequence[Listed]) -> str:
    """How many claims have which verdict: ``Of 3 claims 2 reproduced and 1 did not reproduce.``"""
    verdicts = Counter(item.claim.verdict for item in items)
    parts = [(verdicts[verdict], SAID[verdict]) for verdict in VERDICTS if verdicts[verdict]]
    if not parts:
        return "There is no such claim."
    if len(parts) == 1:
        count, said = parts[0]
        return f"All {count} claims {said}." if count > 1 else f"One claim, which {said}."
    *others, last = (f"{count} {said}" for count, said in parts)
    return f"Of {len(items)} claims {', '.join(others)} and {last}."


def cost(table: str) -> str:
    """What it takes to compute a table again on this machine: networks, and the time of those that
    are not trained yet, as far as it is known."""
    what = module_of(table).TABLE
    if not isinstance(what, results.OverSeeds):
        return f"{what.seeds} seeds; it trains without runs, so the time is not known beforehand"
    time = expected(table)
    networks = f"{len(what.all_specs())} networks"
    return f"{networks}; {time.words}" if time is not None else networks


def summary() -> pd.DataFrame:
    """One row a claim; the sentence, the rule and the reasons are in ``attrs["notes"]``.

    ``ours`` and ``sd`` are over ``seeds`` seeds, in the same ``unit`` as ``published``; ``view`` is
    what follows the app's address, ``cost`` what computing the table again takes on this machine.
    """
    import pandas as pd

    every = listed()
    costs = {table: cost(table) for table in dict.fromkeys(item.claim.table for item in every)}
    frame = pd.DataFrame([_row(item, costs) for item in every], dtype=object)
    reasons = [f"{topic.name}: {reason}" for topic in TOPICS for reason in topic.why()]
    frame.attrs["notes"] = (sentence(every), f"Verdict: {RULE}", *reasons)
    return frame


def _row(item: Listed, costs: dict[str, str]) -> dict[str, object]:
    topic, claim = item
    ours = claim.ours
    return {
        "claim": claim.what,
        "topic": topic.name,
        "family": topic.family,
        "claimed in": topic.source,
        "unit": claim.unit or None,
        "published": claim.published,
        "ours": round(ours.mean, 4) if ours else None,
        "sd": round(ours.sd, 4) if ours and ours.n > 1 else None,
        "seeds": ours.n if ours else None,
        "verdict": claim.verdict,
        "why": claim.untested or None,
        "control": claim.control or None,
        "command": claim.command,
        "view": claim.view.address,
        "cost": costs[claim.table],
    }


run = summary
"""The table of ``reproduce claims``."""


def text() -> str:
    """What did not reproduce, and why we think so, as Markdown: a section a topic."""
    every = listed()
    tested = [item for item in every if item.claim.verdict != UNTESTED]
    parts = [
        "# What did not reproduce, and why we think so",
        f"{PREAMBLE} {sentence(every)}",
        f"The rule: {RULE}",
    ]
    for topic in TOPICS:
        found = [item.claim for item in tested if item.topic is topic]
        open_claims = [claim for claim in found if claim.verdict != "reproduced"]
        if not open_claims:
            continue
        rest = len(found) - len(open_claims)
        parts += [
            f"## {topic.name}",
            f"Published: {topic.source}." + (f" Reproduced besides: {rest}." if rest else ""),
            "\n".join(f"- {claim.sentence}" for claim in open_claims),
            *(reason.replace("|", "\\|") for reason in topic.why()),
        ]
    left = [f"- {item.claim.sentence}" for item in every if item.claim.verdict == UNTESTED]
    return "\n\n".join([*parts, "## What cannot be tested here", "\n".join(left)]) + "\n"


if __name__ == "__main__":
    print(text(), end="")
