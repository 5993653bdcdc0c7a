"""Accuracy against size: BPAN and an MLP of 64, 128, 256 and 512 hidden units, published and ours.

Hidden h is E = h/2 and I = h/8 for BPAN, as in the authors' code, and D-h-h-C for the MLP. All take
the last step's answer. What is published, and what the authors' own log says, is in ``sizes``; why
the two smallest published BPANs are below ours, in ``controls``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from corelib.analysis.anytime import paired_difference, spread
from corelib.reproduce import controls, results
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.sizes import HIDDEN, LOGGED, PUBLISHED, last_by_proportion, size, sizes_with
from corelib.runs.registry import find
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd

NOTES = (
    "Published: the authors' README of Lahiri and Panwar, Balanced Predictive Attractor Networks "
    "for Anytime and Sequential Inference; mean ± sd over 5 seeds. Logged: "
    "results/mnist_param_sweep.jsonl in their repository; one seed, 10 epochs, best on the test "
    "images.",
    "Ours: the last step's answer, mean ± sd over seeds, 10,000 test images, networks chosen on "
    "validation images. Difference: paired by seed, in percentage points.",
)


def specs(seed: int) -> list[RunSpec]:
    """What one seed trains: both models in each size."""
    networks: list[RunSpec] = []
    for h in HIDDEN:
        networks.append(make_spec("bpan", variant=f"h{h}", config=size(h)._asdict(), seed=seed))
        networks.append(make_spec("mlp", variant=f"h{h}", config={"n_hidden": h}, seed=seed))
    return networks


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw figures, one row per model and seed; the accuracy is the share that the worker measured
    with the best checkpoint on the test images."""
    import pandas as pd

    rows = []
    for spec, run in zip(specs, runs, strict=True):
        began = run.history().began
        rows.append(
            {
                "model": spec.system,
                "hidden": int(spec.variant.removeprefix("h")),
                "seed": spec.seed,
                "parameters": began.parameters if began else None,
                "accuracy": find(run.id).card.test["accuracy"],
            }
        )
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from the seeds that both models of a size have, published figures beside ours.

    Cells over seeds are ``Spread``.
    """
    import pandas as pd

    lines = []
    for h in HIDDEN:
        sized = rows[rows["hidden"] == h].pivot(index="seed", columns="model").dropna()
        bpan, mlp = (100 * sized["accuracy", name] for name in ("bpan", "mlp"))
        published, logged = PUBLISHED[h], LOGGED[h]
        lines.append(
            {
                "hidden": h,
                "seeds": len(bpan),
                "BPAN: parameters": int(sized["parameters", "bpan"].iloc[0]),
                "logged parameters": logged.parameters,
                "published parameters": published.parameters,
                "accuracy / %": spread(bpan),
                "logged accuracy / %": logged.bpan,
                "published accuracy / %": published.bpan,
                "MLP: parameters": int(sized["parameters", "mlp"].iloc[0]),
                "MLP: accuracy / %": spread(mlp),
                "logged MLP accuracy / %": logged.mlp,
                "published MLP accuracy / %": published.mlp,
                "BPAN less MLP / points": paired_difference(bpan, mlp),
            }
        )
    frame = pd.DataFrame(lines)
    ours = {line["hidden"]: line["accuracy / %"].mean for line in lines}
    frame.attrs["notes"] = [*NOTES, counts_in_words(), logged_in_words(ours), *why_in_words()]
    return frame


def counts_in_words() -> str:
    """Which of the published numbers of parameters some network of this structure has."""
    counts = [PUBLISHED[h].parameters for h in HIDDEN]
    found = {h: sizes_with(PUBLISHED[h].parameters) for h in HIDDEN}
    none = [str(h) for h in HIDDEN if not found[h]]
    some = [f"{h} (E = {e}, I = {i})" for h in HIDDEN for e, i in found[h]]
    *others, last = none
    return (
        f"The published number of parameters is that of a network of this structure for "
        f"{', '.join(some)}; for {', '.join(others)} and {last} no E and I give it. With E and I "
        f"proportional to h, whatever the structure, the first three would imply "
        f"{last_by_proportion(counts):,} for {HIDDEN[-1]}, not {counts[-1]:,}."
    )


def logged_in_words(ours: dict[int, float]) -> str:
    """How far the authors' log is from what they publish, and from ours (hidden, per cent)."""

    def listed(differences: dict[int, float]) -> str:
        return ", ".join(f"{points:+.2f} ({h})" for h, points in differences.items())

    to_published = {h: LOGGED[h].bpan - PUBLISHED[h].bpan.mean for h in HIDDEN}
    to_ours = {h: LOGGED[h].bpan - ours[h] for h in HIDDEN}
    return (
        f"BPAN, logged less published, in points: {listed(to_published)}; logged less ours: "
        f"{listed(to_ours)}. The log has our numbers of parameters, not the published ones."
    )


def why_in_words() -> list[str]:
    """What the shipped controls say of the gap to the published figures."""
    if not results.is_here(controls.TABLE.name):
        return ["Controls: python -m corelib reproduce controls --ship."]
    told = controls.sentences(results.newest(controls.TABLE.name).rows)
    return [*told, "More of these controls: python -m corelib reproduce controls."]


TABLE = OverSeeds("classification", seeds=5, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
