"""Controls that are part of the address: a link reproduces the view.

Each is named by its page and its own name: ``slider("bars", "contrast", ...)`` has the key
``bars_contrast``, in the session and in the address. Its help is in
assets/texts/help/bars.toml, or in any.toml there. A value outside its bounds or choices, such as
one left by another network, is moved inside; one in an address that it cannot read is dropped.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import streamlit as st

from dashboard.shell.address import Legal, clean, numbers, one_of, some_of
from dashboard.shell.help import help_of, label_of
from dashboard.shell.into_view import ask_into_view
from dashboard.shell.text import plain

KEPT = dict.fromkeys(("input", "class", "index", "image"), "the input") | {"model": "the network"}
"""How the controls that Reset leaves alone are called."""
T = TypeVar("T")
Number = TypeVar("Number", int, float)
Change = Callable[[], None]


class Preset(NamedTuple):
    """A button that sets some controls of a page: ``values`` by their names on that page."""

    name: str
    label: str
    help: str
    values: Mapping[str, Any]


def slider(
    page: str,
    name: str,
    label: str,
    low: Number,
    high: Number,
    default: Number,
    step: Number | None = None,
    *,
    disabled: bool = False,
    words: Mapping[str, object] | None = None,
    format: str | None = None,
) -> Number:
    """A number between ``low`` and ``high``. ``words`` fill the placeholders in its help."""
    key = _prepare(page, name, label, default, partial(_inside, low, high), numbers(1))
    return st.slider(
        label,
        low,
        high,
        default,
        step,
        format,
        key=key,
        help=help_of(page, name, words),
        disabled=disabled,
        bind="query-params",
    )


def interval(page: str, name: str, label: str, step: float) -> tuple[float, float]:
    """Two shares between 0 and 1, the lower first; the whole range by default."""
    key = _prepare(
        page, name, label, (0.0, 1.0), lambda value: value if len(value) == 2 else None, numbers(2)
    )
    return st.slider(
        label,
        0.0,
        1.0,
        (0.0, 1.0),
        step,
        format="percent",
        key=key,
        help=help_of(page, name, None),
        bind="query-params",
    )


def number(
    page: str,
    name: str,
    label: str,
    low: Number,
    high: Number,
    default: Number,
    step: Number | None = None,
    *,
    words: Mapping[str, object] | None = None,
    on_change: Change | None = None,
) -> Number:
    """A number to be typed, between ``low`` and ``high``; of the type of ``default``."""
    key = _prepare(page, name, label, default, partial(_inside, low, high), numbers(1))
    value = st.number_input(
        label,
        low,
        high,
        default,
        step,
        format="%g" if isinstance(default, float) else None,
        key=key,
        help=help_of(page, name, words),
        on_change=on_change,
        bind="query-params",
    )
    return type(default)(value)


def steps_slider(
    page: str,
    name: str,
    label: str,
    options: Sequence[T],
    default: T,
    *,
    words: Mapping[str, object] | None = None,
) -> T:
    """One of several ordered values."""
    key = _prepare(page, name, label, default, partial(_among, options), one_of(_written(options)))
    return st.select_slider(
        label, options, default, key=key, help=help_of(page, name, words), bind="query-params"
    )


def switch(
    page: str,
    name: str,
    label: str,
    default: bool = False,
    *,
    disabled: bool = False,
    words: Mapping[str, object] | None = None,
) -> bool:
    """On or off."""
    key = _prepare(page, name, label, default, bool, one_of(("true", "false")))
    return st.toggle(
        label,
        default,
        key=key,
        help=help_of(page, name, words),
        disabled=disabled,
        bind="query-params",
    )


def choice(
    page: str,
    name: str,
    label: str,
    options: Sequence[T],
    default: T | None = None,
    *,
    format_func: Callable[[T], str] = str,
    words: Mapping[str, object] | None = None,
    on_change: Change | None = None,
) -> T:
    """One of a few, all visible; the first unless ``default`` is given."""
    first = options[0] if default is None else default
    written = one_of(_written(options, format_func))
    key = _prepare(page, name, label, first, partial(_among, options), written, format_func)
    return st.segmented_control(
        label,
        options,
        default=first,
        required=True,
        format_func=format_func,
        key=key,
        help=help_of(page, name, words),
        on_change=on_change or "rerun",
        width="stretch",
        bind="query-params",
    )


def select(
    page: str,
    name: str,
    label: str,
    options: Sequence[T],
    default: T | None = None,
    *,
    format_func: Callable[[T], str] = str,
    words: Mapping[str, object] | None = None,
    on_change: Change | None = None,
) -> T:
    """One of many, from a drop-down list; the first unless ``default`` is given."""
    first = options[0] if default is None else default
    written = one_of(_written(options, format_func))
    key = _prepare(page, name, label, first, partial(_among, options), written, format_func)
    return st.selectbox(
        label,
        options,
        list(options).index(first),
        format_func=format_func,
        key=key,
        help=help_of(page, name, words),
        on_change=on_change,
        bind="query-params",
    )


def several(
    page: str,
    name: str,
    label: str,
    options: Sequence[T],
    default: Sequence[T] = (),
    *,
    format_func: Callable[[T], str] = str,
    most: int | None = None,
    placeholder: str | None = None,
    words: Mapping[str, object] | None = None,
) -> list[T]:
    """Any of many, at most ``most`` of them."""
    key = _prepare(
        page,
        name,
        label,
        list(default),
        lambda kept: [x for x in kept if x in options],
        some_of(_written(options, format_func)),
    )
    return st.multiselect(
        label,
        options,
        list(default),
        format_func=format_func,
        key=key,
        max_selections=most,
        placeholder=placeholder,
        help=help_of(page, name, words),
        bind="query-params",
    )


def sticky_button(page: str, name: str, label: str, *, icon: str) -> bool:
    """A button for slow work: once pressed, its result is shown again at each rerun."""
    key = f"{page}_{name}"
    pressed = st.button(label, key=key, icon=icon, help=help_of(page, name, None))
    kept = st.session_state[f"_{key}"] = pressed or st.session_state.get(f"_{key}", False)
    return kept


def preset_button(page: str, preset: Preset) -> None:
    """A small button that sets controls and thus the address; its help says which, and to what."""
    st.button(
        preset.label,
        key=f"{page}_try_{preset.name}",
        help=f"{plain(preset.help)}\n\n{what_it_sets(page, preset.values)}",
        on_click=partial(_apply, page, preset.values),
        type="secondary",
    )


def _apply(page: str, values: Mapping[str, Any]) -> None:
    set_values({f"{page}_{name}": value for name, value in values.items()})
    if "tab" in values:
        ask_into_view(f"{page}_tab")


def what_it_sets(page: str, values: Mapping[str, Any]) -> str:
    """What setting these controls of a page does, in the words of their labels, as Markdown.

    Those that are on the screen and come to their default are named without their value.
    """
    registry = _registry(page)
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


def begin(page: str) -> None:
    """Forget which controls the page drew in its last run; it draws them anew."""
    _registry(page).drawn.clear()


def values_of(page: str) -> dict[str, object]:
    """What the controls of this page are set to, by key; buttons are not controls."""
    drawn = _registry(page).drawn
    return {key: st.session_state[key] for key in drawn if key in st.session_state}


def reset_button(page: str, keep: Collection[str]) -> None:
    """A button that resets every control of this page, except those of ``keep``."""
    drawn = _registry(page).drawn
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
    registry, kept = _registry(page), {f"{page}_{name}" for name in keep}
    for key in registry.known - kept:
        if key in registry.drawn:
            st.session_state[key] = registry.drawn[key]
        else:
            st.session_state.pop(key, None)
        registry.pending[key] = registry.drawn.get(key)


def set_values(values: Mapping[str, Any]) -> None:
    """Set controls by their keys; used as the callback of a button."""
    for key, value in values.items():
        st.session_state[key] = value


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


class _Registry(NamedTuple):
    """The controls of a page in this session, by key: all that are ``known``, the defaults of those
    ``drawn`` in its last run, those ``pending`` after a reset, with the value it gave them, and the
    ``looks`` of all that were drawn."""

    known: set[str]
    drawn: dict[str, Any]
    pending: dict[str, Any]
    looks: dict[str, Look]


def _registry(page: str) -> _Registry:
    registries: dict[str, _Registry] = st.session_state.setdefault("_controls", {})
    return registries.setdefault(page, _Registry(set(), {}, {}, {}))


def _prepare(
    page: str,
    name: str,
    label: str,
    default: Any,
    fit: Callable[[Any], Any],
    legal: Legal,
    show: Callable[[Any], str] = str,
) -> str:
    """The control's key, with its look and default recorded and its value fitted to what is allowed
    now.

    ``fit`` returns an allowed value, or None if there is none; ``legal`` says whether the control
    can read what the address holds.
    """
    key = f"{page}_{name}"
    clean(key, legal)
    registry = _registry(page)
    registry.known.add(key)
    registry.drawn[key] = default
    registry.looks[key] = Look(label, show)
    # Unless something else has set it since, such as a click in a figure.
    if key in registry.pending and registry.pending.pop(key) == st.session_state.get(key):
        st.session_state[key] = default
    if key in st.session_state:
        value = st.session_state[key]
        fitted = fit(value)
        if fitted is None:
            del st.session_state[key]
        elif fitted != value:
            st.session_state[key] = fitted
    return key


def _inside(low: Number, high: Number, value: Number) -> Number | None:
    if not isinstance(value, (int, float)):
        return None
    return type(low)(min(max(value, low), high))


def _written(options: Sequence[T], format_func: Callable[[T], str] = str) -> list[str]:
    """The options as an address writes them."""
    return [format_func(option) for option in options]


def _among(options: Sequence[T], value: T) -> T | None:
    return value if value in options else None
