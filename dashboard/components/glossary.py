"""Explains the terms of a page where they stand: on hover, on focus and on tap.

The page's text stays as Streamlit draws it; a script finds the terms in it and lays transparent
buttons over them. Typeset symbols and equations come from a list that Streamlit draws out of sight,
so that no equation needs a second typesetter.
"""

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from dashboard.shell.glossary import Entry, entries_of

HERE = Path(__file__).parent
LINK = "glossary?glossary_term="
HTML = """
<div class="glossary-texts"></div>
<div class="glossary-tip" popover="manual" role="group"></div>
"""

# In the page itself, since it explains the page: a shadow tree would hide it from its own terms.
_layer = component(
    "synaptarium_glossary",
    html=HTML,
    css=(HERE / "glossary.css").read_text(encoding="utf-8"),
    js=(HERE / "glossary.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def explain_terms(page: str) -> None:
    """Explain the terms of the page of this name; drawn last, and without any height."""
    found = entries_of(page)
    if found:
        with st.container(key="glossary_layer"):
            st.container(key="glossary_typeset").markdown(_typeset(page))
            _layer(key="glossary", data={"link": LINK, "terms": [_term(entry) for entry in found]})


@cache
def _typeset(page: str) -> str:
    """A list of the page's terms, each with its symbol and its equation, as far as it has them."""
    return "\n".join(
        "- " + " ".join(f"$\\displaystyle {tex}$" for tex in (entry.symbol, entry.equation) if tex)
        for entry in entries_of(page)
    )


def _term(entry: Entry) -> dict:
    return {
        "id": entry.id,
        "name": entry.name,
        "sentence": entry.sentence,
        "unit": entry.unit,
        "words": entry.words,
        "math": entry.math,
        "symbol": bool(entry.symbol),
        "equation": bool(entry.equation),
    }
