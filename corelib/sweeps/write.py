"""A study's settings as text: what a person types, and TOML that the command line reads."""

from __future__ import annotations

import json
import math
import re

from corelib.errors import SettingsError
from corelib.settings import Kind
from corelib.sweeps.settings import Range, Scalar, StudySettings

RANGE = re.compile(r"(\S+)\s+to\s+([^\s,]+)(?:\s*,?\s*(log))?", re.IGNORECASE)
SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
SHOULD = {"int": "a whole number", "float": "a number", "bool": "on or off"}
MOST_SEEDS = 1000


def read_values(name: str, text: str, kind: Kind) -> tuple[Scalar, ...] | Range:
    """What a person wrote for a varied setting of this ``kind``: values with commas between them
    (text, with semicolons, since widths of layers hold commas), or ``0.001 to 0.1``, with ``log``
    behind it where the search is to spread evenly over the logarithm.

    Raises ``SettingsError`` naming what cannot be read.

    >>> read_values("n_hidden", "16, 32", "int")
    (16, 32)
    >>> read_values("learning_rate", "1e-4 to 0.1, log", "float")
    Range(low=0.0001, high=0.1, log=True)
    """
    found = RANGE.fullmatch(text.strip()) if kind in ("int", "float") else None
    if found:
        ends = {end: _value(name, found[k], kind) for k, end in ((1, "low"), (2, "high"))}
        try:
            return Range.model_validate({**ends, "log": bool(found[3])})
        except SettingsError as error:
            raise SettingsError(f"{name}: {error}") from None
    words = [word.strip() for word in text.split(";" if kind == "text" else ",")]
    values = tuple(_value(name, word, kind) for word in words if word)
    if not values:
        raise SettingsError(f"{name} has no values yet: write some, such as {_example(kind)}.")
    return values


def _example(kind: Kind) -> str:
    return {
        "int": "16, 32, or 16 to 64",
        "float": "0.1, 0.2, or 0.001 to 0.1, log",
        "bool": "on, off",
        "choice": "two of its choices with a comma between them",
        "text": "two texts with a semicolon between them",
    }[kind]


def _value(name: str, word: str, kind: Kind) -> Scalar:
    try:
        if kind == "bool":
            return SWITCH[word.lower()]
        if kind == "int":
            return int(word)
        if kind != "float":
            return word
        value = float(word)
        if math.isfinite(value):
            return value
    except (KeyError, ValueError):
        pass
    raise SettingsError(f"{name} has the value {word[:60]!r}, but should be {SHOULD[kind]}.")


def read_seeds(text: str) -> tuple[int, ...]:
    """Seeds as a person writes them: ``0, 1, 2`` or ``0 to 4``, both ends included."""
    if not text.strip():
        raise SettingsError("There is no seed yet: write some, such as 0, 1, 2 or 0 to 4.")
    values = read_values("seeds", text, "int")
    if not isinstance(values, Range):
        return tuple(int(value) for value in values)
    seeds = range(int(values.low), int(values.high) + 1)
    if len(seeds) > MOST_SEEDS:
        raise SettingsError(
            f"{len(seeds):,} seeds are more than {MOST_SEEDS:,}, the most there can be."
        )
    return tuple(seeds)


def as_toml(settings: StudySettings) -> str:
    """The study as the command line reads it, with what differs from the defaults. Where its trials
    are kept is left out: that is a matter of the machine, and a database's address may hold a
    password."""
    plain = settings.model_dump(exclude_defaults=True, exclude={"storage", "fixed", "vary"})
    lines = [f"{name} = {_toml(value)}" for name, value in plain.items()]
    for table, entries in (("fixed", settings.fixed), ("vary", settings.vary)):
        if entries:
            lines += ["", f"[{table}]"]
            lines += [f"{name} = {_toml(value)}" for name, value in entries.items()]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, Range):
        inner = ", ".join(f"{k} = {_toml(v)}" for k, v in value.model_dump().items())
        return f"{{{inner}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's; it leaves DEL alone, which TOML refuses.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
