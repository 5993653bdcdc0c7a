"""The pages that explain the experiments: each treats every tab of its page, names presets that the
app has, gives the figures of the shipped tables, and its Python runs.

A figure is written as ``<!-- TABLE: QUERY: COLUMN -->97.70 ± 0.06 % (n = 3 seeds)``, and is
computed here from assets/results/TABLE.csv: the mean over the rows that the query finds, and as far
as the page gives them the standard deviation, the 95 % interval of the mean, and the number of
seeds. With ``QUERY less QUERY`` it is the difference, paired by seed. Shares are given in % or
points.
``python -m tests.test_docs_experiments`` writes all figures anew.
"""

import ast
import inspect
import re
import runpy
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

from corelib.citation import PAPERS
from dashboard.rooms import ROOMS
from dashboard.shell.page import ABOUT, EXPORT, PUBLISHED, TRAIN, Page
from dashboard.shell.presets import Preset

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "experiments"
OF = {Path(room.file).stem: room for room in ROOMS}
TEXTS = {file.stem: file.read_text("utf-8") for file in sorted(FOLDER.glob("*.md"))}
PAGES = [name for name in TEXTS if name != "index"]
PARTS = [
    "The question",
    "The model",
    "Reading the figures",
    "Things to try",
    "From Python",
    "What we changed",
    "What did not reproduce",
    "Citation",
]
ABOVE = "Above the tabs"
PICTURE_BYTES, PICTURE_WIDTH = 150_000, 1440

each_page = pytest.mark.parametrize("name", PAGES)


def test_every_experiment_has_its_page_and_the_index_lists_them_in_order():
    assert sorted(PAGES) == sorted(OF)
    rows = re.findall(r"^\| \[(.+?)\]\((\w+)\.md\) \| (.+?) \|", TEXTS["index"], re.M)
    assert rows == [(room.title, name, room.question) for name, room in OF.items()]


def test_the_index_treats_the_tabs_that_all_pages_share():
    assert re.findall(r"^\*\*(.+?)\*\*", TEXTS["index"], re.M) == [ABOUT, PUBLISHED, TRAIN, EXPORT]


@each_page
def test_a_page_has_its_parts_and_asks_the_apps_question(name):
    assert TEXTS[name].startswith(f"# {OF[name].title}\n")
    assert re.findall("^## (.+)$", TEXTS[name], re.M) == PARTS
    assert f"**{OF[name].question}**" in _part(name, "The question")


@each_page
def test_a_page_treats_every_tab_in_the_order_of_the_app(name):
    treated = re.findall("^### (.+)$", _part(name, "Reading the figures"), re.M)
    assert [title for title in treated if title != ABOVE] == list(_declared(name).tabs)


@each_page
def test_what_a_page_says_to_try_are_presets_of_the_app(name):
    tried = re.findall(r"^- \*\*(.+?)\.\*\*", _part(name, "Things to try"), re.M)
    assert len(tried) >= 2
    assert set(tried) <= _preset_labels(_declared(name))


@each_page
def test_a_page_names_the_tables_that_the_app_shows_as_published(name):
    named = re.findall(r"`python -m corelib reproduce ([\w-]+)`", TEXTS[name])
    assert set(named) == set(_declared(name).published.tables)


@each_page
def test_a_page_cites_the_paper_of_its_family(name):
    (block,) = re.findall("```bibtex\n(.*?)```", _part(name, "Citation"), re.S)
    assert block == PAPERS[OF[name].family]


@each_page
def test_a_page_shows_one_small_picture_and_says_what_is_seen(name):
    ((alt, file),) = re.findall(r"!\[(.*?)\]\((.+?)\)", TEXTS[name], re.S)
    assert file == f"pictures/{name}.png"
    assert len(alt) > 60
    assert (FOLDER / file).stat().st_size < PICTURE_BYTES
    with Image.open(FOLDER / file) as picture:
        assert picture.width == PICTURE_WIDTH


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)#:]+)", TEXTS[name]):
        assert (FOLDER / target).exists(), target


LESS = " less "
"""Between the two queries of a difference."""


class Figure(NamedTuple):
    """A figure of a page: where it comes from, and what the page says."""

    table: str
    query: str
    column: str
    said: str

    def computed(self) -> str:
        """What the page should say: as many decimals and as much beside the mean as it gives."""
        values = self._values()
        decimals = len(re.match(r"-?\d+\.?(\d*)", self.said)[1])  # pyright: ignore[reportOptionalSubscript]
        unit = re.search(r" (%|points)(?=$| \()", self.said)
        values = values * (100 if unit else 1)
        text = f"{values.mean():.{decimals}f}"
        if "±" in self.said:
            text += f" ± {values.std(ddof=1):.{decimals}f}"
        text += unit[0] if unit else ""
        beside = []
        if "interval" in self.said:
            error = values.std(ddof=1) / len(values) ** 0.5
            low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), error)
            beside.append(f"95 % interval {low:.{decimals}f} to {high:.{decimals}f}")
        if "n = " in self.said:
            beside.append(f"n = {len(values)} seed{'s' * (len(values) > 1)}")
        return f"{text} ({', '.join(beside)})" if beside else text

    def _values(self) -> np.ndarray:
        """The column by seed, or its difference between two queries, paired by seed."""
        rows = pd.read_csv(ROOT / "assets" / "results" / f"{self.table}.csv", comment="#")
        found = [
            rows.query(query).set_index("seed")[self.column] for query in self.query.split(LESS)
        ]
        assert all(len(one) and one.index.is_unique for one in found), self
        values = found[0] if len(found) == 1 else found[0] - found[1]
        return values.dropna().to_numpy()


NUMBER = r"-?\d[\d.]*(?: ± [\d.]+)?(?: %| points)?(?: \([^()]*\))?"
FIGURE = re.compile(rf"<!-- ([\w-]+): (.+?): (.+?) -->({NUMBER})", re.S)


@each_page
def test_the_figures_of_a_page_are_those_of_the_tables(name):
    figures = [Figure(*found) for found in FIGURE.findall(TEXTS[name])]
    assert len(figures) == TEXTS[name].count("<!--")
    assert [figure.said for figure in figures] == [figure.computed() for figure in figures]


@each_page
def test_no_measured_number_stands_on_a_page_without_its_source(name):
    text = FIGURE.sub("", re.sub("```.*?```", "", TEXTS[name], flags=re.S))
    text = re.sub(r"\$\$.*?\$\$|\$.*?\$|`.*?`|arXiv:\S+|<!--.*?-->", "", text, flags=re.S)
    text = text.replace("95 % interval", "")
    assert re.findall(r".*(?:\d\.\d|\d\s?%|\d points|± \d\.).*", text) == []


def test_a_figure_begins_no_paragraph():
    """Markdown takes a comment at the start of a line for a block of its own."""
    for name, text in TEXTS.items():
        assert re.findall("^ *<!--.*", text, re.M) == [], name


@each_page
def test_the_python_of_a_page_runs_and_uses_the_public_interface(name, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(tmp_path))
    (code,) = re.findall("```python\n(.*?)```", TEXTS[name], re.S)
    imported = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert set(imported) <= {"corelib", "corelib.analysis", "corelib.models", "pandas", "torch"}
    assert any("corelib" in module for module in imported if module)
    exec(code, {})


def _part(name: str, title: str) -> str:
    """The text below one of the headings of ``PARTS``."""
    return re.split(f"^## {re.escape(title)}$", TEXTS[name], flags=re.M)[1].split("\n## ")[0]


@cache
def _declared(name: str) -> Page[Any]:
    """What a page of the app declares; it is not drawn."""
    found: list[Page[Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashboard.shell.page.draw_page", found.append)
        patch.setattr("dashboard.router.ensure_routed", lambda: None)
        patch.setattr("corelib.data.read_ahead", lambda *_: None)
        runpy.run_path(str(ROOT / "pages" / f"{name}.py"))
    return found[0]


def _preset_labels(page: Page[Any]) -> set[str]:
    """The labels in the page's function of presets and in those of its module that it calls: second
    in each ``Preset`` and in each row that becomes one."""
    module = sys.modules[page.presets.__module__]
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.FunctionDef)
    }
    own = functions[page.presets.__name__]
    called = [
        functions[n.id] for n in ast.walk(own) if isinstance(n, ast.Name) and n.id in functions
    ]
    labels = set()
    for node in (node for function in (own, *called) for node in ast.walk(function)):
        row: list[ast.expr] = []
        if isinstance(node, ast.Tuple):
            row = node.elts
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == Preset.__name__:
            row = node.args
        texts = [item.value for item in row[:2] if isinstance(item, ast.Constant)]
        if len(texts) == 2 and len(row) >= 4:
            labels.add(texts[1])
    return labels


def _write_figures() -> None:
    """Put the figures of the tables into the pages, as precisely as they are there."""

    def anew(found: re.Match[str]) -> str:
        return found[0].removesuffix(found[4]) + Figure(*found.groups()).computed()

    for name, text in TEXTS.items():
        (FOLDER / f"{name}.md").write_text(FIGURE.sub(anew, text), encoding="utf-8")


if __name__ == "__main__":
    _write_figures()
