"""The page Studies: those that were begun, one of them in full, and a form for a new one."""

from functools import partial

import pandas as pd
import streamlit as st

from corelib.errors import SynaptariumError
from corelib.sweeps.study import Study, Unreadable, all_studies, remove_unreadable
from dashboard.lab.studies.form import draw_form
from dashboard.lab.studies.panel import POLL_S, draw_removal, draw_study, results_of
from dashboard.lab.studies.tabs import PAGE
from dashboard.shell import drawn, person
from dashboard.shell.apart import alone
from dashboard.shell.controls import select
from dashboard.shell.registry import begin
from dashboard.shell.text import errors_shown, plain, say_error


def draw_studies() -> None:
    begin(PAGE)
    drawn.forget()
    st.title("Studies")
    studies = {_name(found): found for found in all_studies()}
    running = any(isinstance(found, Study) and found.activity for found in studies.values())
    alone(_draw_list, POLL_S if running else None)()
    with st.expander("New study", expanded=not studies, icon=":material/add:"), errors_shown():
        if reason := person.refusal_of_shared():
            st.info(plain(reason))
        else:
            draw_form()
    if not studies:
        return
    with errors_shown():
        found = studies[select(PAGE, "study", "Study", list(studies))]
        if isinstance(found, Study):
            _draw(found)
        else:
            _draw_damaged(found.name, found.problem)


def _draw_list() -> None:
    """How many there are, and each in a row; it follows those that are running."""
    studies = list(all_studies())
    st.markdown(_sentence(studies))
    if studies:
        st.dataframe(
            pd.DataFrame([_row(found) for found in studies]),
            hide_index=True,
            width="stretch",
            key=f"{PAGE}_table",
            placeholder="",
            column_config={"best score": st.column_config.NumberColumn(format="%.4f")},
            alt=f"{len(studies)} studies",
        )


def _name(found: Study | Unreadable) -> str:
    return found.folder.name if isinstance(found, Study) else found.name


def _sentence(studies: list[Study | Unreadable]) -> str:
    if not studies:
        return (
            "A study trains one network with many settings and seeds, and finds which settings "
            "score best on validation. You have none yet: describe one, and press Begin."
        )
    n, running = len(studies), sum(isinstance(s, Study) and bool(s.activity) for s in studies)
    now = f"{running or 'none'} {'are' if running > 1 else 'is'} running"
    return f"You have **{n}** stud{'ies' if n > 1 else 'y'}; {now}."


def _row(found: Study | Unreadable) -> dict[str, object]:
    if isinstance(found, Study):
        try:
            results = results_of(found)
            best = results.best
            return {
                "study": found.settings.name,
                "system": found.settings.system,
                "state": found.state,
                "progress": results.progress,
                "best score": best.score if best else None,
                "problem": found.driver.problem,
            }
        except SynaptariumError as error:
            found = Unreadable(found.settings.name, str(error))
    return {
        "study": found.name,
        "system": "",
        "state": "damaged",
        "progress": "",
        "best score": None,
        "problem": found.problem,
    }


def _draw(study: Study) -> None:
    try:
        results_of(study)
    except SynaptariumError as error:
        say_error(error)
        draw_removal(study.settings.name, study.remove)
    else:
        draw_study(study)


def _draw_damaged(name: str, problem: str) -> None:
    say_error(problem)
    draw_removal(name, partial(remove_unreadable, name))
