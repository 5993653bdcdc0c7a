"""The shipped networks, trained again from their recipes.

They are stored in half precision, which halves their size; each card gives the accuracy of the
weights as stored. ``run`` compares new networks with the shipped ones: on the same kind of
processor and the same library versions the rounded weights agree bit for bit.
``python -m corelib.reproduce.checkpoints`` replaces the shipped ones.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib.errors import CheckpointError
from corelib.files import remove
from corelib.measures.evaluation import measure
from corelib.models.bpc.config import PRESETS
from corelib.models.butd.rules import SYMMETRIC
from corelib.reproduce import butd, ipvae, ipvae_rows, seeds, sequential
from corelib.runs.launch import start
from corelib.runs.registry import SHIPPED, Checkpoint, export, find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.watch import until_completed
from corelib.training.card import WEIGHTS, write_card

if TYPE_CHECKING:
    import pandas as pd

    from corelib.models.butd.networks import BUTDNet


class Recipe(NamedTuple):
    """What differs from the system's standard settings and data set."""

    system: str
    variant: str = ""
    config: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    training: dict[str, Any] = {}  # noqa: RUF012
    dataset: str | None = None

    @property
    def spec(self) -> RunSpec:
        return make_spec(
            self.system,
            dataset=self.dataset,
            variant=self.variant,
            config=self.config,
            training=self.training,
        )


RECIPES = (
    Recipe("bpan"),
    Recipe("bpan", "unbalanced", training={"lambda_bal": 0.0}),
    Recipe("bpan", "nodale", config={"dale": False}),
    Recipe("act"),
    Recipe("pondernet"),
    Recipe("multi-exit"),
    Recipe("mlp"),
    Recipe("mlp", "onelayer", config={"n_hidden": 128, "n_hidden_layers": 1}),
    Recipe("mlp", "matched", config={"n_hidden": 160}),
    Recipe("gru"),
    Recipe("gru", "matched", config={"n_hidden": 60}),
    Recipe("bpc"),
    Recipe("bpc", "seed", *PRESETS["seed"][:2]),
    Recipe("gpc"),
    Recipe("dpc"),
    Recipe("hybrid-pc"),
    Recipe("backprop"),
)


def recipes() -> list[RunSpec]:
    """All shipped networks; those of the three tables are seed 0."""
    # A symmetric start gives the same result as shared weights, at twice the size.
    rules = [
        row
        for row in butd.ROWS
        if row.dataset in ("mnist", "multi-mnist") and row.rule not in (SYMMETRIC, *butd.CONTROLS)
    ]
    codes = [ipvae_rows.NETWORKS[name] for name in ipvae_rows.SHIPPED]
    tabled = [*sequential.ROWS, *rules, *codes]
    return [recipe.spec for recipe in RECIPES] + [row.spec(0) for row in tabled]


def train(spec: RunSpec) -> Checkpoint:
    """Train with a worker, like any run; raises ``RunError`` if it does not complete."""
    run = start(spec)
    until_completed(run)
    return find(run.id)


def run() -> "pd.DataFrame":
    """One row per recipe: test accuracy, or R², of the shipped and the new network, and whether all
    weights are the same bit for bit."""
    import pandas as pd
    from safetensors.numpy import load_file

    rows = []
    for spec in recipes():
        new, old = train(spec), find(spec.title)
        weights = [load_file(item.folder / "weights.safetensors") for item in (old, new)]
        name = next(n for n in ("accuracy", "R²") if n in new.card.test)
        rows.append(
            {
                "checkpoint": old.name,
                "measure": name,
                "shipped / %": round(100 * old.card.test[name], 2),
                "now / %": round(100 * new.card.test[name], 2),
                "same weights": all(
                    (weights[0][k] == weights[1][k].astype(weights[0][k].dtype)).all()
                    for k in weights[0]
                ),
            }
        )
    return pd.DataFrame(rows)


def ship(specs: Sequence[RunSpec] = ()) -> None:
    """Replace these shipped networks, or all; those without a completed run are trained."""
    specs = specs or recipes()
    for spec, run in zip(specs, seeds.train(specs), strict=True):
        folder, trained = SHIPPED / spec.title, find(run.id)
        if folder.exists():
            remove(folder)
        export(trained, folder)
        if spec.system == "butd":
            keep_gates(trained, folder)
        print(f"{folder.name}: {halve(find(folder.name)).card.test}")


def halve(item: Checkpoint) -> Checkpoint:
    """Round a checkpoint's weights to half precision, and measure it again."""
    from corelib.training.checkpoint import read_tensors, save_weights

    file = item.folder / WEIGHTS
    checksum = save_weights(file, {k: tensor.half() for k, tensor in read_tensors(file).items()})
    write_card(item.folder, item.card.model_copy(update={"checksums": {WEIGHTS: checksum}}))
    item = find(item.name)
    test = measure(item, item.card.dataset, "test").metrics
    if item.card.system in ipvae_rows.SYSTEMS:
        test |= ipvae.quality(item)
    write_card(item.folder, item.card.model_copy(update={"test": test}))
    return find(item.name)


def keep_gates(trained: Checkpoint, folder: Path) -> None:
    """Save the gates of an instructed network over its training beside the shipped weights."""
    from corelib.models.butd import history

    model = cast("BUTDNet", load(trained.name))
    gates = history.read(trained.folder, model)
    if gates is None:
        raise CheckpointError(f"{trained.name} recorded no gates during training.")
    history.write(gates, folder)


if __name__ == "__main__":
    ship()
