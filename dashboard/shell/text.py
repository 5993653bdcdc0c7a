"""Text from files and people, shown as it is: names of folders, messages, settings, errors.

Whatever Streamlit renders as Markdown, labels and captions included, would otherwise load pictures
from other hosts, colour words and hide where links lead.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from corelib.errors import SynaptariumError
from corelib.words import with_article

SYNTAX = re.compile(r"[\\`*\[\]<>&$~#|@]|(?<![^\W_])_|_(?![^\W_])|^[-+=]|^\d+(?=[.)])")
DIRECTIVE = re.compile(r":(?=[\w:/])")
"""Begins an icon, a colour or an emoji, or follows the scheme of a link, and means so even behind a
backslash."""
INDEXED = re.compile(r"(?<![\w\\$])([^\W\d_])_([a-zA-Z]{1,5})(?!\w)")
"""A letter with an index, such as λ_bal."""
WWW = re.compile(r"\bwww\.", re.IGNORECASE)


def plain(text: object) -> str:
    """Markdown, of one paragraph, that looks like ``text``. What cannot be seen becomes U+FFFD."""
    line = " ".join(str(text).split())
    line = "".join(c if c.isprintable() else "\ufffd" for c in line)
    line = SYNTAX.sub(lambda found: _escaped(found[0]), line)
    line = WWW.sub(lambda found: f"{found[0][:-1]}\\.", line)
    return DIRECTIVE.sub("&#58;", line)


def typeset(markdown: str) -> str:
    """Markdown with letters that have an index typeset as such, not as they are written in code."""
    return INDEXED.sub(r"$\1_{\\mathrm{\2}}$", markdown)


def _escaped(syntax: str) -> str:
    """A number that would begin a list is told by its first digit."""
    return f"&#{ord(syntax[0])};{syntax[1:]}" if syntax[0].isdigit() else f"\\{syntax}"


def say_error(problem: object) -> None:
    """A red box with an error's sentence."""
    st.error(plain(problem))


@contextmanager
def errors_shown() -> Iterator[None]:
    """An expected error inside ends this part of the page with its sentence, and no other part."""
    try:
        yield
    except SynaptariumError as error:
        say_error(error)
    except OSError as error:
        say_error(f"Disk or system error: {error}.")


def called(kind: str, answer: str, true: str | None, aside: str = "") -> str:
    """What a network calls an image, and whether it is right where the true class is known:
    "calls this digit **a 4**, but it is a 9"."""
    correctly = "correctly " if true == answer else ""
    but = f", but it is {with_article(true)}" if true not in (None, answer) else ""
    return f"{correctly}calls this {kind} **{with_article(answer)}**{aside}{but}"


def opened(label: str, key: str) -> Any:
    """An expander whose content is drawn once it is open; None while it is closed. For code: with
    the first that a page shows Streamlit loads a highlighter, which takes a browser half a second.
    """
    box = st.expander(label, key=key, on_change="rerun")
    return box if box.open else None
