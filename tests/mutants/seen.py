"""Which tests execute a line: measured once by a run of the suite under coverage.

The tests that drive a browser are left out: what they reach runs in a server, which coverage does
not see from here. Files of tests stand in where no test is known to execute a line.
"""

import ast
import os
import subprocess
import sys
from functools import cache, cached_property
from pathlib import Path
from xml.etree import ElementTree

from coverage import CoverageData

from tests.mutants.sample import ROOT, Fault

FOLDER = ROOT / ".mutants"
SETTINGS = ("tests/test_settings.py", "tests/test_bounds.py", "tests/test_sizes.py")
SETTINGS += ("tests/test_published.py",)
STAND_INS = {
    "bpan": ("tests/models/bpan", *SETTINGS),
    "baselines": ("tests/models/bpan", *SETTINGS),
    "bpc": ("tests/models/bpc", *SETTINGS),
    "butd": ("tests/models/butd", *SETTINGS),
    "ipvae": ("tests/models/ipvae", *SETTINGS),
    "data": ("tests/data", "tests/test_data_commands.py"),
    "reproduce": ("tests/analysis", "tests/measures", "tests/test_published.py"),
    "runs": ("tests/runs", "tests/training", "tests/test_cli.py", "tests/test_server.py"),
    "cli": ("tests/test_cli.py", "tests/test_film_command.py", "tests/test_public.py"),
    "dashboard": ("tests/pages", "tests/dashboard", "tests/test_server.py"),
}
"""By area: the tests of what runs while a module is imported, or in processes of its own."""
MOST = 400
"""Of the tests that execute a line, so many are tried: those of files that import its module first,
then the quickest."""


def measure() -> None:
    """Run the suite under coverage; takes about twice as long as the suite."""
    FOLDER.mkdir(exist_ok=True)
    arguments = [
        *("-n", "logical", "--ignore", "tests/browser", "-p", "no:cacheprovider"),
        *("--cov", "--cov-context", "test", "--cov-report", "", f"--junitxml={FOLDER}/times.xml"),
    ]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "COVERAGE_FILE": str(FOLDER / "coverage")}
    subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=env, check=False)


def is_measured() -> bool:
    return all((FOLDER / name).exists() for name in ("coverage", "times.xml"))


def changed_since() -> list[Path]:
    """The files of code and tests that were changed after ``measure``."""
    then = (FOLDER / "times.xml").stat().st_mtime
    folders = ("corelib", "dashboard", "pages", "tests")
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return [file for file in files if file.stat().st_mtime > then]


class Seen:
    """What ``measure`` has found."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.data = CoverageData(str(folder / "coverage"))
        self.data.read()
        self.lines: dict[str, dict[int, list[str]]] = {}

    @cached_property
    def seconds(self) -> dict[str, float]:
        """By test, as pytest names it."""
        cases = ElementTree.parse(self.folder / "times.xml").iter("testcase")
        return {
            f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": float(
                case.get("time", 0)
            )
            for case in cases
        }

    def tests(self, fault: Fault) -> list[str]:
        """Those that execute the line of a fault; if none is known, those that execute anything of
        its file, and the area's stand-ins."""
        if fault.file not in self.lines:
            self.lines[fault.file] = self.data.contexts_by_lineno(str(ROOT / fault.file))
        lines = self.lines[fault.file]
        here = _names(lines.get(fault.start[0], []))
        if here:
            return self._first(here, fault)
        near = {test for contexts in lines.values() for test in _names(contexts)}
        return [*self._first(near, fault), *STAND_INS.get(fault.area, ())]

    def _first(self, tests: set[str], fault: Fault) -> list[str]:
        module = fault.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

        def order(test: str) -> tuple[bool, float]:
            return module not in _imports(test.partition("::")[0]), self.seconds.get(test, 1.0)

        there = (test for test in tests if (ROOT / test.partition("::")[0]).exists())
        return sorted(there, key=order)[:MOST]


@cache
def _imports(file: str) -> frozenset[str]:
    """The modules that a file of tests imports, and the names in them."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return frozenset(found)


def _names(contexts: list[str]) -> set[str]:
    """The tests of contexts like ``tests/test_cli.py::test_help|run``."""
    return {context.rpartition("|")[0] for context in contexts} - {""}
