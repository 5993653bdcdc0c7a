"""Claims on the iterative VAEs: their codes, LCA's, and selectivity for orientation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corelib.analysis.anytime import Spread
from corelib.reproduce import results
from corelib.reproduce.claim import Claim, View
from corelib.reproduce.claims_read import Pair, Row, Topic, from_table, notes, row_of, rows_of, told
from corelib.reproduce.ipvae_rows import (
    CONVERGENCE,
    FASTER,
    IP_DIGITS,
    MNIST,
    NETWORKS,
    PLANE,
    SECTIONS,
)
from corelib.reproduce.lca import OWN
from corelib.reproduce.selectivity import BY_SIZE
from corelib.words import PER_CENT

PAPER = "Vafaii, Galor and Yates, Brain-like variational inference (arXiv 2410.19315)"
FAMILY = "ipvae"
IMAGES = {
    CONVERGENCE: "natural images",
    PLANE: "natural images, rate and distortion",
    MNIST: "MNIST",
}
TABS = {CONVERGENCE: "Convergence", PLANE: "Rate and distortion", MNIST: "Sparsity"}
READOUT = "readout"


def _codes() -> Iterator[Claim]:
    def view(row: Row, pair: Pair) -> View:
        trained = NETWORKS[row["model"]]
        tab = "Digits" if pair.measured == READOUT else TABS[row["figure"]]
        model = f"{trained.system}-{trained.dataset}"
        return View.of("sparse", sparse_model=model, sparse_tab=tab)

    def control(row: Row, pair: Pair) -> str:
        if row["figure"] == MNIST:
            return told(FASTER, row_of("ipvae", model=FASTER), pair.ours)
        return f"On a picture never used in training: {row[f'unseen {pair.ours}']}{PER_CENT}."

    pairs = (
        Pair("R²", "R² / %", "published R² / %"),
        Pair("zeros", "zeros / %", "published zeros / %"),
        Pair(READOUT, "readout / %", "published readout / %"),
    )
    yield from from_table(
        "ipvae",
        lambda row: f"{row['model']} on {IMAGES[row['figure']]}",
        *pairs,
        view=view,
        control=control,
        where=lambda row: row["figure"] in IMAGES,
    )
    amortised = row_of("ipvae", model="amortised P-VAE")
    for pair in pairs[:2]:
        yield Claim(
            f"amortised P-VAE on {IMAGES[PLANE]}, {pair.measured}",
            "ipvae",
            pair.unit,
            float(amortised[pair.published]),
            None,
            view=View.of("sparse", sparse_tab=TABS[PLANE]),
            untested="none of our networks infers with an encoder in place of steps.",
        )
    yield Claim(
        "Iterative VAEs on van Hateren's images",
        "ipvae",
        "",
        None,
        None,
        view=View("data"),
        untested="they cannot be had without a network, so our networks learn other images; with a "
        "folder of van Hateren's patches in place the same commands train on those.",
    )
    yield Claim(
        "iP-VAE on MNIST at the paper's T, β and length",
        "ipvae",
        "",
        None,
        None,
        view=View.of("sparse", sparse_tab="Published", sparse_table="ipvae"),
        untested="their fit took hours on a GPU; ours has a smaller T and β, which the table ipvae "
        "names.",
    )


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


def _lca() -> Iterator[Claim]:
    """R² at the smallest threshold that leaves at least the published share of zeros, with as many
    neurons and a dictionary learned at that threshold."""
    published = row_of("lca", dictionary="published")
    sparse: dict[str, Row] = {}
    for row in rows_of("lca"):
        fits = row["dictionary"] == OWN and row["neurons"] == published["neurons"]
        if fits and row["zeros / %"].mean >= published["zeros / %"]:
            sparse.setdefault(row["activity"], row)
    for sign, row in sparse.items():
        other, rest = next((s, r) for s, r in sparse.items() if s != sign)
        yield Claim(
            f"LCA, {sign} activity, R² at the published share of zeros or more",
            "lca",
            "%",
            float(published["R² / %"]),
            row["R² / %"],
            control=f"Zeros: {row['zeros / %']}{PER_CENT}, published "
            f"{published['zeros / %']:g}{PER_CENT}. "
            + told(f"With {other} activity", rest, "R² / %", "zeros / %"),
            view=View.of("sparse", sparse_tab=TABS[PLANE]),
        )


def _selectivity() -> Iterator[Claim]:
    """At the contrast at which ours comes nearest to the published figure."""
    known = [row for row in rows_of("selectivity") if isinstance(row["1 - CV"], Spread)]
    for name in dict.fromkeys(row["network"] for row in known):
        own = (row for row in known if row["network"] == name)
        row: dict[str, Any] = min(own, key=lambda row: abs(row["1 - CV"].mean - row["published"]))
        system = "igvae" if name == BY_SIZE else name
        yield Claim(
            f"{name}, 1 - circular variance at contrast {row['contrast']:g}, the nearest of those "
            "measured",
            "selectivity",
            "",
            row["published"],
            row["1 - CV"],
            "neither",
            control=f"95 % bootstrap interval over neurons: {row['95 % interval']}; "
            f"{row['responsive neurons']} neurons answer.",
            view=View.of(
                "bars",
                bars_model=f"{system}-natural-16",
                bars_contrast=f"{row['contrast']:g}",
                # Of sizes of activity only the table tells.
                bars_tab="Published" if name == BY_SIZE else "Other networks",
            ),
        )


TOPICS = (
    Topic("Codes of the iterative VAEs", FAMILY, PAPER, _codes, _why_codes),
    Topic("LCA on natural images", FAMILY, PAPER, _lca, notes("lca", "Activity is a real")),
    Topic(
        "Selectivity for orientation",
        FAMILY,
        PAPER,
        _selectivity,
        notes("selectivity", "equals the", "intervals of"),
    ),
)
