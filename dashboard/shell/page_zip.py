"""The button that saves an experiment's whole page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

import streamlit as st

from corelib.citation import bibtex
from corelib.runs.registry import Checkpoint
from corelib.runs.spec import versions
from dashboard.figures.light import light
from dashboard.figures.tidy import slug
from dashboard.shell import drawn, report
from dashboard.shell.bundle import Contents, files_of, spec_of
from dashboard.shell.registry import values_of


class Saved(NamedTuple):
    """A page to save: its name, the families whose papers are cited, the networks it shows, and
    how each tab is drawn."""

    name: str
    families: Sequence[str]
    items: Mapping[str, Checkpoint]
    tabs: Mapping[str, Callable[[], None]]


def page_zip(page: Saved) -> None:
    """Buttons that save the open view: its figures, data, settings, link, versions, citation."""
    with st.container(horizontal=True):
        zipped = st.button(
            "This page (zip)",
            key=f"{page.name}_zip",
            icon=":material/folder_zip:",
            help="The figures of all tabs as SVG, their data, the settings, the link to this view, "
            "the versions, and what to cite",
        )
        reported = _report_button(page.name)
    if not (zipped or reported):
        _draw_citation(page)
        return
    from dashboard.shell import drawer

    with st.spinner("Computing the figures of all tabs", show_time=True):
        problems = drawn.collect(page.tabs)
    figures = _named(drawn.figures())
    name = f"{slug(drawn.network_of(page.name))}_{page.name}"
    if reported:
        report.deliver(_contents(page, figures, problems), figures, name)
        _draw_citation(page)
        return
    drawings = {name: light(one.figure) for name, one in figures.items() if _is_svg(one)}
    files = files_of(_contents(page, figures, problems))
    texts = files | {f"figures/{name}.svg": svg for name, svg in drawings.items()}
    rest = {name: one.figure for name, one in figures.items() if not isinstance(one.figure, str)}
    st.caption(
        f"Your browser draws {len(rest)} figures one after another and then saves the zip: some "
        "seconds. Stay on this page until then."
    )
    drawer.save_all(rest, texts, name)
    _draw_citation(page)


def _report_button(name: str) -> bool:
    return st.button(
        "Report (HTML)",
        key=f"{name}_report",
        icon=":material/article:",
        help="One file that opens without a network: this view with all its figures, which stay "
        "interactive, the settings, the commands, the versions, and what to cite",
    )


def draw_report_button(name: str, items: Iterable[Checkpoint] = ()) -> None:
    """The button below a page of the laboratory, which saves what the page has drawn; ``items`` are
    the networks in it."""
    if not _report_button(name):
        return
    known = {item.name: item for item in items}
    families = [system(item.card.system).family for item in known.values()]
    figures = _named(drawn.figures())
    contents = _contents(Saved(name, families, known, {}), figures, {})
    report.deliver(contents, figures, f"synaptarium-{name}")


def _draw_citation(page: Saved) -> None:
    """The link to this view and what to cite, each with a button that copies it."""
    from corelib.version import own_version

    st.markdown("##### Link and citation")
    st.caption("Whoever opens this link sees this view.")
    st.code(_link(), language=None, wrap_lines=True)
    st.caption("The paper, and this software, as BibTeX.")
    st.code(bibtex(page.families, own_version()), language=None, wrap_lines=True)


def _link() -> str:
    # Without a browser there is no address but the page's.
    address = st.context.url or st.session_state.get(report.WANTED, "")
    # All values of each: a list of networks is one parameter many times.
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    query = {key: values for key, values in query.items() if values != ["Export"]}
    return link_to(address, query)


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
        citation=bibtex(page.families, version),
        problems=problems,
    )


def link_to(address: str, query: "Mapping[str, str | list[str]]") -> str:
    """The address that opens the view again."""
    return f"{address.partition('?')[0]}?{urlencode(query, doseq=True)}"
