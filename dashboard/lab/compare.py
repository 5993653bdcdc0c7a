"""The page Compare: networks beside one another, their curves, settings and scores."""

from typing import NamedTuple, cast

import pandas as pd
import streamlit as st

from corelib.measures.comparison import LEAST, MOST, Comparison, compare
from corelib.runs.registry import Checkpoint, history
from corelib.words import PER_CENT, percent
from dashboard.shell import cache, drawn
from dashboard.shell.cache import CheckpointKey
from dashboard.shell.controls import select, switch
from dashboard.shell.export import chart
from dashboard.shell.opens import address_of, rooms_of
from dashboard.shell.page_zip import draw_report_button
from dashboard.shell.save import save_button
from dashboard.shell.text import errors_shown, plain
from dashboard.shell.theme import palette
from dashboard.shell.titled import select_titled, several_titled

PAGE = "compare"
STANDARD = ("bpan-mnist", "mlp-mnist")
HEIGHT = 900
"""Of an experiment beside another, in pixels."""


class View(NamedTuple):
    """The networks that are compared, and what came of it."""

    items: list[Checkpoint]
    found: Comparison


@st.cache_resource(show_spinner="Comparing the networks on the test images", max_entries=8)
def _compared(keys: tuple[CheckpointKey, ...]) -> Comparison:
    items = {item.name: item for item in cache.checkpoints()}
    return compare([items[key.name] for key in keys])


def draw_compare() -> None:
    drawn.forget()
    st.title("Compare")
    items = {item.name: item for item in cache.checkpoints()}
    titles = {name: item.title for name, item in items.items()}
    standard = [name for name in STANDARD if name in items]
    chosen = several_titled(PAGE, "runs", "Networks", titles, standard, most=MOST)
    if len(chosen) < LEAST:
        st.info(f"Choose {LEAST} to {MOST} networks: those that ship, and your own runs.")
        return
    with errors_shown():
        view = _view([items[name] for name in chosen])
        text = sentence(view.found)
        drawn.say("Compare", text)
        st.markdown(text)
        for note in view.found.notes:
            st.caption(plain(note))
        _draw_parts(view)


def _view(items: list[Checkpoint]) -> View:
    return View(items, _compared(tuple(cache.checkpoint_key(item) for item in items)))


def _draw_parts(v: View) -> None:
    with st.container(horizontal=True):
        save_button(
            "CSV",
            lambda: v.found.table().to_csv(index=False).encode(),
            "synaptarium-comparison",
            f"{PAGE}_csv",
            "The whole comparison as one table: scores, groups, settings, differences",
        )
    if len(v.found.differences):
        _draw_differences(v.found.differences)
    st.markdown("### Scores")
    _draw_scores(v.found)
    st.markdown("### Settings that differ")
    if len(v.found.settings):
        st.dataframe(v.found.settings, hide_index=True, width="stretch", key=f"{PAGE}_settings")
    else:
        st.caption("None but the seed.")
    with errors_shown():
        _draw_curves(v)
    draw_report_button(PAGE, v.items)
    _draw_side_by_side(v)


def sentence(found: Comparison) -> str:
    """Who is better by how much, and whether that is more than chance."""
    parts = []
    for row in found.differences.to_dict("records"):
        points = 100 * row["difference"]
        interval = f"95{PER_CENT} interval [{100 * row['low']:+.2f}, {100 * row['high']:+.2f}]"
        name, less = plain(row["group"]), plain(row["less"])
        if row["low"] <= 0 <= row["high"]:
            parts.append(
                f"**{name}** and **{less}** do not differ by more than chance: "
                f"{points:+.2f} points, {interval}"
            )
        else:
            more = "more" if points > 0 else "less"
            parts.append(
                f"**{name}** is **{abs(points):.2f} points {more}** accurate than **{less}**, "
                f"{interval}"
            )
    if len(found.groups) == 1:
        row = found.groups.to_dict("records")[0]
        if "accuracy" not in row:
            return "These networks differ in their seed alone; their scores stand below."
        mean, sd = 100 * row["accuracy"], 100 * row["accuracy, sd"]
        return (
            f"These networks differ in their seed alone: **{mean:.2f} ± {sd:.2f}{PER_CENT}** "
            f"correct, n = {row['seeds']} seeds."
        )
    if not parts:
        return "These networks have no accuracy on the same images; their scores stand below."
    n = int(found.differences["images"].iloc[0])
    return f"{'; '.join(parts)}; n = {n:,} test images."


def _draw_differences(frame: pd.DataFrame) -> None:
    from dashboard.figures.comparison import differences

    rows = frame.to_dict("records")
    chart(
        differences(rows, palette()),
        f"{PAGE}_differences",
        alt="Differences in accuracy with their intervals",
        caption=f"Accuracy less that of {rows[0]['less']}, and the 95 % bootstrap interval over "
        f"n = {rows[0]['images']:,} test images.",
        n=1,
    )


def _draw_scores(found: Comparison) -> None:
    shown = found.scores.copy()
    for name in shown.columns:
        if "accuracy" in name:
            shown[name] = [_percent(value) for value in shown[name]]
    st.dataframe(
        cast("pd.DataFrame", shown.dropna(axis="columns", how="all")),
        hide_index=True,
        width="stretch",
        key=f"{PAGE}_scores",
    )
    if max(found.groups["seeds"]) > 1:
        st.caption("Mean ± sd over the seeds of each group.")
        st.dataframe(_spreads(found.groups), hide_index=True, width="stretch", key=f"{PAGE}_groups")
    paired = found.differences
    if "pairs" in paired:
        known = paired.dropna(subset=["pairs"])
        st.caption(
            "; ".join(
                plain(
                    f"{row['group']} less {row['less']}, paired by {row['pairs']:.0f} seeds: "
                    f"{100 * row['paired by seed']:+.2f} ± {100 * row['sd']:.2f} points"
                )
                for row in known.to_dict("records")
            )
        )


def _spreads(groups: pd.DataFrame) -> pd.DataFrame:
    """Means with their spread as text."""
    shown = pd.DataFrame({"group": groups["group"], "seeds": groups["seeds"]})
    for name in groups.columns:
        if f"{name}, sd" in groups:
            pairs = zip(groups[name], groups[f"{name}, sd"], strict=True)
            scale = 100 if "accuracy" in name else 1
            label = f"{name} / %" if scale == 100 else name
            shown[label] = [
                ""
                if pd.isna(mean)
                else f"{scale * mean:.2f}"
                + ("" if sd is None or pd.isna(sd) else f" ± {scale * sd:.2f}")
                for mean, sd in pairs
            ]
    return shown


def _percent(value: float) -> str:
    return "" if pd.isna(value) else percent(value, 2)


def _draw_curves(v: View) -> None:
    from dashboard.figures.training import learning_curves

    histories = {item.title: history(item) for item in v.items}
    known = {title: one for title, one in histories.items() if one.steps or one.validations}
    if not known:
        return
    st.markdown("### Learning curves")
    if missing := [plain(title) for title in histories if title not in known]:
        st.caption(f"No history is kept of: {', '.join(missing)}.")
    log = switch(PAGE, "log", "Log axes")
    chart(
        learning_curves(known, palette(), log=log),
        f"{PAGE}_curves",
        alt="Learning curves of the networks",
        caption=f"n = {len(known)} networks. Validation: images held out of training.",
        n=1,
    )


def _draw_side_by_side(v: View) -> None:
    """An experiment twice, each with one of two networks."""
    st.markdown("### In an experiment, side by side")
    titles = {item.name: item.title for item in v.items}
    columns = st.columns(3, vertical_alignment="bottom")
    with columns[0]:
        left = select_titled(PAGE, "left", "Left", titles, next(iter(titles)))
    with columns[1]:
        right = select_titled(PAGE, "right", "Right", titles, list(titles)[1])
    pair = [item for name in (left, right) for item in v.items if item.name == name]
    rooms = [room for room in rooms_of(pair[0]) if room in rooms_of(pair[-1])]
    if not rooms:
        st.caption("No experiment shows both of these networks.")
        return
    with columns[2]:
        room = select(PAGE, "room", "Experiment", [room.title for room in rooms])
    shown = next(one for one in rooms if one.title == room)
    st.caption("Each half is the experiment itself, with its own controls.")
    for column, item in zip(st.columns(2), pair, strict=True):
        with column:
            st.markdown(f"**{plain(item.title)}**")
            st.iframe(address_of(shown, item), height=HEIGHT, alt=f"{shown.title}: {item.title}")
