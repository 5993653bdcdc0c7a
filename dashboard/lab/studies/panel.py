"""A study, live: where it is, its buttons, the best so far, and its tabs."""

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from corelib.runs.expected import duration
from corelib.sweeps.launch import best_again, go_on, start
from corelib.sweeps.results import Best, Results
from corelib.sweeps.study import State, Study
from dashboard.lab.studies.tabs import PAGE, TABS, Shown, draw_course
from dashboard.shell import drawn, person
from dashboard.shell.address import clean, one_of
from dashboard.shell.apart import alone
from dashboard.shell.registry import set_values
from dashboard.shell.report import report_button
from dashboard.shell.run_panel import attempt_shared, say_problem
from dashboard.shell.saved import Saved
from dashboard.shell.text import errors_shown, opened, plain, say_error

POLL_S = 1.5
WORDS: dict[State, tuple[str, str]] = {
    "begun": ("Not started", "gray"),
    "starting": ("Starting", "orange"),
    "running": ("Running", "green"),
    "stopping": ("Stopping", "orange"),
    "stopped": ("Stopped", "gray"),
    "completed": ("Completed", "blue"),
    "failed": ("Failed", "red"),
    "died": ("Died", "red"),
}
ACTIVE = ("starting", "running", "stopping")


@st.cache_resource(show_spinner=False, max_entries=16)
def _results(_study: Study, folder: str, stamp: tuple[int, ...]) -> Results:
    return _study.results()


def results_of(study: Study) -> Results:
    """A study's trials; read again only when they may have changed."""
    return _results(study, str(study.folder), study.stamp)


def draw_study(study: Study) -> None:
    alive = study.activity is not None
    alone(_panel, POLL_S if alive else None)(study, alive)
    results = results_of(study)
    shown = Shown(study, results, results.table)
    # What is open has been drawn.
    opened = st.session_state.get(f"{PAGE}_tab") or next(iter(TABS))
    tabs = {name: partial(draw, shown) for name, draw in TABS.items() if name != opened}
    said = partial(_sentence, shown, study.state)
    report_button(Saved(PAGE, f"Study {shown.name}", said, tabs=tabs))


@errors_shown()
def _panel(study: Study, was_alive: bool) -> None:
    if not study.folder.exists():
        st.rerun(scope="app")
    results = results_of(study)
    state = study.state
    shown = Shown(study, results, results.table)
    with st.container(border=True, key=f"{PAGE}_panel"):
        word, colour = WORDS[state]
        st.markdown(f":{colour}-badge[{word}] {_sentence(shown, state)}")
        st.progress(min(1.0, results.n_ended / results.n_trials), text=_progress(shown, state))
        _say_problems(study, state)
        _buttons(shown, state)
        draw_course(shown)
    _draw_tabs(shown)
    if (state in ACTIVE) != was_alive:
        st.rerun(scope="app")


def _sentence(shown: Shown, state: State) -> str:
    best = shown.results.best
    if best is None:
        return f"**{plain(shown.name)}** has no complete trial yet."
    row = shown.table[shown.table["trial"] == best.number].iloc[0]
    spread = (
        f"{best.score:.4f} ± {row['sd']:.4f}** (mean ± sd, n = {row['n']} seeds)"
        if row["n"] > 1
        else f"{best.score:.4f}** (n = 1 seed)"
    )
    tense = "is" if state == "completed" else "so far is"
    return (
        f"The best of **{plain(shown.name)}** {tense} trial {best.number}, {_chosen(best)}: "
        f"validation score **{spread}."
    )


def _chosen(best: Best) -> str:
    return ", ".join(
        plain(f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}")
        for name, value in best.chosen.items()
    )


def _progress(shown: Shown, state: State) -> str:
    parts = [shown.results.progress]
    running = shown.results.states.get("running", 0)
    if running and state == "running":
        parts.append(f"{running} under way")
    left = shown.results.seconds_left(shown.study.driver.since, time.time())
    if left and state == "running":
        parts.append(f"{duration(left)} left")
    return " · ".join(parts)


def _say_problems(study: Study, state: State) -> None:
    say_problem(PAGE)
    if state == "failed":
        say_error(study.driver.problem)
    if state == "died":
        say_error("Its process ended without a word. Press Go on: what it has trained is not lost.")
    failed = state in ("failed", "died") and study.log.exists()
    if failed and (box := opened("Output of its process", f"{PAGE}_output")):
        text = study.log.read_text(encoding="utf-8", errors="replace")
        box.code(text[-5000:] or "nothing", language=None)


def _buttons(shown: Shown, state: State) -> None:
    study, best = shown.study, shown.results.best
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("Stop", "stop", study.stop, state == "running", "Saves the runs under way")
        _button(
            "Go on",
            "play_arrow",
            partial(go_on, study),
            state in ("begun", "stopped", "failed", "died"),
            "Trains what is missing, as it was started last; runs go on where they stopped",
        )
        _button(
            "Train the best with five seeds",
            "repeat",
            partial(_train_best, study),
            best is not None,
            "A new study of the best settings alone, with seeds 0 to 4",
        )
        if best is not None:
            st.page_link(
                "pages/compare.py",
                label="Compare the runs of the best",
                icon=":material/compare_arrows:",
                query_params={"compare_models": list(shown.results.runs(best.number).values())},
            )
        draw_removal(study.settings.name, study.remove, disabled=state in ACTIVE)


def draw_removal(name: str, remove: Callable[[], object], *, disabled: bool = False) -> None:
    """A button that deletes a study after asking."""
    with st.popover("Delete", icon=":material/delete:", disabled=disabled):
        st.markdown(f"Delete the study **{plain(name)}**? Its runs stay. This cannot be undone.")
        _button("Delete this study", "delete", remove, not disabled, "")


def _button(label: str, icon: str, act: Callable[[], object], enabled: bool, help: str) -> None:
    name = label.lower().replace(" ", "_")
    st.button(
        label,
        key=f"{PAGE}_{name}",
        icon=f":material/{icon}:",
        disabled=not enabled or bool(person.refusal_of_shared()),
        help=help or None,
        on_click=partial(attempt_shared, act, PAGE),
    )


def _train_best(study: Study) -> None:
    again = Study.begin(best_again(study))
    start(again)
    set_values({f"{PAGE}_study": again.settings.name})


def _draw_tabs(shown: Shown) -> None:
    key = f"{PAGE}_tab"
    clean(key, one_of(list(TABS)))
    tabs = st.tabs(list(TABS), key=key, on_change="rerun", bind="query-params")
    for tab, (name, draw) in zip(tabs, TABS.items(), strict=True):
        if tab.open:
            with tab, errors_shown(), drawn.part(name):
                draw(shown)
