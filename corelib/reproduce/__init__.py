"""Published tables and figures recomputed, ours beside theirs: one module each.

Each module has ``run()``, which returns the table as a DataFrame; its ``attrs["notes"]`` are the
sentences to show below it. Tables over seeds (``results``) take options.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from corelib.errors import SynaptariumError

if TYPE_CHECKING:
    import pandas as pd

    from corelib.runs.expected import Expected


class Reproduction(NamedTuple):
    """``module`` is imported only when it is run; tables ``over_seeds`` take options. ``recipes``
    names the function of the module that lists what is trained at each call."""

    about: str
    module: str
    over_seeds: bool = False
    recipes: str = ""


REPRODUCTIONS: dict[str, Reproduction] = {
    "bpan": Reproduction(
        "BPAN on MNIST: accuracy and mean steps at θ = 0.9, published, re-run, and ours",
        "corelib.reproduce.bpan",
    ),
    "anytime": Reproduction(
        "BPAN and its baselines on MNIST: accuracy, mean steps, and speed-ups by steps and by "
        "multiply-adds at θ = 0.9 over seeds, published and ours",
        "corelib.reproduce.anytime",
        over_seeds=True,
    ),
    "clock": Reproduction(
        "BPAN and its baselines: times of stopping at θ = 0.9 and of all steps, measured now on "
        "this machine (about a minute)",
        "corelib.reproduce.clock",
    ),
    "classification": Reproduction(
        "BPAN against an MLP with 64 to 512 hidden units on MNIST: accuracy over seeds, published "
        "and ours",
        "corelib.reproduce.classification",
        over_seeds=True,
    ),
    "controls": Reproduction(
        "Why published BPAN is below ours with 64 and 128 hidden units: what the authors' code "
        "does otherwise, each thing on its own, paired by seed",
        "corelib.reproduce.controls",
        over_seeds=True,
    ),
    "robustness": Reproduction(
        "BPAN and its baselines on corrupted MNIST: accuracy, accuracy lost and mean steps over "
        "seeds, published and ours",
        "corelib.reproduce.robustness",
        over_seeds=True,
    ),
    "balance": Reproduction(
        "What the balance term changes in BPAN: currents, their variance, accuracy clean and "
        "corrupted over paired seeds, published, re-run, and ours",
        "corelib.reproduce.balance",
        over_seeds=True,
    ),
    "sequential": Reproduction(
        "Evidence over time: BPAN and GRUs on glimpses of cluttered MNIST and on streaming MNIST, "
        "published and ours",
        "corelib.reproduce.sequential",
        over_seeds=True,
    ),
    "bpc": Reproduction(
        "Bidirectional predictive coding: the tutorial's three lines, the standard settings and "
        "the baselines: accuracy, generation and completion over seeds, others' and ours",
        "corelib.reproduce.bpc",
        over_seeds=True,
    ),
    "bpc-variety": Reproduction(
        "Various digits from samples of hidden activity: how they are read, and their distances to "
        "training digits and to each other, over seeds",
        "corelib.reproduce.bpc_variety",
        over_seeds=True,
    ),
    "bpc-completion": Reproduction(
        "What bounds the completion of hidden pixels: fills, steps, starts and samples beside the "
        "nearest digits, over seeds",
        "corelib.reproduce.bpc_completion",
        over_seeds=True,
    ),
    "bpc-depth": Reproduction(
        "Bidirectional predictive coding of 2 to 8 hidden layers after 150 updates: accuracy, "
        "energy by layer and stability against depth, and what mends it, over seeds",
        "corelib.reproduce.bpc_depth",
        over_seeds=True,
    ),
    "butd": Reproduction(
        "Instructed vision: both tasks of Multi-MNIST, and Counter-Hebb learning beside "
        "back-propagation on single tasks, the authors' code and ours",
        "corelib.reproduce.butd",
        over_seeds=True,
    ),
    "ipvae": Reproduction(
        "Iterative VAEs: convergence, rate against distortion and MNIST, published and ours",
        "corelib.reproduce.ipvae",
        over_seeds=True,
    ),
    "selectivity": Reproduction(
        "Orientation selectivity of the iterative VAEs against contrast, published and ours, and "
        "the contrast at which they are equal",
        "corelib.reproduce.selectivity",
        over_seeds=True,
    ),
    "lca": Reproduction(
        "LCA on the same natural images: rate against distortion at several thresholds, published "
        "and ours (trains for about ten minutes a seed)",
        "corelib.reproduce.lca",
        over_seeds=True,
    ),
    "photographs": Reproduction(
        "iP-VAE trained on photographs and on the pictures that ship, each measured on both and on "
        "an unseen picture",
        "corelib.reproduce.photographs",
        over_seeds=True,
    ),
    "claims": Reproduction(
        "Every published figure that the tables speak to, ours beside it, with a verdict by one "
        "rule, and why some did not reproduce",
        "corelib.reproduce.claims",
    ),
    "checkpoints": Reproduction(
        "The shipped networks, trained again: test accuracy then and now, and whether the "
        "weights are the same (trains for minutes)",
        "corelib.reproduce.checkpoints",
        recipes="recipes",
    ),
}


def expected(name: str, train: bool = True, n_seeds: int | None = None) -> "Expected | None":
    """How long the networks that a reproduction would train now will take, measuring them not
    included; None if it trains none, or trains without runs."""
    from corelib.reproduce.results import MOST_SEEDS, OverSeeds
    from corelib.reproduce.seeds import incomplete
    from corelib.runs.expected import expected_of_all

    item = REPRODUCTIONS.get(name)
    if item is None or not (item.recipes or (item.over_seeds and train)):
        return None
    module = import_module(item.module)
    if item.recipes:
        return expected_of_all(getattr(module, item.recipes)())
    refused = n_seeds is not None and not 1 <= n_seeds <= MOST_SEEDS  # by the table, with a reason
    if refused or not isinstance(module.TABLE, OverSeeds):
        return None
    return expected_of_all(incomplete(module.TABLE.all_specs(n_seeds)))


def reproduce(name: str, **options: Any) -> "pd.DataFrame":
    """The table of a reproduction by name; raises ``SynaptariumError`` naming those that exist.

    ``options`` are those of ``results.table``, for the tables over seeds only.
    """
    if name not in REPRODUCTIONS:
        known = ", ".join(REPRODUCTIONS)
        raise SynaptariumError(f"There is no reproduction named {name!r}; there are: {known}.")
    if options and not REPRODUCTIONS[name].over_seeds:
        *others, last = (n for n, item in REPRODUCTIONS.items() if item.over_seeds)
        raise SynaptariumError(
            f"Only {', '.join(others)} and {last} take --train, --seeds and --ship; "
            f"{name} does not."
        )
    return import_module(REPRODUCTIONS[name].module).run(**options)
