"""The blocks of code in README.md and docs/, and a program that runs those of a page."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- not run: ([^\n]+?) -->\n)?^```(\w+)[^\n]*\n(.*?)^```", re.M | re.S)
PROGRAMS = (("python", "-m", "corelib"), ("synaptarium",))


class Block(NamedTuple):
    """A block of code; ``left_out`` says why it is not run, empty if it is."""

    language: str
    text: str
    left_out: str

    def lines(self) -> Iterator[list[str]]:
        """The words of each line of a shell's block, a continued line as one, without variables
        that are set before them."""
        for line in self.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and re.match(r"\w+=", words[0]):
                words = words[1:]
            if words:
                yield words

    def commands(self) -> Iterator[list[str]]:
        """What follows our program's name in its lines."""
        for words in self.lines():
            for program in PROGRAMS:
                if tuple(words[: len(program)]) == program:
                    yield words[len(program) :]


def blocks(page: Path) -> list[Block]:
    found = BLOCK.findall(page.read_text("utf-8"))
    return [Block(language, text, reason) for reason, language, text in found]


def program(page: Path) -> str:
    """A program that runs the blocks of a page one after another: Python as it is, our command line
    in the same process. Empty if there are none."""
    parts = ["from corelib.__main__ import main as _main"]
    for block in blocks(page):
        if block.left_out:
            continue
        if block.language == "python":
            parts.append(block.text)
        elif block.language == "bash":
            parts += [f"assert _main({words!r}) == 0" for words in block.commands()]
    return "\n".join(parts) if len(parts) > 1 else ""
