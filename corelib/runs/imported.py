"""Imported checkpoints: a free name for each, and their removal."""

from itertools import count

from corelib import files
from corelib.errors import CheckpointError, SettingsError
from corelib.runs.registry import NOTHING, SHIPPED, find, imported_root
from corelib.runs.spec import check_word
from corelib.runs.store import Run, list_runs
from corelib.training.card import CARD

LONGEST_NAME = 60


def check_name(name: str) -> None:
    """Raise ``SettingsError`` unless a checkpoint can be called so; "" can become one."""
    check_word("name", name)
    if len(name) > LONGEST_NAME:
        raise SettingsError(
            f"name has {len(name)} letters, but should have at most {LONGEST_NAME}."
        )


def free_names(kinds: list[str], name: str) -> list[str]:
    """A free name for each network. Raises ``CheckpointError`` if the one asked for is taken."""
    if name and len(kinds) == 1:
        if _is_taken(name):
            raise CheckpointError(
                f"There is already a network or a run named {name!r}; choose another name."
            )
        return [name]
    chosen: list[str] = []
    for kind in kinds:
        base = f"{name or 'imported'}_{kind.replace('-', '_')}"
        ways = (base if k == 1 else f"{base}_{k}" for k in count(1))
        chosen.append(next(way for way in ways if way not in chosen and not _is_taken(way)))
    return chosen


def _is_taken(name: str) -> bool:
    if name == NOTHING or any((place / name).exists() for place in (SHIPPED, imported_root())):
        return True
    return any(run.id.startswith(name) or _named(run) == name for run in list_runs())


def _named(run: Run) -> str:
    try:
        return run.spec.variant
    except (SettingsError, OSError):  # a run that cannot be read has no name
        return ""


def remove(name: str) -> None:
    """Delete an imported checkpoint, also one that cannot be read. Raises ``CheckpointError`` if
    there is none of this name."""
    folder = imported_root() / name
    if "/" in name or not name.strip(".") or not (folder / CARD).exists():
        raise CheckpointError(f"{find(name).name} was not imported, and is not removed.")
    files.remove(folder)
