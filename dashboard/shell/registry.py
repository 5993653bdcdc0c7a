"""What the controls of a page were in its last run: their defaults, labels and values."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st


class Look(NamedTuple):
    """A control's label, and how it writes a value."""

    label: str
    show: Callable[[Any], str] = str

    def written(self, value: Any) -> str:
        """The value as the control shows it."""
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, float):
            return f"{value:g}"
        if isinstance(value, (list, tuple)):
            return ", ".join(map(self.show, value))
        return self.show(value)


class Registry(NamedTuple):
    """The controls of a page in this session, by key: all that are ``known``, the defaults of those
    ``drawn`` in its last run, those ``pending`` after a reset, with the value it gave them, and the
    ``looks`` of all that were drawn."""

    known: set[str]
    drawn: dict[str, Any]
    pending: dict[str, Any]
    looks: dict[str, Look]


def registry_of(page: str) -> Registry:
    registries: dict[str, Registry] = st.session_state.setdefault("_controls", {})
    return registries.setdefault(page, Registry(set(), {}, {}, {}))


def known_controls() -> set[str]:
    """The keys of all controls that this session has drawn."""
    registries: dict[str, Registry] = st.session_state.get("_controls", {})
    return {key for registry in registries.values() for key in registry.known}


def begin(page: str) -> None:
    """Forget which controls the page drew in its last run; it draws them anew."""
    registry_of(page).drawn.clear()


def values_of(page: str) -> dict[str, object]:
    """What the controls of this page are set to, by key; buttons are not controls."""
    drawn = registry_of(page).drawn
    return {key: st.session_state[key] for key in drawn if key in st.session_state}


def set_values(values: Mapping[str, Any]) -> None:
    """Set controls by their keys; used as the callback of a button."""
    for key, value in values.items():
        st.session_state[key] = value
