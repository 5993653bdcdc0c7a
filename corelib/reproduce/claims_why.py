"""Why some published figures did not reproduce, in sentences computed from the shipped tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from corelib.reproduce import results
from corelib.reproduce.claim import Claim
from corelib.reproduce.ipvae_rows import IP_DIGITS, MNIST, NETWORKS, SECTIONS
from corelib.words import PER_CENT

if TYPE_CHECKING:
    import pandas as pd


def _module(table: str) -> Any:
    from corelib.reproduce import REPRODUCTIONS

    return import_module(REPRODUCTIONS[table].module)


def summary_of(table: str) -> pd.DataFrame:
    """The table of the shipped raw figures."""
    return cast("pd.DataFrame", _module(table).TABLE.summary(results.shipped(table)))


def notes(table: str, *parts: str) -> Callable[[], list[str]]:
    """Those sentences below a table that contain one of ``parts``."""

    def found() -> list[str]:
        notes = cast("Sequence[str]", summary_of(table).attrs["notes"])
        return [note for note in notes if any(part in note for part in parts)]

    return found


def why_halting() -> list[str]:
    """PonderNet's steps beside those of the authors' code, which departs from its paper."""
    rows = summary_of("anytime").set_index("model")
    own, theirs = (rows.loc[name] for name in ("PonderNet", "PonderNet as in the authors' code"))
    steps, accuracy = "mean steps by own rule", "accuracy by own rule / %"
    return [
        f"PonderNet trained as its paper says halts after {own[steps]} steps. The authors' code "
        f"departs from that paper; trained as in their code, it halts after {theirs[steps]} steps, "
        f"near the published {own['published mean steps']:g}. Its accuracy by its own rule is then "
        f"{theirs[accuracy]}{PER_CENT} against {own[accuracy]}{PER_CENT}."
    ]


def why_robustness(claims: Sequence[Claim]) -> list[str]:
    """The authors' choice of the epoch by the corrupted test images works one way only."""
    short = [claim.published - claim.ours.mean for claim in claims]
    below = sum(points > 0 for points in short)
    return [
        f"Of {len(short)} published accuracies, {below} are above ours. They are the best of ten "
        "epochs on the same corrupted test images, with one seed; ours are of networks that were "
        "chosen on clean validation images. Choosing on the test images can only raise an accuracy."
    ]


def why_sequential(claims: Sequence[Claim]) -> list[str]:
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


def why_bpc() -> list[str]:
    """The best loss that there is, and what depth does, of which the paper has no figure."""
    from corelib.reproduce import bpc_depth

    best = notes("bpc", "Best loss")()
    return [*best, *bpc_depth.verdict(results.shipped("bpc-depth"))]


def why_codes() -> list[str]:
    from corelib.reproduce import ipvae

    digits = NETWORKS[IP_DIGITS].sizes
    published = SECTIONS[MNIST][IP_DIGITS]
    assert published is not None
    return [
        *ipvae.answers(results.shipped("ipvae")),
        f"On MNIST K, T and β are {digits} here and {published.sizes} in the paper, whose fit took "
        "hours on a GPU.",
    ]
