"""The glossary: every symbol and term that the pages use, by family, to be searched and linked to.

``?glossary_term=theta`` opens it at one term.
"""

import streamlit as st

from dashboard.rooms import ROOMS
from dashboard.shell.controls import search
from dashboard.shell.glossary import FAMILIES, Entry, entries
from dashboard.shell.text import plain

PAGE = "glossary"
TITLES = {room.file.removesuffix(".py"): room.title for room in ROOMS}


def draw_glossary() -> None:
    st.title("Glossary")
    st.markdown(
        f"{len(entries())} symbols and terms. On the pages, those with a dotted line and the "
        "symbols in equations are explained where they stand: point at one, tap it, or reach it "
        "with the Tab key."
    )
    if linked := entries().get(st.query_params.get(f"{PAGE}_term", "")):
        _draw_entry(linked, f"{PAGE}_linked")
    sought = search(PAGE, "a symbol, a word, a paper")
    found = [entry for entry in entries().values() if matches(entry, sought)]
    if not found:
        st.caption(f"No term contains {plain(sought)}.")
    for family, title in FAMILIES.items():
        if group := [entry for entry in found if entry.family == family]:
            st.markdown(f"### {title}")
            _draw_group(group)


def matches(entry: Entry, sought: str) -> bool:
    """Whether all words of ``sought`` are in what is shown of the entry, small or capital."""
    shown = " ".join(
        (
            entry.id,
            entry.name,
            entry.sentence,
            entry.source,
            *entry.words,
            *entry.math,
            *(TITLES[page] for page in entry.pages),
        )
    )
    return all(word in shown.casefold() for word in sought.casefold().split())


def _draw_group(group: list[Entry]) -> None:
    for at in range(0, len(group), 2):
        for column, entry in zip(st.columns(2), group[at : at + 2], strict=False):
            with column:
                _draw_entry(entry, f"{PAGE}_entry_{entry.id}")


def _draw_entry(entry: Entry, key: str) -> None:
    symbol = f"${entry.symbol}$ " if entry.symbol else ""
    links = ", ".join(f"[{TITLES[page]}]({page})" for page in entry.pages)
    source = f"Source: {entry.source}. " if entry.source else ""
    parts = (
        f"##### {symbol}{entry.name}",
        entry.sentence,
        f"$\\displaystyle {entry.equation}$" if entry.equation else "",
        f":small[Unit: {entry.unit}. {source}On {links}.]",
    )
    with st.container(border=True, height="stretch", key=key):
        st.markdown("\n\n".join(part for part in parts if part))
