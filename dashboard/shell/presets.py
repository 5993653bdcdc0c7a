"""Buttons that set many controls at once: presets, which say what they set, and Reset."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from dashboard.shell.help import label_of
from dashboard.shell.into_view import ask_into_view
from dashboard.shell.registry import Look, registry_of, set_values
from dashboard.shell.text import plain

KEPT = dict.fromkeys(("input", "class", "index", "image"), "the input") | {"model": "the network"}
"""How the controls that Reset leaves alone are called."""


class Preset(NamedTuple):
    """A button that sets some controls of a page: ``values`` by their names on that page. One that
    opens a tab brings it into view, or the element of that tab that ``show`` names."""

    name: str
    label: str
    help: str
    values: Mapping[str, Any]
    show: str = "tab"


def preset_button(page: str, preset: Preset) -> None:
    """A small button that sets controls and thus the address; its help says which, and to what."""
    st.button(
        preset.label,
        key=f"{page}_try_{preset.name}",
        help=f"{plain(preset.help)}\n\n{what_it_sets(page, preset.values)}",
        on_click=partial(_apply, page, preset),
        type="secondary",
    )


def _apply(page: str, preset: Preset) -> None:
    set_values({f"{page}_{name}": value for name, value in preset.values.items()})
    if "tab" in preset.values:
        ask_into_view(f"{page}_{preset.show}")


def what_it_sets(page: str, values: Mapping[str, Any]) -> str:
    """What setting these controls of a page does, in the words of their labels, as Markdown.

    Those that are on the screen and come to their default are named without their value.
    """
    registry = registry_of(page)
    changed: list[str] = []
    back: list[str] = []
    for name, value in values.items():
        key = f"{page}_{name}"
        if name == "tab":
            continue
        look = registry.looks.get(key) or Look(label_of(page, name))
        if key in registry.drawn and registry.drawn[key] == value:
            back.append(plain(look.label))
        else:
            changed.append(plain(f"{look.label}: {look.written(value)}"))
    parts = []
    if changed:
        parts.append(f"Sets {', '.join(changed)}.")
    if back:
        parts.append(f"{'Also back' if changed else 'Back'} at the default: {', '.join(back)}.")
    if "tab" in values:
        parts.append(f"Opens the tab {plain(values['tab'])}.")
    return " ".join(parts)


def reset_button(page: str, keep: Collection[str]) -> None:
    """A button that resets every control of this page, except those of ``keep``."""
    drawn = registry_of(page).drawn
    kept = {KEPT.get(name, f"the {name}"): None for name in keep if f"{page}_{name}" in drawn}
    except_for = f", except {' and '.join(kept)}" if kept else ""
    st.button(
        "Reset",
        # Moving bars has a control named reset.
        key=f"{page}_reset_all" if f"{page}_reset" in drawn else f"{page}_reset",
        help=f"Every control at its default{except_for}",
        on_click=partial(_reset, page, keep),
        type="secondary",
    )


def _reset(page: str, keep: Collection[str]) -> None:
    """Set what was drawn to its default, and what is drawn later to the default that it has then,
    since that may depend on other controls."""
    registry, kept = registry_of(page), {f"{page}_{name}" for name in keep}
    for key in registry.known - kept:
        if key in registry.drawn:
            st.session_state[key] = registry.drawn[key]
        else:
            st.session_state.pop(key, None)
        registry.pending[key] = registry.drawn.get(key)
