"""The button that saves an experiment's whole page."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import streamlit as st

from corelib.citation import bibtex
from corelib.runs.registry import Checkpoint
from corelib.runs.spec import versions
from dashboard.figures.light import light
from dashboard.figures.tidy import slug
from dashboard.shell import drawn
from dashboard.shell.bundle import Contents, files_of, spec_of
from dashboard.shell.registry import values_of


class Saved(NamedTuple):
    """A page to save: its name, its family, the networks it shows, and how each tab is drawn."""

    name: str
    family: str
    items: Mapping[str, Checkpoint]
    tabs: Mapping[str, Callable[[], None]]


def page_zip(page: Saved) -> None:
    """A button that saves the open view: its figures, data, settings, link, versions, citation."""
    if not st.button(
        "This page (zip)",
        key=f"{page.name}_zip",
        icon=":material/folder_zip:",
        help="The figures of all tabs as SVG, their data, the settings, the link to this view, the "
        "versions, and what to cite",
    ):
        _draw_citation(page)
        return
    from dashboard.shell import drawer

    with st.spinner("Computing the figures of all tabs", show_time=True):
        problems = drawn.collect(page.tabs)
    figures = _named(drawn.figures())
    drawings = {name: light(one.figure) for name, one in figures.items() if _is_svg(one)}
    files = files_of(_contents(page, figures, problems))
    texts = files | {f"figures/{name}.svg": svg for name, svg in drawings.items()}
    rest = {name: one.figure for name, one in figures.items() if not isinstance(one.figure, str)}
    st.caption(
        f"Your browser draws {len(rest)} figures one after another and then saves the zip: some "
        "seconds. Stay on this page until then."
    )
    drawer.save_all(rest, texts, f"{slug(drawn.network_of(page.name))}_{page.name}")
    _draw_citation(page)


def _draw_citation(page: Saved) -> None:
    """The link to this view and what to cite, each with a button that copies it."""
    from corelib.version import own_version

    st.markdown("##### Link and citation")
    st.caption("Whoever opens this link sees this view.")
    st.code(_link(), language=None, wrap_lines=True)
    st.caption("The paper, and this software, as BibTeX.")
    st.code(bibtex(page.family, own_version()), language=None, wrap_lines=True)


def _link() -> str:
    return link_to(st.context.url or "", st.query_params.to_dict())


def _is_svg(one: drawn.Drawn) -> bool:
    return isinstance(one.figure, str)


def _named(found: Mapping[str, drawn.Drawn]) -> dict[str, drawn.Drawn]:
    """The figures by the names of their files, no two the same."""
    figures: dict[str, drawn.Drawn] = {}
    for key, one in found.items():
        figures[f"{one.stem}_{slug(key)}" if one.stem in figures else one.stem] = one
    return figures


def _contents(
    page: Saved, figures: Mapping[str, drawn.Drawn], problems: Mapping[str, str]
) -> Contents:
    from corelib.version import own_version

    version = own_version()
    return Contents(
        tables={name: one.csv().decode() for name, one in figures.items()},
        captions={name: one.caption for name, one in figures.items()},
        settings={
            name: value
            for name, value in values_of(page.name).items()
            if isinstance(value, str | int | float | bool | list | tuple)
        },
        specs={name: spec_of(item) for name, item in page.items.items()},
        link=_link(),
        versions={"synaptarium": version, **versions()},
        citation=bibtex(page.family, version),
        problems=problems,
    )


def link_to(address: str, query: "Mapping[str, str | list[str]]") -> str:
    """The address that opens the view again."""
    return f"{address.partition('?')[0]}?{urlencode(query, doseq=True)}"
