"""The help of controls, from assets/texts/help/<page>.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

HELP = Path(__file__).parents[2] / "assets" / "texts" / "help"


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
