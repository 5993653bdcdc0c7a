"""The form of a new study: every wrong value is a sentence before anything is trained."""

from typing import Any, NamedTuple, cast

import streamlit as st

from corelib.catalog import SYSTEMS, System
from corelib.data import is_here
from corelib.errors import SettingsError
from corelib.runs.offered import registry_state
from corelib.runs.slots import slot_count
from corelib.settings import SettingInfo
from corelib.sweeps.engines import ENGINES, Engine, Resources
from corelib.sweeps.expected import expected, n_trainings
from corelib.sweeps.launch import start
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.space import check, n_trials
from corelib.sweeps.study import Study
from corelib.sweeps.write import read_seeds, read_values
from dashboard.lab.studies.tabs import PAGE
from dashboard.shell import person
from dashboard.shell.forms import setting_title, settings_grid
from dashboard.shell.text import errors_shown, plain
from dashboard.shell.train_form import dataset_menu, offer_download

NO_PRESET = "none"
SEARCHES = {"grid": "Grid", "random": "Random", "tpe": "TPE"}
PRUNING = {"none": "None", "median": "Median", "halving": "Successive halving"}
ENGINE_TITLES = {"local": "This machine", "ray": "Ray"}
EXAMPLES = {
    "int": "16, 32 or 16 to 64",
    "float": "0.1, 0.2 or 0.001 to 0.1, log",
    "bool": "on, off",
    "text": "300, 300; 100",
}
ROW = 4


class Asked(NamedTuple):
    """What the form says, unchecked: a study's settings, of which ``vary`` and ``seeds`` are as
    they were typed, and who is to train it."""

    settings: dict[str, Any]
    vary: dict[str, tuple[SettingInfo, str]]
    seeds: str
    engine: Engine
    resources: Resources

    def read(self) -> StudySettings:
        """Raises ``SettingsError`` naming what is wrong."""
        if not self.settings["name"]:
            raise SettingsError("Give the study a name: letters, digits and underscores.")
        if not self.vary:
            raise SettingsError("Choose at least one setting to vary.")
        vary = {
            name: read_values(name, text, info.kind) for name, (info, text) in self.vary.items()
        }
        return StudySettings(**self.settings, vary=vary, seeds=read_seeds(self.seeds))


def draw_form() -> None:
    """The form, the cost of what it describes, and Begin."""
    asked = _asked()
    dataset = asked.settings["dataset"]
    if not is_here(dataset):
        offer_download(dataset, PAGE)
    settings = None
    try:
        settings = asked.read()
        cost = _cost(settings, asked.resources.workers)
    except SettingsError as error:
        settings, cost = None, str(error)
    with st.container(horizontal=True, vertical_alignment="center"):
        # Not a callback, which would know the settings of the previous run only.
        pressed = st.button(
            "Begin",
            key=f"{PAGE}_begin",
            type="primary",
            icon=":material/play_arrow:",
            disabled=settings is None or not is_here(dataset),
        )
        st.markdown(plain(cost))
    if pressed and settings is not None:
        with errors_shown():
            _begin(settings, asked)


def _asked() -> Asked:
    if st.session_state.pop(f"_{PAGE}_begun", False):
        st.session_state[f"{PAGE}_name"] = ""
    columns = st.columns(ROW)
    with columns[0]:
        name = st.text_input("Name", key=f"{PAGE}_name", placeholder="one word", max_chars=40)
    with columns[1]:
        system = SYSTEMS[
            st.selectbox(
                "Network",
                list(SYSTEMS),
                format_func=lambda name: SYSTEMS[name].title,
                key=f"{PAGE}_system",
            )
        ]
    own = f"{PAGE}_{system.name}"
    with columns[2]:
        dataset = dataset_menu(system, f"{own}_dataset")
    with columns[3]:
        preset = st.selectbox(
            "Preset",
            [NO_PRESET, *system.presets],
            key=f"{own}_preset",
            help="Settings from which the fixed and the varied ones below depart",
            disabled=not system.presets,
        )
    vary = _varied(system, own)
    fixed = _fixed(system, own, vary)
    seeds, search = _search()
    engine, resources, storage = _engine()
    settings = {
        "name": name.strip(),
        "system": system.name,
        "dataset": dataset,
        "preset": "" if preset == NO_PRESET else preset,
        "fixed": fixed,
        "storage": storage,
        **search,
    }
    return Asked(settings, vary, seeds, engine, resources)


def _infos(system: System) -> dict[str, SettingInfo]:
    both = (*system.config_type.choices(), *system.training_type.choices())
    return {info.name: info for info in both}


def _varied(system: System, own: str) -> dict[str, tuple[SettingInfo, str]]:
    infos = _infos(system)
    names = st.multiselect(
        "Settings to vary", list(infos), key=f"{own}_vary", format_func=_titles(infos)
    )
    typed = {}
    for at in range(0, len(names), ROW):
        row = names[at : at + ROW]
        for name, cell in zip(row, st.columns(ROW, vertical_alignment="bottom"), strict=False):
            info = infos[name]
            limits = f" ({info.limits})" if info.limits else ""
            text = cell.text_input(
                f"Values of {setting_title(info)}",
                key=f"{own}_values_{name}",
                placeholder=EXAMPLES.get(info.kind) or ", ".join(info.choices),
                help=f"{info.help}{limits}. {_how(info)} By default {info.default}",
            )
            typed[name] = (info, text)
    return typed


def _how(info: SettingInfo) -> str:
    if info.kind == "text":
        return "Semicolons between the values."
    if info.kind in ("int", "float"):
        return "Commas between the values; or a range, with log to spread over its logarithm."
    return "Commas between the values."


def _titles(infos: dict[str, SettingInfo]) -> Any:
    return lambda name: setting_title(infos[name])


def _fixed(system: System, own: str, vary: dict[str, Any]) -> dict[str, Any]:
    infos = {name: info for name, info in _infos(system).items() if name not in vary}
    chosen = st.multiselect(
        "Fixed settings",
        list(infos),
        [name for name in ("epochs",) if name in infos],
        key=f"{own}_fixed",
        format_func=_titles(infos),
        help="The same in all trials; all others are at the preset or at their defaults",
    )
    return settings_grid([infos[name] for name in chosen], f"{own}_value", ROW)


def _search() -> tuple[str, dict[str, Any]]:
    columns = st.columns(ROW, vertical_alignment="bottom")
    seeds = columns[0].text_input(
        "Seeds",
        "0",
        key=f"{PAGE}_seeds",
        help="Each choice of settings is trained with each: 0, 1, 2 or 0 to 4",
    )
    search = columns[1].selectbox(
        "Search",
        list(SEARCHES),
        format_func=SEARCHES.__getitem__,
        key=f"{PAGE}_search",
        help="A grid tries every combination of listed values. Random draws choices, also from "
        "ranges. TPE draws where good scores were more frequent",
    )
    trials = columns[2].number_input(
        "Trials",
        value=20,
        step=1,
        key=f"{PAGE}_n_trials",
        disabled=search == "grid",
        help="How many choices a search tries; a grid tries all",
    )
    pruning = columns[3].selectbox(
        "Pruning",
        list(PRUNING),
        format_func=PRUNING.__getitem__,
        key=f"{PAGE}_pruning",
        help="Ends trials early whose first seed lags behind the others at the same update",
    )
    return seeds, {"search": search, "trials": int(trials), "pruning": pruning}


def _engine() -> tuple[Engine, Resources, str]:
    with st.expander("Workers and storage"):
        columns = st.columns(ROW, vertical_alignment="bottom")
        engine = columns[0].selectbox(
            "Engine", ENGINES, format_func=ENGINE_TITLES.__getitem__, key=f"{PAGE}_engine"
        )
        workers = columns[1].number_input(
            "Trials at once",
            0,
            1024,
            0,
            key=f"{PAGE}_workers",
            help=f"0: one for each slot of this machine, which has {slot_count()}",
        )
        address = columns[2].text_input(
            "Address of the cluster",
            key=f"{PAGE}_address",
            placeholder="auto",
            disabled=engine != "ray",
            help="Of a Ray cluster; empty for Ray on this machine",
        )
        storage = columns[3].text_input(
            "Database",
            key=f"{PAGE}_storage",
            placeholder="sqlite:////home/me/studies.db",
            help="URL of a database for the trials; empty for a file in the study's folder",
        )
    return (
        cast(Engine, engine),
        Resources(int(workers), address.strip() if engine == "ray" else ""),
        storage.strip(),
    )


@st.cache_data(show_spinner=False, max_entries=32)
def _cost_of(described: str, workers: int, runs: tuple) -> str:
    """Looked up anew when a run ends."""
    settings = StudySettings.model_validate_json(described)
    check(settings, every=False)
    trials, n = n_trials(settings), n_trainings(settings)
    seeds = len(settings.seeds)
    time = expected(settings, workers)
    return (
        f"{n:,} training{'s' * (n != 1)}: {trials:,} choice{'s' * (trials != 1)} with "
        f"{seeds} seed{'s' * (seeds != 1)} each. Expected time: {time.words}."
    )


def _cost(settings: StudySettings, workers: int) -> str:
    """How many trainings, and how long they will take. Raises ``SettingsError`` for a choice that
    the network refuses."""
    return _cost_of(settings.model_dump_json(), workers, registry_state())


def _begin(settings: StudySettings, asked: Asked) -> None:
    """Begin it, show it, and leave the form for another one."""
    person.check_shared()
    study = Study.begin(settings)
    start(study, asked.engine, asked.resources)
    st.session_state[f"{PAGE}_study"] = study.settings.name
    st.session_state[f"_{PAGE}_begun"] = True
    st.rerun()
