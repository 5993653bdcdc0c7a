"""Bidirectional predictive coding against depth: accuracy, the energy of each layer and stability
after 150 updates, and what mends deep networks, as mean ± sd over seeds.

With the standard settings the label's error hardly reaches the layers far from it (see
``corelib.models.bpc.depth``). Larger or more steps of inference carry it further; other weights,
more updates and the tutorial's settings are beside them, and back-propagation as the yardstick.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib.analysis.anytime import spread
from corelib.data.images import ImageDataset
from corelib.data.sources import load_dataset
from corelib.models.bpc.config import PRESETS
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run
from corelib.words import percent

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from corelib.models.bpc.network import PredictiveCoding

NAME = "bpc-depth"
SEEDS = 3
WIDTH = 300
UPDATES = 150
IMAGES = 500
"""Test images over which the energy of each layer is taken."""


class Condition(NamedTuple):
    """The settings that differ from the standard ones, and numbers of hidden layers."""

    variant: str
    depths: tuple[int, ...]
    config: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    updates: int = UPDATES
    system: str = "bpc"


ALL = (2, 3, 4, 5, 8)
STANDARD, MENDED, MORE_STEPS = "standard settings", "γ = 0.4", "γ = 0.4, 20 steps"
TUTORIAL, CARRIED = "tutorial's settings", "tutorial's, γ = 0.04, 20 steps"
YARDSTICK = "back-propagation"
CONDITIONS: dict[str, Condition] = {
    STANDARD: Condition("standard", ALL),
    MENDED: Condition("long", ALL, {"step_size": 0.4}),
    MORE_STEPS: Condition("longer", (5, 8), {"step_size": 0.4, "n_steps": 20}),
    "α_f = 0.000001": Condition("alpha", (5,), {"alpha_f": 1e-6}),
    "initial weights × √3": Condition("gain", (5,), {"gain": 1.732}),
    "300 updates": Condition("updates", (5,), {}, 300),
    TUTORIAL: Condition("tutorial", (2, 5, 8), PRESETS["seed"].config),
    CARRIED: Condition(
        "carried", (2, 5, 8), {**PRESETS["seed"].config, "step_size": 0.04, "n_steps": 20}
    ),
    YARDSTICK: Condition("depth", (2, 5, 8), system="backprop"),
}
FORWARD, BACKWARD = "forward energy {}", "backward energy {}"
"""Columns of the energy of each layer, by its number."""

NOTES = (
    f"{UPDATES} updates of 64 images unless the row says otherwise, {WIDTH} units in each hidden "
    "layer, learning rate 0.001 falling to 0 by half a cosine. The standard settings have γ = 0.1 "
    "and 8 steps from the amortiser's pass. Accuracy: 10,000 test images.",
    f"Energy and γ λ_max: mean over {IMAGES} test images with image and label clamped, after "
    "inference as in training; α_b/2 |δ|² at the label and in the last hidden layer before the "
    "image. Steps converge below γ λ_max = 2.",
)


def _spec(name: str, depth: int, seed: int) -> RunSpec:
    condition = CONDITIONS[name]
    return make_spec(
        condition.system,
        variant=f"{condition.variant}{depth}",
        config={"widths": ", ".join([str(WIDTH)] * depth), **condition.config},
        training={"max_steps": condition.updates},
        seed=seed,
    )


def specs(seed: int) -> list[RunSpec]:
    """The trainings of one seed."""
    return [_spec(name, depth, seed) for name, depth in _rows()]


def _rows() -> list[tuple[str, int]]:
    return [(name, depth) for name, item in CONDITIONS.items() for depth in item.depths]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw measurements, one row for each condition, depth and seed; accuracies are shares."""
    import pandas as pd

    run_of = {(spec.title, spec.seed): run for spec, run in zip(specs, runs, strict=True)}
    rows = []
    for seed in sorted({spec.seed for spec in specs}):
        for name, depth in _rows():
            run = run_of[_spec(name, depth, seed).title, seed]
            say(f"Measuring {name}, {depth} hidden layers, seed {seed}.")
            measured = {"accuracy": (find(run.id).card.test or {})["accuracy"]}
            if name != YARDSTICK:
                measured |= _reach(run.id)
            rows.append({"condition": name, "hidden layers": depth, "seed": seed, **measured})
    return pd.DataFrame(rows)


def _reach(name: str) -> dict[str, float]:
    from corelib.models.bpc.depth import reach

    dataset = load_dataset("mnist")
    assert isinstance(dataset, ImageDataset)
    x = dataset.inputs(dataset.test.pixels[:IMAGES])
    found = reach(cast("PredictiveCoding", load(name)), x, dataset.test.labels[:IMAGES])
    measured = {"λ_max": found.eigenvalue, "γ λ_max": found.value}
    measured |= {FORWARD.format(k): e for k, e in enumerate(found.forward.tolist(), 1)}
    measured |= {BACKWARD.format(k): e for k, e in enumerate(found.backward.tolist())}
    return {key: float(f"{value:.4g}") for key, value in measured.items()}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows. Cells over seeds are ``Spread``; energies are geometric means."""
    import numpy as np
    import pandas as pd

    lines = []
    for name, depth in _rows():
        own = _own(rows, name, depth)
        if own.empty:
            continue

        def values(column: str, own: pd.DataFrame = own) -> np.ndarray:
            return own[column].dropna().to_numpy(float) if column in own else np.empty(0)

        stable = values("γ λ_max")
        line: dict[str, Any] = {"condition": name, "hidden layers": depth, "seeds": len(own)}
        line["accuracy / %"] = spread(100 * values("accuracy"))
        line["γ λ_max"] = spread(stable) if len(stable) else None
        for title, layer in (("energy of δ at the label", 0), ("in the last layer", depth)):
            energies = values(BACKWARD.format(layer))
            line[title] = f"{np.exp(np.log(energies).mean()):.1e}" if len(energies) else None
        lines.append(line)
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = (*NOTES, *verdict(rows))
    return frame


def _own(rows: pd.DataFrame, name: str, depth: int) -> pd.DataFrame:
    own: pd.DataFrame = rows.loc[(rows["condition"] == name) & (rows["hidden layers"] == depth)]
    return own


def verdict(rows: pd.DataFrame) -> list[str]:
    """What depth costs and what mends it, in sentences computed from raw rows."""
    wanted = [(STANDARD, 2), *((name, 5) for name in (STANDARD, MENDED, MORE_STEPS, YARDSTICK))]
    wanted += [(name, depth) for name in (TUTORIAL, CARRIED) for depth in (2, 5)]
    accuracies = [_own(rows, *key)["accuracy"].to_numpy(float) for key in wanted]
    if not all(len(one) for one in accuracies):
        return []
    two, five, long, longer, other, *tutorials = (100 * one.mean() for one in accuracies)
    shallow, deep, carried_shallow, carried = tutorials
    return [
        f"Five hidden layers instead of two cost {two - five:.1f} points with the standard "
        f"settings. Steps four times as long win back {long - five:.1f} of them at the same cost, "
        f"20 such steps {longer - five:.1f}; back-propagation reads {percent(other / 100)} with "
        f"five, these {percent(longer / 100)}.",
        f"With the tutorial's settings (2 steps of γ = 0.0078 from the generator's pass) two "
        f"hidden layers read {percent(shallow / 100)} and five {percent(deep / 100)}; with 20 "
        f"steps of γ = 0.04 they read {percent(carried_shallow / 100)} and "
        f"{percent(carried / 100)}.",
    ]


class Curve(NamedTuple):
    """Accuracy against depth under one condition: ``depth`` (depth), and ``accuracy``, a share,
    (depth, 2) as mean and sd over ``seeds``."""

    condition: str
    depth: np.ndarray
    accuracy: np.ndarray
    seeds: int


def curves(rows: pd.DataFrame) -> list[Curve]:
    """The conditions that were trained at several depths, from raw rows."""
    found = []
    for name, condition in CONDITIONS.items():
        own = rows[rows["condition"] == name]
        if len(condition.depths) > 1 and len(own):
            over = own.groupby("hidden layers")["accuracy"].agg(["mean", "std"])
            depth, seeds = over.index.to_numpy(float), len(set(own["seed"]))
            found.append(Curve(name, depth, over.to_numpy(float), seeds))
    return found


TABLE = OverSeeds(NAME, seeds=SEEDS, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
