"""The agreements that tools check: which way imports run, and how the code is written."""

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
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_contracts_see_every_file():
    """A file that the tool does not look at would keep every contract."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert settings["root_packages"] == PACKAGES
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            assert module.removesuffix(".__init__") in graph.modules, file
