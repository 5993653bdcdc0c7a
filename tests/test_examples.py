"""Examples that a person copies run as they are written."""

import doctest
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for file in sorted((ROOT / "corelib").rglob("*.py"))
    if ">>> " in file.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    failed, tried = doctest.testmod(import_module(name))
    assert tried > 0
    assert failed == 0


def test_the_readmes_python_runs():
    (code,) = re.findall("```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    names: dict = {}
    exec(code, names)
    assert names["logits"].shape == (100, 10)
    assert 1 <= names["steps"].min() <= names["steps"].max() <= 6
    assert names["trace"].rate.shape[:2] == (100, 6)


GUIDES = [
    file for file in sorted((ROOT / "docs").glob("*.md")) if "```python" in file.read_text("utf-8")
]


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.stem)
def test_the_python_of_a_guide_runs(file, tmp_path):
    """All its blocks, one after another, in a process of its own: they may register systems."""
    code = "\n".join(re.findall("```python\n(.*?)```", file.read_text("utf-8"), re.S))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "SYNAPTARIUM_RUNS": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
