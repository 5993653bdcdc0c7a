"""The form that starts a training, and this system's runs below it."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from corelib.catalog import System
from corelib.catalog import system as find_system
from corelib.data import DATASETS, is_here
from corelib.errors import SynaptariumError
from corelib.runs.launch import start
from corelib.runs.spec import make_spec
from dashboard.shell.controls import set_values
from dashboard.shell.forms import settings_forms
from dashboard.shell.run_panel import Draw, runs_section

if TYPE_CHECKING:
    from typing import Any, Protocol

    class TrainingPreset(Protocol):
        """What differs from a system's standard settings."""

        @property
        def config(self) -> Mapping[str, Any]: ...

        @property
        def training(self) -> Mapping[str, Any]: ...


def training_section(
    system_name: str,
    prefix: str,
    draw: Draw | None = None,
    presets: "Mapping[str, TrainingPreset] | None" = None,
) -> None:
    """The form, the Train button, and this system's runs.

    ``draw`` shows the network of the run under the learning curves, anew while it learns;
    ``presets`` fill in the form.
    """
    chosen = find_system(system_name)
    st.markdown("#### Train a network of your own")
    with st.container(border=True):
        top = st.columns(4)
        with top[0]:
            dataset = st.selectbox(
                f"{chosen.data}s".capitalize(),
                chosen.datasets,
                format_func=lambda name: (
                    DATASETS[name].title + ("" if is_here(name) else " (not here)")
                ),
                key=f"{prefix}_train_dataset",
            )
        with top[1]:
            seed = st.number_input(
                "Seed",
                0,
                2**31 - 1,
                0,
                key=f"{prefix}_train_seed",
                help="Of initial weights, batches and noise: the same seed gives the same run",
            )
        with top[2]:
            variant = st.text_input(
                "Name it",
                key=f"{prefix}_train_variant",
                placeholder="optional, one word",
                help="A word that sets this run apart: letters, digits and underscores",
            )
        if presets:
            _presets(chosen, presets, prefix)
        settings = settings_forms(
            {"Network": chosen.config_type, "Training": chosen.training_type}, prefix
        )
        values = {"dataset": dataset, "seed": int(seed), "variant": variant.strip()}
        if not is_here(dataset):
            _offer_download(dataset, prefix)
        st.button(
            "Train",
            key=f"{prefix}_train",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not is_here(dataset),
            on_click=partial(
                _train, system_name, settings["Network"], settings["Training"], values, prefix
            ),
        )
        problem = st.session_state.pop(f"{prefix}_train_problem", None)
        if problem:
            st.error(problem)
    runs_section(prefix, system_name, draw)


def _presets(chosen: System, presets: "Mapping[str, TrainingPreset]", prefix: str) -> None:
    """A button for each preset; it sets the whole form, what it does not name to the defaults."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Presets", width="content")
        for name, found in presets.items():
            values = {}
            for form, kind, own in (
                ("network", chosen.config_type, found.config),
                ("training", chosen.training_type, found.training),
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


def _offer_download(dataset: str, prefix: str) -> None:
    source = DATASETS[dataset]
    st.info(f"{source.title} is not on this machine. {source.about}.")
    if source.download is not None and st.button("Download it", key=f"{prefix}_download"):
        try:
            with st.spinner(f"Downloading {source.title}"):
                source.download()
            st.rerun()
        except SynaptariumError as error:
            st.error(str(error))


def _train(system_name: str, config: dict, training: dict, values: dict, prefix: str) -> None:
    try:
        run = start(make_spec(system_name, config=config, training=training, **values))
    except (SynaptariumError, OSError) as error:
        st.session_state[f"{prefix}_train_problem"] = f"The training did not start: {error}"
    else:
        st.session_state[f"{prefix}_run"] = run.id
