"""The skeleton of every experiment's page.

Title, a sentence computed from the current view, presets, the main figure, tabs of which only the
open one is drawn, and the four parts that all pages share: About, Published, Train, Export.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

import streamlit as st

from corelib.errors import SynaptariumError
from dashboard.rooms import ROOMS, Room
from dashboard.shell import drawn
from dashboard.shell.address import clean, one_of, rename
from dashboard.shell.controls import choice, select
from dashboard.shell.into_view import bring_into_view
from dashboard.shell.presets import Preset, preset_button, reset_button
from dashboard.shell.registry import begin
from dashboard.shell.report import is_asked, make_report, report_button
from dashboard.shell.saved import Saved, draw_citation
from dashboard.shell.text import errors_shown, plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from corelib.runs.registry import Checkpoint
    from dashboard.shell.train_form import Draw

ASSETS = Path(__file__).parents[2] / "assets"
TEXTS = ASSETS / "texts"
STYLES = Path(__file__).with_name("page.css")
ABOUT, PUBLISHED, TRAIN, EXPORT = "About", "Published", "Train", "Export"
RENAMED = {
    "What you see": ABOUT,
    "Take home": EXPORT,
    "Digits by step": "Examples by halting step",
    "Where it hurts": "Occlusion sensitivity",
    "Who halts when": "By class and difficulty",
    "Both ways": "Forward and feedback",
}
"""Former names of tabs, so that old addresses still open them."""

View = TypeVar("View")


class NothingToShow(Exception):
    """Raised by a page's view when there is nothing to show yet; the text says what to do."""


class Training(NamedTuple):
    """What a page trains: its systems, and how a network is drawn meanwhile."""

    systems: Sequence[str]
    draw: "Draw | None" = None
    note: str = ""


class Published(NamedTuple):
    """The reproductions that a page shows; ``missing`` is shown where none exists yet."""

    tables: Sequence[str]
    missing: str = ""


class Page(NamedTuple, Generic[View]):
    """An experiment's page.

    All its keys begin with ``name``; ``room`` names its file and its text. ``view`` draws the
    controls in the sidebar and returns one record of what is shown; ``sentence``, ``presets``,
    ``main`` and the ``tabs`` (by name) take it. Tabs in ``always`` are drawn with None if there
    is no view. ``export`` lists the networks to export. ``keep`` names the controls that Reset
    leaves alone. With ``about_first`` the page opens on its text, so that a slider does not wait
    for figures below. With ``main_first`` the main figure is drawn before a sentence that takes
    longer to compute.
    """

    name: str
    room: str
    view: Callable[[], View]
    sentence: Callable[[View], str]
    presets: Callable[[View], Sequence[Preset]]
    main: Callable[[View], None]
    tabs: Mapping[str, Callable[[View], None]]
    published: Published
    training: Training
    export: "Callable[[View], Sequence[Checkpoint]]"
    keep: Collection[str] = ("model", "input", "class", "index", "image", "run")
    always: Collection[str] = ()
    about_first: bool = False
    main_first: bool = False


def draw_page(page: Page[View]) -> None:
    """Draw a whole page. An error in one part is shown there and does not affect the others."""
    begin(page.name)
    drawn.forget()
    st.html(STYLES)
    st.title(_room(page).title)
    headline = st.container()
    view = None
    try:
        view = page.view()
    except NothingToShow as reason:
        headline.info(plain(reason))
    except SynaptariumError as error:
        headline.error(plain(error))
    if view is not None:
        if not page.main_first:
            _draw_headline(page, view, headline)
        with errors_shown():
            page.main(view)
        if page.main_first:
            _draw_headline(page, view, headline)
    if is_asked():
        # Without a browser all tabs are collected, and none is shown.
        if view is not None:
            make_report(_saved(page, view))
        return
    _draw_tabs(page, view)


def _draw_headline(page: Page[View], view: View, place: "DeltaGenerator") -> None:
    with place, errors_shown():
        st.markdown(page.sentence(view))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Try this", width="content")
            for preset in page.presets(view):
                preset_button(page.name, preset)
            reset_button(page.name, page.keep)


def _draw_tabs(page: Page[View], view: View | None) -> None:
    names = [*page.tabs, ABOUT, PUBLISHED, TRAIN, EXPORT]
    if page.about_first:
        names = [ABOUT, *(name for name in names if name != ABOUT)]
    key = f"{page.name}_tab"
    rename(key, lambda tab: RENAMED.get(tab, tab))
    clean(key, one_of(names))
    tabs = st.tabs(names, key=key, on_change="rerun", bind="query-params")
    for name, tab in zip(names, tabs, strict=True):
        if tab.open:
            with tab, errors_shown():
                _draw_tab(page, name, view)
    bring_into_view(page.name)


def _draw_tab(page: Page[View], name: str, view: View | None) -> None:
    if name == ABOUT:
        st.markdown((TEXTS / f"{page.room}.md").read_text(encoding="utf-8"))
    elif name == PUBLISHED:
        _draw_published(page)
    elif name == TRAIN:
        _draw_training(page)
    elif name in page.always:
        cast("Callable[[View | None], None]", page.tabs[name])(view)
    elif view is None:
        st.caption("There is nothing to show yet.")
    elif name == EXPORT:
        _draw_export(page, view)
    else:
        page.tabs[name](view)


def _draw_published(page: Page[View]) -> None:
    from dashboard.shell.reproduction import reproduction_section

    tables = page.published.tables
    table = tables[0] if len(tables) == 1 else choice(page.name, "table", "Table", tables)
    reproduction_section(table, page.name, page.published.missing)


def _draw_training(page: Page[View]) -> None:
    from dashboard.shell.train_form import training_section

    training = page.training
    if training.note:
        st.caption(training.note)
    system, prefix = training.systems[0], page.name
    if len(training.systems) > 1:
        system = select(page.name, "system", "System", training.systems)
        prefix = f"{page.name}_{system}"
    training_section(system, prefix, training.draw)


def _draw_export(page: Page[View], view: View) -> None:
    from dashboard.shell.export import export_row
    from dashboard.shell.page_zip import page_zip
    from dashboard.shell.titled import select_titled

    saved = _saved(page, view)
    items = saved.items
    if not items:
        st.caption("There is nothing to show yet.")
        return
    titles = {name: item.title for name, item in items.items()}
    name = next(iter(titles))
    if len(titles) > 1:
        name = select_titled(page.name, "export", "Network", titles)
    export_row(items[name], f"{page.name}_export")
    st.caption("This whole page, with the figures of all its tabs:")
    row = st.container(horizontal=True)
    report_button(saved, row)
    page_zip(saved, row)
    draw_citation(saved)


def _saved(page: Page[View], view: View) -> Saved:
    room = _room(page)
    return Saved(
        page.name,
        room.title,
        partial(page.sentence, view),
        tabs={name: partial(draw, view) for name, draw in page.tabs.items()},
        items={item.name: item for item in page.export(view)},
        families=[room.family],
    )


def _room(page: Page[View]) -> Room:
    return next(room for room in ROOMS if room.file == f"{page.room}.py")
