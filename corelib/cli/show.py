"""Numbers, tables and JSON as plain text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from corelib.words import percent

if TYPE_CHECKING:
    import pandas as pd


def as_json(value: Any) -> None:
    """Print a value as JSON; what is not a finite number is spelled as in a run's files."""
    print(json.dumps(_spelled(value), indent=1, ensure_ascii=False, allow_nan=False))


def _spelled(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case dict():
            return {name: _spelled(item) for name, item in value.items()}
        case list() | tuple():
            return [_spelled(item) for item in value]
    return value


def number(name: str, value: float) -> str:
    """An accuracy in per cent, anything else with four digits."""
    return percent(value, 2) if name.startswith("accuracy") else f"{value:.4g}"


def duration(seconds: float) -> str:
    """Minutes and seconds as 1:07, with hours as 2:01:07."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def metrics(values: Mapping[str, float]) -> str:
    """One line per metric, aligned."""
    return table([(f"  {name}", number(name, value)) for name, value in values.items()])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of strings as aligned columns; the first row may be a header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(w.ljust(n) for w, n in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def frame(value: pd.DataFrame, width: int | None = None) -> str:
    """A DataFrame as aligned columns; missing values are dashes.

    A table wider than ``width`` continues below; each part repeats the first column.
    """
    first, *others = ([name, *_column(column)] for name, column in value.items())
    parts, used = [[first]], _width(first)
    for column in others:
        if width is not None and used + 2 + _width(column) > width and len(parts[-1]) > 1:
            parts.append([first])
            used = _width(first)
        parts[-1].append(column)
        used += 2 + _width(column)
    return "\n\n".join(table(list(zip(*part, strict=True))) for part in parts)


def _width(column: Sequence[str]) -> int:
    return max(map(len, column))


def _column(values: pd.Series) -> list[str]:
    """All values with the number of decimals that the longest needs."""
    present = values.dropna()
    decimals = max((len(str(v).partition(".")[2]) for v in present), default=0)
    form = f".{decimals}f" if values.dtype.kind == "f" else ""
    return ["–" if gone else format(v, form) for v, gone in zip(values, values.isna(), strict=True)]
