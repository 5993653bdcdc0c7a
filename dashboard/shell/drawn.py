"""The figures of a page as it drew them last, for its zip and its report."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from corelib.errors import SynaptariumError

if TYPE_CHECKING:
    from dashboard.figures.figure import Figure

CLICKED = re.compile(r" Click [^.]*\.")
"""What a caption says of clicks."""
FIGURES, QUIET, PART = "_drawn_figures", "_drawn_quietly", "_drawn_part"


class Drawn(NamedTuple):
    """A figure, or a drawing as SVG: the name of its files, its table, its caption, what it says
    to those who do not see it, and the part of the page that it was collected from."""

    stem: str
    figure: "Figure | str"
    csv: Callable[[], bytes]
    caption: str
    alt: Callable[[], str]
    part: str = ""


def forget() -> None:
    """A page is drawn anew."""
    st.session_state[FIGURES] = {}


def add(key: str, drawn: Drawn) -> bool:
    """Keep a figure; whether it is only collected and not shown."""
    part = part_of_now()
    st.session_state.setdefault(FIGURES, {})[key] = drawn._replace(part=part)
    return is_collecting()


def is_collecting() -> bool:
    """Whether what is drawn now is for a file alone."""
    return st.session_state.get(QUIET, 0) > 0


def figures() -> dict[str, Drawn]:
    """All figures that this run of the page has drawn or collected, by key."""
    return dict(st.session_state.get(FIGURES, {}))


def restore(figures: Mapping[str, Drawn]) -> None:
    """Put back the ``figures`` that were there before others were collected."""
    st.session_state[FIGURES] = dict(figures)


def collect(parts: Mapping[str, Callable[[], None]]) -> dict[str, str]:
    """Draw these parts of a page without showing them, to have their figures; why a part could not
    be drawn, by its name."""
    problems: dict[str, str] = {}
    bar = st.progress(0.0)
    for done, (name, draw) in enumerate(parts.items()):
        bar.progress(done / len(parts), f"Drawing {name}")
        with _unseen(done, name):
            try:
                draw()
            except (SynaptariumError, OSError) as error:
                problems[name] = str(error)
    bar.empty()
    return problems


@contextmanager
def part(name: str) -> Iterator[None]:
    """What is drawn inside belongs to this part of the page."""
    before = part_of_now()
    st.session_state[PART] = name
    try:
        yield
    finally:
        st.session_state[PART] = before


def part_of_now() -> str:
    """The part of the page that is drawn now."""
    return st.session_state.get(PART, "")


def still(caption: str) -> str:
    """A caption where nothing can be clicked."""
    return CLICKED.sub("", caption)


@contextmanager
def _unseen(number: int, part: str) -> Iterator[None]:
    place, state = st.empty(), st.session_state
    # A part may itself collect figures.
    depth, before = state.get(QUIET, 0), part_of_now()
    key = f"{QUIET}_{depth}_{number}"
    state[QUIET], state[PART] = depth + 1, part
    try:
        with place.container(key=key):
            # Controls and sentences of the part would flash up.
            st.html(f"<style>.st-key-{key} {{display: none}}</style>")
            yield
    finally:
        state[QUIET], state[PART] = depth, before
        place.empty()


def network_of(key: str) -> str:
    """The network that the page of a figure shows, or the page where it shows several."""
    page = key.partition("_")[0]
    chosen = st.session_state.get(f"{page}_model", page)
    return chosen if isinstance(chosen, str) else page
