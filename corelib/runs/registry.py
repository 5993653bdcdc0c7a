"""All checkpoints by name: those that ship, those that were imported and those of your own runs.

Imports torch only to load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from corelib import files
from corelib.catalog import system
from corelib.data.sources import check_same
from corelib.environment import runs_root
from corelib.errors import CheckpointError, DataError, RunError, SettingsError
from corelib.runs.history import History
from corelib.runs.store import Run, find_run
from corelib.training.card import WEIGHTS, Card, read_card, read_whole, write_card

if TYPE_CHECKING:
    from torch import nn

SHIPPED = Path(__file__).parents[2] / "assets" / "checkpoints"
HISTORY = "history.jsonl"
OWN = "run:"
"""Before a run's id where a shipped checkpoint has the same name."""
NOTHING = "none"
"""What a menu offers beside the checkpoints; no title is the same."""


class Checkpoint(NamedTuple):
    """A checkpoint that can be loaded by ``name``. ``titled`` is what a person calls it where its
    name is long; empty if that is the name."""

    name: str
    folder: Path
    card: Card
    own: bool
    titled: str = ""

    @property
    def title(self) -> str:
        """What a person calls it: a shipped one by its name, an own one as ``titles`` says."""
        return self.titled or self.name


class Unreadable(NamedTuple):
    """A folder that cannot be used, and why."""

    folder: Path
    reason: str


def read_usable(folder: Path) -> Card:
    """The card of a checkpoint whose network can be built here; its weights are not read yet.

    Raises ``CheckpointError`` saying what is wrong with it.
    """
    card = read_card(folder)
    try:
        chosen = system(card.system)
        chosen.config_type(**card.config)
        chosen.training_type(**card.training)
        check_same(card.dataset, card.versions)
    except (SettingsError, DataError, TypeError) as error:
        raise CheckpointError(f"The checkpoint in {folder} cannot be used: {error}") from None
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(f"{WEIGHTS} is missing in {folder}.")
    return card


def shipped() -> list[Checkpoint]:
    """The checkpoints that come with Synaptarium; unusable ones are left out."""
    return survey_shipped().usable


class Survey(NamedTuple):
    """The usable checkpoints of some folders, in their order, and those left out."""

    usable: list[Checkpoint]
    left_out: list[Unreadable]

    @property
    def best(self) -> Checkpoint | None:
        """The one with the best validation score; the last one if none is measured."""
        measured = [item for item in self.usable if item.card.score is not None]
        if measured:
            return max(measured, key=lambda item: (item.card.score, -item.card.step))
        return self.usable[-1] if self.usable else None


def _survey(folders: Iterable[Path], name: Callable[[Path], str], own: bool) -> Survey:
    found = Survey([], [])
    for folder in folders:
        try:
            found.usable.append(Checkpoint(name(folder), folder, read_usable(folder), own))
        except CheckpointError as error:
            # Its worker may just have removed it.
            if folder.exists():
                found.left_out.append(Unreadable(folder, str(error)))
    return found


def survey_shipped() -> Survey:
    folders = sorted(card.parent for card in SHIPPED.glob("*/checkpoint.json"))
    return _survey(folders, lambda folder: folder.name, own=False)


def imported() -> Survey:
    """The checkpoints of other programs that were imported, by name."""
    folders = sorted(card.parent for card in imported_root().glob("[!.]*/checkpoint.json"))
    return _survey(folders, lambda folder: folder.name, own=True)


def imported_root() -> Path:
    """The folder of imported checkpoints; it need not exist."""
    return runs_root() / ".checkpoints"


def checkpoints_of(run: Run) -> Survey:
    """The checkpoints of a run, oldest first."""
    is_taken = any((folder / run.id).is_dir() for folder in (SHIPPED, imported_root()))
    name = OWN + run.id if is_taken else run.id
    return _survey(run.checkpoints(), lambda _: name, own=True)


def best_checkpoint(run: Run) -> Checkpoint | None:
    """The run's checkpoint with the best validation score; the last one if none is measured."""
    return checkpoints_of(run).best


def find(name: str) -> Checkpoint:
    """A checkpoint by name: a shipped one's, an imported one's, a run's id or its own name if no
    other run has it (its best checkpoint), or a folder.

    ``run:ID`` is always a run. Raises ``CheckpointError`` naming the shipped ones.
    """
    if "/" not in name and _has_card(SHIPPED / name):
        return Checkpoint(name, SHIPPED / name, read_usable(SHIPPED / name), own=False)
    if "/" not in name and name.strip(".") and _has_card(imported_root() / name):
        folder = imported_root() / name
        return Checkpoint(name, folder, read_usable(folder), own=True)
    if _has_card(Path(name)):
        return Checkpoint(name, Path(name), read_usable(Path(name)), own=True)
    try:
        run = find_run(name.removeprefix(OWN))
    except RunError:
        names = ", ".join(item.name for item in shipped())
        raise CheckpointError(
            f"There is no checkpoint named {name!r}; the shipped ones are: {names}; "
            "list your own runs with: python -m corelib runs list"
        ) from None
    found = checkpoints_of(run)
    if found.best is None:
        reasons = "".join(f" {item.reason}" for item in found.left_out)
        raise CheckpointError(f"Run {run.id} has no checkpoint yet.{reasons}")
    return found.best


def _has_card(folder: Path) -> bool:
    try:
        return (folder / "checkpoint.json").exists()
    except (OSError, ValueError):  # too long to be a folder name, or no name at all
        return False


def load(name: str | Path | Checkpoint, device: str = "cpu") -> nn.Module:
    """A trained model by name, ready to use: ``load("bpan-mnist")``.

    ``name`` is a shipped checkpoint, a run's id, or a checkpoint's folder; ``device`` is "cpu",
    "cuda" or "auto". Raises ``CheckpointError`` if there is no such checkpoint, or if its weights
    are damaged.
    """
    from corelib.training.checkpoint import load_weights
    from corelib.training.device import resolve_device

    item = name if isinstance(name, Checkpoint) else find(str(name))
    chosen = system(item.card.system)
    model = chosen.make_model(chosen.config_type(**item.card.config))
    load_weights(model, item.folder / WEIGHTS, item.card.checksums.get(WEIGHTS, ""))
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
    """The training history of a checkpoint: all events of a run, only validations of an export,
    none of an imported one."""
    kept = item.folder / HISTORY
    if kept.exists() or item.card.origin is not None:
        return History(kept).refresh()
    return Run(item.folder.parent.parent).history()


def export(item: Checkpoint, folder: Path) -> None:
    """Copy a checkpoint's weights, card and validation history to a new folder, without the
    optimiser's state."""
    if folder.exists():
        raise CheckpointError(f"{folder} already exists; choose another name.")
    lines = [event.model_dump_json() + "\n" for event in history(item).validations]
    with files.new_folder(folder) as scratch:
        checksum = item.card.checksums.get(WEIGHTS, "")
        files.write_bytes(scratch / WEIGHTS, read_whole(item.folder / WEIGHTS, checksum))
        kept = {WEIGHTS: checksum} if checksum else {}
        write_card(scratch, item.card.model_copy(update={"checksums": kept}))
        if lines:
            files.write_text(scratch / HISTORY, "".join(lines))
