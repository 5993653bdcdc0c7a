"""A published table beside ours, and recomputing ours from the page."""

from functools import partial
from importlib import import_module

import pandas as pd
import streamlit as st

from corelib.errors import SynaptariumError
from corelib.reproduce import REPRODUCTIONS, expected, results
from corelib.reproduce.results import Measured, OverSeeds
from corelib.reproduce.seeds import progress
from corelib.runs.offered import registry_state
from dashboard.figures.table import folded, in_words, keys_of
from dashboard.shell.apart import alone
from dashboard.shell.numbers import MOST_ROWS, draw_folded, turned
from dashboard.shell.person import check_shared, refusal_of_shared
from dashboard.shell.text import errors_shown, plain, say_error

POLL_S = 2.0


def reproduction_section(name: str, prefix: str, missing: str = "") -> None:
    """The table of a reproduction over seeds, its raw figures to export, and its progress.

    ``missing`` is shown above the command if there is no table yet.
    """
    command = f"python -m corelib reproduce {name} --train"
    if missing and not results.is_here(name):
        st.info(missing)
        st.code(command, language=None)
        return
    what: OverSeeds | Measured = import_module(REPRODUCTIONS[name].module).TABLE
    try:
        rows, own = results.newest(name)
        table = what.summary(rows)
    except SynaptariumError as error:
        say_error(error)
        return
    st.markdown(f"**{REPRODUCTIONS[name].about}**")
    _table(table, f"{prefix}_{name}_table")
    source = "were computed on this machine" if own else "ship"
    notes = table.attrs.get("notes", ())
    st.caption("\n\n".join((f"From the raw figures that {source}.", *notes)))
    _buttons(name, prefix, rows)
    problem = st.session_state.pop(f"{prefix}_{name}_problem", None)
    if problem:
        say_error(problem)
    computing = results.is_computing(name) or f"{prefix}_{name}_started" in st.session_state
    if computing:
        alone(_progress, POLL_S)(what, prefix)
    st.code(command, language=None)


def _table(table: pd.DataFrame, key: str) -> None:
    """Show a table whose cells are spreads, numbers or empty, in parts that fit the page. A few
    models become columns, to be compared side by side, if that takes no more parts."""
    shown, keys = in_words(table), keys_of(table)
    if len(table) <= MOST_ROWS and keys == 1:
        across = turned(shown, str(table.columns[0]))
        if len(folded(across, 1)) <= len(folded(shown, 1)):
            shown = across
    draw_folded(shown, keys, key)


def _buttons(name: str, prefix: str, rows: pd.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Raw figures (CSV)",
            data=lambda: rows.to_csv(index=False).encode(),
            file_name=f"{name}.csv",
            key=f"{prefix}_{name}_csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(
            "Recompute",
            key=f"{prefix}_{name}_anew",
            icon=":material/refresh:",
            disabled=results.is_computing(name) or bool(refusal_of_shared()),
            help="Trains the missing networks one after another in the background, then measures "
            "all of them",
            on_click=partial(_start, name, prefix),
        )
        st.caption(f"Expected time: {_expected_time(name, registry_state())}")


@st.cache_resource(show_spinner=False, max_entries=64)
def _expected_time(name: str, state: tuple) -> str:
    """How long the networks will take that are not trained yet; looked up anew when a run ends."""
    time = expected(name)
    if time is None:
        return "not known beforehand: this table trains without runs"
    if not (time.runs or time.unknown):
        return "all networks are trained; only measuring is left"
    return time.words


def _start(name: str, prefix: str) -> None:
    try:
        check_shared()
        results.start_in_background(name)
    except (SynaptariumError, OSError) as error:
        st.session_state[f"{prefix}_{name}_problem"] = str(error)
    else:
        st.session_state[f"{prefix}_{name}_started"] = True


@errors_shown()
def _progress(what: OverSeeds | Measured, prefix: str) -> None:
    started = f"{prefix}_{what.name}_started"
    if isinstance(what, OverSeeds):
        done, total, run = progress(what.all_specs())
        running = plain(run.id) if run else "between two runs"
        st.progress(done / total, f"{done} of {total} networks trained; {running}")
    log = results.log_file(what.name)
    lines = log.read_text(errors="replace", encoding="utf-8").splitlines() if log.exists() else []
    if lines:
        st.caption(plain(lines[-1]))
    if results.is_computing(what.name):
        st.session_state.pop(started, None)
    elif started not in st.session_state or lines:
        # It has started and ended: the page now shows the new table.
        st.session_state.pop(started, None)
        st.rerun(scope="app")
