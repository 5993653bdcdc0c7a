"""Files and folders that appear whole and disappear at once. Imports no torch.

What is written gets its name only when it is complete; what is deleted loses its name first. A
process killed at any moment, or a full disk, leaves at most scrap: entries whose names begin with a
dot and end in ``.part`` or ``.trash``. Nobody reads scrap, and ``sweep`` deletes it.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic_core import from_json

_SCRAP = re.compile(r"\..+\.([0-9]+)-\w+\.(part|trash)|\.(new|removed)-.+|\..+\.part", re.ASCII)
"""Scrap, with the process that made it; the last two are how it was called before."""
SWEPT_AFTER_S = 60.0
"""Younger scrap of a living process may still be in use."""


def _aside(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}.{kind}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write or replace a file in one rename."""
    scratch = _aside(path, "part")
    try:
        scratch.write_bytes(content)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write or replace a text file in UTF-8 in one rename."""
    write_bytes(path, text.encode())


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A scratch folder that becomes ``path`` when the block ends, and vanishes if it fails.

    Its files are on the disk before it gets its name. A folder that had the name is removed.
    """
    scratch = _aside(path, "part")
    scratch.mkdir(parents=True)
    try:
        yield scratch
        for file in scratch.iterdir():
            _flush(file)
        if path.exists():
            remove(path)
        scratch.rename(path)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _flush(file: Path) -> None:
    if file.is_file():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


def remove(path: Path) -> None:
    """Delete a folder: out of sight by one rename, then from the disk."""
    trash = _aside(path, "trash")
    path.rename(trash)
    shutil.rmtree(trash, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Delete the scrap that dead processes left in a folder, as far as it can be deleted."""
    with suppress(OSError):
        for entry in list(folder.iterdir()):
            with suppress(OSError):
                if (match := _SCRAP.fullmatch(entry.name)) and _is_abandoned(entry, match[1]):
                    if entry.is_dir() and not entry.is_symlink():
                        shutil.rmtree(entry, ignore_errors=True)
                    else:
                        entry.unlink()


def _is_abandoned(entry: Path, pid: str | None) -> bool:
    if time.time() - entry.lstat().st_mtime > SWEPT_AFTER_S:
        return True
    try:
        os.kill(int(pid or 0), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # another user's, or no number of a process
        pass
    return False


def printable(text: str) -> str:
    """The text with what cannot be shown replaced: control characters, and bytes that are no text
    in the name of a file."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8, with or without a byte-order mark.

    Raises ``FileNotFoundError`` if it is absent, and ``ValueError`` whatever else is wrong with it.
    """
    try:
        return from_json(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"There is no file {path}.") from None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
