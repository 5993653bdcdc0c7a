"""The help of controls, from assets/texts/help/<page>.toml, and the labels of those that a preset
names before they are drawn, from assets/texts/labels.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parents[2] / "assets" / "texts"
HELP = TEXTS / "help"


@cache
def help_texts(page: str) -> dict[str, str]:
    """The help of the controls of a page by their names; the page ``any`` applies to all."""
    file = HELP / f"{page}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


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
