"""The page Runs: all of them in a table, what waits, one of them in full, and those deleted."""

from functools import partial

import streamlit as st

from corelib import environment
from corelib.catalog import SYSTEMS
from corelib.errors import RunError, SynaptariumError
from corelib.runs.deleted import deleted_runs, empty_deleted, restore_run
from corelib.runs.index import Row
from corelib.runs.registry import best_checkpoint
from corelib.runs.store import ENDED, Run, find_run
from corelib.runs.waiting import move_to_front, waiting
from dashboard.lab.runs.opened import draw_opened
from dashboard.lab.runs.table import OPENED, PAGE, Shown, chosen_rows, draw_filter, draw_table
from dashboard.shell import cache, drawn, inventory, person
from dashboard.shell.apart import alone, is_alone
from dashboard.shell.registry import begin
from dashboard.shell.report import report_button
from dashboard.shell.run_panel import attempt, delete, pick_run, run_panel, say_problem, undo_row
from dashboard.shell.saved import Saved
from dashboard.shell.text import errors_shown, plain

REFRESH_S = 2.0
MOST_COMPARED = 8


def draw_runs() -> None:
    begin(PAGE)
    drawn.forget()
    st.title("Runs")
    with st.spinner("Reading the runs", show_time=True):
        rows = cache.rows(fresh=True)
    size = f" They take {sum(row.size for row in rows) / 1e6:,.1f} MB." if rows else ""
    st.markdown(inventory.runs_sentence(rows) + size)
    _draw_person()
    if problems := inventory.left_out():
        st.warning(
            "These checkpoints are not offered:\n" + "".join(f"\n- {plain(p)}" for p in problems)
        )
    for problem in SYSTEMS.problems:
        st.warning(plain(problem))
    undo_row(PAGE)
    say_problem(PAGE)
    if rows:
        with errors_shown():
            _draw_rows(rows)
    with errors_shown():
        _draw_deleted()


def _draw_rows(rows: list[Row]) -> None:
    shown = draw_filter(rows)
    alive = any(row.state not in ENDED for row in rows)
    alone(_draw_live, REFRESH_S if alive else None)(shown)
    _draw_line(rows)
    if shown.rows:
        st.markdown("### One run")
        id = pick_run(PAGE, [row.id for row in shown.rows], "Run")
        run = find_run(id)
        run_panel(run, cache.run_titles().get(id, id), PAGE)
        draw_opened(run)
        best = best_checkpoint(run)
        items = {best.name: best} if best else {}
        title = cache.run_titles().get(id, id)
        said = partial(inventory.runs_sentence, rows)
        report_button(Saved(PAGE, title, said, items=items))


def _draw_live(shown: Shown) -> None:
    """The table, read anew while something trains, and what is done with the rows chosen in it."""
    now = {row.id: row for row in cache.rows()}
    rows = [now[row.id] for row in shown.rows if row.id in now]
    if st.session_state.pop(OPENED, False) and is_alone():
        st.rerun(scope="app")
    chosen = chosen_rows(rows)
    draw_table(rows)
    if len(chosen) > 1:
        _draw_chosen(rows, chosen)


def _draw_chosen(rows: list[Row], chosen: list[Row]) -> None:
    runs = [find_run(row.id) for row in chosen]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{len(chosen)} runs chosen", width="content")
        if len(chosen) <= MOST_COMPARED:
            st.page_link(
                "pages/compare.py",
                label="Compare",
                icon=":material/compare_arrows:",
                query_params=[("compare_models", row.id) for row in chosen],
            )
        st.button(
            "Delete",
            key=f"{PAGE}_delete_chosen",
            icon=":material/delete:",
            disabled=not all(row.state in ENDED for row in chosen)
            or any(map(person.refusal, runs)),
            help="Delete these runs and their checkpoints; Undo brings them back. Cancel those "
            "that train first",
            on_click=partial(_delete, rows),
        )


def _delete(rows: list[Row]) -> None:
    """Delete those of the table's rows that are chosen now."""

    def act() -> None:
        runs = [find_run(row.id) for row in chosen_rows(rows)]
        if not runs:
            raise RunError("Choose the runs to delete first.")
        delete(PAGE, runs)

    attempt(act, PAGE)
    # The whole page follows, not the table alone.
    st.session_state[OPENED] = True


def _draw_line(rows: list[Row]) -> None:
    """The runs that wait, in their order."""
    titles, seen = cache.run_titles(), {row.id for row in rows}
    line = waiting()
    if not line:
        return
    st.markdown("### Queue")
    for place, run in enumerate(line):
        title = titles.get(run.id, run.id) if run.id in seen else "somebody else's run"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{place + 1}. {plain(title)}", width="stretch")
            if place and run.id in seen and not environment.is_class():
                st.button(
                    "Train next",
                    key=f"{PAGE}_next_{run.id}",
                    icon=":material/vertical_align_top:",
                    on_click=partial(attempt, partial(move_to_front, run), PAGE, run),
                )


def _draw_deleted() -> None:
    runs = [run for run in deleted_runs() if _is_ours(run)]
    if not runs:
        return
    with st.expander(f"Deleted runs ({len(runs):,})", key=f"{PAGE}_deleted_runs"):
        st.caption("They can be restored until they are deleted for good.")
        names = [run.id for run in runs]
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        left.selectbox("Deleted run", names, key=f"{PAGE}_restored")
        right.button(
            "Restore",
            key=f"{PAGE}_restore",
            icon=":material/restore_from_trash:",
            on_click=partial(_restore, runs),
        )
        if not environment.is_class():
            with st.popover("Delete all for good", icon=":material/delete_forever:"):
                st.write(f"Delete {len(runs):,} runs for good? This cannot be undone.")
                st.button(
                    "Delete for good",
                    key=f"{PAGE}_empty",
                    on_click=partial(attempt, empty_deleted, PAGE),
                )


def _restore(runs: list[Run]) -> None:
    """Bring back the one that the menu shows now."""
    id = st.session_state[f"{PAGE}_restored"]
    run = next(run for run in runs if run.id == id)
    attempt(partial(restore_run, id), PAGE, run)


def _is_ours(run: Run) -> bool:
    try:
        return not environment.is_class() or person.refusal(run) == ""
    except SynaptariumError:
        return False


def _draw_person() -> None:
    """In a class: what this person is called."""
    who = person.me()
    if who is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Your runs are kept under the name {plain(who.name)}."
            if who.name
            else "Your runs are yours alone; others see your name beside those you share, once you "
            "have chosen one.",
            width="content",
        )
        with st.popover("Name"):
            st.text_input(
                "What others see", who.name, key=f"{PAGE}_person", max_chars=person.NAME_CHARS
            )
            st.button(
                "Keep", key=f"{PAGE}_person_keep", on_click=partial(attempt, _keep_name, PAGE)
            )


def _keep_name() -> None:
    # What is typed now: who presses at once is ahead of the script.
    person.choose_name(st.session_state[f"{PAGE}_person"])
