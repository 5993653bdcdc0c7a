"""One fault tried: put into a copy of the project, and its tests run until one fails."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

from tests.mutants.sample import ROOT, Fault

LEAST_S, MOST_S = 180.0, 900.0
"""Tests of a fault may take four times as long as measured, within these limits."""
HEAVY = ("numpy", "torch", "pandas", "scipy.stats", "sklearn", "plotly.graph_objects")
HEAVY += ("hypothesis", "streamlit.testing.v1", "pytest")
"""Imported once by each process that tries faults; a trial forks from it."""


class Tried(NamedTuple):
    """Whether a fault was ``caught`` and ``by`` which test, or "time"; and what it did."""

    fault: Fault
    caught: bool
    by: str
    tests: int
    seconds: float
    changed: str


@contextmanager
def a_copy(tests: Path) -> Iterator[Path]:
    """A copy of the project's files, with these ``tests``."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "project"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file() and not name.startswith("tests/"):
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name)
        shutil.copytree(tests, tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        (tree / ".venv").symlink_to(ROOT / ".venv")
        yield tree


def prepare() -> None:
    """Import what every test needs, once."""
    for name in HEAVY:
        import_module(name)


def tried(tree: Path, fault: Fault, tests: Sequence[str], expected_s: float) -> Tried:
    """Put the fault in, run the tests until one fails, and take the fault out."""
    path = tree / fault.file
    code = path.read_text(encoding="utf-8")
    faulty = fault.apply(code)
    began = time.monotonic()
    try:
        _replace(path, faulty)
        limit = min(max(4 * expected_s, LEAST_S), MOST_S)
        caught, by = _run(tree, tests, limit)
    finally:
        _replace(path, code)
    pairs = zip(code.splitlines(), faulty.splitlines(), strict=False)
    changed = next((f"{a.strip()}  ->  {b.strip()}" for a, b in pairs if a != b), "")
    return Tried(fault, caught, by, len(tests), round(time.monotonic() - began, 1), changed)


def _replace(path: Path, code: str) -> None:
    path.write_text(code, encoding="utf-8")
    # Two versions of one size within a second would be taken for the same.
    Path(cache_from_source(str(path))).unlink(missing_ok=True)


def _run(tree: Path, tests: Sequence[str], limit: float) -> tuple[bool, str]:
    """Whether one of these tests fails, and which."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        child = os.fork()
        if child == 0:
            os.setsid()
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os._exit(_in_child(tree, tests))
        status = _wait(child, limit)
        output.seek(0)
        text = output.read()
    if status is None:
        return True, "time"
    code = os.waitstatus_to_exitcode(status)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
    # 5: this version has none of these tests, by which nothing is said.
    return code not in (0, 5), failed[1] if failed else f"exit {code}" if code else ""


class Only:
    """A plugin of pytest that keeps these tests, in this order, then those of whole files and
    folders. Given their names instead, pytest would run nothing if it missed a single one: as where
    a fault changes the name of a test of many values, or in an older version of the tests."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.places = {test: place for place, test in enumerate(tests)}
        self.paths = tuple(dict.fromkeys(test.partition("::")[0] for test in tests))
        self.whole = tuple(test for test in tests if "::" not in test)

    def pytest_collection_modifyitems(self, items: list) -> None:
        kept = [
            item
            for item in items
            if item.nodeid in self.places or item.nodeid.startswith(self.whole)
        ]
        items[:] = sorted(kept, key=lambda item: self.places.get(item.nodeid, len(self.places)))


def _in_child(tree: Path, tests: Sequence[str]) -> int:
    import pytest

    os.chdir(tree)
    os.environ |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(tree)}
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(tree / ".hypothesis")
    sys.path[:] = [str(tree), *(p for p in sys.path if p not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "corelib")]:
        del sys.modules[name]
    options = ["-x", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-p", "no:xdist"]
    only = Only(tests)
    paths = [path for path in only.paths if (tree / path).exists()]
    if not paths:  # pytest would take this for all tests
        return int(pytest.ExitCode.NO_TESTS_COLLECTED)
    try:
        return int(pytest.main([*options, *paths], plugins=[only]))
    except BaseException:
        return 99


def _wait(child: int, limit: float) -> int | None:
    """The child's status, or None where it took too long and was killed."""
    until = time.monotonic() + limit
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _kill(child)
            return status
        time.sleep(0.05)
    _kill(child)
    os.waitpid(child, 0)
    return None


def _kill(group: int) -> None:
    """End a trial with the processes that it left behind."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
