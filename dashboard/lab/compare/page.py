"""Compare: two to eight trainings side by side."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from corelib.errors import SynaptariumError
from corelib.words import PER_CENT
from dashboard.figures.table import in_words
from dashboard.lab.compare import tabs
from dashboard.lab.compare.beside import Shown, draw_beside
from dashboard.lab.compare.view import PAGE, View, view
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
    for (name, draw), tab in zip(parts.items(), shown, strict=True):
        if tab.open:
            with tab, errors_shown(), drawn.part(name):
                draw(v)
    items = {item.name: item for item in v.items.values() if item is not None}
    # What is open has been drawn.
    rest = {
        name: partial(draw, v)
        for (name, draw), tab in zip(parts.items(), shown, strict=True)
        if not tab.open
    }
    said, tables = partial(plain, v.found.sentence), partial(_tables, v)
    report_button(Saved(PAGE, "Compare", said, rest, items, tables=tables))


def _tables(v: View) -> dict[str, pd.DataFrame]:
    """What the tabs show without a figure."""
    found = {
        "Scores on the test set": v.found.scores,
        "Over seeds": v.found.groups,
        "Differences from the baseline": v.found.differences,
        "Settings that differ": v.found.settings,
    }
    return {name: in_words(frame) for name, frame in found.items() if len(frame)}
