"""What a person says of a run: its name, tags, a note; and whose run it is. Imports no torch.

It stands in ``marks.json``, apart from the spec, which says how to repeat the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import TypeAdapter

from corelib import files
from corelib.errors import SettingsError

if TYPE_CHECKING:
    from corelib.runs.store import Run

NAME_CHARS, NOTE_CHARS, TAG_CHARS, MOST_TAGS = 60, 2000, 30, 10
"""The longest name, note and tag, and how many tags a run may have."""
MOST_FORMER = 10
"""So many names that a run had before are remembered."""


class Marks(NamedTuple):
    """``name`` replaces the word in the spec; ``owner`` is empty where all runs are everybody's,
    and ``shared`` says that the others of a class see it, too. ``former`` are the names that it had
    before, the newest first, by which old links still find it."""

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    owner: str = ""
    shared: bool = False
    former: tuple[str, ...] = ()


_ADAPTER = TypeAdapter(Marks)


def marks_of(run: Run) -> Marks:
    """A run's marks; raises ``SettingsError`` if the file is damaged."""
    path = run.folder / "marks.json"
    try:
        data = files.read_json(path)
        return _ADAPTER.validate_python(data if isinstance(data, dict) else None)
    except FileNotFoundError:
        return Marks()
    except ValueError:
        raise SettingsError(
            f"{path} is damaged; naming the run, or removing the file, mends it."
        ) from None


def mark(
    run: Run,
    *,
    name: str | None = None,
    tags: Iterable[str] | None = None,
    note: str | None = None,
    shared: bool | None = None,
) -> Marks:
    """Change some of a run's marks: ``mark(run, name="lab 1", tags=["course"])``; empty text
    takes them away. Raises ``SettingsError`` where something is too long."""
    try:
        before = marks_of(run)
    except SettingsError:
        before = Marks()
    given: dict[str, Any] = {"name": name, "note": note, "shared": shared}
    after = before._replace(**{key: value for key, value in given.items() if value is not None})
    after = after._replace(name=" ".join(after.name.split()), note=after.note.strip())
    if before.name and before.name != after.name:
        after = after._replace(former=(before.name, *before.former)[:MOST_FORMER])
    if tags is not None:
        after = after._replace(
            tags=tuple(dict.fromkeys(" ".join(t.split()) for t in tags if t.strip()))
        )
    _check(after)
    write_marks(run, after)
    return after


def write_marks(run: Run, marks: Marks) -> None:
    files.write_text(run.folder / "marks.json", json.dumps(marks._asdict()))


def _check(marks: Marks) -> None:
    for what, text, most in (
        ("name", marks.name, NAME_CHARS),
        ("note", marks.note, NOTE_CHARS),
        *(("tag", tag, TAG_CHARS) for tag in marks.tags),
    ):
        if len(text) > most:
            raise SettingsError(
                f"The {what} has {len(text):,} characters, but should have at most {most:,}."
            )
    if len(marks.tags) > MOST_TAGS:
        raise SettingsError(f"There are {len(marks.tags)} tags, but at most {MOST_TAGS} are kept.")
