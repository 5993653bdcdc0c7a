"""Menus of networks and runs: chosen by name or id, shown and written in the address by title."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from corelib.runs.offered import formerly
from dashboard.shell.address import rename
from dashboard.shell.controls import select, several


def select_titled(
    page: str,
    name: str,
    label: str,
    titles: Mapping[str, str],
    default: str | None = None,
    *,
    on_change: Callable[[], None] | None = None,
) -> str:
    """One of these names, each shown by its title; no two titles may be the same. An address may
    hold a name instead."""
    _prepare(f"{page}_{name}", titles)
    return select(
        page, name, label, list(titles), default, format_func=_shown(titles), on_change=on_change
    )


def several_titled(
    page: str,
    name: str,
    label: str,
    titles: Mapping[str, str],
    default: Sequence[str] = (),
    *,
    most: int | None = None,
) -> list[str]:
    """Any of these names, at most ``most`` of them, each shown by its title."""
    _prepare(f"{page}_{name}", titles)
    return several(page, name, label, list(titles), default, format_func=_shown(titles), most=most)


def _shown(titles: Mapping[str, str]) -> Callable[[str], str]:
    # Also asked for the title of what was removed since it was chosen.
    return lambda name: titles.get(name, name)


def _now(titles: Mapping[str, str], asked: str) -> str:
    """The present title of what an address names by its id, its title or a former title."""
    if asked in titles:
        return titles[asked]
    if not asked or asked in titles.values():
        return asked
    return titles.get(formerly(asked), asked)


def ids(query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The values of an address with names and ids in place of titles, which may be given to others
    later."""
    shown: dict[str, dict[str, str]] = st.session_state.get("_titles", {})
    named = {key: {title: id for id, title in titles.items()} for key, titles in shown.items()}
    return {
        key: [named.get(key, {}).get(value, value) for value in values]
        for key, values in query.items()
    }


def _prepare(key: str, titles: Mapping[str, str]) -> None:
    """Read names in the address as titles. Where what is chosen has a new title, because another
    run of its name has come, choose it again: the browser knows it only by the former one."""
    rename(key, partial(_now, titles))
    shown: dict[str, dict[str, str]] = st.session_state.setdefault("_titles", {})
    chosen = st.session_state.get(key)
    names = [chosen] if isinstance(chosen, str) else list(chosen or ())
    former = shown.get(key, {})
    if any(former.get(one, titles.get(one)) != titles.get(one) for one in names):
        st.session_state[key] = chosen
    shown[key] = dict(titles)
