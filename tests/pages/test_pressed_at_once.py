"""Who sets a control and presses a button at once gets what the control says.

A browser sends both before the script has run again; AppTest does so when nothing is run between.
A callback that was given the controls' values when the button was drawn knows the old ones.
"""

import pytest
from streamlit.testing.v1 import AppTest

from corelib.runs import launch
from corelib.runs.deleted import deleted_runs, remove_run
from corelib.runs.spec import resolve
from corelib.runs.store import create_run, find_run
from dashboard.butd.learning import comparison
from dashboard.lab import data
from dashboard.lab.runs.opened import NONE
from dashboard.lab.runs.table import OPENED
from dashboard.rooms import ROOMS
from dashboard.shell import train_form
from dashboard.shell.text import plain
from tests.data.shapes import make_npz
from tests.pages.app import open_page
from tests.pages.test_class import ADA, as_person
from tests.pages.test_lab_runs import ended


@pytest.fixture
def started(runs_root, monkeypatch):
    specs = []
    monkeypatch.setattr(
        launch, "start", lambda spec, owner="": specs.append(spec) or create_run(spec)
    )
    return specs


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.file)
def test_a_training_has_the_settings_that_were_typed_last(started, room):
    page = room.networks.partition("_")[0]
    app = open_page(room.file.removesuffix(".py"), **{f"{page}_tab": "Train"})
    (prefix,) = (b.key.removesuffix("_train") for b in app.button if b.key.endswith("_train"))
    app.number_input(key=f"{prefix}_train_seed").set_value(7)
    app.text_input(key=f"{prefix}_train_variant").set_value(" mine ")
    app.number_input(key=f"{prefix}_training_epochs").set_value(9)
    app.button(key=f"{prefix}_train").click().run()
    assert not app.exception
    (spec,) = started
    assert (spec.seed, spec.variant) == (7, "mine")
    assert resolve(spec).training.epochs == 9


def test_a_run_is_repeated_with_what_was_typed_last(started):
    run = ended(seed=1)
    app = open_page("runs", runs_run=run.id)
    app.number_input(key=f"runs_again_{run.id}_seed_False").set_value(8)
    app.button(key="runs_again").click().run()
    assert not app.exception
    assert (started[-1].seed, started[-1].config) == (8, run.spec.config)
    app = open_page("runs", runs_run=run.id)
    app.selectbox(key="runs_again_setting").select("n_steps").run()
    app.number_input(key=f"runs_again_{run.id}_n_steps").set_value(5)
    app.button(key="runs_again").click().run()
    assert started[-1].config["n_steps"] == 5
    # Nothing is repeated that is there already.
    app = open_page("runs", runs_run=run.id)
    app.selectbox(key="runs_again_setting").select("n_steps").run()
    app.selectbox(key="runs_again_setting").select(NONE)
    app.button(key="runs_again").click().run()
    assert (started[-1].seed, started[-1].config) == (0, run.spec.config)
    # The control of another setting has not been drawn yet.
    app = open_page("runs", runs_run=run.id)
    app.selectbox(key="runs_again_setting").select("n_steps")
    app.button(key="runs_again").click().run()
    assert len(started) == 3
    assert app.error[0].value == plain("Say first what n_steps is to be.")


def test_images_that_are_not_here_are_not_trained_on(started, monkeypatch):
    monkeypatch.setattr(train_form, "is_here", lambda name: name == "mnist")
    app = open_page("balance", balance_tab="Train")
    app.selectbox(key="balance_train_dataset").select("fashion-mnist")
    app.button(key="balance_train").click().run()
    assert started == []
    assert "Fashion-MNIST is not on this machine" in app.error[0].value.replace("\\", "")


def test_the_rules_are_those_chosen_last(runs_root, monkeypatch):
    specs = []
    monkeypatch.setattr(comparison, "start", specs.append)
    app = open_page("learning", learn_tab="Rules")
    app.multiselect(key="learn_rules").set_value(["back-propagation"])
    app.number_input(key="learn_seeds").set_value(2)
    app.number_input(key="learn_hidden").set_value(11)
    app.number_input(key="learn_epochs").set_value(4)
    app.number_input(key="learn_batch").set_value(50)
    app.selectbox(key="learn_network").select("simple")
    app.button(key="learn_start").click().run()
    assert not app.exception
    assert [(s.seed, s.variant) for s in specs] == [(0, "bp"), (1, "bp")]
    for spec in specs:
        assert (spec.config["hidden"], spec.config["network"]) == (11, "simple")
        assert (spec.training["epochs"], spec.training["batch_size"]) == (4, 50)
    # The button could be pressed before, but not with so many.
    app.number_input(key="learn_seeds").set_value(10)
    app.multiselect(key="learn_rules").set_value(list(comparison.RULES))
    app.button(key="learn_start").click().run()
    assert len(specs) == 2
    assert "choose 1 to 18 networks" in app.error[0].value


def test_the_run_that_the_menu_shows_is_brought_back(runs_root):
    runs = [ended(seed=seed) for seed in (1, 2)]
    for run in runs:
        remove_run(run)
    app = open_page("runs")
    offered = app.selectbox(key="runs_restored")
    other = next(id for id in offered.options if id != offered.value)
    offered.select(other)
    app.button(key="runs_restore").click().run()
    assert [run.id for run in deleted_runs()] == [r.id for r in runs if r.id != other]


def test_the_rows_chosen_last_are_deleted(runs_root, monkeypatch):
    from dashboard.lab.runs import page

    for seed in (1, 2, 3):
        ended(seed=seed)
    monkeypatch.setattr(page, "chosen_rows", lambda rows: rows[:2])
    app = open_page("runs")
    ids = list(app.dataframe[0].value["id"])
    monkeypatch.setattr(page, "chosen_rows", lambda rows: rows[1:])
    app.button(key="runs_delete_chosen").click().run()
    assert {run.id for run in deleted_runs()} == set(ids[1:])


def test_a_run_that_is_gone_meanwhile_is_a_sentence(runs_root, monkeypatch):
    from dashboard.lab.runs import page

    for seed in (1, 2, 3):
        ended(seed=seed)
    monkeypatch.setattr(page, "chosen_rows", lambda rows: rows[:2])
    app = open_page("runs")
    app.session_state["runs_deleted"] = ["before"]
    _, second, _ = app.dataframe[0].value["id"]
    remove_run(find_run(second))
    app.button(key="runs_delete_chosen").click().run()
    assert not app.exception
    assert plain(second) in app.error[0].value
    assert [run.id for run in deleted_runs()] == [second]
    monkeypatch.setattr(page, "chosen_rows", lambda rows: rows[:2])
    app = open_page("runs")
    app.session_state["runs_deleted"] = ["before"]
    monkeypatch.setattr(page, "chosen_rows", lambda rows: [])
    app.button(key="runs_delete_chosen").click().run()
    assert "Choose the runs to delete first" in app.error[0].value
    assert app.session_state["runs_deleted"] == ["before"]


def test_the_whole_page_follows_a_deletion(runs_root, monkeypatch):
    from dashboard.lab.runs import page

    monkeypatch.setattr(page, "chosen_rows", lambda rows: rows)
    ended(seed=1)
    app = AppTest.from_function(deleting).run()
    assert app.session_state[OPENED]


def deleting() -> None:
    from corelib.runs.index import rows
    from dashboard.lab.runs import page

    page._delete(rows(fresh=True))


def test_a_name_is_the_one_typed_last(runs_root, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_CLASS", "1")
    app = as_person(ADA)
    app.text_input(key="runs_person").set_value("Ada")
    app.button(key="runs_person_keep").click().run()
    assert "Your runs are kept under the name Ada." in [c.value for c in app.caption]


def test_images_are_read_from_where_was_chosen_last(tmp_path, monkeypatch, runs_root):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    app = open_page("data")
    app.segmented_control(key="data_way").set_value(data.PATH).run()
    app.text_input(key="data_path").set_value(str(make_npz(tmp_path / "s.npz")))
    app.text_input(key="data_name").set_value("mine")
    app.segmented_control(key="data_way").set_value(data.FILE)
    app.button(key="data_add").click().run()
    assert "Choose an npz" in app.error[0].value
    assert not app.success
