"""The page Runs: what it lists, and what can be done there."""

import numpy as np
import pytest

from corelib.runs import launch, waiting
from corelib.runs.deleted import deleted_runs
from corelib.runs.index import Row
from corelib.runs.marks import mark, marks_of
from corelib.runs.offered import titles
from corelib.runs.store import create_run, list_runs
from dashboard.lab.runs.table import _key, frame_of
from dashboard.shell import cache
from dashboard.shell.text import plain
from tests.pages.app import open_page, sentences
from tests.runs.conftest import tiny
from tests.runs.test_registry import store


def ended(state: str = "completed", score: float = 0.5, **more):
    run = create_run(tiny(**more))
    store(run, 110, score)
    run.set_status(state)
    return run


def shown(app) -> list[str]:
    return list(app.dataframe[0].value["id"])


@pytest.fixture
def three(runs_root):
    runs = [ended(seed=1), ended("failed", seed=2, variant="lab2"), ended("cancelled", seed=3)]
    mark(runs[0], tags=["course"], note="the wide one")
    mark(runs[2], tags=["course", "first"])
    return runs


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {0, 1, 2}),
        ({"runs_find": "WIDE"}, {0}),
        ({"runs_find": "lab2"}, {1}),
        ({"runs_find": "course bpan"}, {0, 2}),
        ({"runs_find": "nothing of it"}, set()),
        ({"runs_state": "Failed"}, {1}),
        ({"runs_system": "bpan"}, {0, 1, 2}),
        ({"runs_tags": "first"}, {2}),
        ({"runs_tags": "course", "runs_find": "wide"}, {0}),
    ],
)
def test_the_filter_is_part_of_the_address(three, query, expected):
    app = open_page("runs", **query)
    assert not app.exception
    found = set(shown(app)) if app.dataframe[0].value.size else set()
    assert found == {three[k].id for k in expected}


def test_a_run_is_named_and_its_name_is_what_menus_show(three):
    app = open_page("runs", runs_run=three[0].id)
    name = next(t for t in app.text_input if t.label == "Name")
    name.set_value("Tuesday *group*")
    next(b for b in app.button if b.label == "Keep").click()
    app.run()
    assert not app.exception
    assert marks_of(three[0]).name == "Tuesday *group*"
    assert marks_of(three[0]).tags == ("course",)
    assert "Tuesday *group*" in set(open_page("runs").dataframe[0].value["run"])
    assert "Tuesday *group*" in open_page("balance").selectbox(key="balance_model").options


def test_a_score_has_the_unit_in_which_it_is_said_elsewhere():
    measured = Row("a", "completed", system="mlp", score=0.9426, measure="accuracy")
    other = Row("b", "completed", system="ipvae", score=-123.4, measure="loss")
    frame = frame_of([measured, other]).set_index("id")
    assert frame["validation accuracy / %"]["a"] == 100 * 0.9426
    assert frame["validation score"]["b"] == -123.4
    assert frame["validation accuracy / %"].isna()["b"]
    assert "validation score" not in frame_of([measured])


def test_a_run_is_done_up_to_the_whole_of_it():
    rows = [Row(name, "running", system="mlp", step=n, total=4) for name, n in (("a", 1), ("b", 5))]
    assert frame_of(rows)["done"].tolist() == [0.25, 1.0]


def test_delete_and_undo(three):
    app = open_page("runs", runs_run=three[0].id)
    app.button(key="runs_remove").click().run()
    assert not app.exception
    assert three[0].id not in shown(app)
    assert f"Deleted {three[0].id}" in sentences(app).replace("\\", "")
    app.button(key="runs_undo").click().run()
    assert three[0].id in shown(app)
    assert deleted_runs() == []
    assert "Deleted" not in sentences(app)


def test_several_are_deleted_at_once_and_brought_back(three, monkeypatch):
    # AppTest cannot choose rows of a table: the choice is put where Streamlit keeps it.
    from dashboard.lab.runs import page

    monkeypatch.setattr(page, "chosen_rows", lambda rows: rows[:2])
    app = open_page("runs")
    ids = shown(app)
    links = [link.proto for link in app.get("page_link")]
    compare = next(link for link in links if link.page == "compare")
    assert all(id in compare.query_string for id in ids[:2])
    app.button(key="runs_delete_chosen").click().run()
    assert [run.id for run in deleted_runs()] == ids[:2]
    app.button(key="runs_undo").click().run()
    assert deleted_runs() == []
    assert len(list(list_runs())) == 3


def test_deleted_for_good(three):
    app = open_page("runs", runs_run=three[0].id)
    app.button(key="runs_remove").click().run()
    app.button(key="runs_empty").click().run()
    assert deleted_runs() == []
    assert len(list(list_runs())) == 2


def test_the_queue_is_shown_in_its_order_and_changed(runs_root):
    runs = [create_run(tiny(seed=seed)) for seed in (1, 2)]
    locks = [run.lock for run in runs]
    for lock in locks:
        lock.acquire()
    for run in runs:
        run.begin_beating()
        run.set_status("queued")
        waiting.join(run)
    called = titles()
    app = open_page("runs", runs_run=runs[1].id)
    assert "place 2 of 2 in the queue" in sentences(app)
    lines = [m.value for m in app.markdown if m.value.startswith(("1. ", "2. "))]
    assert [line.split(". ", 1)[1] for line in lines] == [plain(called[run.id]) for run in runs]
    app.button(key=f"runs_next_{runs[1].id}").click().run()
    assert [run.id for run in waiting.waiting()] == [runs[1].id, runs[0].id]
    for lock in locks:
        lock.release()


def test_train_again_with_a_new_seed_and_with_one_change(three, monkeypatch):
    specs = []
    monkeypatch.setattr(
        launch, "start", lambda spec, owner="": specs.append(spec) or create_run(spec)
    )
    app = open_page("runs", runs_run=three[0].id)
    app.button(key="runs_again").click().run()
    assert not app.exception
    assert specs[0] == tiny(seed=0)
    app = open_page("runs", runs_run=three[0].id)
    app.selectbox(key="runs_again_setting").select("n_steps").run()
    app.number_input(key=f"runs_again_{three[0].id}_n_steps").set_value(5).run()
    assert "Expected time" in "\n".join(c.value for c in app.caption)
    app.button(key="runs_again").click().run()
    assert specs[1].config["n_steps"] == 5
    assert specs[1].seed == 1
    assert {**specs[1].config, "n_steps": 2} == three[0].spec.config


def test_settings_log_and_checkpoints_are_there(three):
    three[0].log.write_text("`one` line\n", encoding="utf-8")
    app = open_page("runs", runs_run=three[0].id)
    tables = {tuple(t.value.columns)[:2]: t.value for t in app.dataframe}
    settings = tables["of", "setting"].set_index("setting")
    assert settings.loc["n_steps", "value"] == "2"
    assert bool(settings.loc["n_steps", "differs"])
    checkpoints = tables["update", "epoch"]
    assert checkpoints["update"].tolist() == [110]
    assert np.isclose(checkpoints["validation score"], 0.5).all()
    assert "`one` line" in [code.value for code in app.code]


def test_menus_offer_the_newest_and_what_an_address_asks_for(three, monkeypatch):
    monkeypatch.setattr(cache, "MOST_OFFERED", 1)
    import streamlit as st

    st.cache_resource.clear()
    app = open_page("balance", balance_model=three[0].id)
    box = app.selectbox(key="balance_model")
    called = titles()
    assert box.value == three[0].id
    assert called[three[1].id] not in box.options
    assert called[three[2].id] in box.options
    app = open_page("runs", runs_run=three[0].id)
    assert app.selectbox(key="runs_run").value == three[0].id
    st.cache_resource.clear()


def test_a_key_of_the_table_follows_its_rows(three):
    rows = cache.all_rows(True)
    assert _key(rows) == _key(list(rows))
    assert _key(rows[1:]) != _key(rows)
