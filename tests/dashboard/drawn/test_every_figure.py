"""Every function of the dashboard that draws a figure has a test in this folder."""

import ast
import importlib
from pathlib import Path

from tests.dashboard.drawn.check import ENTRIES

HERE = Path(__file__).parent
DASHBOARD = HERE.parents[2] / "dashboard"
CHANGED = {
    "dashboard.figures.style.styled",
    "dashboard.figures.narrow.for_narrow",
    "dashboard.figures.projector.for_projector",
    "dashboard.shell.cache.figure",
}
"""These are given a figure, or its parts; each has tests of its own."""
MADE_BY = {"styled", "Figure"}


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(DASHBOARD.parent).with_suffix("").parts)


def functions() -> list[tuple[str, ast.FunctionDef]]:
    """All functions of the dashboard outside classes, by module and name."""
    return [
        (f"{module_of(file)}.{node.name}", node)
        for file in sorted(DASHBOARD.rglob("*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    ]


def returned(node: ast.FunctionDef) -> str:
    return "" if node.returns is None else ast.unparse(node.returns).strip("'\"")


def test_every_figure_function_has_an_entry():
    for file in HERE.glob("test_*.py"):
        importlib.import_module(f"tests.dashboard.drawn.{file.stem}")
    drawn = {
        name
        for name, node in functions()
        if returned(node) in ("Figure", "list[Figure]") and not node.name.startswith("_")
    }
    assert len(drawn) > 80, "the dashboard's figures were not found"
    assert drawn - CHANGED == ENTRIES


def test_a_figure_is_made_only_where_that_law_finds_it():
    """A figure made in passing, by a function that returns something else, would have no entry."""
    hidden = []
    for name, node in functions():
        calls = (c.func for c in ast.walk(node) if isinstance(c, ast.Call))
        makes = {f.id if isinstance(f, ast.Name) else getattr(f, "attr", "") for f in calls}
        if makes & MADE_BY and (returned(node) not in ("Figure", "list[Figure]")):
            hidden.append(name)
    assert hidden == []
