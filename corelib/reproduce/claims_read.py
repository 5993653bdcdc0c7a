"""How claims are read from the tables over seeds: published and ours stand there in one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib.analysis.anytime import Spread
from corelib.reproduce import results
from corelib.reproduce.claim import PARAMETERS, Better, Claim, View
from corelib.words import PER_CENT

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
COUNTED = "Counted from the layers: no seed and no data change it."


class Topic(NamedTuple):
    """What several claims belong to: the family, who made them and where (``source``), and
    ``why``, sentences computed from tables on what we think of those that did not reproduce."""

    name: str
    family: str
    source: str
    claims: Callable[[], Iterator[Claim]]
    why: Callable[[], Sequence[str]] = list


class Pair(NamedTuple):
    """Columns of a table: our figure, the published one beside it, and what both measure."""

    measured: str
    ours: str
    published: str
    unit: str = "%"
    better: Better = "more"


def from_table(
    table: str,
    what: Callable[[Row], str],
    *pairs: Pair,
    view: Callable[[Row, Pair], View],
    control: Callable[[Row, Pair], str],
    where: Callable[[Row], bool] | None = None,
) -> Iterator[Claim]:
    """A claim for each pair of each row that has both figures; ``where`` chooses the rows."""
    for row in rows_of(table):
        if where is not None and not where(row):
            continue
        for pair in pairs:
            ours, published = row.get(pair.ours), row.get(pair.published)
            if pair.unit == PARAMETERS and isinstance(ours, int):
                ours = Spread(ours, 0.0, row["seeds"])
            if isinstance(ours, Spread) and published is not None:
                known = published.mean if isinstance(published, Spread) else float(published)
                yield Claim(
                    f"{what(row)}, {pair.measured}",
                    table,
                    pair.unit,
                    known,
                    ours,
                    pair.better,
                    control=control(row, pair),
                    view=view(row, pair),
                )


def counts(published: str = "published parameters", ours: str = "parameters") -> Pair:
    """The number of weights and biases."""
    return Pair("number of parameters", ours, published, PARAMETERS, "neither")


def told(name: str, row: Row, *columns: str) -> str:
    """What another row of the same table has in these columns: ``GRU of 75: accuracy (37.81 ±
    0.76 %).``"""
    figures = []
    for column in columns:
        cell = row.get(column)
        if cell is not None:
            label, _, unit = column.partition(" / ")
            after = PER_CENT if unit == "%" else f" {unit}" if unit else ""
            figures.append(f"{label} ({cell}{after})")
    return f"{name}: {', '.join(figures)}." if figures else ""


def module_of(table: str) -> Any:
    """The module of a reproduction."""
    from corelib.reproduce import REPRODUCTIONS

    return import_module(REPRODUCTIONS[table].module)


def summary_of(table: str) -> pd.DataFrame:
    """The table of the shipped raw figures; computed again when a shipped file changes. Not to be
    modified."""
    return _read(table, results.shipped_state())[0]


def rows_of(table: str) -> list[Row]:
    """The rows of ``summary_of`` by their columns. Not to be modified."""
    return _read(table, results.shipped_state())[1]


@lru_cache(maxsize=32)
def _read(table: str, state: tuple[tuple[str, int, int], ...]) -> tuple[pd.DataFrame, list[Row]]:
    # Of the state of all files: a table may quote another one.
    frame = cast("pd.DataFrame", module_of(table).TABLE.summary(results.shipped(table)))
    return frame, cast("list[Row]", frame.to_dict("records"))


def row_of(table: str, **cells: Any) -> Row:
    """The first row with these cells, by the columns' names; empty if there is none."""
    return next(
        (row for row in rows_of(table) if all(row[k] == value for k, value in cells.items())), {}
    )


def notes(table: str, *parts: str) -> Callable[[], list[str]]:
    """Those sentences below a table that contain one of ``parts``."""

    def found() -> list[str]:
        said = cast("Sequence[str]", summary_of(table).attrs["notes"])
        return [note for note in said if any(part in note for part in parts)]

    return found
