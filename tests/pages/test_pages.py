"""The pages, run without a browser."""

import gc
import json

import pytest
from streamlit.testing.v1 import AppTest

from corelib.runs.offered import titles
from corelib.runs.spec import make_spec
from corelib.runs.store import create_run
from corelib.words import percent
from dashboard import router
from dashboard.rooms import FAMILIES, ROOMS
from dashboard.shell.text import plain
from tests.charts import charts
from tests.pages.app import ROOT, imported_by, open_page, sentences

PAGES = sorted((ROOT / "pages").glob("*.py"))
# Streamlit itself imports plotly at its start; our figures must not be among what Home loads.
FORBIDDEN_ON_HOME = ("torch", "torchvision", "sklearn", "plotly.subplots", "dashboard.figures")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_page_runs(page, runs_root):
    app = open_page(page.stem)
    assert not app.exception
    assert len(app.title) == 1
    assert not app.error


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_page_first_makes_sure_it_is_routed(page):
    code = [
        line
        for line in page.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith('"""')
    ]
    assert code[0].startswith("from dashboard.router import ")
    assert code[1] == "ensure_routed()"


def test_imported_modules_are_set_aside_from_the_garbage_collector(runs_root):
    router._set_aside.cache_clear()
    gc.unfreeze()
    try:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        before = gc.get_freeze_count()
        assert before > 10_000
        # Nothing new is imported: what this run has made is left to the collector.
        app.run()
        assert gc.get_freeze_count() <= before
    finally:
        gc.unfreeze()


def test_home_imports_nothing_heavy():
    draw = "app.run()"
    assert imported_by(FORBIDDEN_ON_HOME, draw, "app.title[0].value == 'Synaptarium'") == []


def test_home_counts_the_runs(runs_root):
    assert "You have no runs yet" in sentences(open_page("home"))
    create_run(make_spec("bpan")).set_status("cancelled")
    assert "You have 1 run: 0 completed, 0 in progress, 1 cancelled." in sentences(
        open_page("home")
    )


def test_home_shows_every_experiment_under_its_family():
    app = open_page("home")
    links = {link.proto.page for link in app.get("page_link")}
    questions = [caption.value for caption in app.caption]
    for room in ROOMS:
        assert room.file.removesuffix(".py") in links
        assert room.question in questions
    assert {room.family for room in ROOMS} == {family.name for family in FAMILIES}
    for family in FAMILIES:
        assert family.title in sentences(app)


def test_home_shows_what_trains_now(runs_root):
    from corelib.training.events import Began, Stepped

    run = create_run(make_spec("bpan"))
    run.append(
        Began(step=0, total_steps=8, steps_per_epoch=2, device="cpu", threads=1, parameters=1)
    )
    run.append(Stepped(step=2, count=2, seconds=0.1, metrics={"loss": 1.0}))
    run.set_status("running")
    with run.lock:
        (bar,) = open_page("home").get("progress")
    assert bar.proto.value == 25
    assert bar.proto.text == f"{plain(titles()[run.id])}: running, {percent(0.25, 0)}"


@pytest.mark.parametrize(("asked", "on"), [(None, False), ("true", True), ("<b>", False)])
def test_a_link_switches_the_projector_on(asked, on, runs_root):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if asked:
        app.query_params["projector"] = asked
    app.run()
    assert not app.exception
    assert app.toggle(key="projector").value == on


def test_figures_are_enlarged_while_the_projector_is_on(runs_root):
    app = open_page("balance")

    def figures():
        return [json.loads(item.spec) for item in charts(app)]

    before = figures()
    app.session_state["projector"] = True
    app.run()
    assert not app.exception
    after = figures()
    assert len(after) == len(before) > 0
    for one, other in zip(before, after, strict=True):
        assert other["layout"]["font"]["size"] == 1.5 * one["layout"]["font"]["size"]
        assert [t.get("y") for t in one["data"]] == [t.get("y") for t in other["data"]]


def test_an_invalid_name_for_a_run_is_reported(runs_root):
    app = open_page("balance", balance_tab="Train")
    app.text_input(key="balance_train_variant").set_value("two words").run()
    app.button(key="balance_train").click().run()
    assert "letters, digits and underscores" in app.error[0].value
    assert not list(runs_root.glob("2*"))


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("training_batch_size", 60_000_000, "batch_size"), ("train_seed", -1, "seed")],
)
def test_a_number_out_of_bounds_is_told_and_starts_nothing(runs_root, field, value, told):
    app = open_page("balance", balance_tab="Train")
    app.number_input(key=f"balance_{field}").set_value(value).run()
    app.button(key="balance_train").click().run()
    assert told in "\n".join(error.value for error in app.error).replace("\\", "")
    assert not list(runs_root.glob("2*"))


@pytest.mark.parametrize("state", ["completed", "cancelled", "failed", "died", "queued"])
def test_a_run_shows_its_state_and_offers_what_it_can_do(runs_root, state):
    run = create_run(make_spec("bpan"))
    run.set_status("failed" if state == "failed" else state, "on request")
    if state == "queued":
        # A living worker is one that holds the lock.
        with run.lock:
            app = open_page("balance", balance_tab="Train")
    else:
        app = open_page("balance", balance_tab="Train")
    assert not app.exception
    assert f"[{state.capitalize()}] on request" in sentences(app)
    enabled = {b.key for b in app.button if b.key and not b.disabled}
    assert ("balance_cancel" in enabled) == (state == "queued")
    assert ("balance_resume" in enabled) == (state in ("cancelled", "failed", "died"))
    assert ("balance_remove" in enabled) == (state != "queued")
    assert "balance_step" not in enabled
