"""All runs: a table, one of them in full, and learning curves side by side."""

import streamlit as st

from corelib.catalog import SYSTEMS
from corelib.runs.store import Run, list_runs
from dashboard.shell import cache, inventory
from dashboard.shell.export import chart
from dashboard.shell.run_panel import runs_section
from dashboard.shell.text import errors_shown, plain
from dashboard.shell.theme import palette
from dashboard.shell.titled import several_titled

PAGE = "runs"
MOST = 6
"""Learning curves that one figure still shows apart."""


def draw_runs() -> None:
    st.title("Runs")
    runs = {run.id: run for run in list_runs()}
    st.markdown(inventory.runs_sentence())
    if problems := inventory.left_out():
        st.warning(
            "These checkpoints are not offered:\n" + "".join(f"\n- {plain(p)}" for p in problems)
        )
    for problem in SYSTEMS.problems:
        st.warning(plain(problem))
    if not runs:
        return
    table = inventory.runs_table()
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        key=f"{PAGE}_table",
        placeholder="",
        alt=f"{len(table)} runs, the newest first",
    )
    st.markdown("### One run")
    with errors_shown():
        runs_section(PAGE)
    st.markdown("### Side by side")
    with errors_shown():
        _side_by_side(runs)


def _side_by_side(runs: dict[str, Run]) -> None:
    from dashboard.figures.training import learning_curves

    called = cache.run_titles()
    titles = {id: called.get(id, id) for id in runs}
    compared = several_titled(PAGE, "compare", "Runs to compare", titles, most=MOST)
    if compared:
        histories = {titles[id]: runs[id].history() for id in compared}
        chart(
            learning_curves(histories, palette()),
            f"{PAGE}_side_by_side",
            alt="Learning curves of the chosen runs",
            caption=f"n = {len(histories)} runs; validation on images held out of training.",
            n=1,
        )
