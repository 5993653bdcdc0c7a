"""Examples that a person copies run as they are written."""

import doctest
import os
import re
import subprocess
import sys
from importlib import import_module

import pytest

from corelib.cli.commands import COMMANDS, TrainSystem
from corelib.cli.parse import Group, parse
from corelib.data import DATASETS
from tests.snippets import PAGES, ROOT, blocks, program

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


def name_of(page):
    return str(page.relative_to(ROOT))


RUN = [page for page in PAGES if page.parent.name != "experiments" and program(page)]
"""tests/test_docs_experiments.py runs the pages of the experiments."""


SEVERAL = {"docs/compare.md", "docs/library.md"}
"""Pages that train networks one after another: their workers fork from a process that has torch."""
WARM = "from corelib.runs import launch as _launch\n_launch.prepare()\n"


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_the_blocks_of_a_page_run(page, tmp_path):
    """One after another, in a process of its own and a folder of its own, beside which lies docs:
    they write files, and may register systems."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    before = WARM if name_of(page) in SEVERAL else ""
    unset = {k: v for k, v in os.environ.items() if not k.startswith("SYNAPTARIUM_")}
    done = subprocess.run(
        [sys.executable, "-c", before + program(page)],
        cwd=tmp_path,
        env={**unset, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr


SHELL = [page for page in PAGES if any(block.language == "bash" for block in blocks(page))]


@pytest.mark.parametrize("page", SHELL, ids=name_of)
def test_a_shells_block_runs_or_says_why_not(page):
    for block in blocks(page):
        if block.language == "bash" and not block.left_out:
            assert len(list(block.commands())) == len(list(block.lines())), (
                f"{block.text}\nThe test runs python -m corelib alone; put a line "
                "<!-- not run: REASON --> before this block."
            )


@pytest.mark.parametrize("page", SHELL, ids=name_of)
def test_every_command_on_a_page_is_understood(page):
    """Also those that are not run: a renamed option or a value out of bounds fails here."""
    for block in blocks(page):
        if block.language != "bash":
            continue
        for words in block.commands():
            if words in ([], ["--version"]) or "--help" in words:
                continue
            command = parse(COMMANDS, without_own_data(words))
            if isinstance(command, TrainSystem):
                command.spec()
        for words in block.lines():
            if words[0] == "make":
                assert_targets(words[1:])
            if words[0].endswith("streamlit"):
                assert_streamlit_knows(words)


def without_own_data(words):
    """The words without a data set that the page's reader has added."""
    if "--dataset" not in words:
        return words
    at = words.index("--dataset")
    return words if words[at + 1] in DATASETS else words[:at] + words[at + 2 :]


def assert_targets(names):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert set(names) <= set(targets)


def assert_streamlit_knows(words):
    from streamlit.config import get_config_options

    options = {word[2:].partition("=")[0] for word in words if word.startswith("--")}
    assert options <= set(get_config_options())


def all_commands(group=COMMANDS, before=()):
    """Each command; of those that are made for a system or a data set, one stands for all."""
    for word, command in group.commands.items():
        if isinstance(command, Group):
            yield from all_commands(command, (*before, word))
        elif isinstance(command, type):
            yield (*before, word)


def test_the_page_on_the_command_line_shows_every_command():
    page = ROOT / "docs" / "command-line.md"
    shown = [
        words for block in blocks(page) if block.language == "bash" for words in block.commands()
    ]
    for command in (
        *all_commands(),
        ("train", "bpan"),
        ("train", "--spec"),
        ("data", "fashion-mnist"),
    ):
        assert any(tuple(words[: len(command)]) == command for words in shown), " ".join(command)
