"""The page Claims: what was published, what we found, and the verdict by one rule."""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pandas as pd
import streamlit as st

from corelib.reproduce import REPRODUCTIONS, claims, expected
from corelib.reproduce.claim import UNTESTED
from dashboard.rooms import ROOMS
from dashboard.shell import drawn
from dashboard.shell.controls import select, several
from dashboard.shell.export import chart
from dashboard.shell.page_zip import draw_report_button
from dashboard.shell.save import save_button
from dashboard.shell.text import errors_shown, plain
from dashboard.shell.theme import palette

PAGE = "claims"
ALL = "all"
LONGEST = 60
HEIGHT = 460
MARKS = {
    "reproduced": "✓ reproduced",
    "exceeded": "▲ exceeded",
    "reproduced in part": "◆ in part",
    "not reproduced": "✕ not reproduced",
    UNTESTED: "– cannot be tested here",
}
"""Verdicts as the table says them: told by a mark as well as in words."""

Row = dict[str, Any]


class Listed(NamedTuple):
    """The claims, and what is said of them: the ``rule``, and ``reasons`` by topic."""

    rows: list[Row]
    rule: str
    reasons: dict[str, list[str]]


@st.cache_resource(show_spinner=False, max_entries=2)
def _listed(written_ns: int) -> Listed:
    frame = claims.table()
    known: Any = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return Listed(known, frame.attrs["rule"], frame.attrs["reasons"])


def draw_claims() -> None:
    drawn.forget()
    st.title("Claims")
    listed = _listed(claims.FILE.stat().st_mtime_ns)
    text = sentence(listed.rows)
    drawn.say("Claims", text)
    st.markdown(text)
    shown = _filtered(listed.rows)
    if not shown:
        st.caption("No claim is left by this filter.")
        return
    with errors_shown():
        _draw_table(shown)
        _draw_one(listed, shown)
        _draw_figure(shown)
    draw_report_button(PAGE)
    with st.expander("The rule, and why some did not reproduce"):
        st.markdown(f"The rule: {plain(listed.rule)}")
        for topic, reasons in listed.reasons.items():
            for reason in reasons:
                st.markdown(f"**{topic}**: {plain(reason)}")


def sentence(rows: list[Row]) -> str:
    """How many claims got which verdict."""
    tested = [row for row in rows if row["verdict"] != UNTESTED]
    counts = pd.Series([row["verdict"] for row in tested]).value_counts()
    parts = [f"**{counts[name]}** {name}" for name in MARKS if name in counts]
    return (
        f"Of {len(tested)} published figures that our tables speak to: {', '.join(parts)}; "
        f"{len(rows) - len(tested)} claims cannot be tested here. Each verdict follows from the "
        "two figures by one rule."
    )


def _filtered(rows: list[Row]) -> list[Row]:
    find, topics, verdicts = st.columns([2, 2, 2], vertical_alignment="bottom")
    with find:
        text = st.text_input(
            "Find",
            key=f"{PAGE}_find",
            placeholder="a network, a measure",
            max_chars=LONGEST,
            bind="query-params",
        )
    with topics:
        topic = select(PAGE, "topic", "Topic", [ALL, *dict.fromkeys(row["topic"] for row in rows)])
    with verdicts:
        wanted = several(PAGE, "verdict", "Verdict", list(MARKS), placeholder="any verdict")
    words = text.casefold().split()
    return [
        row
        for row in rows
        if topic in (ALL, row["topic"])
        and (not wanted or row["verdict"] in wanted)
        and all(word in f"{row['topic']} {row['claim']}".casefold() for word in words)
    ]


def _draw_table(shown: list[Row]) -> None:
    frame = pd.DataFrame(
        [
            {
                "claim": row["claim"],
                "published": _figure(row["published"], row["unit"]),
                "ours": _ours(row),
                "verdict": MARKS[row["verdict"]],
                "topic": row["topic"],
            }
            for row in shown
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=HEIGHT if len(frame) > 12 else "content",
        key=_key(shown),
        alt=f"{len(frame)} claims: published, ours and the verdict",
        on_select=_choose(shown),
        selection_mode="single-row",
        column_config={
            "claim": st.column_config.TextColumn(width="large"),
            "published": st.column_config.TextColumn(alignment="right"),
            "ours": st.column_config.TextColumn(alignment="right"),
        },
    )
    save_button(
        "CSV",
        lambda: claims.table().to_csv(index=False).encode(),
        "synaptarium-claims",
        f"{PAGE}_csv",
        "All claims with source, control, command and view",
    )


def _key(shown: list[Row]) -> str:
    """Another list is another table: the row that is chosen is known by its place."""
    return f"{PAGE}_table_{hash(tuple(row['claim'] for row in shown)):x}"


def _choose(shown: list[Row]) -> Callable[[], None]:
    """What opens the row that was chosen in the table."""

    def choose() -> None:
        chosen = st.session_state[_key(shown)].selection.rows
        if chosen:
            st.session_state[f"{PAGE}_claim"] = shown[chosen[0]]["claim"]

    return choose


def _figure(value: float | None, unit: str | None) -> str:
    return "" if value is None else f"{value:,.6g}{_unit(unit)}"


def _unit(unit: str | None) -> str:
    return f"\N{NO-BREAK SPACE}{unit}" if unit else ""


def _ours(row: Row) -> str:
    """Our mean with as many digits as its spread supports."""
    mean, sd = row["mean"], row["sd"]
    if mean is None:
        return ""
    if not sd:
        return f"{mean:,.6g}{_unit(row['unit'])}"
    return f"{mean:,.2f} ± {sd:.2f}{_unit(row['unit'])}"


def _draw_one(listed: Listed, shown: list[Row]) -> None:
    """One claim in full."""
    st.markdown("### One claim")
    name = select(PAGE, "claim", "Claim", [row["claim"] for row in shown])
    row = next(row for row in shown if row["claim"] == name)
    with st.container(border=True, key=f"{PAGE}_one"):
        st.markdown(f"**{plain(row['claim'])}**: {MARKS[row['verdict']]}")
        st.caption(f"{row['topic']}. Claimed in: {plain(row['source'])}.")
        if row["verdict"] == UNTESTED:
            st.markdown(plain(row["why"]))
        else:
            seeds = "one seed" if row["seeds"] == 1 else f"{row['seeds']:.0f} seeds"
            st.markdown(
                f"Published {_figure(row['published'], row['unit'])}, ours {_ours(row)} ({seeds}); "
                f"differences up to {row['allowed']:.3g}{_unit(row['unit'])} count as the same."
            )
        st.markdown(f"Control: {plain(row['control'])}.")
        _draw_link(row["view"])
        if row["table"]:
            about = REPRODUCTIONS[row["table"]].about
            st.caption(plain(f"The table that computes ours: {about}. {cost(row['table'])}"))
            st.code(f"python -m corelib reproduce {row['table']}", language=None)
        for reason in listed.reasons.get(row["topic"], []):
            if row["verdict"] != "reproduced":
                st.caption(plain(reason))


def cost(table: str) -> str:
    """What it costs to compute a table again with --train."""
    time = expected(table)
    if time is None:
        return (
            "Computing it again trains without runs: how long that takes is not known beforehand."
        )
    if not (time.runs or time.unknown):
        return "All its networks are trained here; only measuring is left."
    return f"Computing it again, with --train: {time.words}."


def _draw_link(view: str) -> None:
    page, _, query = view.partition("?")
    room = next(room for room in ROOMS if room.file == f"{page}.py")
    st.page_link(
        f"pages/{room.file}",
        label=f"See for yourself in {room.title}",
        icon=room.icon,
        query_params=parse_qsl(query),
    )


def _draw_figure(shown: list[Row]) -> None:
    tested = [row for row in shown if row["verdict"] != UNTESTED]
    if not tested:
        return
    from dashboard.figures.claims import FARTHEST, distances

    chart(
        distances(tested, palette()),
        f"{PAGE}_distances",
        alt="How far ours are from the published figures, by topic",
        caption=f"Grey: counts as the same by the rule. n = {len(tested)} claims, each over the "
        f"seeds of its table; farther than {FARTHEST:g} is drawn at the edge.",
        n=1,
    )
