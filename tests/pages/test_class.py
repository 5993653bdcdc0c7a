"""In a class each person has runs of their own, which nobody else can change."""

import pytest
from streamlit.testing.v1 import AppTest

from corelib.runs import index, launch
from corelib.runs.deleted import deleted_runs, remove_run
from corelib.runs.marks import mark, marks_of
from corelib.runs.store import create_run, find_run
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.study import Study
from dashboard.shell import person
from tests.pages.app import ROOT, open_page, sentences
from tests.runs.conftest import tiny
from tests.runs.test_registry import store

ADA, BOB = "a" * 32, "b" * 32


def id_of(token: str) -> str:
    return person._hashed(f"token {token}")


@pytest.fixture
def a_class(runs_root, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_CLASS", "1")
    return runs_root


def ended(owner: str = "", **more):
    run = create_run(tiny(**more), owner)
    store(run, 110, 0.5)
    run.set_status("completed")
    return run


def as_person(token: str, page: str = "runs", **query: str) -> AppTest:
    app = open_page(page, **query)
    app.session_state[person.TOKEN] = token
    return app.run()


def listed(app: AppTest) -> set[str]:
    return set(app.dataframe[0].value["id"]) if app.dataframe else set()


def test_each_sees_own_runs_those_of_the_class_and_shared_ones(a_class):
    ada, bob, common = ended(id_of(ADA)), ended(id_of(BOB), seed=4), ended(seed=5)
    assert listed(as_person(ADA)) == {ada.id, common.id}
    assert listed(as_person(BOB)) == {bob.id, common.id}
    mark(ada, shared=True)
    assert listed(as_person(BOB)) == {ada.id, bob.id, common.id}
    # Until the browser has told, nobody's runs are shown.
    mark(ada, shared=False)
    assert listed(open_page("runs")) == {common.id}


def test_menus_of_networks_offer_what_a_person_sees(a_class):
    ada, bob = ended(id_of(ADA), variant="adas"), ended(id_of(BOB), variant="bobs", seed=4)
    options = as_person(ADA, "balance").selectbox(key="balance_model").options
    assert "adas" in options
    assert "bobs" not in options
    app = as_person(ADA, "balance", balance_model=bob.id)
    assert app.selectbox(key="balance_model").value != bob.id
    assert not app.exception
    assert ada.folder.exists()
    models = as_person(ADA, "models").dataframe[0].value["model"]
    assert "adas" in set(models)
    assert "bobs" not in set(models)
    options = as_person(ADA, "compare").multiselect(key="compare_models").options
    assert "adas" in options
    assert "bobs" not in options


def test_what_all_use_is_changed_from_the_command_line(runs_root, monkeypatch):
    study = Study.begin(StudySettings(name="width", system="mlp", vary={"n_hidden": (8,)}))
    before = as_person(ADA, "studies")
    monkeypatch.setenv("SYNAPTARIUM_CLASS", "1")
    app = as_person(ADA, "studies")
    assert [info.value for info in app.info] == [
        "In a class, what all use is changed from the command line."
    ]
    assert app.button(key="studies_go_on").disabled
    # Pressed on a page that was opened before.
    before.button(key="studies_delete_this_study").click().run()
    assert "from the command line" in before.error[0].value
    assert study.folder.exists()


@pytest.mark.parametrize("button", ["runs_pause", "runs_step", "runs_resume", "runs_cancel"])
def test_nobody_changes_anothers_run(a_class, button):
    run = ended(id_of(ADA))
    mark(run, shared=True)
    run.set_status("paused")
    with run.lock:
        run.begin_beating()
        app = as_person(ADA, runs_run=run.id)
        enabled = {b.key for b in app.button if not b.disabled}
        assert {"runs_step", "runs_resume", "runs_cancel"} <= enabled
        assert next(b for b in as_person(BOB, runs_run=run.id).button if b.key == button).disabled
        if button not in enabled:
            return
        # Pressed all the same, as by a browser that was tampered with.
        before = run.control
        app.session_state[person.TOKEN] = BOB
        app.button(key=button).click().run()
        assert not app.exception
        assert run.control == before
        assert "somebody else's" in app.error[0].value
    assert run.folder.exists()


def test_nobody_deletes_anothers_run(a_class):
    run = ended(id_of(ADA))
    mark(run, shared=True)
    app = as_person(ADA, runs_run=run.id)
    app.session_state[person.TOKEN] = BOB
    app.button(key="runs_remove").click().run()
    assert run.folder.exists()
    assert "somebody else's" in app.error[0].value


def test_nobody_renames_anothers_run_or_undoes_its_deletion(a_class):
    run = ended(id_of(ADA))
    mark(run, name="mine", shared=True)
    app = as_person(BOB, runs_run=run.id)
    next(b for b in app.button if b.label == "Keep").click().run()
    assert marks_of(run).name == "mine"
    remove_run(run)
    app = as_person(BOB)
    assert "runs_restored" not in {box.key for box in app.selectbox}
    app = as_person(ADA)
    app.button(key="runs_restore").click().run()
    assert run.folder.exists()
    assert deleted_runs() == []


def test_a_person_has_only_so_many_trainings(a_class, monkeypatch):
    started = []
    monkeypatch.setattr(
        launch, "start", lambda spec, owner="": started.append(owner) or create_run(spec, owner)
    )
    monkeypatch.setenv("SYNAPTARIUM_WAITING", "2")
    for n in range(2):
        app = as_person(ADA, "balance", balance_tab="Train")
        app.button(key="balance_train").click().run()
        assert not app.exception
        assert started == [id_of(ADA)] * (n + 1)
    app = as_person(ADA, "balance", balance_tab="Train")
    app.button(key="balance_train").click().run()
    assert len(started) == 2
    assert "2 trainings that have not ended, of 2" in app.error[0].value
    app = as_person(BOB, "balance", balance_tab="Train")
    app.button(key="balance_train").click().run()
    assert started[-1] == id_of(BOB)
    find_run(index.rows(fresh=True)[-1].id).set_status("cancelled")
    app = as_person(ADA, "balance", balance_tab="Train")
    app.button(key="balance_train").click().run()
    assert len(started) == 4


def test_a_name_is_chosen_and_shown_to_others_but_never_the_token(a_class):
    run = ended(id_of(ADA))
    mark(run, shared=True)
    app = as_person(ADA)
    app.text_input(key="runs_person").set_value("Ada **L**").run()
    app.button(key="runs_person_keep").click().run()
    assert "Ada \\*\\*L\\*\\*" in "\n".join(c.value for c in app.caption)
    app = as_person(BOB)
    assert "Ada **L**" in set(app.dataframe[0].value["whose"])
    written = [f.read_bytes() for f in a_class.rglob("*") if f.is_file()]
    assert not any(ADA.encode() in text for text in written)


def test_read_only_trains_and_changes_nothing(runs_root, monkeypatch):
    run = ended()
    train, runs = open_page("balance", balance_tab="Train"), open_page("runs")
    models = open_page("models")
    monkeypatch.setenv("SYNAPTARIUM_READ_ONLY", "1")
    # Pressed on pages that were opened before.
    train.button(key="balance_train").click().run()
    assert "read-only" in train.error[0].value
    runs.button(key="runs_remove").click().run()
    assert "read-only" in runs.error[0].value
    assert [row.id for row in index.rows(fresh=True)] == [run.id]
    assert open_page("balance", balance_tab="Train").button(key="balance_train").disabled
    assert open_page("runs").button(key="runs_remove").disabled
    app = open_page("halting", halting_tab="Published")
    recompute = [b for b in app.button if b.label == "Recompute"]
    assert recompute
    assert all(b.disabled for b in recompute)
    models.file_uploader(key="import_weights").set_value(("m.zip", b"PK", "application/zip"))
    models.button(key="import_button").click().run()
    assert "read-only" in models.error[0].value
    assert open_page("models").button(key="import_button").disabled
    assert open_page("data").button(key="data_add").disabled
    assert "read-only" in open_page("studies").info[0].value


def test_outside_a_class_nothing_is_hidden_and_nothing_asked(runs_root):
    run = ended(id_of(ADA))
    app = open_page("runs")
    assert listed(app) == {run.id}
    assert "somebody" not in sentences(app)
    app.button(key="runs_remove").click().run()
    assert not run.folder.exists()


@pytest.mark.parametrize("variable", ["SYNAPTARIUM_CLASS", "SYNAPTARIUM_READ_ONLY"])
def test_a_switch_that_cannot_be_understood_is_named(runs_root, monkeypatch, variable):
    monkeypatch.setenv(variable, "yes")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        f"{variable} is 'yes', but should be 1, 0 or empty."
    ]
