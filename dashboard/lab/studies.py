"""The page Studies: begin a sweep over settings and seeds, watch it, and see what matters."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from corelib.sweeps.settings import Range, as_toml
from corelib.sweeps.study import Study, damaged_studies, list_studies
from corelib.sweeps.sweep import start
from corelib.words import PROGRAM
from dashboard.figures import studies as figures
from dashboard.figures.studies import complete
from dashboard.lab.studies_form import draw_form
from dashboard.shell import drawn, person
from dashboard.shell.controls import select
from dashboard.shell.export import chart
from dashboard.shell.page_zip import draw_report_button
from dashboard.shell.run_panel import attempt, say_problem
from dashboard.shell.save import save_button
from dashboard.shell.text import errors_shown, plain
from dashboard.shell.theme import palette

PAGE = "studies"
POLL_S = 2.0
SEEDS = 5
BEST = 8
"""So many of the best trials are compared."""
LOG_CHARS = 3000
MOST_CELLS = 12
"""Of a heatmap, in a row or a column."""


def draw_studies() -> None:
    drawn.forget()
    st.title("Studies")
    studies = {study.settings.name: study for study in list_studies()}
    st.markdown(sentence(studies))
    for name, problem in damaged_studies().items():
        st.warning(plain(f"{name} cannot be read: {problem}"))
    say_problem(PAGE)
    with st.expander("Begin a study", expanded=not studies), errors_shown():
        if reason := person.refusal_of_shared():
            st.info(plain(reason))
        else:
            draw_form(PAGE)
    if not studies:
        return
    names = sorted(studies, key=lambda name: studies[name].folder.stat().st_mtime, reverse=True)
    chosen = select(PAGE, "study", "Study", names)
    study = studies[chosen]
    running = study.is_running
    with errors_shown():
        st.fragment(_draw_live, run_every=POLL_S if running else None)(study, running)
        _draw_analysis(study)
        drawn.say(f"Study {chosen}", progress(study, running))
        draw_report_button(PAGE)


def sentence(studies: dict[str, Study]) -> str:
    if not studies:
        return "No study yet: a study trains a network with many settings and seeds."
    running = sum(study.is_running for study in studies.values())
    n = len(studies)
    return f"{n} stud{'ies' if n != 1 else 'y'}, {running} running."


@errors_shown()
def _draw_live(study: Study, was_running: bool) -> None:
    """How far it is, what is best so far, its buttons and its trials."""
    if not study.folder.exists():
        st.rerun(scope="app")
    running, trials = study.is_running, study.trials
    with st.container(border=True, key=f"{PAGE}_panel"):
        st.markdown(progress(study, running))
        ended = len(trials[trials["state"] != "running"])
        st.progress(min(1.0, ended / max(1, study.n_trials)), text=study.progress)
        _draw_buttons(study, running)
        st.dataframe(
            _shown(trials),
            hide_index=True,
            width="stretch",
            height="content" if len(trials) < 11 else 420,
            key=f"{PAGE}_trials",
            alt=f"{len(trials)} trials",
        )
        with st.container(horizontal=True):
            save_button(
                "CSV",
                lambda: trials.to_csv(index=False).encode(),
                f"synaptarium-{study.settings.name}",
                f"{PAGE}_csv",
                "All trials, with their runs",
            )
            save_button(
                "TOML",
                lambda: as_toml(study.settings).encode(),
                study.settings.name,
                f"{PAGE}_toml",
                "The file that begins this study anew",
            )
        st.caption("The command that goes on with it:")
        st.code(f"{PROGRAM} sweep {study.settings.name}", language=None)
        if not running and study.log.exists():
            with st.expander("Log"):
                text = study.log.read_text(errors="replace", encoding="utf-8")
                st.code(text[-LOG_CHARS:] or "nothing", language=None)
    if running != was_running:
        st.rerun(scope="app")


def progress(study: Study, running: bool) -> str:
    """What is best so far, and of how many trials."""
    best = study.best_so_far
    ended = study.progress.startswith(f"{study.n_trials} of") and not study.unfinished()
    state = "is running" if running else "has ended" if ended else "is stopped"
    if best is None:
        return f"**{study.settings.name}** {state}: {study.progress}, none complete yet."
    chosen = ", ".join(f"{plain(n)} = {plain(_written(value))}" for n, value in best.chosen.items())
    seeds = len(study.settings.seeds)
    return (
        f"**{study.settings.name}** {state}: {study.progress}; best so far {best.score:.4f} "
        f"with {chosen} (trial {best.number}, n = {seeds} seed{'s' * (seeds != 1)})."
    )


def _written(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _shown(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials, the best first, with their spread over seeds in words."""
    shown = trials.sort_values("score", ascending=False, na_position="last").drop(columns="runs")
    shown["score"] = [
        "" if pd.isna(score) else f"{score:.4f}" + (f" ± {sd:.4f}" if n > 1 else "")
        for score, sd, n in zip(shown["score"], shown["sd"], shown["n"], strict=True)
    ]
    shown = shown.drop(columns="sd")
    return shown if any(shown["problem"]) else shown.drop(columns="problem")


def _draw_buttons(study: Study, running: bool) -> None:
    barred = bool(person.refusal_of_shared())
    left = study.progress.split(" ")[0] != str(study.n_trials) or bool(study.unfinished())
    actions = (
        ("Stop", "stop", "pause", study.stop, running),
        ("Go on", "go_on", "play_arrow", partial(start, study), not running and left),
        (
            f"Train the best with {SEEDS} seeds",
            "best",
            "casino",
            partial(_train_best, study),
            not running and study.best_so_far is not None,
        ),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, name, icon, act, enabled in actions:
            st.button(
                label,
                key=f"{PAGE}_{name}",
                icon=f":material/{icon}:",
                disabled=barred or not enabled,
                on_click=partial(attempt, partial(_checked, act), PAGE),
            )
        with st.popover("Delete", icon=":material/delete:", disabled=barred or running):
            st.write("Delete this study? Its runs stay.")
            st.button(
                "Delete the study",
                key=f"{PAGE}_remove",
                on_click=partial(attempt, partial(_checked, study.remove), PAGE),
            )
        if runs := best_runs(study):
            st.page_link(
                "pages/compare.py",
                label="Compare the best",
                icon=":material/compare_arrows:",
                query_params=[("compare_runs", id) for id in runs],
            )


def _checked(act) -> None:
    person.check_shared()
    act()


def best_runs(study: Study) -> list[str]:
    """The runs of the best complete trials, as many as Compare takes."""
    trials = study.trials
    done = complete(trials)
    order = np.argsort(-done["score"].to_numpy(float), kind="stable")
    return [id for place in order for id in str(done["runs"].iloc[place]).split()][:BEST]


def _train_best(study: Study) -> None:
    again = Study.begin(study.of_best(SEEDS))
    start(again)
    st.session_state[f"{PAGE}_study"] = again.settings.name


def _draw_analysis(study: Study) -> None:
    """What the complete trials say about the settings."""
    trials, names = study.trials, list(study.settings.vary)
    done = complete(trials)
    if done.empty:
        return
    n = f"n = {len(done)} complete trials, {len(study.settings.seeds)} seeds each"
    chart(
        figures.best_so_far(trials, palette()),
        f"{PAGE}_best_curve",
        alt="The score of each trial and the best so far",
        caption=f"Validation score; bars: ± 1 sd over seeds. {n}.",
    )
    if len(done) < 2:
        return
    st.markdown("### Settings")
    chart(
        figures.slices(trials, names, _logs(study), palette()),
        f"{PAGE}_slices",
        alt="The scores against each setting on its own",
        caption=f"A point a trial, the later the brighter. {n}.",
    )
    if shares := study.importances():
        chart(
            figures.importances(shares, palette()),
            f"{PAGE}_importances",
            alt="How much each setting matters",
            caption=f"Optuna's fANOVA, seed 0. {n}.",
        )
    if len(names) > 1:
        chart(
            figures.parallel(trials, names, palette()),
            f"{PAGE}_parallel",
            alt="Each trial as a line through its settings to its score",
            caption=f"{n}.",
        )
    few = [name for name in names if len(set(done[name])) <= MOST_CELLS]
    if len(few) > 1:
        left, right = st.columns(2)
        with left:
            across = select(PAGE, "across", "Across", few, few[0])
        with right:
            others = [name for name in few if name != across]
            down = select(PAGE, "down", "Down", others, others[0])
        chart(
            figures.heatmap(trials, across, down, palette()),
            f"{PAGE}_heatmap",
            alt=f"The mean score by {across} and {down}",
            caption=f"Mean over the trials with the same {across} and {down}. {n}.",
        )


def _logs(study: Study) -> list[str]:
    """The settings that were searched on a logarithmic scale."""
    return [
        n for n, values in study.settings.vary.items() if isinstance(values, Range) and values.log
    ]
