"""What a page says, by where it says it, and the symbols in it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from streamlit.testing.v1 import AppTest

from dashboard.shell.glossary import GREEK
from tests.charts import chart_of
from tests.pages.addresses import PREFIX
from tests.pages.app import open_page

PROSE = ("markdown", "caption", "success", "info", "warning", "error", "metric")
CONTROLS = (
    "slider",
    "select_slider",
    "number_input",
    "text_input",
    "selectbox",
    "multiselect",
    "toggle",
    "checkbox",
    "button_group",
)
PRESSED = ("button", "download_button", "tab", "expander", "title")
MATH = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
INDEX = r"(?:_(?:\{[^{}]*\}|\\?\w+?(?![a-z])|\w))?"
LETTERS = "|".join(name for name, letter in GREEK.items() if letter.isalpha())
TEX = re.compile(
    rf"R\^2|\\(?:bar|hat) \w{INDEX}|\\(?:{LETTERS})(?![A-Za-z]){INDEX}"
    rf"|(?<![A-Za-z\\{{])[A-Za-z](?![A-Za-z]){INDEX}"
)
SYMBOL = re.compile(
    r"[A-Za-zΔ]?[\u0391-\u03c9][\w₀-₉]*|(?<![\w.])[A-Za-z]_\w+|[A-Za-z]\u0304[\w\u1d40]*"
)
"""Greek letters, letters with an index, and letters with a bar."""


class Text(NamedTuple):
    """A text of a page; ``explained`` says whether its terms can be pointed at where it stands."""

    text: str
    explained: bool


@cache
def texts(page: str) -> tuple[Text, ...]:
    """All that a page says in its tabs, and in the training forms of all its systems."""
    found: dict[Text, None] = {}
    for app in _views(page):
        for item in (*app.main, *app.sidebar):
            found |= dict.fromkeys(_said(item))
    return tuple(found)


def _views(page: str) -> Iterator[AppTest]:
    prefix = PREFIX[page]
    first = open_page(page)
    yield first
    for tab in [item.proto.label for item in first.get("tab")]:
        app = open_page(page, **{f"{prefix}_tab": tab})
        yield app
        for box in app.selectbox if tab == "Train" else ():
            if box.key == f"{prefix}_system":
                for system in box.options[1:]:
                    yield open_page(page, **{f"{prefix}_tab": tab, box.key: system})


def _said(item: Any) -> Iterator[Text]:
    proto = getattr(item, "proto", None)
    if proto is None:
        return
    if item.type in PROSE:
        yield Text(getattr(proto, "body", ""), True)
    if item.type in (*CONTROLS, "metric"):
        yield Text(proto.label, True)
    elif item.type in PRESSED:
        yield Text(getattr(proto, "label", ""), False)
    if help := getattr(proto, "help", ""):
        yield Text(help, False)
    if chart := chart_of(proto):
        yield from (Text(words, True) for words in _drawn(json.loads(chart.spec)))
    if item.type == "arrow_data_frame":
        yield from (Text(str(name), False) for name in item.value.columns)


def _drawn(figure: dict) -> Iterator[str]:
    """Names of what is drawn, titles and notes."""
    for trace in figure["data"]:
        yield trace.get("name") or ""
        bar = trace.get("colorbar") or {}
        yield (bar.get("title") or {}).get("text") or ""
    layout = figure["layout"]
    for part in (layout, *(value for key, value in layout.items() if "axis" in key)):
        yield (part.get("title") or {}).get("text") or ""
    for note in layout.get("annotations") or ():
        yield note.get("text") or ""


def parts(text: str) -> tuple[str, list[str]]:
    """A text without its equations and without the marks of a figure's indices, and its
    equations."""
    plain = re.sub(r"</?su[bp]>", "", MATH.sub(" ", text))
    return plain, [inline or block for block, inline in MATH.findall(text)]


def tex_symbols(tex: str) -> Iterator[str]:
    """The symbols in an equation, as LaTeX."""
    tex = re.sub(r"_\{\\(?:text|mathrm)\{(\w+)\}\}", r"_{\1}", tex)
    tex = re.sub(r"\\(?:mathrm|text|begin|end)\{[^{}]*\}", " ", tex)
    # The exponential function, and the imaginary unit.
    tex = re.sub(r"\be\^\{?(i(?=h))?", " {", tex).replace("{", " { ").replace("_ { ", "_{")
    yield from (found[0] for found in TEX.finditer(tex))
