"""The form that starts a run, and this system's runs below it."""

from functools import partial

import streamlit as st
from streamlit.runtime import Runtime, exists, get_instance

from corelib.catalog import System
from corelib.catalog import system as find_system
from corelib.data import DATASETS, is_here
from corelib.errors import SettingsError, SynaptariumError
from corelib.runs.expected import expected_seconds
from corelib.runs.launch import prepare
from corelib.runs.spec import RunSpec, make_spec
from corelib.settings import Settings
from dashboard.shell.forms import settings_forms, settings_values
from dashboard.shell.person import check, refusal, start
from dashboard.shell.registry import set_values
from dashboard.shell.run_panel import Draw, runs_section
from dashboard.shell.text import say_error


def training_section(system_name: str, prefix: str, draw: Draw | None = None) -> None:
    """The form, the Train button, and this system's runs.

    ``draw`` shows the network of the run below the learning curves, updated while it trains. The
    system's presets fill in the form.
    """
    chosen = find_system(system_name)
    st.markdown("#### Train your own network")
    if not refusal():
        _prepare_worker()
    with st.container(border=True):
        dataset = _data_and_seed(chosen, prefix)
        if chosen.presets:
            _presets(chosen, prefix)
        settings = settings_forms(_kinds(chosen), prefix)
        available = is_here(dataset)
        if not available:
            offer_download(dataset, prefix)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Train",
                key=f"{prefix}_train",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not available or bool(refusal()),
                help=refusal() or None,
                on_click=partial(_train, chosen, prefix),
            )
            _say_expected_time(system_name, settings["Network"], settings["Training"], dataset)
        problem = st.session_state.pop(f"{prefix}_train_problem", None)
        if problem:
            say_error(problem)
    runs_section(prefix, system_name, draw)


def _kinds(chosen: System) -> dict[str, type[Settings]]:
    return {"Network": chosen.config_type, "Training": chosen.training_type}


def _prepare_worker() -> None:
    """Somebody is about to press Train; a page that is drawn without a server trains nothing."""
    # The runtime of AppTest is a stand-in that claims to be one.
    if exists() and type(get_instance()) is Runtime:
        prepare()


def _say_expected_time(system_name: str, config: dict, training: dict, dataset: str) -> None:
    """How long the run will take with the settings as they are in the form."""
    try:
        spec = RunSpec(system=system_name, dataset=dataset, config=config, training=training)
        st.caption(f"Expected time: {expected_seconds(spec).words}")
    except SettingsError as error:
        say_error(error)


def _data_and_seed(chosen: System, prefix: str) -> str:
    """The controls of the data set, the seed and the variant's name; returns the data set."""
    columns = st.columns(4)
    with columns[0]:
        dataset = dataset_menu(chosen, f"{prefix}_train_dataset")
    with columns[1]:
        st.number_input(
            "Seed",
            value=0,
            key=f"{prefix}_train_seed",
            help="For initial weights, batches and noise: the same seed gives the same run",
        )
    with columns[2]:
        st.text_input(
            "Name",
            key=f"{prefix}_train_variant",
            placeholder="optional, one word",
            help="A word that distinguishes this run from others: letters, digits and underscores",
        )
    return dataset


def dataset_menu(chosen: System, key: str) -> str:
    """The data sets that a system can be trained on."""
    return st.selectbox(
        f"{chosen.data}s".capitalize(),
        chosen.datasets,
        format_func=lambda name: DATASETS[name].title + ("" if is_here(name) else " (not here)"),
        key=key,
    )


def _presets(chosen: System, prefix: str) -> None:
    """A button for each preset. It sets the whole form, other settings to their defaults."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Presets", width="content")
        for name, named in chosen.presets.items():
            values = {}
            for form, kind, own in (
                ("network", chosen.config_type, named.config),
                ("training", chosen.training_type, named.training),
            ):
                settings = kind(**own)
                for info in kind.choices():
                    values[f"{prefix}_{form}_{info.name}"] = getattr(settings, info.name)
            st.button(
                name,
                key=f"{prefix}_preset_{name}",
                help=f"The settings named {name}",
                on_click=partial(set_values, values),
            )


def offer_download(dataset: str, prefix: str) -> None:
    """Say that a data set is not on this machine, with a button that downloads it if it can be."""
    source = DATASETS[dataset]
    st.info(f"{source.title} is not on this machine. {source.about}.")
    if source.download is not None and st.button("Download it", key=f"{prefix}_download"):
        try:
            check()
            with st.spinner(f"Downloading {source.title}"):
                source.download()
            st.rerun()
        except SynaptariumError as error:
            say_error(error)


def _train(chosen: System, prefix: str) -> None:
    """Start what the form holds now: who types and presses at once is ahead of the script."""
    state, settings = st.session_state, settings_values(_kinds(chosen), prefix)
    dataset = state[f"{prefix}_train_dataset"]
    try:
        if not is_here(dataset):
            raise SettingsError(f"{DATASETS[dataset].title} is not on this machine.")
        run = start(
            make_spec(
                chosen.name,
                dataset=dataset,
                seed=state[f"{prefix}_train_seed"],
                variant=state[f"{prefix}_train_variant"].strip(),
                config=settings["Network"],
                training=settings["Training"],
            )
        )
    except (SynaptariumError, OSError) as error:
        st.session_state[f"{prefix}_train_problem"] = f"The run did not start: {error}"
    else:
        st.session_state[f"{prefix}_run"] = run.id
