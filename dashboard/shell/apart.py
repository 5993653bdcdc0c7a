"""Parts of a page that are drawn again alone."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from dashboard.shell import drawn
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

        st.fragment(again)()

    return drawn_apart
