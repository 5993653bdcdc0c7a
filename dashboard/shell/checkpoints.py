"""Picking a trained network: shipped, or from one's own runs."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from corelib.catalog import system as find_system
from corelib.data import DATASETS
from corelib.errors import SynaptariumError
from corelib.runs.registry import Checkpoint
from dashboard.shell import cache
from dashboard.shell.controls import BOUND

if TYPE_CHECKING:
    from torch import nn

    from corelib.data import Dataset

NONE = "none"


def about(item: Checkpoint) -> str:
    """What sets a checkpoint apart, and how well it does, in a line."""
    chosen = find_system(item.card.system)
    differs = [
        f"{info.symbol or info.name} = {values[info.name]:g}"
        if info.kind in ("int", "float")
        else f"{info.name}: {'on' if values[info.name] is True else values[info.name] or 'off'}"
        for kind, values in (
            (chosen.config_type, item.card.config),
            (chosen.training_type, item.card.training),
        )
        for info in kind.infos()
        if values.get(info.name, info.default) != info.default
    ]
    card = item.card
    parts = [", ".join(differs) or "standard settings", f"{DATASETS[card.dataset].title}"]
    measured, where = (card.test, "test") if card.test else (card.metrics, "validation")
    if "accuracy" in measured:
        parts.append(f"{measured['accuracy']:.2%} {where}")
    return "; ".join(parts)


def of_systems(systems: Sequence[str]) -> dict[str, Checkpoint]:
    """All checkpoints of these systems by name: standard ones first, then variants, then own."""
    found = [item for item in cache.checkpoints() if item.card.system in systems]
    found.sort(
        key=lambda item: (item.own, item.card.variant != "", systems.index(item.card.system))
    )
    return {item.name: item for item in found}


def checkpoints_picker(
    text: str,
    key: str,
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
    kept = [name for name in st.session_state.get(key, []) if name in items]
    if key in st.session_state and kept != st.session_state[key]:
        st.session_state[key] = kept
    chosen = st.multiselect(
        text,
        list(items),
        default=[name for name in standard if name in items],
        key=key,
        max_selections=8,
        help="Names as corelib.load takes them; your own trainings are at the end",
        **BOUND,
    )
    return [items[name] for name in chosen]


class Opened(NamedTuple):
    """A checkpoint at hand: its stamp, the network, and the data that it learned from."""

    which: cache.CheckpointKey
    model: "nn.Module"
    data: "Dataset"


def opened(item: Checkpoint) -> Opened:
    """Read a checkpoint and its data; where that fails the page says why, and ends."""
    try:
        which = cache.checkpoint_key(item)
        return Opened(which, cache.model(which), cache.dataset(which.dataset))
    except SynaptariumError as error:
        st.error(str(error))
        st.stop()


def checkpoint_picker(
    text: str,
    key: str,
    systems: str | Sequence[str],
    *,
    begin_with: str = "",
    optional: bool = False,
    help: str = "",
    on_change: Callable[[], None] | None = None,
) -> Checkpoint | None:
    """A selectbox over the checkpoints of one system or several, bound to the address; None where
    none is chosen.

    Its choices are the names that ``corelib.load`` takes. It begins with the one named, else with
    the first.
    """
    items = of_systems([systems] if isinstance(systems, str) else systems)
    names = list(items)
    if optional:
        names.insert(0, NONE)
    if st.session_state.get(key) not in names:
        st.session_state.pop(key, None)
    first = names.index(begin_with) if begin_with in names else 0
    chosen = st.selectbox(text, names, first, key=key, help=help, on_change=on_change, **BOUND)
    item = items.get(chosen)
    if item is not None:
        st.caption(about(item))
    return item
