"""The command line: ``synaptarium --help`` or ``python -m corelib --help``."""

import io
import os
import sys

from corelib import environment
from corelib.cli.commands import COMMANDS
from corelib.cli.parse import parse
from corelib.errors import SynaptariumError
from corelib.runs.spec import versions
from corelib.version import own_version


def main(words: list[str] | None = None) -> int:
    """Run one command; returns its exit code: 2, and one line on stderr, for an expected error."""
    words = sys.argv[1:] if words is None else words
    try:
        code = _do(words)
        sys.stdout.flush()
        return code
    except SynaptariumError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has closed (runs list | head); flushing at exit would raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _refuse(f"Disk or system error: {error}.")


def _do(words: list[str]) -> int:
    if words == ["--version"]:
        made_with = ", ".join(f"{name} {number}" for name, number in versions().items())
        print(f"synaptarium {own_version()} ({made_with})")
        return 0
    try:
        command = parse(COMMANDS, words)
    except SystemExit:
        # Help was printed.
        return 0
    environment.check()
    return command() or 0


def _refuse(text: str) -> int:
    print(" ".join(text.split()), file=sys.stderr)
    return 2


def console() -> int:
    """The command ``synaptarium``: without a word it opens the laboratory."""
    _ready_streams()
    return main(sys.argv[1:] or ["app"])


def _ready_streams() -> None:
    # Closed by >&-: what is printed goes nowhere, and no file gets the number of the closed one.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # A terminal without Greek letters shows question marks rather than a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    _ready_streams()
    sys.exit(main())
