"""The button that saves a whole page as a zip."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.citation import bibtex
from dashboard.figures.light import for_export, light
from dashboard.shell.bundle import Contents, files_of, spec_of
from dashboard.shell.registry import values_of
from dashboard.shell.saved import Collected, Saved, all_versions, collect, link

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


def page_zip(page: Saved, row: "DeltaGenerator") -> None:
    """A button in this row that saves the open view: its figures, data, settings, link, versions,
    citation."""
    if not row.button(
        "This page (zip)",
        key=f"{page.name}_zip",
        icon=":material/folder_zip:",
        help="The figures of all tabs as SVG, their data, the settings, the link to this view, the "
        "versions, and what to cite",
    ):
        return
    from dashboard.shell import drawer

    found = collect(page)
    drawings = {n: light(d.figure) for n, d in found.figures.items() if isinstance(d.figure, str)}
    files = files_of(_contents(page, found))
    texts = files | {f"figures/{name}.svg": svg for name, svg in drawings.items()}
    rest = {
        n: for_export(d.figure) for n, d in found.figures.items() if not isinstance(d.figure, str)
    }
    st.caption(
        f"Your browser draws {len(rest)} figures one after another and then saves the zip: some "
        "seconds. Stay on this page until then."
    )
    drawer.save_all(rest, texts, page.stem)


def _contents(page: Saved, found: Collected) -> Contents:
    versions = all_versions()
    return Contents(
        tables={name: one.csv().decode() for name, one in found.figures.items()},
        captions={name: one.caption for name, one in found.figures.items()},
        settings={
            name: value
            for name, value in values_of(page.name).items()
            if isinstance(value, str | int | float | bool | list | tuple)
        },
        specs={name: spec_of(item) for name, item in page.items.items()},
        link=link(),
        versions=versions,
        citation=bibtex(page.cited, versions["synaptarium"]),
        problems=found.problems,
    )
