"""A run, live: its state, progress and curves, and the buttons that pause, resume or cancel it.

A run has its own folder and process. The panel only reads the folder, so that the run is still
there after a reload, a closed tab or a restart of the server.
"""

from collections.abc import Callable, Sequence
from functools import partial
from time import sleep, time
from typing import Any, NamedTuple

import streamlit as st

from corelib.errors import SynaptariumError
from corelib.runs.deleted import remove_run, restore_run
from corelib.runs.history import History
from corelib.runs.launch import resume
from corelib.runs.registry import best_checkpoint, load, load_live
from corelib.runs.spec import as_command
from corelib.runs.store import ENDED, Run, find_run
from corelib.runs.summary import summary
from corelib.runs.waiting import waiting
from corelib.words import figure, percent
from dashboard.shell import cache
from dashboard.shell.apart import alone
from dashboard.shell.controls import switch
from dashboard.shell.export import chart
from dashboard.shell.person import check, check_shared, refusal
from dashboard.shell.text import errors_shown, opened, plain, say_error
from dashboard.shell.theme import palette
from dashboard.shell.titled import select_titled

WORDS = {
    "queued": ("Queued", "another run is using the processor", "orange"),
    "starting": ("Starting", "the worker is loading its libraries and the data", "orange"),
    "running": ("Training", "", "green"),
    "paused": ("Paused", "", "orange"),
    "completed": ("Completed", "", "blue"),
    "cancelled": ("Cancelled", "", "gray"),
    "failed": ("Failed", "", "red"),
    "died": ("Died", "", "red"),
}

POLL_S = 0.4
NEW_S, FIRST_STEP_S = 2.0, 0.5
"""A run that began so few seconds ago may be waited for, so long at most: its first step is drawn
at once instead of at the next poll."""


Draw = Callable[[Any, Run], None]
"""Shows a network while it trains."""


def runs_section(prefix: str, system_name: str | None = None, draw: Draw | None = None) -> None:
    """Pick one of the runs; the newest is shown first."""
    ids = [row.id for row in cache.rows(fresh=True) if system_name in (None, row.system)]
    undo_row(prefix)
    if not ids:
        st.caption("No run yet. Press Train: the run appears here and stays.")
        return
    titles = cache.run_titles()
    chosen = pick_run(prefix, ids)
    run_panel(find_run(chosen), titles.get(chosen, chosen), prefix, draw)


def pick_run(prefix: str, ids: Sequence[str], label: str = "Your runs") -> str:
    """One of these runs, the first unless another is chosen. The menu offers the newest, and the
    one that is chosen or that the address asks for."""
    titles = cache.run_titles()
    offered = {id: titles.get(id, id) for id in ids[: cache.MOST_OFFERED]}
    if len(ids) > len(offered):
        key = f"{prefix}_run"
        wanted = {st.session_state.get(key), *st.query_params.get_all(key)}
        offered |= {id: titles[id] for id in ids if id in wanted or titles.get(id) in wanted}
    return select_titled(prefix, "run", label, offered)


def run_panel(run: Run, title: str, prefix: str, draw: Draw | None = None) -> None:
    """One run: state, progress, live curves and buttons."""
    alive = run.status.state not in ENDED
    alone(_panel, POLL_S if alive else None)(run, title, prefix, alive, draw)


def _history(run: Run) -> History:
    """The run's events; kept between reruns so that only new lines are read."""
    kept = cache.kept("_histories", 8)
    if run.id not in kept:
        kept[run.id] = History(run.events)
    return kept[run.id].refresh()


@errors_shown()
def _panel(run: Run, title: str, prefix: str, was_alive: bool, draw: Draw | None) -> None:
    from dashboard.figures.training import learning_curves

    if not run.folder.exists():
        st.rerun(scope="app")
    history = _history(run)
    _wait_for_the_first_step(run, history)
    status = run.status
    alive = status.state not in ENDED
    # A run that is being trained is polled: its cards are not read each time.
    ended = None if alive else summary(run)
    problems = ended.problems if ended else tuple(filter(None, [history.problem]))
    with st.container(border=True, key=f"{prefix}_panel"):
        _headline(run, prefix)
        st.caption(plain(run.id if title == run.id else f"{title}: {run.id}"))
        if reason := refusal(run):
            st.caption(plain(reason))
        _progress(history, status.state)
        for problem in problems:
            st.warning(plain(problem))
        _buttons(run, status.state, prefix, resumable=ended is None or bool(ended.network))
        if history.steps:
            log = switch(prefix, "log", "Log axes")
            chart(
                learning_curves({title: history}, palette(), log=log),
                f"{prefix}_curves",
                alt="Training loss and accuracy against updates",
                caption=f"{title}, n = 1 run. Validation: images held out of training.",
                n=1,
            )
        if draw is not None:
            _watch(run, alive, draw)
        failed = status.state in ("failed", "died") and run.log.exists()
        if failed and (box := opened("Output of the worker", f"{prefix}_output")):
            with box, errors_shown():
                text = run.log.read_text(errors="replace", encoding="utf-8")
                st.code(text[-5000:] or "nothing", language=None)
        if box := opened("Command", f"{prefix}_command"):
            with box, errors_shown():
                st.code(as_command(run.spec), language=None, wrap_lines=True)
    if alive != was_alive:
        # The picker of checkpoints and the polling follow the new state.
        st.rerun(scope="app")


def _wait_for_the_first_step(run: Run, history: History) -> None:
    now = time()
    try:
        began = (run.folder / "spec.json").stat().st_mtime
    except OSError:
        return
    if now - began > NEW_S:
        return
    while (
        not history.steps
        and time() - now < FIRST_STEP_S
        and run.status.state in ("starting", "running")
    ):
        sleep(0.02)
        history.refresh()


def _watch(run: Run, alive: bool, draw: Draw) -> None:
    """The latest network while it trains, otherwise the saved one."""
    with errors_shown():
        best = None if alive else best_checkpoint(run)
        network = load_live(run) if alive else load(best) if best else None
        if network is not None:
            draw(network, run)


def _headline(run: Run, prefix: str) -> None:
    status = run.status
    word, why, colour = WORDS[status.state]
    if status.state == "queued":
        line = [other.id for other in waiting()]
        if run.id in line:
            why = f"place {line.index(run.id) + 1} of {len(line)} in the queue; {why}"
    st.markdown(f":{colour}-badge[{word}] {plain(status.message) or why}")
    say_problem(prefix)


def say_problem(prefix: str) -> None:
    """Why what was asked for last could not be done."""
    problem = st.session_state.pop(f"{prefix}_run_problem", None)
    if problem:
        say_error(problem)


def _progress(history: History, state: str) -> None:
    began = history.began
    if began is None:
        return
    # A damaged file may say that there is nothing to do.
    done = min(1.0, history.step / max(1, began.total_steps))
    epoch = history.step / max(1, began.steps_per_epoch)
    parts = [
        f"update {history.step:,} of {began.total_steps:,}",
        f"epoch {epoch:.1f}",
        f"on {plain(began.device)}, {began.threads} thread{'s' * (began.threads > 1)}",
    ]
    rate, left = history.updates_per_second(), history.seconds_left()
    if rate and state == "running":
        parts += [f"{rate:,.0f} updates/s", f"{_duration(left)} left"]
    if history.steps:
        parts.append(f"loss {history.steps[-1].metrics.get('loss', float('nan')):.3f}")
    if history.best:
        parts.append(f"best validation {figure(history.best.measure, history.best.score)}")
    if history.finished:
        accuracy = history.finished.metrics.get("accuracy")
        parts.append(f"test {percent(accuracy, 2)}" if accuracy is not None else "tested")
    st.progress(done, text=" · ".join(parts))


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown time"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _Action(NamedTuple):
    """A button of a run: what it does, and whether it can be pressed."""

    label: str
    name: str
    icon: str
    act: Callable[[], object]
    enabled: bool
    help: str


def _buttons(run: Run, state: str, prefix: str, resumable: bool) -> None:
    alive, may = state not in ENDED, not refusal(run)
    stopped = state in ("paused", "cancelled", "failed", "died")
    actions = (
        _Action(
            "Pause",
            "pause",
            "pause",
            partial(run.ask, "pause"),
            state == "running",
            "Stop after this update and free the processor for other runs",
        ),
        _Action(
            "Step",
            "step",
            "skip_next",
            run.ask_single_step,
            state == "paused",
            "Make one update and stay paused",
        ),
        _Action(
            "Resume",
            "resume",
            "play_arrow",
            partial(resume, run),
            stopped and resumable,
            "Continue from the last checkpoint, as if the run had never stopped",
        ),
        _Action(
            "Cancel",
            "cancel",
            "close",
            partial(run.ask, "cancel"),
            alive,
            "Stop after this update and keep the weights",
        ),
        _Action(
            "Delete",
            "remove",
            "delete",
            partial(delete, prefix, [run]),
            not alive,
            "Delete this run and its checkpoints; Undo brings it back",
        ),
    )
    with st.container(horizontal=True):
        for action in actions:
            _button(action._replace(enabled=action.enabled and may), run, prefix)


def undo_row(prefix: str) -> None:
    """What was deleted last, and the button that brings it back."""
    deleted: list[str] = st.session_state.get(f"{prefix}_deleted", [])
    if not deleted:
        return
    what = deleted[0] if len(deleted) == 1 else f"{len(deleted)} runs"
    with st.container(horizontal=True, vertical_alignment="center", key=f"{prefix}_undo_row"):
        st.markdown(f"Deleted {plain(what)}.", width="content")
        st.button(
            "Undo", key=f"{prefix}_undo", icon=":material/undo:", on_click=partial(_undo, prefix)
        )


def delete(prefix: str, runs: Sequence[Run]) -> None:
    """Delete runs; ``undo_row`` offers to bring them back."""
    deleted = st.session_state[f"{prefix}_deleted"] = []
    for run in runs:
        check(run)
        remove_run(run)
        deleted.append(run.id)


def _undo(prefix: str) -> None:
    def restore() -> None:
        for id in st.session_state.pop(f"{prefix}_deleted", []):
            restore_run(id)

    attempt(restore, prefix)


def _button(action: _Action, run: Run, prefix: str) -> None:
    st.button(
        action.label,
        key=f"{prefix}_{action.name}",
        icon=f":material/{action.icon}:",
        disabled=not action.enabled,
        help=action.help,
        on_click=partial(attempt, action.act, prefix, run),
    )


def attempt_shared(act: Callable[[], object], prefix: str) -> None:
    """``attempt`` what changes something that all use."""

    def checked() -> None:
        check_shared()
        act()

    attempt(checked, prefix)


def attempt(act: Callable[[], object], prefix: str, run: Run | None = None) -> None:
    """Do what a button says, if this person may; the panel says why it could not be done."""
    try:
        check(run)
        act()
    except (SynaptariumError, OSError) as error:
        st.session_state[f"{prefix}_run_problem"] = str(error)
