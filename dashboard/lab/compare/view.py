"""What Compare shows: its controls, and one record of the networks chosen and their comparison."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.environment import runs_root
from corelib.measures.comparison import LEAST, MOST, Comparison, compare
from corelib.runs.offered import registry_state
from corelib.runs.registry import OWN
from corelib.runs.store import Run
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.page import NothingToShow
from dashboard.shell.theme import palette
from dashboard.shell.titled import select_titled, several_titled

if TYPE_CHECKING:
    from corelib.runs.registry import Checkpoint

PAGE = "compare"
FIRST = ("bpan-mnist", "mlp-mnist")
"""What the page opens on. A link says what else was chosen, so it does not depend on the runs."""


class View(NamedTuple):
    """The networks by title, None where one has no checkpoint yet, how each is drawn, in its group
    or alone, and the comparison."""

    items: "Mapping[str, Checkpoint | None]"
    styles: Mapping[str, TraceStyle]
    found: Comparison
    palette: Palette


def view() -> View:
    """The controls, and what they show. Raises ``NothingToShow`` or ``SettingsError``."""
    items = cache.checkpoints()
    known: dict[str, Checkpoint | None] = {item.name: item for item in items}
    titles = {item.name: item.title for item in items}
    called = cache.run_titles()
    for row in cache.rows()[: cache.MOST_OFFERED]:
        # Its curves can be shown, although it has no network yet.
        if row.id not in known and OWN + row.id not in known:
            known[row.id], titles[row.id] = None, called.get(row.id, row.id)
    left, right = st.columns([3, 1])
    with left:
        first = [name for name in FIRST if name in known]
        chosen = several_titled(PAGE, "models", "Networks", titles, first, most=MOST)
    if len(chosen) < LEAST:
        raise NothingToShow(
            f"Choose {LEAST} to {MOST} networks: those that ship, and your own runs."
        )
    with right:
        baseline = select_titled(PAGE, "baseline", "Baseline", {n: titles[n] for n in chosen})
    with st.spinner("Testing the networks", show_time=True):
        found = compared(chosen, titles[baseline])
    styles = trace_styles([titles[name] for name in chosen])
    # A group is drawn as the first of its runs.
    members = [*zip(found.scores["run"], found.scores["group"], strict=True)]
    styles = {group: styles[run] for run, group in reversed(members)} | styles
    return View({titles[name]: known[name] for name in chosen}, styles, found, palette())


def compared(names: Sequence[str], baseline: str) -> Comparison:
    """These networks beside the one of the title ``baseline``: compared anew when the registry or
    one of their histories has changed."""
    return _compared(tuple(names), baseline, (registry_state(), *map(_written, names)))


def _written(name: str) -> tuple[int, int]:
    """Changes with what a run has written of its history; of what is no run always the same."""
    try:
        written = Run(runs_root() / name.removeprefix(OWN)).events.stat()
    except OSError:
        return 0, 0
    return written.st_mtime_ns, written.st_size


@st.cache_resource(show_spinner=False, max_entries=16)
def _compared(names: tuple[str, ...], baseline: str, state: tuple) -> Comparison:
    """The comparison, as long as the registry and the histories are in this state."""
    items = {item.name: item for item in cache.checkpoints()}
    return compare([items.get(name, name) for name in names], baseline=baseline, correct=_correct)


def _correct(item: "Checkpoint", images: int | None) -> np.ndarray:
    return _correctness(cache.checkpoint_key(item))[:images]


@st.cache_resource(show_spinner=False, max_entries=64)
def _correctness(which: cache.CheckpointKey) -> np.ndarray:
    import torch

    from corelib.analysis import correctness

    # As in ``cache.model``.
    torch.set_num_threads(1)
    return correctness(which.name)
