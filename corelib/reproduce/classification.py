"""Accuracy against size: BPAN and an MLP of 64, 128, 256 and 512 hidden units, published and ours.

Hidden h is E = h/2 and I = h/8 for BPAN, as in the authors' code, and D-h-h-C for the MLP. All take
the last step's answer. "Published" is the README of the authors of Lahiri and Panwar, "Balanced
Predictive Attractor Networks for Anytime and Sequential Inference".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from corelib.analysis.anytime import Spread, paired_difference, spread
from corelib.reproduce.results import OverSeeds, table
from corelib.runs.registry import find
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import pandas as pd

HIDDEN = (64, 128, 256, 512)


class Published(NamedTuple):
    """Accuracies in per cent, mean ± sd; ``parameters`` are BPAN's."""

    parameters: int
    bpan: Spread
    mlp: Spread


PUBLISHED = {
    64: Published(39_050, Spread(95.70, 0.12, 5), Spread(96.99, 0.09, 5)),
    128: Published(76_170, Spread(96.82, 0.10, 5), Spread(97.65, 0.14, 5)),
    256: Published(152_650, Spread(97.38, 0.12, 5), Spread(98.01, 0.12, 5)),
    512: Published(307_850, Spread(97.92, 0.08, 5), Spread(98.13, 0.02, 5)),
}

NOTES = (
    "Published: the authors' README of Lahiri and Panwar, Balanced Predictive Attractor Networks "
    "for Anytime and Sequential Inference; mean ± sd over 5 seeds.",
    "The published parameter counts for 64, 128 and 512 match no architecture that we found; "
    "the authors' code, with E = h/2 and I = h/8, gives those in the preceding column.",
    "Ours: the last step's answer, mean ± sd over seeds, 10,000 test images, networks chosen on "
    "validation images. Difference: paired by seed, in percentage points.",
)


def specs(seed: int) -> list[RunSpec]:
    """What one seed trains: both models in each size."""
    networks: list[RunSpec] = []
    for h in HIDDEN:
        sizes = {"n_excitatory": h // 2, "n_inhibitory": h // 8}
        networks.append(make_spec("bpan", variant=f"h{h}", config=sizes, seed=seed))
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
        published = PUBLISHED[h]
        lines.append(
            {
                "hidden": h,
                "seeds": len(bpan),
                "BPAN: parameters": int(sized["parameters", "bpan"].iloc[0]),
                "published parameters": published.parameters,
                "accuracy / %": spread(bpan),
                "published accuracy / %": published.bpan,
                "MLP: parameters": int(sized["parameters", "mlp"].iloc[0]),
                "MLP: accuracy / %": spread(mlp),
                "published MLP accuracy / %": published.mlp,
                "BPAN less MLP / points": paired_difference(bpan, mlp),
            }
        )
    frame = pd.DataFrame(lines)
    frame.attrs["notes"] = NOTES
    return frame


TABLE = OverSeeds("classification", seeds=5, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
