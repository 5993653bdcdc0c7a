"""The help of controls, from assets/texts/help/<page>.toml, and the labels of those that a preset
names before they are drawn, from assets/texts/labels.toml.

A help is a text, or ``{term = "theta", more = "..."}``: the sentence of that term of the glossary,
and what it does not say.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from dashboard.shell.glossary import entries

TEXTS = Path(__file__).parents[2] / "assets" / "texts"
HELP = TEXTS / "help"


@cache
def help_texts(page: str) -> dict[str, str]:
    """The help of the controls of a page by their names; the page ``any`` applies to all.

    Raises ``KeyError`` for a term that the glossary does not have.
    """
    file = HELP / f"{page}.toml"
    found = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {
        name: text if isinstance(text, str) else _explained(text) for name, text in found.items()
    }


def _explained(help: Mapping[str, str]) -> str:
    sentence = entries()[help["term"]].sentence.removesuffix(".")
    return f"{sentence}. {help['more']}" if "more" in help else sentence


def help_of(page: str, name: str, words: Mapping[str, object] | None) -> str | None:
    """The help of a control, its placeholders filled by ``words``; None if it has none."""
    texts = {**help_texts("any"), **help_texts(page)}
    # For example 144_models: each task has its own list of networks.
    text = texts.get("models" if name.endswith("_models") else name)
    return text.format(**words) if text and words else text


@cache
def labels() -> dict[str, dict[str, str]]:
    """Labels of controls by page and name."""
    return tomllib.loads((TEXTS / "labels.toml").read_text(encoding="utf-8"))


def label_of(page: str, name: str) -> str:
    """The label of a control that need not have been drawn; its name if it is not listed."""
    return labels().get(page, {}).get(name, name)
