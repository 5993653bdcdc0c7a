"""Escaped text reads as it was; nothing of it is syntax."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.shell.text import plain, typeset
from tests.pages.app import ROOT
from tests.pages.hostile import MESSAGE, NAME

MARKS = r"\`*_[]<>&$~#|:!-+=.()0 1ab" + "\n"


def read(markdown: str) -> str:
    """What a reader of CommonMark with tables and ~~ sees, if the whole is one paragraph of plain
    text."""
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    parser.enable(["table", "strikethrough"])
    opened, inline, closed = parser.parse(markdown)
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    assert {part.type for part in inline.children} <= {"text", "text_special"}
    return "".join(part.content for part in inline.children)


@given(st.one_of(st.text(alphabet=MARKS, min_size=1), st.text(min_size=1)))
def test_what_is_read_is_what_was_written(text):
    line = " ".join(text.split())
    if not line:
        assert plain(text) == ""
        return
    assert read(plain(text)) == "".join(c if c.isprintable() else "\ufffd" for c in line)


@given(st.text(alphabet=MARKS))
def test_no_directive_icon_or_formula_is_left(text):
    shown = plain(text)
    assert not re.search(r":[\w:]", shown)
    assert not re.search(r"(?<!\\)(\\\\)*\$", shown)


@pytest.mark.parametrize("text", [NAME, MESSAGE, "1. a", "10) a", "- a", "# a", "> a", "    a"])
def test_hostile_text_is_read_as_it_stands(text):
    assert read(plain(text)) == text.strip()


def test_errors_go_through_the_one_helper():
    """Their sentences quote what a person or a file said."""
    for file in (ROOT / "dashboard").rglob("*.py"):
        if file.name != "text.py":
            code = file.read_text(encoding="utf-8")
            found = re.findall(
                r"\.(?:error|info|warning|success|markdown|caption|write)\(str\(", code
            )
            assert found == [] or file.name == "inference.py", file
            assert "st.error(" not in code, file


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("c_u = 10, c_du = 7", r"$c_{\mathrm{u}}$ = 10, $c_{\mathrm{du}}$ = 7"),
        ("by α_f/2", r"by $α_{\mathrm{f}}$/2"),
        ("my_net, bpan_2, ab_c, x_1", "my_net, bpan_2, ab_c, x_1"),
    ],
)
def test_letters_with_an_index_are_typeset(written, read):
    assert typeset(plain(written)) == read
