"""The agreements that tools check: which way imports run, and how the code is written."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PACKAGES = ["corelib", "dashboard", "pages"]


@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["pyright", "--pythonpath", sys.executable],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_agreement_holds(command):
    tool = BIN / command[0]
    assert tool.exists(), f"{command[0]} is missing; install it with: make test"
    done = subprocess.run(
        [tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_contracts_see_every_file():
    """A file that the tool does not look at would keep every contract."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]
    assert settings["root_packages"] == PACKAGES
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            assert module.removesuffix(".__init__") in graph.modules, file


BINARY = {"Image", "av", "os", "wave", "tarfile", "zipfile", "archive", "session"}
"""What has a function ``open`` that reads no text; a test's session opens pages."""


def names_no_encoding(call: ast.Call) -> bool:
    """Whether a call reads or writes text in whatever encoding the machine happens to have."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in keywords:
        return False
    if isinstance(text := keywords.get("text"), ast.Constant) and text.value is True:
        return True
    if name in ("read_text", "write_text"):
        return isinstance(call.func, ast.Attribute) and len(call.args) < 1 + (name == "write_text")
    if name != "open":
        return False
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(owner, ast.Name) and owner.id in BINARY:
        return False
    of_path = owner is not None and not (isinstance(owner, ast.Name) and owner.id == "gzip")
    default = "rb" if isinstance(owner, ast.Name) and owner.id == "gzip" else "r"
    place = 0 if of_path else 1
    mode = call.args[place] if len(call.args) > place else keywords.get("mode")
    return not isinstance(mode, ast.Constant | None) or "b" not in (mode.value if mode else default)


def test_every_text_names_its_encoding():
    files = [
        file
        for folder in (*PACKAGES, "benchmarks", "tests")
        for file in (ROOT / folder).rglob("*.py")
    ]
    assert len(files) > 300
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and names_no_encoding(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("open(x)", True),
        ("open(x, 'rb')", False),
        ("open(x, mode='w')", True),
        ("p.open()", True),
        ("p.open('ab')", False),
        ("p.open('a', encoding='utf-8')", False),
        ("gzip.open(p)", False),
        ("gzip.open(p, 'rt')", True),
        ("Image.open(p)", False),
        ("p.read_text()", True),
        ("p.read_text('utf-8')", False),
        ("p.write_text('x')", True),
        ("p.write_text('x', 'utf-8')", False),
        ("subprocess.run(c, text=True)", True),
    ],
)
def test_the_search_for_encodings_sees_them(code, wrong):
    assert names_no_encoding(ast.parse(code).body[0].value) == wrong


def test_every_picture_says_what_it_shows():
    """Who cannot see a picture is told by its ``alt``; ``draw_chart`` asks for one."""
    silent = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sorted((ROOT / "dashboard").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "image"
        and "alt" not in {keyword.arg for keyword in node.keywords}
    ]
    assert silent == []
