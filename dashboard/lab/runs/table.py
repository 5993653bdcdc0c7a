"""The table of all runs: its filter, its columns, and the rows chosen in it."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import streamlit as st

from corelib.runs.index import Row
from corelib.runs.titles import begun
from dashboard.shell import cache, person
from dashboard.shell.controls import search, select, several
from dashboard.shell.run_panel import WORDS
from dashboard.shell.save import save_button

PAGE = "runs"
ANY = "any"
OPENED = f"_{PAGE}_opened"
"""Set when a row was chosen: what stands below the table follows it."""
HEIGHT = 420
"""Of a table that scrolls, in pixels."""
MOST_ROWS = 10
"""Longer tables scroll."""


class Shown(NamedTuple):
    """The rows that pass the filter."""

    rows: list[Row]


SCORES = ("validation accuracy / %", "validation score")
"""Of a run the one or the other."""


def draw_filter(rows: Sequence[Row]) -> Shown:
    """The controls of the filter, and what passes it."""
    titles = cache.run_titles()
    find, states, systems, tags = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
    with find:
        text = search(PAGE, "in names, data, notes and ids", "Find")
    with states:
        state = select(
            PAGE,
            "state",
            "State",
            [ANY, *dict.fromkeys(row.state for row in rows)],
            format_func=lambda name: WORDS[name][0] if name in WORDS else name,
        )
    with systems:
        system = select(
            PAGE, "system", "System", [ANY, *sorted({row.system for row in rows if row.system})]
        )
    with tags:
        known = sorted({tag for row in rows for tag in row.tags})
        wanted = several(PAGE, "tags", "Tags", known) if known else []
    words = text.casefold().split()
    return Shown(
        [
            row
            for row in rows
            if state in (ANY, row.state)
            and system in (ANY, row.system)
            and set(wanted) <= set(row.tags)
            and all(word in _text(row, titles).casefold() for word in words)
        ]
    )


def _text(row: Row, titles: dict[str, str]) -> str:
    return " ".join((titles.get(row.id, ""), row.id, row.dataset, row.note, row.said, *row.tags))


def draw_table(rows: Sequence[Row]) -> None:
    """The table. Clicking a row's box chooses it; one chosen row is opened below."""
    frame = frame_of(rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{len(rows):,} run{'s' * (len(rows) != 1)}, the newest first. Choose one to open it, "
            "several to compare or delete them; a click on a heading sorts."
            if rows
            else "No run matches.",
            width="stretch",
        )
        save_button(
            "CSV",
            lambda: frame.to_csv(index=False).encode(),
            "synaptarium-runs",
            f"{PAGE}_csv",
            "All rows of this table",
        )
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=HEIGHT if len(frame) > MOST_ROWS else "content",
        # Another list is another table: the rows that are chosen are known by their places.
        key=_key(rows),
        placeholder="",
        alt=f"{len(frame)} runs, the newest first",
        on_select=lambda: _choose(rows),
        selection_mode="multi-row",
        column_config=COLUMNS,
    )


COLUMNS = {
    "done": st.column_config.ProgressColumn("done", min_value=0.0, max_value=1.0, format="percent"),
    "note": st.column_config.TextColumn(width="medium"),
    "validation accuracy / %": st.column_config.NumberColumn(format="%.2f"),
    "validation score": st.column_config.NumberColumn(format="%.4g"),
    "test accuracy / %": st.column_config.NumberColumn(format="%.2f"),
    "updates / s": st.column_config.NumberColumn(format="%.0f"),
    "time / s": st.column_config.NumberColumn(format="localized"),
    "size / MB": st.column_config.NumberColumn(format="%.1f"),
    "began": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
    "run": st.column_config.TextColumn(pinned=True),
}


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """All that the table shows of these runs."""
    titles = cache.run_titles()
    records = [
        {
            "run": titles.get(row.id, row.id),
            "state": WORDS[row.state][0] if row.is_readable else "Unreadable",
            "done": min(1.0, row.step / row.total) if row.total else None,
            "system": row.system,
            "data": row.dataset,
            "seed": row.seed,
            # The best one, in the unit in which it is said elsewhere.
            "validation accuracy / %": _in_percent(row.score) if _is_accuracy(row) else None,
            "validation score": None if _is_accuracy(row) else row.score,
            "test accuracy / %": _in_percent(row.test.get("accuracy")),
            "updates / s": row.speed,
            "time / s": round(row.seconds, 1) if row.seconds else None,
            "size / MB": row.size / 1e6,
            "tags": ", ".join(row.tags),
            "whose": _whose(row),
            "note": " ".join(filter(None, (row.note, row.said))),
            "parameters": row.parameters,
            "began": begun(row.id),
            "id": row.id,
        }
        for row in rows
    ]
    frame = pd.DataFrame(records)
    texts = [name for name in ("tags", "whose", "note") if name in frame and not any(frame[name])]
    empty = [name for name in SCORES if name in frame and not any(frame[name].notna())]
    return frame.drop(columns=[*texts, *empty])


def _is_accuracy(row: Row) -> bool:
    return row.measure.startswith("accuracy")


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _whose(row: Row) -> str:
    who = person.me()
    if not row.owner or (who is not None and row.owner == who.id):
        return ""
    return person.name_of(row.owner) or "somebody's"


def _key(rows: Sequence[Row]) -> str:
    return f"{PAGE}_table_{hash(tuple(row.id for row in rows)):x}"


def chosen_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows chosen in the table."""
    table = st.session_state.get(_key(rows))
    return [rows[place] for place in table.selection.rows if place < len(rows)] if table else []


def _choose(rows: Sequence[Row]) -> None:
    """Open the row that was chosen, if it is one alone."""
    chosen = chosen_rows(rows)
    if len(chosen) == 1:
        st.session_state[f"{PAGE}_run"] = chosen[0].id
        st.session_state[OPENED] = True
