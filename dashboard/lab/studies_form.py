"""The form that begins a study."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, cast, get_args

import streamlit as st

from corelib.catalog import SYSTEMS, System, system
from corelib.data import DATASETS, is_here
from corelib.errors import SynaptariumError
from corelib.runs.expected import expected_seconds
from corelib.runs.slots import slot_count
from corelib.settings import SettingInfo
from corelib.sweeps.engines import ENGINES, Engine, Resources
from corelib.sweeps.settings import Pruning, Search, StudySettings, as_toml, read_values
from corelib.sweeps.space import known_choices, n_trials
from corelib.sweeps.study import Study
from corelib.sweeps.sweep import start
from corelib.words import clock
from dashboard.shell import person
from dashboard.shell.forms import setting_control
from dashboard.shell.run_panel import attempt
from dashboard.shell.text import plain, say_error

EXAMPLES = {"int": "64, 128, 256 or 64 to 512", "float": "0.001, 0.003 or 0.0001 to 0.01 log"}


def draw_form(page: str) -> None:
    """What to vary, with which seeds, and who trains; begins the study in a process of its own."""
    columns = st.columns([2, 2, 2], vertical_alignment="bottom")
    name = columns[0].text_input("Name", "study1", key=f"{page}_new_name", max_chars=40)
    chosen = system(columns[1].selectbox("System", list(SYSTEMS), key=f"{page}_new_system"))
    dataset = columns[2].selectbox(
        "Data",
        [d for d in chosen.datasets if is_here(d)],
        key=f"{page}_new_data",
        format_func=lambda key: DATASETS[key].title,
    )
    infos = {
        i.name: i for kind in (chosen.config_type, chosen.training_type) for i in kind.choices()
    }
    varied = st.multiselect("Vary", list(infos), key=f"{page}_new_vary")
    texts = _texts(page, chosen, {n: infos[n] for n in varied})
    others = [n for n in infos if n not in varied]
    fixed_names = st.multiselect(
        "Set for all trials", others, key=f"{page}_new_fix", placeholder="as by default"
    )
    fixed = _fixed(page, chosen, {n: infos[n] for n in fixed_names})
    columns = st.columns(4, vertical_alignment="bottom")
    search = columns[0].selectbox(
        "Search",
        get_args(Search),
        key=f"{page}_new_search",
        help="grid: every combination; random; tpe: Optuna's search, which learns from its trials",
    )
    trials = columns[1].number_input(
        "Trials", 1, 100_000, 20, key=f"{page}_new_trials", disabled=search == "grid"
    )
    seeds = columns[2].number_input(
        "Seeds", 1, 100, 1, key=f"{page}_new_seeds", help="Each choice is trained with 0, 1, ..."
    )
    pruning = columns[3].selectbox(
        "Pruning",
        get_args(Pruning),
        key=f"{page}_new_pruning",
        help="End trials whose first seed lags behind: behind the median, or by successive halving",
    )
    columns = st.columns(4, vertical_alignment="bottom")
    engine = cast("Engine", columns[0].selectbox("Engine", ENGINES, key=f"{page}_new_engine"))
    workers = columns[1].number_input(
        "Trials at once", 1, 1024, slot_count(), key=f"{page}_new_workers"
    )
    address = columns[2].text_input(
        "Address of the cluster",
        key=f"{page}_new_address",
        disabled=engine == "local",
        placeholder="this machine",
    )
    if not varied:
        st.caption("Choose at least one setting to vary.")
        return
    try:
        values = {n: read_values(n, text, infos[n]) for n, text in texts.items()}
        settings = StudySettings(
            name=name.strip(),
            system=chosen.name,
            dataset=dataset,
            fixed=fixed,
            vary=values,
            seeds=tuple(range(int(seeds))),
            search=cast("Search", search),
            trials=int(trials),
            pruning=cast("Pruning", pruning),
        )
        st.caption(plain(_costs(settings, int(workers))))
    except SynaptariumError as error:
        say_error(error)
        return
    resources = Resources(int(workers), address.strip())
    st.button(
        "Begin",
        key=f"{page}_begin",
        type="primary",
        icon=":material/play_arrow:",
        on_click=partial(attempt, partial(_begin, page, settings, engine, resources), page),
    )
    with st.expander("The same as a file, for the command line"):
        st.code(as_toml(settings), language="toml")


def _grid(names: Iterable[str]) -> Iterator[str]:
    """Each name, with its control's place open: three in a row."""
    places = []
    for at, name in enumerate(names):
        if at % 3 == 0:
            places = st.columns(3, vertical_alignment="bottom")
        with places[at % 3]:
            yield name


def _texts(page: str, chosen: System, infos: dict[str, SettingInfo]) -> dict[str, str]:
    """What a person writes for each varied setting."""
    texts = {}
    for name in _grid(infos):
        info = infos[name]
        known = {"bool": "true, false", "choice": ", ".join(map(str, info.choices))}
        default = known.get(info.kind, str(info.default))
        texts[name] = st.text_input(
            name,
            default,
            key=f"{page}_new_{chosen.name}_{name}",
            help=f"{info.help}. For example: {EXAMPLES.get(info.kind, default)}",
        )
    return texts


def _fixed(page: str, chosen: System, infos: dict[str, SettingInfo]) -> dict[str, Any]:
    return {
        name: setting_control(infos[name], f"{page}_new_{chosen.name}_fixed_{name}")
        for name in _grid(infos)
    }


def _costs(settings: StudySettings, workers: int) -> str:
    """How many trainings it is, and how long they will take."""
    trials = n_trials(settings)
    n = trials * len(settings.seeds)
    text = f"{trials:,} trials of {len(settings.seeds)} seeds: {n:,} trainings"
    choices = known_choices(settings)
    first = (
        choices[0]
        if choices
        else {
            name: values.low if not isinstance(values, tuple) else values[0]
            for name, values in settings.vary.items()
        }
    )
    one = expected_seconds(settings.spec(first, 0))
    if one.seconds is None:
        return f"{text}. How long one takes is not known yet."
    return f"{text}, about {clock(one.seconds * n / workers)} with {workers} at once."


def _begin(page: str, settings: StudySettings, engine: Engine, resources: Resources) -> None:
    person.check_shared()
    start(Study.begin(settings), engine, resources)
    st.session_state[f"{page}_study"] = settings.name
