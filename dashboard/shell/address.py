"""What an address asks of the controls, cleaned before Streamlit reads it.

Streamlit sets a control from the address when the control is drawn, and some values end in an
exception there: an infinite number, an empty choice. So each control first says what it can read.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import get_session_state

Legal = Callable[[Sequence[str]], bool]
"""Whether a control can read these values; an address may repeat a parameter."""

VISIT = "_visit"
"""Where a session counts its visits to pages."""


def count_visit(page: str) -> None:
    """Note that ``page``, any name of it, is shown: another one than before, or again after Back or
    Forward, is a new visit."""
    context = get_script_run_ctx()
    moved = context is not None and context.is_history_navigation
    count, before = st.session_state.get(VISIT, (0, page))
    st.session_state[VISIT] = (count + (moved or page != before), page)


def clean(key: str, legal: Legal) -> bool:
    """Take ``key`` out of the address if its control cannot read it, which has its default then;
    whether it was taken out."""
    asked = st.query_params.get_all(key)
    if not asked or legal(asked):
        return False
    with get_session_state().query_params() as address:
        address.remove_param(key)
        # What controls are set from; those drawn before have read theirs already.
        address.set_initial_query_params_from_current()
    return True


def rename(key: str, called: Callable[[str], str]) -> None:
    """Read the values of ``key`` as what each is ``called`` now."""
    asked = st.query_params.get_all(key)
    now = [called(value) for value in asked]
    if now != asked:
        with get_session_state().query_params() as address:
            address.set_corrected_value(key, now, "string_array_value")
            address.set_initial_query_params_from_current()


def drop(keys: Collection[str]) -> None:
    """Take what controls that are gone had set out of the address; called at the end of a run.

    Streamlit does so at the end of the run that no longer draws them, and sends the whole address
    as that run had it. What a person changes meanwhile is then missing from the browser's address.
    The change begins another run, whose address still has what is gone: that tells it, and taking
    it out once more sends the address with the change.
    """
    with get_session_state().query_params() as address:
        for key in keys:
            if not address.is_bound(key):
                address.remove_param(key)


def ask(values: Mapping[str, str]) -> None:
    """Set controls that are about to be drawn, by their keys, as the address would. Others of them
    are read from the address as it is now, not as it was when the page was opened.

    A value in the session is not enough: after Back or Forward Streamlit lets the address decide.
    """
    with get_session_state().query_params() as address:
        for key, value in values.items():
            address.set_corrected_value(key, value, "string_value")
        address.set_initial_query_params_from_current()


def numbers(count: int) -> Legal:
    """As many finite numbers, in ascending order. Their bounds are the control's own."""

    def legal(asked: Sequence[str]) -> bool:
        try:
            values = [float(value) for value in asked]
        except ValueError:
            return False
        return len(values) == count and all(map(isfinite, values)) and values == sorted(values)

    return legal


def one_of(options: Collection[str]) -> Legal:
    """One of these, as they are written in the address."""
    return lambda asked: len(asked) == 1 and asked[0] in options


def some_of(options: Collection[str]) -> Legal:
    """Any number of these, or an empty value for none; Streamlit leaves out what is unknown."""
    return lambda asked: any(value == "" or value in options for value in asked)
