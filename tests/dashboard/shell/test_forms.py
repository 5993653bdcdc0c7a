"""Forms come from the settings alone: every setting has a control, its bounds and its default."""

import pytest
from streamlit.testing.v1 import AppTest

from corelib.catalog import SYSTEMS
from corelib.data import DATASETS
from corelib.settings import Settings, setting
from dashboard.shell.forms import setting_title


class Sample(Settings):
    """Settings of every kind, for the form."""

    n_units: int = setting(5, "Units", ge=1, le=9, symbol="N")
    rate: float = setting(0.25, "Rate", gt=0, le=1, symbol="η")
    law: bool = setting(True, "A law", more=True)


def form_app(name: str) -> None:
    import streamlit as st

    from corelib.catalog import SYSTEMS
    from dashboard.shell.forms import settings_forms

    kinds = {"Network": SYSTEMS[name].config_type, "Training": SYSTEMS[name].training_type}
    st.session_state["values"] = settings_forms(kinds, "f")


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_untouched_form_gives_the_defaults(name):
    app = AppTest.from_function(form_app, args=(name,), default_timeout=30).run()
    assert not app.exception
    values = app.session_state["values"]
    assert SYSTEMS[name].config_type(**values["Network"]) == SYSTEMS[name].config_type()
    assert SYSTEMS[name].training_type(**values["Training"]) == SYSTEMS[name].training_type()


def test_the_limits_are_told_in_words():
    infos = {info.name: info for info in Sample.infos()}
    app = AppTest.from_function(one_by_one, args=(infos,)).run()
    said = {number.label: number.help for number in app.number_input}
    assert said == {"Units (N)": "Units (from 1 to 9)", "η": "Rate (more than 0 to 1)"}


def one_by_one(infos) -> None:
    from dashboard.shell.forms import setting_control

    for name, info in infos.items():
        setting_control(info, name)


@pytest.mark.parametrize("name", SYSTEMS)
def test_numbers_tell_the_bounds_of_the_settings_and_take_any(name):
    app = AppTest.from_function(form_app, args=(name,), default_timeout=30).run()
    shown = {number.key: number for number in app.number_input}
    for group, kind in (
        ("network", SYSTEMS[name].config_type),
        ("training", SYSTEMS[name].training_type),
    ):
        for info in kind.infos():
            if info.from_data:
                assert f"f_{group}_{info.name}" not in shown
            elif info.kind in ("int", "float"):
                control = shown[f"f_{group}_{info.name}"]
                assert control.min is None
                assert control.max is None
                assert info.help in control.help
                if info.upper is not None:
                    assert f"to {info.upper:g}" in control.help


def test_a_changed_control_changes_its_value():
    app = AppTest.from_function(form_app, args=("bpan",), default_timeout=30).run()
    app.number_input(key="f_network_n_steps").set_value(9).run()
    app.toggle(key="f_network_dale").set_value(False).run()
    assert app.session_state["values"]["Network"]["n_steps"] == 9
    assert app.session_state["values"]["Network"]["dale"] is False


def test_titles_show_greek_letters_alone_and_others_behind_the_name():
    titles = [setting_title(info) for info in Sample.infos()]
    assert titles == ["Units (N)", "η", "Law"]


def training_app(name: str) -> None:
    from dashboard.shell.train_form import training_section

    training_section(name, "f")


@pytest.mark.parametrize("name", ["bpan", "gru-sequence"])
def test_only_data_of_the_systems_kind_is_offered(name, runs_root):
    app = AppTest.from_function(training_app, args=(name,), default_timeout=30).run()
    assert not app.exception
    shown = app.selectbox(key="f_train_dataset")
    assert shown.label == {"bpan": "Images", "gru-sequence": "Sequences"}[name]
    titles = [DATASETS[dataset].title for dataset in SYSTEMS[name].datasets]
    assert [option.removesuffix(" (not here)") for option in shown.options] == titles
    assert shown.value == SYSTEMS[name].datasets[0]
