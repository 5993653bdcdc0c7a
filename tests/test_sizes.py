"""Files and functions stay short; ``python -m tests.test_sizes`` lists the longest."""

import ast
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FOLDERS = ("corelib", "dashboard", "pages")
FILE, FUNCTION, PAGE = 350, 60, 80
REASONS: dict[str, str] = {}
"""Why a file or a function ("file:function") may be longer."""


class Size(NamedTuple):
    """A file, or a function of it, and its lines."""

    name: str
    lines: int


def files() -> list[Size]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [
        Size(str(p.relative_to(ROOT)), len(p.read_text(encoding="utf-8").splitlines()))
        for p in paths
    ]


def functions(file: str) -> list[Size]:
    """The functions of a file, decorators counted."""
    sizes = []
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            sizes.append(Size(f"{file}:{node.name}", (node.end_lineno or first) - first + 1))
    return sizes


def test_no_file_is_too_long():
    assert [size for size in files() if size.lines > FILE and size.name not in REASONS] == []


def test_no_function_is_too_long():
    sizes = [size for file in files() for size in functions(file.name)]
    assert [size for size in sizes if size.lines > FUNCTION and size.name not in REASONS] == []


def test_no_page_computes():
    assert [size for size in files() if size.name[:5] == "pages" and size.lines > PAGE] == []


def test_every_reason_is_still_needed():
    sizes = {size.name: size.lines for file in files() for size in (file, *functions(file.name))}
    assert [name for name in REASONS if sizes.get(name, 0) <= FUNCTION] == []


def _print() -> None:
    sizes = [size for file in files() for size in functions(file.name)]
    for title, some, least in (("files", files(), 300), ("functions", sizes, 50)):
        long = sorted((s for s in some if s.lines > least), key=lambda s: -s.lines)
        print(f"{len(long)} of {len(some)} {title} over {least} lines")
        for size in long:
            print(f"{size.lines:6d}  {size.name}")


if __name__ == "__main__":
    _print()
