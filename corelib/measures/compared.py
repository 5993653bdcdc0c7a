"""What is compared: a training by its title, its checkpoint and its history, or why there is
none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from corelib.catalog import system
from corelib.errors import CheckpointError, RunError, SettingsError
from corelib.runs.experiment import Experiment
from corelib.runs.history import History
from corelib.runs.offered import titles
from corelib.runs.registry import OWN, Checkpoint, find, history
from corelib.runs.spec import RunSpec, resolve
from corelib.runs.store import Run, find_run
from corelib.training.card import Card

if TYPE_CHECKING:
    Compared = str | Path | Checkpoint | Experiment
    """A training: the name of a run or a checkpoint, or itself."""

UNSEEN = ("device",)
"""Settings that change nothing in what is learned."""
WHOLE = ("completed", "shipped", "imported", "exported")
"""States of what is trained to its end, as far as one can know."""


class Entry(NamedTuple):
    """``spec`` says what is trained; None if that cannot be read. ``state`` is its run's, else
    "shipped", "imported" or "exported"; ``note`` is a sentence about what is not as it should be.
    """

    title: str
    item: Checkpoint | None
    spec: Card | RunSpec | None
    history: History
    state: str
    note: str = ""

    @property
    def checkpoint(self) -> Checkpoint:
        """Its checkpoint; raises ``CheckpointError`` where there is none."""
        if self.item is None:
            raise CheckpointError(self.note)
        return self.item

    @property
    def classifies(self) -> bool:
        """Whether it was measured by its accuracy; before it was measured, whether its system
        answers at all."""
        card = self.checkpoint.card
        measured = card.test or card.metrics
        return "accuracy" in measured if measured else system(card.system).protocol != "code"

    @property
    def settings(self) -> dict[str, Any]:
        """All settings of the network and of its training, defaults filled in, by name."""
        spec = self.spec or self.checkpoint.card
        chosen = system(spec.system)
        of_network = chosen.config_type(**spec.config).model_dump()
        both = of_network | chosen.training_type(**spec.training).model_dump()
        return {name: value for name, value in both.items() if name not in UNSEEN}

    @property
    def kind(self) -> str:
        """What is trained, apart from the seed, as a string to compare. What has not ended is of
        its own kind, and so is what was trained by another program."""
        card = self.checkpoint.card
        apart = "" if self.state in WHOLE else self.title, card.origin and card.origin.checksum
        return json.dumps([card.system, card.dataset, self.settings, apart], sort_keys=True)


def entries_of(networks: Sequence[Compared]) -> list[Entry]:
    """One for each, in this order. Raises ``CheckpointError`` for an unknown name and
    ``SettingsError`` where one is named twice."""
    called = titles()
    entries = [_entry(network, called) for network in networks]
    seen: set[str] = set()
    for entry in entries:
        if entry.title in seen:
            raise SettingsError(f"{entry.title} is named twice; name each network once.")
        seen.add(entry.title)
    return entries


def _entry(network: Compared, called: dict[str, str]) -> Entry:
    if isinstance(network, Experiment):
        network = OWN + network.run.id
    if isinstance(network, Checkpoint):
        item = network
    else:
        try:
            item = find(str(network))
        except CheckpointError as error:
            return _without_checkpoint(str(network), called, error)
    if item.own and item.card.origin is None and item.folder.parent.name == "checkpoints":
        return _of_run(Run(item.folder.parent.parent), item, called)
    state = "shipped" if not item.own else "imported" if item.card.origin else "exported"
    return Entry(item.title, item, item.card, history(item), state)


def _of_run(run: Run, item: Checkpoint, called: dict[str, str]) -> Entry:
    title, status = called.get(run.id, run.id), run.status
    read, notes = history(item), []
    if read.problem:
        notes.append(f"{title}: {read.problem}")
    if status.state != "completed":
        notes.append(
            f"{title} has not finished, it is {status.state}: its best checkpoint so far, after "
            f"{item.card.step:,} updates, is compared."
        )
    return Entry(title, item, item.card, read, status.state, " ".join(notes))


def _without_checkpoint(name: str, called: dict[str, str], error: CheckpointError) -> Entry:
    """A run whose curves alone can be shown; raises ``error`` again if there is no such run."""
    try:
        run = find_run(name.removeprefix(OWN))
    except RunError:
        raise error from None
    title, spec = called.get(run.id, run.id), None
    notes = [f"{title} has no network to test: {error}"]
    try:
        resolve(run.spec)
        spec = run.spec
    except SettingsError as unreadable:
        notes.append(f"Its settings cannot be read: {unreadable}")
    read = run.history()
    notes += filter(None, [read.problem])
    return Entry(title, None, spec, read, run.status.state, " ".join(notes))
