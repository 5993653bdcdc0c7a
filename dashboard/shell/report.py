"""The button "Report": the whole page as one HTML file that opens without a network."""

from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st

from corelib.citation import bibtex
from corelib.runs.spec import as_command
from corelib.words import PROGRAM
from dashboard.shell import drawn
from dashboard.shell.bundle import spec_of
from dashboard.shell.registry import registry_of, values_of
from dashboard.shell.report_html import Network, Report, Setting, Shown
from dashboard.shell.saved import Saved, all_versions, asked, collect, link_to

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

ASKED, MADE = "_report_asked", "_report_made"


def is_asked() -> bool:
    """Whether this session has no browser and is there for a report alone (``headless``)."""
    return st.session_state.get(ASKED, False)


def report_button(page: Saved, row: "DeltaGenerator | None" = None) -> None:
    """A button, in this row, that saves the view as a report.

    A page of its own calls ``begin(name)`` and ``drawn.forget()`` before it draws anything, and
    this after its last figure: ``report_button(Saved(name, title, lambda: sentence))``.
    """
    pressed = (row or st).button(
        "Report (HTML)",
        key=f"{page.name}_report",
        icon=":material/article:",
        help="One file that opens in any browser without a network: all figures, interactive, with "
        "captions, settings, commands, versions and what to cite. It prints well",
    )
    if pressed or is_asked():
        make_report(page)


def make_report(page: Saved) -> None:
    """Collect the page's figures; the browser saves the file, or ``headless`` takes the report."""
    report = _report(page)
    if is_asked():
        st.session_state[MADE] = report
        return
    from dashboard.shell import drawer
    from dashboard.shell.report_html import as_html

    drawer.save_page(as_html(report), page.stem)
    st.caption(f"Your browser saves {page.stem}.html, with {len(report.figures)} figures.")


def _report(page: Saved) -> Report:
    found, versions = collect(page), all_versions()
    # A report has all tabs: which one is open is none of its business.
    query = {key: values for key, values in asked().items() if key != f"{page.name}_tab"}
    link = link_to(st.context.url or "", query).removesuffix("?")
    return Report(
        title=page.title,
        sentence=page.sentence(),
        link=link,
        figures=[
            Shown(one.part, one.figure, one.alt(), drawn.still(one.caption))
            for one in found.figures.values()
        ],
        settings=_settings(page.name),
        networks=[
            Network(item.title, as_command(spec_of(item)), spec_of(item).model_dump())
            for item in page.items.values()
        ],
        repeat=f"{PROGRAM} report {quote(address_of(link))} {page.stem}.html",
        versions=versions,
        citation=bibtex(page.cited, versions["synaptarium"]),
        problems=found.problems,
        tables=page.tables(),
    )


def _settings(name: str) -> list[Setting]:
    """What the controls say, in their own words; one that has no value for a person is left out."""
    looks = registry_of(name).looks
    return [
        Setting(looks[key].label, looks[key].written(value), key)
        for key, value in values_of(name).items()
        if isinstance(value, str | int | float | bool | list | tuple)
    ]


def address_of(link: str) -> str:
    """The page of a link and what is asked of it: ``halting?halting_theta=0.8``."""
    parts = urlsplit(link)
    page = parts.path.strip("/").rpartition("/")[2]
    return f"{page}?{parts.query}" if parts.query else page
