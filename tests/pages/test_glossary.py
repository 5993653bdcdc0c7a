"""The glossary: no page uses a symbol or a term without it, and it explains none in vain."""

import re

import pytest

from dashboard.rooms import ROOMS
from dashboard.shell.glossary import (
    FAMILIES,
    capital,
    entries,
    entries_of,
    flat,
    in_a_heading,
    spelling,
)
from dashboard.shell.help import help_texts
from dashboard.shell.text import plain
from tests.pages.app import open_page, sentences
from tests.pages.words import SYMBOL, parts, tex_symbols, texts

PAGES = [room.file.removesuffix(".py") for room in ROOMS]
COUNTERS = {"i", "k", "l", "n", "t"}
"""Letters that only count, where no term of the page says more."""
TERMS = (
    "explaining-away",
    "GaLU",
    "Jaccard",
    "Fano factor",
    "circular variance",
    "multiply-adds",
    "Dale's law",
    "spectral radius",
    "Hessian",
    "Pareto front",
    "ECE",
    "calibrated",
    "balance index",
    "free energy",
    "Gabor function",
    "receptive field",
    "feedback alignment",
    "straight-through",
    "Counter-Hebb",
    "amortiser",
    "largest eigenvalue",
    "principal axes",
    "task head",
    "portion of zeros",
    "lifetime sparsity",
    "a.u.",
)
"""Words of the field that need explaining wherever they are used."""
SLOW = ("sparse", "bars")
"""Pages whose tabs take many seconds to draw."""


@pytest.mark.parametrize(
    "page", [pytest.param(p, marks=pytest.mark.slow if p in SLOW else ()) for p in PAGES]
)
def test_every_symbol_and_term_of_a_page_is_explained(page, runs_root):
    known = {form for entry in entries_of(page) for form in entry.math} | COUNTERS
    spelt = [re.escape(form) for term in TERMS for form in (term, capital(term))]
    terms = re.compile(rf"(?<!\w)(?:{'|'.join(spelt)})")
    missing = set()
    for text in texts(page):
        words, equations = parts(text.text)
        covered = [match.span() for match in spelling(page).finditer(words)]
        for match in (*SYMBOL.finditer(words), *terms.finditer(words)):
            if not any(a <= match.start() and match.end() <= b for a, b in covered):
                missing.add((match[0], words[max(0, match.start() - 30) : match.end() + 30]))
        for tex in equations:
            missing |= {(s, tex[:60]) for s in tex_symbols(tex) if flat(s) not in known}
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_term_of_a_page_is_used_there(page, runs_root):
    """Where it can be pointed at: not only in a button, in a help or in the head of a table."""
    named = {word: entry.id for entry in entries_of(page) for word in entry.words}
    used = set()
    for text in texts(page):
        if text.explained:
            words, equations = parts(text.text)
            used |= {named[match[0]] for match in spelling(page).finditer(words)}
            symbols = {flat(s) for tex in equations for s in (*tex_symbols(tex), *groups(tex))}
            used |= {entry.id for entry in entries_of(page) if symbols & set(entry.math)}
    assert {entry.id for entry in entries_of(page)} - used == set()


def groups(tex: str) -> list[str]:
    """Words and digits in an equation, and letters with an exponent."""
    return re.findall(r"\\(?:mathrm|text)\{[^{}]*\}|\b[A-Za-z]\^\{[^{}]*\}|\\mathbb 1", tex)


def test_every_entry_is_whole():
    assert len({entry.name for entry in entries().values()}) == len(entries())
    for entry in entries().values():
        assert entry.family in FAMILIES, entry.id
        assert entry.pages, entry.id
        assert set(entry.pages) <= set(PAGES), entry.id
        assert entry.sentence.endswith("."), entry.id
        assert entry.unit, entry.id
        assert not entry.unit.endswith("."), entry.id
        # In a list or a table a vertical bar would end the equation.
        assert "|" not in entry.symbol + entry.equation, entry.id


def test_no_spelling_means_two_things_on_one_page():
    for page in PAGES:
        for forms in ("words", "math"):
            said = [form for entry in entries_of(page) for form in getattr(entry, forms)]
            assert len(said) == len(set(said)), (page, {s for s in said if said.count(s) > 1})


@pytest.mark.parametrize(
    ("tex", "typeset"),
    [
        (r"\theta", "θ"),
        (r"\lambda_{bal}", "λbal"),
        (r"\bar W_{i+1}", "Wˉi+1"),
        (r"\hat x", "x^"),
        (r"\beta_{\mathrm{inner}}", "βinner"),
        (r"\sigma^2", "σ2"),
        (r"W_{\cdot E}", "W⋅E"),
        (r"C^{1/2}", "C1/2"),
    ],
)
def test_a_symbol_reads_as_katex_typesets_it(tex, typeset):
    assert flat(tex) == typeset


def test_an_index_stands_for_its_neighbours():
    assert entries()["down_activity"].math == ("hˉi", "hˉi+1", "hˉi−1")


def test_the_page_shows_all_terms_or_those_sought(runs_root):
    app = open_page("glossary")
    assert not app.exception
    assert all(entry.sentence in sentences(app) for entry in entries().values())
    app.text_input(key="glossary_find").set_value("fano VARIANCE").run()
    assert [name for name in entries() if entries()[name].sentence in sentences(app)] == ["fano"]
    picture = "![x](http://example.invalid)"
    app.text_input(key="glossary_find").set_value(picture).run()
    assert app.caption[0].value == f"No term contains {plain(picture)}."


@pytest.mark.parametrize("asked", ["theta", "", "no such term", "1e309", "![x](y)"])
def test_an_address_shows_a_term_that_there_is_first(asked, runs_root):
    app = open_page("glossary", glossary_term=asked, glossary_find="Hessian")
    assert not app.exception
    assert not app.error
    shown = [name for name in entries() if entries()[name].sentence in sentences(app)]
    assert shown == (["theta", "hessian"] if asked == "theta" else ["hessian"])


def test_a_help_says_what_the_glossary_says():
    assert help_texts("balance")["theta"] + "." == entries()["theta"].sentence
    assert help_texts("halting")["theta"].startswith(entries()["theta"].sentence)
    assert help_texts("halting")["theta"].endswith("see the tab Calibration")


def test_the_head_of_a_column_explains_what_means_one_thing():
    assert in_a_heading("portion of zeros") == entries()["zeros"].sentence
    # The weight of one loss on one page, of another on the next.
    assert in_a_heading("β") is None
    assert in_a_heading("network") is None
