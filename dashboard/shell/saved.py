"""What a page saves of itself, as a zip or as a report: its figures, and the link that opens it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import streamlit as st

from corelib.catalog import system
from corelib.citation import bibtex
from corelib.runs.registry import Checkpoint
from corelib.runs.spec import versions
from dashboard.shell import drawn
from dashboard.shell.titled import ids

if TYPE_CHECKING:
    import pandas as pd


class Saved(NamedTuple):
    """A page to save: all its keys begin with ``name``.

    ``sentence`` gives its Markdown. ``tabs`` are the parts that are not drawn now, by name, each
    with the function that draws it; ``items`` the networks it shows, by name; ``families`` those
    whose papers are cited, without which they are those of the networks; ``tables`` gives what a
    report has below its figures, by heading.
    """

    name: str
    title: str
    sentence: Callable[[], str]
    tabs: Mapping[str, Callable[[], None]] = {}
    items: Mapping[str, Checkpoint] = {}
    families: Sequence[str] = ()
    tables: Callable[[], Mapping[str, "pd.DataFrame"]] = dict

    @property
    def cited(self) -> list[str]:
        """The families whose papers are cited."""
        own = (system(item.card.system).family for item in self.items.values())
        return list(dict.fromkeys(self.families or own))

    @property
    def stem(self) -> str:
        """The name of its files, without an ending."""
        from dashboard.figures.tidy import slug

        network = drawn.network_of(self.name)
        return self.name if network == self.name else f"{slug(network)}_{self.name}"


class Collected(NamedTuple):
    """The figures of a page by the names of their files, and why a tab could not be drawn."""

    figures: dict[str, drawn.Drawn]
    problems: dict[str, str]


def collect(page: Saved) -> Collected:
    """Draw the tabs of a page unseen, for all its figures."""
    with st.spinner("Computing the figures of all tabs", show_time=True):
        problems = drawn.collect(page.tabs)
    return Collected(_named(drawn.figures()), problems)


def _named(found: Mapping[str, drawn.Drawn]) -> dict[str, drawn.Drawn]:
    """The figures by the names of their files, no two the same."""
    from dashboard.figures.tidy import slug

    figures: dict[str, drawn.Drawn] = {}
    for key, one in found.items():
        figures[f"{one.stem}_{slug(key)}" if one.stem in figures else one.stem] = one
    return figures


def draw_citation(page: Saved) -> None:
    """The link to this view and what to cite, each with a button that copies it."""
    from corelib.version import own_version

    st.markdown("##### Link and citation")
    st.caption("Whoever opens this link sees this view.")
    st.code(link(), language=None, wrap_lines=True)
    st.caption("The paper, and this software, as BibTeX.")
    st.code(bibtex(page.cited, own_version()), language=None, wrap_lines=True)


def link() -> str:
    """The address that opens the view as it is now."""
    return link_to(st.context.url or "", asked())


def asked() -> dict[str, list[str]]:
    """All values of each parameter of the address; networks by their names and ids."""
    # ``to_dict`` has but the last value of each.
    return ids({key: st.query_params.get_all(key) for key in st.query_params})


def link_to(address: str, query: "Mapping[str, str | list[str]]") -> str:
    """The address that opens the view again."""
    return f"{address.partition('?')[0]}?{urlencode(query, doseq=True)}"


def all_versions() -> dict[str, str]:
    """Of Synaptarium, Python and the numerical libraries."""
    from corelib.version import own_version

    return {"synaptarium": own_version(), **versions()}
