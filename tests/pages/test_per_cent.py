"""Percentages are written one way, "97.6 %", wherever a person reads them."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from corelib.words import PER_CENT, percent
from tests.pages.app import ROOT, cells, open_page

CLOSE = re.compile(r"\d%")
BREAKS = re.compile(r"^0 %(?![{%])")
"""A formatted number before a sign that may begin the next line."""
PLACES = (
    *(f"dashboard/{part}" for part in ("bpan", "bpc", "butd", "ipvae", "lab")),
    *("dashboard/shell", "dashboard/components", "dashboard/figures"),
    *("corelib/analysis", "corelib/cli", "corelib/data", "corelib/reproduce", "corelib/runs"),
)
PLOTLY = re.compile(r"%\{|^\.?\d?%$")
"""Templates and formats of plotly, which puts no space before its sign."""


def strings(file: Path) -> list[str]:
    """Strings of a file, a formatted value as its format."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            values = node.values
            found += [ast.unparse(v.format_spec) for v in values if getattr(v, "format_spec", 0)]
            found += [
                f"0{after.value}"
                for value, after in pairwise(values)
                if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant)
            ]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def test_a_percentage_keeps_its_sign():
    assert percent(0.976) == f"97.6{PER_CENT}" == "97.6\N{NO-BREAK SPACE}%"
    assert percent(0.5, 0) == "50\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize("place", PLACES)
def test_the_code_writes_percentages_by_the_one_helper(place):
    wrong = [
        (file.name, text)
        for file in (ROOT / place).rglob("*.py")
        for text in strings(file)
        if (CLOSE.search(text) or BREAKS.search(text) or re.search(r"\.\d%'", text))
        and not PLOTLY.search(text)
    ]
    assert wrong == []


@pytest.mark.parametrize("text", sorted((ROOT / "assets" / "texts").rglob("*.*")), ids=str)
def test_texts_leave_a_space_before_the_sign(text):
    assert not CLOSE.search(text.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("page", "tab"),
    [
        ("balance", "Test set"),
        ("halting", "Numbers"),
        ("halting", "Recurrence"),
        ("robustness", "Numbers"),
        ("robustness", "Occlusion sensitivity"),
        ("evidence", "Numbers"),
        ("bpc", "Compare"),
    ],
)
def test_what_a_page_shows_is_written_so(page, tab, runs_root):
    app = open_page(page, **{f"{ {'robustness': 'robust'}.get(page, page) }_tab": tab})
    assert not app.exception
    shown = [item.value for item in (*app.markdown, *app.caption, *app.info)] + [*cells(app)]
    assert any(PER_CENT in text or " %" in text for text in shown)
    assert [text for text in shown if CLOSE.search(text)] == []
    assert not {"None", "nan"} & cells(app)
