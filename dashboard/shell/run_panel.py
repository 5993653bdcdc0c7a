"""Trainings in the app: the form that starts one, and the panel that shows it live.

A run lives in a folder and in a process of its own; the panel only reads what the folder says, so
a reload, a closed tab or a new server finds it again.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from corelib.errors import SynaptariumError
from corelib.runs.launch import resume
from corelib.runs.registry import load, load_live
from corelib.runs.spec import as_command
from corelib.runs.store import ENDED, History, Run, list_runs, remove_run
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart
from dashboard.shell.theme import palette

WORDS = {
    "queued": ("Waiting for its turn: another training has the processor", "orange"),
    "starting": ("Starting: the worker loads its libraries and the data", "orange"),
    "running": ("Training", "green"),
    "paused": ("Paused", "orange"),
    "completed": ("Completed", "blue"),
    "cancelled": ("Cancelled", "gray"),
    "failed": ("Failed", "red"),
    "died": ("Died", "red"),
}

POLL_S = 0.4


Draw = Callable[[Any, Run], None]
"""Shows a network while it learns."""


def runs_section(prefix: str, system_name: str | None = None, draw: Draw | None = None) -> None:
    """Pick one of the runs and see it; the newest is shown first."""
    runs = {run.id: run for run in list_runs() if system_name is None or _is_of(run, system_name)}
    if not runs:
        st.caption("No training yet. Press Train and it appears here, and stays.")
        return
    # A run that was removed, or that a link names and another machine has, is no choice here.
    if st.session_state.get(f"{prefix}_run") not in runs:
        st.session_state.pop(f"{prefix}_run", None)
    chosen = st.selectbox(
        "Your runs",
        list(runs),
        key=f"{prefix}_run",
        **BOUND,
        help="Newest first. A run goes on when this page is closed.",
    )
    run_panel(runs[chosen], prefix, draw)


def _is_of(run: Run, system_name: str) -> bool:
    try:
        return run.spec.system == system_name
    except SynaptariumError:
        return False


def run_panel(run: Run, prefix: str, draw: Draw | None = None) -> None:
    """One run: state, progress, live curves, and what one may ask of it."""
    alive = run.status.state not in ENDED
    st.fragment(_panel, run_every=POLL_S if alive else None)(run, prefix, alive, draw)


def _history(run: Run) -> History:
    """The run's events; kept between reruns so that only new lines are read."""
    kept = st.session_state.setdefault("_histories", {})
    if run.id not in kept:
        while len(kept) >= 8:
            kept.pop(next(iter(kept)))
        kept[run.id] = run.history()
    return kept[run.id].refresh()


def _panel(run: Run, prefix: str, was_alive: bool, draw: Draw | None) -> None:
    from dashboard.figures.training import learning_curves

    if not run.folder.exists():
        st.rerun(scope="app")
    try:
        status, history = run.status, _history(run)
    except SynaptariumError as error:
        st.error(str(error))
        return
    alive = status.state not in ENDED
    with st.container(border=True, key=f"{prefix}_panel"):
        _headline(run, prefix)
        _progress(history, status.state)
        _buttons(run, status.state, prefix)
        if history.steps:
            figure = learning_curves({run.id: history}, palette())
            chart(
                figure,
                f"{prefix}_curves",
                alt="Training loss and accuracy against updates",
                caption=f"{run.id}, n = 1 run. Validation: 5,000 images kept from training.",
            )
        if draw is not None:
            _watch(run, alive, draw)
        if status.state in ("failed", "died") and run.log.exists():
            with st.expander("What the worker printed"):
                st.code(run.log.read_text(errors="replace")[-5000:] or "nothing", language=None)
        with st.expander("Settings and command"):
            st.code(as_command(run.spec), language="bash", wrap_lines=True)
    if alive != was_alive:
        # The picker of checkpoints and the polling follow the new state.
        st.rerun(scope="app")


def _watch(run: Run, alive: bool, draw: Draw) -> None:
    """The network of a moment ago while it learns, else what it learned."""
    try:
        network = load_live(run) if alive else load(run.id) if run.checkpoints() else None
    except SynaptariumError as error:
        st.error(str(error))
        return
    if network is not None:
        draw(network, run)


def _headline(run: Run, prefix: str) -> None:
    status = run.status
    words, colour = WORDS[status.state]
    message = f": {status.message}" if status.message else ""
    st.markdown(f":{colour}-badge[{status.state}] **{words}**{message}")
    problem = st.session_state.pop(f"{prefix}_run_problem", None)
    if problem:
        st.error(problem)


def _progress(history: History, state: str) -> None:
    began = history.began
    if began is None:
        return
    done = min(1.0, history.step / began.total_steps)
    epoch = history.step / began.steps_per_epoch
    parts = [
        f"update {history.step:,} of {began.total_steps:,}",
        f"epoch {epoch:.1f}",
        f"on {began.device}, {began.threads} thread{'s' * (began.threads > 1)}",
    ]
    rate, left = history.updates_per_second(), history.seconds_left()
    if rate and state == "running":
        parts += [f"{rate:,.0f} updates/s", f"{_duration(left)} left"]
    if history.steps:
        parts.append(f"loss {history.steps[-1].metrics.get('loss', float('nan')):.3f}")
    if history.best:
        parts.append(f"best validation {history.best.score:.2%}")
    if history.finished:
        accuracy = history.finished.metrics.get("accuracy")
        parts.append(f"test {accuracy:.2%}" if accuracy is not None else "tested")
    st.progress(done, text=" · ".join(parts))


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown time"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _buttons(run: Run, state: str, prefix: str) -> None:
    living = state not in ENDED

    def button(text: str, name: str, icon: str, action, enabled: bool, help: str) -> None:
        st.button(
            text,
            key=f"{prefix}_{name}",
            icon=f":material/{icon}:",
            disabled=not enabled,
            help=help,
            on_click=partial(_do, action, prefix),
        )

    with st.container(horizontal=True):
        button(
            "Pause",
            "pause",
            "pause",
            partial(run.ask, "pause"),
            state == "running",
            "Stop after this update; the processor is free for others",
        )
        button(
            "Step",
            "step",
            "skip_next",
            run.ask_single_step,
            state == "paused",
            "Make one update, and stay paused",
        )
        button(
            "Resume",
            "resume",
            "play_arrow",
            partial(resume, run),
            state in ("paused", "cancelled", "failed", "died"),
            "Go on from the last checkpoint, as if it had never stopped",
        )
        button(
            "Cancel",
            "cancel",
            "close",
            partial(run.ask, "cancel"),
            living,
            "Stop after this update and keep what was learned",
        )
        with st.popover("Remove", disabled=living, icon=":material/delete:"):
            st.write("Delete this run with its checkpoints? It cannot be brought back.")
            button(
                "Delete it",
                "remove",
                "delete",
                partial(remove_run, run),
                not living,
                "Removes the run's folder",
            )


def _do(action, prefix: str) -> None:
    try:
        action()
    except (SynaptariumError, OSError) as error:
        st.session_state[f"{prefix}_run_problem"] = str(error)
