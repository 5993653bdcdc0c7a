"""Controls that are part of the address: a link reproduces the view.

Each is named by its page and its own name: ``slider("bars", "contrast", ...)`` has the key
``bars_contrast``, in the session and in the address. Its help is in
assets/texts/help/bars.toml, or in any.toml there. A value outside its bounds or choices, such as
one left by another network, is moved inside; one in an address that it cannot read is dropped.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from dashboard.shell import drawn
from dashboard.shell.address import Legal, clean, numbers, one_of, some_of
from dashboard.shell.help import help_of
from dashboard.shell.registry import Look, registry_of
from dashboard.shell.text import plain

LONGEST = 60
"""Characters that a person may search for."""
T = TypeVar("T")
Number = TypeVar("Number", int, float)
Change = Callable[[], None]
Rest = ParamSpec("Rest")
Value = TypeVar("Value")


def _drawn_once(
    control: Callable[Concatenate[str, str, Rest], Value],
) -> Callable[Concatenate[str, str, Rest], Value]:
    """Tabs may share a control. Where all are drawn in one run, for the zip, the first draws it."""

    @wraps(control)
    def drawn_once(page: str, name: str, *args: Rest.args, **more: Rest.kwargs) -> Value:
        key = f"{page}_{name}"
        if drawn.is_collecting() and key in registry_of(page).drawn and key in st.session_state:
            return st.session_state[key]
        return control(page, name, *args, **more)

    return drawn_once


@_drawn_once
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


@_drawn_once
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


@_drawn_once
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


@_drawn_once
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


@_drawn_once
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


@_drawn_once
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


@_drawn_once
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


@_drawn_once
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


@_drawn_once
def search(page: str, placeholder: str, label: str = "Search") -> str:
    """Words that what is shown has to hold, empty for all of it; named ``find``."""
    key = _prepare(
        page,
        "find",
        label,
        "",
        lambda words: words[:LONGEST],
        lambda asked: len(asked) == 1 and len(asked[0]) <= LONGEST,
    )
    return st.text_input(
        label,
        key=key,
        placeholder=placeholder,
        max_chars=LONGEST,
        help=help_of(page, "find", None),
        icon=":material/search:",
        bind="query-params",
    )


def sticky_button(page: str, name: str, label: str, *, icon: str) -> bool:
    """A button for slow work: once pressed, its result is shown again at each rerun."""
    key = f"{page}_{name}"
    pressed = st.button(label, key=key, icon=icon, help=help_of(page, name, None))
    kept = st.session_state[f"_{key}"] = pressed or st.session_state.get(f"_{key}", False)
    return kept


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
    registry = registry_of(page)
    asked = st.query_params.get_all(key)
    if clean(key, legal) and key not in registry.known:
        # As the page was opened: later, another network may have brought other choices.
        st.toast(plain(f"{label}: {', '.join(asked)[:80]} is not there; the standard is shown."))
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
            # Said, not left out: the browser would go on showing what it had.
            st.session_state[key] = default
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
