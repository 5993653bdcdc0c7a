"""All checkpoints there are, shipped and own, under one kind of name.

Imports torch only to load.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from corelib.catalog import system
from corelib.errors import CheckpointError, RunError
from corelib.runs.store import History, Run, find_run, list_runs
from corelib.training.card import Card, read_card

if TYPE_CHECKING:
    from torch import nn

SHIPPED = Path(__file__).parents[2] / "assets" / "checkpoints"
HISTORY = "history.jsonl"


class Checkpoint(NamedTuple):
    """A checkpoint that can be loaded by ``name``."""

    name: str
    folder: Path
    card: Card
    own: bool


def shipped() -> list[Checkpoint]:
    """The checkpoints that come with Synaptarium."""
    folders = sorted(card.parent for card in SHIPPED.glob("*/checkpoint.json"))
    return [Checkpoint(f.name, f, read_card(f), own=False) for f in folders]


def best_checkpoint(run: Run) -> Path | None:
    """The run's checkpoint with the best validation score; the last one if none is measured."""
    folders = run.checkpoints()
    cards = [(read_card(f), f) for f in folders]
    measured = [(c.score, -c.step, f) for c, f in cards if c.score is not None]
    return max(measured)[2] if measured else folders[-1] if folders else None


def available() -> list[Checkpoint]:
    """Shipped checkpoints, then each own run's best, newest first; unreadable runs are left out."""
    found = shipped()
    for run in list_runs():
        try:
            best = best_checkpoint(run)
            if best is not None:
                found.append(Checkpoint(run.id, best, read_card(best), own=True))
        except (CheckpointError, RunError):
            continue
    return found


def registry_state() -> tuple:
    """Changes whenever ``available`` would: when a run saves, drops or measures a checkpoint."""

    def written(path: Path) -> int:
        return path.stat().st_mtime_ns if path.exists() else 0

    return tuple(
        (str(run.folder), written(run.folder / "checkpoints"), written(run.folder / "status.json"))
        for run in list_runs()
    )


def find(name: str) -> Checkpoint:
    """A checkpoint by the name of a shipped one, by a run's id (its best), or by its folder.

    Raises ``CheckpointError`` naming what there is.
    """
    if "/" not in name and _has_card(SHIPPED / name):
        return Checkpoint(name, SHIPPED / name, read_card(SHIPPED / name), own=False)
    if _has_card(Path(name)):
        return Checkpoint(name, Path(name), read_card(Path(name)), own=True)
    try:
        run = find_run(name)
    except RunError:
        names = ", ".join(item.name for item in shipped())
        raise CheckpointError(
            f"There is no checkpoint named {name!r}; shipped are: {names}; "
            "own runs are listed by: python -m corelib runs list"
        ) from None
    best = best_checkpoint(run)
    if best is None:
        raise CheckpointError(f"Run {run.id} has no checkpoint yet.")
    return Checkpoint(run.id, best, read_card(best), own=True)


def _has_card(folder: Path) -> bool:
    try:
        return (folder / "checkpoint.json").exists()
    except OSError:  # no name of a folder: too long
        return False


def load(name: str, device: str = "cpu") -> nn.Module:
    """A trained model by name, ready to use: ``load("bpan-mnist")``.

    ``name`` is a shipped checkpoint, a run's id, or a checkpoint's folder; ``device`` is "cpu",
    "cuda" or "auto". Raises ``CheckpointError`` when there is none of that name.
    """
    from corelib.training.checkpoint import load_weights
    from corelib.training.device import resolve_device

    item = find(name)
    chosen = system(item.card.system)
    model = chosen.make_model(chosen.config_type(**item.card.config))
    load_weights(model, item.folder / "weights.safetensors")
    return model.to(resolve_device(device)).eval()


def load_live(run: Run) -> nn.Module | None:
    """The network of a run as it was a moment ago, while it trains; None until there is one.

    Asks the worker to go on writing it: call again to go on watching.
    """
    from corelib.runs.spec import resolve
    from corelib.training.checkpoint import load_weights

    run.watch()
    if not run.live.exists():
        return None
    resolved = resolve(run.spec)
    model = resolved.system.make_model(resolved.config)
    load_weights(model, run.live)
    return model.eval()


def history(item: Checkpoint) -> History:
    """What the training of a checkpoint told: of an own run all, of an export the validations."""
    kept = item.folder / HISTORY
    return History(kept).refresh() if kept.exists() else Run(item.folder.parent.parent).history()


def export(item: Checkpoint, folder: Path) -> None:
    """Copy a checkpoint's weights and card to a new folder, with the validations of its training
    and without the optimiser's state."""
    if folder.exists():
        raise CheckpointError(f"{folder} is there already; choose another name.")
    folder.mkdir(parents=True)
    for name in ("weights.safetensors", "checkpoint.json"):
        shutil.copy2(item.folder / name, folder / name)
    told = [event.model_dump_json() + "\n" for event in history(item).validations]
    if told:
        (folder / HISTORY).write_text("".join(told), encoding="utf-8")
