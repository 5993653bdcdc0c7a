"""Trainings: all runs, their curves side by side, and what one may ask of each."""

from dashboard.router import ensure_routed

ensure_routed()

import streamlit as st

from corelib.runs.store import list_runs
from dashboard.shell import inventory
from dashboard.shell.export import chart
from dashboard.shell.run_panel import runs_section
from dashboard.shell.controls import BOUND
from dashboard.shell.theme import palette

st.title("Trainings")
runs = {run.id: run for run in list_runs()}
st.markdown(inventory.runs_sentence())

if runs:
    st.dataframe(inventory.runs_table(), hide_index=True, width="stretch", key="trainings_table")
    st.markdown("### One training")
    runs_section("trainings")
    st.markdown("### Side by side")
    compared = st.multiselect(
        "Runs to compare",
        list(runs),
        max_selections=6,
        key="trainings_compare",
        **BOUND,
        help="Their learning curves in one figure; the best by validation is what a run keeps",
    )
    if compared:
        from dashboard.figures.training import learning_curves

        histories = {name: runs[name].history() for name in compared if name in runs}
        chart(
            learning_curves(histories, palette()),
            "trainings_side_by_side",
            alt="Learning curves of the chosen runs",
            caption=f"n = {len(histories)} runs; validation on 5,000 images kept from training.",
        )
