"""All checkpoints by name: those that ship and those of your own runs.

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
    """Shipped checkpoints, then the best of each run, newest first; unreadable runs are skipped."""
    items = shipped()
    for run in list_runs():
        try:
            best = best_checkpoint(run)
            if best is not None:
                items.append(Checkpoint(run.id, best, read_card(best), own=True))
        except (CheckpointError, RunError):
            continue
    return items


def registry_state() -> tuple:
    """Changes when ``available`` does: when a run saves, drops or measures a checkpoint."""

    def written(path: Path) -> int:
        return path.stat().st_mtime_ns if path.exists() else 0

    return tuple(
        (str(run.folder), written(run.folder / "checkpoints"), written(run.folder / "status.json"))
        for run in list_runs()
    )


def find(name: str) -> Checkpoint:
    """A checkpoint by name: a shipped one's, a run's id (its best checkpoint), or a folder.

    Raises ``CheckpointError`` naming the shipped ones.
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
            f"There is no checkpoint named {name!r}; the shipped ones are: {names}; "
            "list your own runs with: python -m corelib runs list"
        ) from None
    best = best_checkpoint(run)
    if best is None:
        raise CheckpointError(f"Run {run.id} has no checkpoint yet.")
    return Checkpoint(run.id, best, read_card(best), own=True)


def _has_card(folder: Path) -> bool:
    try:
        return (folder / "checkpoint.json").exists()
    except OSError:  # too long to be a folder name
        return False


def load(name: str, device: str = "cpu") -> nn.Module:
    """A trained model by name, ready to use: ``load("bpan-mnist")``.

    ``name`` is a shipped checkpoint, a run's id, or a checkpoint's folder; ``device`` is "cpu",
    "cuda" or "auto". Raises ``CheckpointError`` if there is no such checkpoint.
    """
    from corelib.training.checkpoint import load_weights
    from corelib.training.device import resolve_device

    item = find(name)
    chosen = system(item.card.system)
    model = chosen.make_model(chosen.config_type(**item.card.config))
    load_weights(model, item.folder / "weights.safetensors")
    return model.to(resolve_device(device)).eval()


def load_live(run: Run) -> nn.Module | None:
    """The latest network of a run while it trains; None until its worker has written one.

    Each call asks the worker to keep writing it for a few seconds.
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
    """The training history of a checkpoint: all events of a run, only validations of an export."""
    kept = item.folder / HISTORY
    return History(kept).refresh() if kept.exists() else Run(item.folder.parent.parent).history()


def export(item: Checkpoint, folder: Path) -> None:
    """Copy a checkpoint's weights, card and validation history to a new folder, without the
    optimiser's state."""
    if folder.exists():
        raise CheckpointError(f"{folder} already exists; choose another name.")
    folder.mkdir(parents=True)
    for name in ("weights.safetensors", "checkpoint.json"):
        shutil.copy2(item.folder / name, folder / name)
    lines = [event.model_dump_json() + "\n" for event in history(item).validations]
    if lines:
        (folder / HISTORY).write_text("".join(lines), encoding="utf-8")
