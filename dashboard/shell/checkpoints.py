"""Picking a trained network: shipped, or from your own runs."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from corelib.data import DATASETS
from corelib.runs.described import differences
from corelib.runs.registry import NOTHING, Checkpoint
from corelib.words import percent
from dashboard.shell import cache
from dashboard.shell.page import NothingToShow
from dashboard.shell.text import plain, typeset
from dashboard.shell.titled import select_titled, several_titled

if TYPE_CHECKING:
    from torch import nn

    from corelib.data import Dataset

NO_NETWORK = (
    "No trained network of this kind is available. Train one in the tab Train; Runs lists those "
    "that could not be read, and why."
)
NONE = NOTHING
MOST = 8
"""Networks that can be shown at once."""


def about(item: Checkpoint) -> str:
    """How a checkpoint differs from the standard, and its accuracy, in one line."""
    card = item.card
    parts = [", ".join(differences(card)) or "standard settings", f"{DATASETS[card.dataset].title}"]
    measured, where = (card.test, "test") if card.test else (card.metrics, "validation")
    if "accuracy" in measured:
        parts.append(f"{percent(measured['accuracy'], 2)} on the {where} set")
    return "; ".join(parts)


def of_systems(systems: Sequence[str]) -> dict[str, Checkpoint]:
    """All checkpoints of these systems by name: standard ones, then variants, then your own."""
    items = [item for item in cache.checkpoints() if item.card.system in systems]
    items.sort(
        key=lambda item: (item.own, item.card.variant != "", systems.index(item.card.system))
    )
    return {item.name: item for item in items}


def checkpoints_picker(
    page: str,
    name: str,
    label: str,
    systems: Sequence[str],
    standard: Sequence[str],
    among: Collection[str] | None = None,
) -> list[Checkpoint]:
    """Several checkpoints of these systems, bound to the address; ``standard`` are chosen first.

    ``among`` limits the choice to these names.
    """
    items = {
        name: item for name, item in of_systems(systems).items() if among is None or name in among
    }
    if not items:
        raise NothingToShow(NO_NETWORK)
    first = [name for name in standard if name in items]
    if among is None:
        items, of = _reading(page, items)
        if of:
            name, first = f"{name}_{of}", list(items)[:MOST]
        else:
            first = [name for name in first if name in items]
    titles = {name: item.title for name, item in items.items()}
    chosen = several_titled(page, name, label, titles, first, most=MOST)
    for item in (items[name] for name in chosen):
        if item.title != item.name:
            st.caption(plain(f"{item.title}: {item.name}"))
    return [items[name] for name in chosen]


def _reading(page: str, items: dict[str, Checkpoint]) -> tuple[dict[str, Checkpoint], str]:
    """The checkpoints that read images of one size with the same classes, chosen by a data set if
    there are several such groups; and that data set, empty for the first group."""
    groups: dict[tuple[int, int, str], dict[str, Checkpoint]] = {}
    for name, item in items.items():
        groups.setdefault(_reads(item), {})[name] = item
    if len(groups) == 1:
        return items, ""
    by_data = {next(iter(g.values())).card.dataset: g for g in groups.values()}
    titles = {data: _titles(group) for data, group in by_data.items()}
    chosen = select_titled(page, "images", "Images", titles)
    return by_data[chosen], "" if chosen == next(iter(by_data)) else chosen


def _reads(item: Checkpoint) -> tuple[int, int, str]:
    """What sets apart networks that cannot be shown the same images: their inputs, their classes,
    and images of your own."""
    source, card = DATASETS[item.card.dataset], item.card
    own = card.dataset if source.checksum else ""
    return source.input_dim, source.n_classes, own


def _titles(group: dict[str, Checkpoint]) -> str:
    """The data sets of a group in words."""
    names = dict.fromkeys(item.card.dataset for item in group.values())
    return ", ".join(DATASETS[name].title for name in names)


class Opened(NamedTuple):
    """An opened checkpoint: its key, its network and its training data."""

    which: cache.CheckpointKey
    model: "nn.Module"
    data: "Dataset"


def opened(item: Checkpoint) -> Opened:
    """Read a checkpoint and its data. Raises ``CheckpointError`` or ``DataError``."""
    which = cache.checkpoint_key(item)
    return Opened(which, cache.model(which), cache.dataset(which.dataset))


def checkpoint_picker(
    page: str,
    name: str,
    label: str,
    systems: str | Sequence[str],
    *,
    begin_with: str = "",
    optional: bool = False,
    like: Checkpoint | None = None,
    on_change: Callable[[], None] | None = None,
) -> Checkpoint | None:
    """A selectbox over the checkpoints of one system or several, bound to the address; None if
    none is chosen.

    Its choices are shown by their titles; the name of an own one, which ``corelib.load`` takes,
    stands below. The first choice is ``begin_with``, else the first name. With ``like`` only
    networks that read images of the same size, with the same classes, are offered.
    """
    items = of_systems([systems] if isinstance(systems, str) else systems)
    if like is not None:
        items = {name: item for name, item in items.items() if _reads(item) == _reads(like)}
    titles = {NOTHING: NOTHING} if optional else {}
    titles |= {name: item.title for name, item in items.items()}
    if not titles:
        return None
    first = begin_with if begin_with in titles else next(iter(titles))
    item = items.get(select_titled(page, name, label, titles, first, on_change=on_change))
    if item is not None:
        st.caption(typeset(plain(about(item))))
        if item.title != item.name:
            st.caption(plain(item.name))
    return item
