"""Parts of a page that are drawn again alone."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.shell import drawn
from dashboard.shell.address import drop
from dashboard.shell.registry import known_controls
from dashboard.shell.text import errors_shown

Given = ParamSpec("Given")


def apart(draw: Callable[Given, None]) -> Callable[Given, None]:
    """For a part whose controls change nothing outside it: when one is moved, the part alone is
    drawn again, with the arguments that the page gave it last, and the page is left as it is."""

    @wraps(draw)
    def drawn_apart(*args: Given.args, **more: Given.kwargs) -> None:
        if drawn.is_collecting():
            draw(*args, **more)
            return
        name = drawn.part_of_now()

        @wraps(draw)
        def again() -> None:
            with drawn.part(name), errors_shown():
                draw(*args, **more)

        alone(again)()

    return drawn_apart


def alone(draw: Callable[Given, None], every_s: float | None = None) -> Callable[Given, None]:
    """A part that is drawn again alone when one of its controls is moved, and every so many
    seconds; as the whole page does, it keeps the address right (``address.drop``)."""

    @wraps(draw)
    def drawn_alone(*args: Given.args, **more: Given.kwargs) -> None:
        draw(*args, **more)
        # Of a whole run the controls below are still to come.
        if is_alone():
            drop(known_controls())

    return st.fragment(drawn_alone, run_every=every_s)


def is_alone() -> bool:
    """Whether a part is drawn again alone, and not the whole page."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)
