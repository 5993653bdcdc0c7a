"""The table of all trained networks, and what stands below it."""

import pandas as pd
import streamlit as st

from corelib.catalog import SYSTEMS
from corelib.data.sources import DATASETS
from corelib.runs.offered import registry_state
from corelib.runs.registry import Checkpoint
from dashboard.lab.importing import draw_import
from dashboard.lab.models.opened import draw_opened
from dashboard.shell import cache, inventory
from dashboard.shell.controls import search, select
from dashboard.shell.text import errors_shown, plain
from dashboard.shell.titled import select_titled

PAGE = "models"
ANY = "any"
ORIGINS = (ANY, "shipped", "imported", "own")


def draw_models() -> None:
    st.title("Models")
    items = {item.name: item for item in cache.checkpoints()}
    table = _table_of(list(items.values()))
    st.markdown(_sentence(table))
    shown = _draw_filter(table)
    _draw_table(shown)
    if problems := inventory.left_out():
        with st.expander(f"Not offered: {len(problems)}", key=f"{PAGE}_left_out"):
            st.markdown("".join(f"\n- {plain(problem)}" for problem in problems))
    if len(shown):
        titles = {name: items[name].title for name in shown["name"]}
        chosen = select_titled(PAGE, "model", "Model", titles)
        st.markdown(f"### {plain(titles[chosen])}")
        with errors_shown():
            draw_opened(items[chosen], PAGE)
    st.markdown("### Import a model")
    draw_import(f"{PAGE}_model")


def _table_of(items: list[Checkpoint]) -> pd.DataFrame:
    return _table((registry_state(), tuple(item.name for item in items)), items)


@st.cache_data(show_spinner="Reading the cards", max_entries=4)
def _table(state: tuple, _items: list[Checkpoint]) -> pd.DataFrame:
    """``corelib.checkpoints()`` as a table to read."""
    from corelib import checkpoints

    found = checkpoints(_items).reset_index()
    shares = found["measure"].str.startswith("accuracy").fillna(False)
    return pd.DataFrame(
        {
            "name": found["name"],
            "model": found["title"],
            "score": found["measured"].where(~shares, 100 * found["measured"]).astype(float),
            "measured": [
                "" if pd.isna(said) else said.replace(",", " / %," if share else ",")
                for said, share in zip(found["measure"], shares, strict=True)
            ],
            "network": [SYSTEMS[name].title for name in found["system"]],
            "images": [DATASETS[name].title for name in found["dataset"]],
            "weights": found["weights"],
            "size / MB": (found["bytes"] / 1e6).astype(float),
            "from": found["origin"],
        }
    )


def _sentence(table: pd.DataFrame) -> str:
    counts = table["from"].value_counts()
    kinds = table["network"].nunique()
    parts = [
        f"{counts[origin]} {words}"
        for origin, words in (
            ("shipped", "that ship"),
            ("imported", "imported"),
            ("own", "the best of each run"),
        )
        if counts.get(origin)
    ]
    return (
        f"**{len(table)}** trained networks of {kinds} kinds: {', '.join(parts)}. Click one to see "
        "how it was trained and measured, and to take it with you."
    )


def _draw_filter(table: pd.DataFrame) -> pd.DataFrame:
    """What the filters leave."""
    first, second, third = st.columns(3)
    with first:
        words = search(PAGE, "name, network, images")
    with second:
        kind = select(PAGE, "network", "Network", [ANY, *dict.fromkeys(table["network"])])
    with third:
        origin = select(PAGE, "from", "From", ORIGINS)
    return matching(table, words, kind, origin)


def matching(table: pd.DataFrame, words: str, kind: str, origin: str) -> pd.DataFrame:
    """The rows that hold every one of the words, of one kind of network and one origin."""
    told = table[["name", "model", "network", "images", "from"]].agg(" ".join, axis=1)
    told = told.str.casefold()
    fits = pd.Series(True, index=table.index)
    for word in words.casefold().split():
        fits &= told.str.contains(word, regex=False)
    if kind != ANY:
        fits &= table["network"] == kind
    if origin != ANY:
        fits &= table["from"] == origin
    return table.loc[fits]


def _draw_table(shown: pd.DataFrame) -> None:
    if shown.empty:
        st.info("No model is like that: search for less, or choose any network.")
        return
    names = list(shown["name"])

    def open_clicked() -> None:
        if rows := st.session_state[f"{PAGE}_table"].selection.rows:
            st.session_state[f"{PAGE}_model"] = names[rows[0]]

    column = st.column_config
    st.dataframe(
        shown.drop(columns="name"),
        hide_index=True,
        width="stretch",
        height=420 if len(shown) > 11 else "content",
        key=f"{PAGE}_table",
        placeholder="",
        on_select=open_clicked,
        selection_mode="single-row",
        column_config={
            "model": column.Column(width=215),
            "score": column.NumberColumn(width=60, format="%.2f"),
            "measured": column.Column(width=135),
            "network": column.Column(width=180),
            "images": column.Column(width=130),
            "weights": column.NumberColumn(
                width=75, format="localized", help="Numbers in its file of weights"
            ),
            "size / MB": column.NumberColumn(width=70, format="%.2f"),
            "from": column.Column(width=70),
        },
        alt=f"{len(shown)} trained networks",
    )
