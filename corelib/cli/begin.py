"""Before long work: how long it will take, and whether to begin."""

import sys
from typing import TextIO

from corelib.cli.parse import flag
from corelib.runs.expected import Expected

YES = flag(
    "Do not ask before work of more than ten minutes; without a terminal nothing is asked anyway"
)


def may_begin(expected: Expected, yes: bool, out: TextIO | None = None) -> bool:
    """Print the expected time, by default on stdout; a person at a terminal is asked before more
    than ten minutes, unless ``yes``. Scripts, whose stdin is no terminal, are never kept waiting.
    """
    out = out or sys.stdout
    print(f"Expected time: {expected.words}.", file=out, flush=True)
    if yes or not expected.is_long or not sys.stdin.isatty():
        return True
    # Not on stdout, which may be read by a program.
    print("Begin? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        agreed = input().strip().lower() in ("y", "yes")
    except EOFError:
        agreed = False
    if not agreed:
        print("Nothing was started.", file=sys.stderr)
    return agreed
