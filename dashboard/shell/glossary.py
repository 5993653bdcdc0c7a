"""The terms that the pages use, from assets/glossary.toml: each is explained there once."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parents[2] / "assets" / "glossary.toml"
FAMILIES = {
    "bpan": "Balanced networks and halting",
    "bpc": "Bidirectional predictive coding",
    "butd": "Instructed networks",
    "ipvae": "Spiking codes of images",
    "all": "All families",
}
"""The groups of the Glossary page and their titles."""
GREEK = dict(
    zip(
        "alpha beta gamma delta varepsilon zeta eta theta kappa lambda mu xi pi rho sigma tau phi "
        "varphi chi psi omega Delta Phi Sigma Theta Lambda Omega nabla cdot vartheta".split(),
        "αβγδεζηθκλμξπρστϕφχψωΔΦΣΘΛΩ∇⋅ϑ",
        strict=True,
    )
)
ACCENTS = {"bar": "ˉ", "hat": "^"}
"""What KaTeX writes behind a letter for an accent above it."""


class Entry(NamedTuple):
    """A term; the head of assets/glossary.toml describes its fields.

    ``words`` are all spellings in the pages' text, ``math`` those in typeset equations as ``flat``
    gives them.
    """

    id: str
    family: str
    name: str
    sentence: str
    unit: str
    pages: tuple[str, ...]
    words: tuple[str, ...]
    math: tuple[str, ...]
    symbol: str = ""
    equation: str = ""
    source: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """All terms, in the order of the file."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(_entry(name, fields) for name, fields in found.items())


@cache
def entries_of(page: str) -> tuple[Entry, ...]:
    """The terms of a page, by the name of its file."""
    return tuple(entry for entry in entries() if page in entry.pages)


def entry_of(name: str) -> Entry | None:
    """A term by its id; None if there is none."""
    return next((entry for entry in entries() if entry.id == name), None)


def _entry(name: str, fields: dict) -> Entry:
    symbol = fields.get("symbol", "")
    words = fields.get("words", [fields["name"]])
    math = fields.get("math", [symbol] if symbol else [])
    return Entry(**{
        **fields,
        "id": name,
        "pages": tuple(fields["pages"]),
        "words": tuple(dict.fromkeys(form for word in words for form in (word, capital(word)))),
        "math": tuple(dict.fromkeys(flat(form) for tex in math for form in _neighbours(tex))),
    })


def capital(word: str) -> str:
    """A word as it begins a sentence; a single letter is a symbol and stays."""
    return word[0].upper() + word[1:] if word[1:2].isalpha() and word.isascii() else word


def _neighbours(tex: str) -> list[str]:
    """A symbol with an index also with the index before and after it."""
    base, _, index = tex.rpartition("_")
    near = ("+1", "-1") if base and index in tuple("ilnt") else ()
    return [tex, *(f"{base}_{{{index}{by}}}" for by in near)]


def flat(tex: str) -> str:
    """The letters of an equation in the order in which KaTeX typesets them: of ``\\bar W_{i+1}`` W,
    its accent, i+1."""
    tex = re.sub(r"\^|\\(?:mathrm|text|mathbb)", "", tex)
    tex = re.sub(r"\\(bar|hat) (\w)", lambda found: found[2] + ACCENTS[found[1]], tex)
    tex = re.sub(r"\\([A-Za-z]+)", lambda found: GREEK.get(found[1], found[1]), tex)
    return re.sub(r"[_{}\s]", "", tex).replace("-", "−").replace("'", "′")


@cache
def spelling(page: str) -> re.Pattern:
    """Finds the words of a page's terms in text, as dashboard/components/glossary.js does."""
    words = sorted((w for entry in entries_of(page) for w in entry.words), key=len, reverse=True)
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, words)) or '(?!)'})(?![\w\u0300-\u036f])")
