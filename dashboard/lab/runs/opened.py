"""One run in full: what a person says of it, its settings, log and checkpoints, and training it
again."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from corelib import environment
from corelib.errors import SettingsError
from corelib.runs.expected import expected_seconds
from corelib.runs.experiment import Experiment
from corelib.runs.marks import MOST_TAGS, NAME_CHARS, NOTE_CHARS, Marks, mark, marks_of
from corelib.runs.registry import checkpoints_of
from corelib.runs.spec import RunSpec, resolve
from corelib.runs.store import Run
from corelib.runs.written import next_seed
from corelib.words import shape
from dashboard.lab.runs.table import PAGE
from dashboard.shell import cache
from dashboard.shell.forms import setting_control
from dashboard.shell.opens import draw_links
from dashboard.shell.person import refusal, start
from dashboard.shell.run_panel import attempt
from dashboard.shell.text import errors_shown, plain

LOG_CHARS = 5000
NONE = "nothing"


def draw_opened(run: Run) -> None:
    """The tabs below the panel of a run; what cannot be read says so in its tab alone."""
    tabs: dict[str, Callable[[Run], None]] = {
        "Name and note": _draw_marks,
        "Settings": _draw_settings,
        "Checkpoints": _draw_checkpoints,
        "Log": _draw_log,
        "Train again": _draw_again,
    }
    for place, draw in zip(st.tabs(list(tabs), key=f"{PAGE}_part"), tabs.values(), strict=True):
        with place, errors_shown():
            draw(run)


def _draw_marks(run: Run) -> None:
    try:
        marks = marks_of(run)
    except SettingsError as error:
        st.warning(plain(error))
        marks = Marks()
    reason = refusal(run)
    with st.form(f"{PAGE}_marks_{run.id}", border=False):
        left, right = st.columns(2)
        name = left.text_input(
            "Name", marks.name, max_chars=NAME_CHARS, placeholder="what menus and figures call it"
        )
        tags = right.text_input(
            "Tags", ", ".join(marks.tags), placeholder=f"up to {MOST_TAGS}, separated by commas"
        )
        note = st.text_area("Note", marks.note, max_chars=NOTE_CHARS, height=100)
        shared = marks.shared
        if environment.is_class():
            shared = st.toggle("Let the others of the class see it", marks.shared)
        pressed = st.form_submit_button("Keep", disabled=bool(reason), help=reason or None)
    if pressed:
        attempt(
            lambda: mark(run, name=name, tags=tags.split(","), note=note, shared=shared), PAGE, run
        )
        st.rerun()


def _draw_settings(run: Run) -> None:
    """All settings of the network and of its training; those that differ from the standard say
    so."""
    spec = run.spec
    resolved = resolve(spec)
    records = [
        {
            "of": of,
            "setting": info.name,
            "value": _written(getattr(settings, info.name)),
            "standard": _written(info.default),
            "differs": getattr(settings, info.name) != info.default,
        }
        for of, settings in (("network", resolved.config), ("training", resolved.training))
        for info in type(settings).infos()
    ]
    st.dataframe(pd.DataFrame(records), hide_index=True, width="stretch", key=f"{PAGE}_settings")
    made = ", ".join(f"{name} {number}" for name, number in spec.versions.items())
    st.caption(f"Seed {spec.seed}; made with {plain(made) or 'unknown versions'}.")


def _written(value: Any) -> str:
    return shape(value) if isinstance(value, tuple) and value else str(value)


def _draw_checkpoints(run: Run) -> None:
    found = checkpoints_of(run)
    for problem in found.left_out:
        st.warning(plain(problem.reason))
    if not found.usable:
        st.caption("No checkpoint yet.")
        return
    best = found.best
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "update": item.card.step,
                    "epoch": item.card.epoch,
                    "best": best is not None and item.folder == best.folder,
                    "validation score": item.card.score,
                    **{f"test {name}": value for name, value in item.card.test.items()},
                }
                for item in found.usable
            ]
        ),
        hide_index=True,
        width="stretch",
        key=f"{PAGE}_checkpoints",
    )
    if best is not None:
        st.caption("The best one opens in:")
        draw_links(best)


def _draw_log(run: Run) -> None:
    try:
        text = run.log.read_text(errors="replace", encoding="utf-8")
    except FileNotFoundError:
        text = ""
    st.code(text[-LOG_CHARS:] or "The worker has written nothing.", language=None)


def _draw_again(run: Run) -> None:
    """Train it once more, with another seed or one setting changed."""
    resolved = resolve(run.spec)
    infos = {
        info.name: info._replace(default=getattr(settings, info.name))
        for settings in (resolved.config, resolved.training)
        for info in settings.choices()
    }
    seed, changed, value = st.columns(3, vertical_alignment="bottom")
    setting = changed.selectbox("Change", [NONE, *infos], key=f"{PAGE}_again_setting")
    if setting != NONE:
        with value:
            setting_control(infos[setting], _again_key(run, setting))
    changes = setting != NONE
    seed.number_input(
        "Seed",
        value=_first_seed(run, changes),
        key=_again_key(run, f"seed_{changes}"),
        help="At first the lowest that no run of these settings has; with a change, this run's own",
    )
    again = _again(run)
    reason = refusal()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Train",
            key=f"{PAGE}_again",
            type="primary",
            icon=":material/play_arrow:",
            disabled=bool(reason),
            help=reason or None,
            on_click=partial(attempt, partial(_train, run), PAGE),
        )
        with suppress(SettingsError):
            st.caption(f"Expected time: {expected_seconds(again).words}")


def _again_key(run: Run, name: str) -> str:
    return f"{PAGE}_again_{run.id}_{name}"


def _again(run: Run) -> RunSpec:
    """What the controls hold now. Raises ``SettingsError`` if the setting to change was chosen, but
    its control is not there yet."""
    state, setting = st.session_state, st.session_state[f"{PAGE}_again_setting"]
    changes: dict[str, Any] = {}
    if setting != NONE:
        key = _again_key(run, setting)
        if key not in state:
            raise SettingsError(f"Say first what {setting} is to be.")
        changes[setting] = state[key]
    seed = _again_key(run, f"seed_{bool(changes)}")
    # The first seed is looked up among all runs, so only where its control is not there yet.
    chosen = state[seed] if seed in state else _first_seed(run, bool(changes))
    return Experiment(run.spec).again(int(chosen), **changes).spec


def _first_seed(run: Run, changes: bool) -> int:
    return run.spec.seed if changes else next_seed(run.spec, cache.rows())


def _train(run: Run) -> None:
    st.session_state[f"{PAGE}_run"] = start(_again(run)).id
