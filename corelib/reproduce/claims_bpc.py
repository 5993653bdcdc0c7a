"""Claims on bidirectional predictive coding: a tutorial's lines, and a re-run."""

from __future__ import annotations

from collections.abc import Iterator

from corelib.reproduce import results
from corelib.reproduce.claim import Claim, View
from corelib.reproduce.claims_read import Pair, Row, Topic, from_table, notes, row_of, told

TUTORIAL = "the tutorial of bidirectional predictive coding, and an independent re-run"
REFERENCE = "back-propagation"


def _bpc() -> Iterator[Claim]:
    def view(row: Row, pair: Pair) -> View:
        model = "bpc-seed-mnist" if row["network"].startswith("tutorial") else "bpc-mnist"
        tab = "Classify" if pair.unit == "%" else "Generate"
        return View.of("bpc", bpc_model=model, bpc_tab=tab)

    yield from from_table(
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
        view=view,
        control=lambda row, pair: told(REFERENCE, row_of("bpc", network=REFERENCE), pair.ours),
    )


def _why() -> list[str]:
    """The best loss that there is, and what depth does, of which the paper has no figure."""
    from corelib.reproduce import bpc_depth

    best = notes("bpc", "Best loss")()
    return [*best, *bpc_depth.verdict(results.shipped("bpc-depth"))]


TOPICS = (Topic("Bidirectional predictive coding", "bpc", TUTORIAL, _bpc, _why),)
