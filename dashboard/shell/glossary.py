"""The terms that the pages use, from assets/glossary.toml: each is explained there once."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dashboard import rooms

FILE = Path(__file__).parents[2] / "assets" / "glossary.toml"
FAMILIES = {family.name: family.title for family in rooms.FAMILIES} | {"all": "All families"}
"""The groups of the Glossary page and their titles."""
GREEK: dict[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "ϑ", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "ϕ",
    "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "cdot": "⋅",
}  # fmt: skip
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
def entries() -> dict[str, Entry]:
    """All terms by their ids, in the order of the file."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: _entry(name, fields) for name, fields in found.items()}


@cache
def entries_of(page: str) -> tuple[Entry, ...]:
    """The terms of a page, by the name of its file."""
    return tuple(entry for entry in entries().values() if page in entry.pages)


def _entry(name: str, fields: dict) -> Entry:
    symbol = fields.get("symbol", "")
    words = fields.get("words", [fields["name"]])
    math = fields.get("math", [symbol] if symbol else [])
    return Entry(
        **{
            **fields,
            "id": name,
            "pages": tuple(fields["pages"]),
            "words": tuple(dict.fromkeys(form for word in words for form in (word, capital(word)))),
            "math": tuple(dict.fromkeys(flat(form) for tex in math for form in _neighbours(tex))),
        }
    )


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
    tex = re.sub(r"\^|\\(?:mathrm|text)", "", tex.replace(r"\mathbb 1", "𝟙"))
    tex = re.sub(r"\\(bar|hat) (\w)", lambda found: found[2] + ACCENTS[found[1]], tex)
    tex = re.sub(r"\\([A-Za-z]+)", lambda found: GREEK.get(found[1], found[1]), tex)
    return re.sub(r"[_{}\s]", "", tex).replace("-", "−").replace("'", "′")


@cache
def spelling(page: str) -> re.Pattern:
    """Finds the words of a page's terms in text, as dashboard/components/glossary.js does."""
    return _any_of(word for entry in entries_of(page) for word in entry.words)


def _any_of(words: Iterable[str]) -> re.Pattern:
    """Whole words only, the longest first: λ_bal is not λ."""
    choice = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w.])(?:{choice or '(?!)'})(?![\w\u0300-\u036f])")


@cache
def in_a_heading(name: str) -> str | None:
    """What the head of a table's column says on hover: the sentences of the terms in its name, of
    those that mean the same on all pages. None if it has no term."""
    meanings: dict[str, set[str]] = {}
    for entry in entries().values():
        for word in entry.words:
            meanings.setdefault(word, set()).add(entry.id)
    one = {word: min(ids) for word, ids in meanings.items() if len(ids) == 1}
    found = dict.fromkeys(one[match[0]] for match in _any_of(one).finditer(name))
    return " ".join(entries()[id].sentence for id in found) or None
