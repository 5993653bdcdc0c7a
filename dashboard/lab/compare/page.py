"""Compare: two to eight trainings side by side."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from corelib.catalog import system
from corelib.errors import SynaptariumError
from corelib.words import PER_CENT
from dashboard.lab.compare import tabs
from dashboard.lab.compare.beside import Shown, draw_beside
from dashboard.lab.compare.view import PAGE, view
from dashboard.shell import drawn
from dashboard.shell.address import clean, one_of
from dashboard.shell.page import STYLES, NothingToShow
from dashboard.shell.registry import begin
from dashboard.shell.report import report_button
from dashboard.shell.saved import Saved
from dashboard.shell.text import errors_shown, plain, say_error


def draw_compare(experiments: Mapping[str, Shown]) -> None:
    """The page; ``experiments`` can show a network each, by their titles."""
    begin(PAGE)
    drawn.forget()
    st.html(STYLES)
    st.title("Compare")
    try:
        v = view()
    except NothingToShow as reason:
        st.info(plain(reason))
        return
    except SynaptariumError as error:
        say_error(error)
        return
    # ``plain`` makes every space one that breaks.
    st.markdown(plain(v.found.sentence).replace(" %", PER_CENT))
    with errors_shown():
        tabs.draw_main(v)
    parts = {
        "Scores": tabs.draw_scores,
        "Curves": tabs.draw_curves,
        "Settings": tabs.draw_settings,
        "Side by side": partial(draw_beside, experiments),
    }
    key = f"{PAGE}_tab"
    clean(key, one_of(parts))
    shown = st.tabs(list(parts), key=key, on_change="rerun", bind="query-params")
    for draw, tab in zip(parts.values(), shown, strict=True):
        if tab.open:
            with tab, errors_shown():
                draw(v)
    items = {item.name: item for item in v.items.values() if item is not None}
    families = [system(item.card.system).family for item in items.values()]
    drawing = {name: partial(draw, v) for name, draw in parts.items()}
    said = partial(plain, v.found.sentence)
    report_button(Saved(PAGE, "Compare", said, drawing, items, list(dict.fromkeys(families))))
