"""Runs lists whatever there is; an odd folder matters there and on no other page."""

import shutil

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from corelib.runs import registry
from corelib.runs.spec import as_command, make_spec
from corelib.runs.store import Run, create_run
from corelib.runs.summary import summary
from dashboard.shell.text import plain
from tests.pages.app import ROOT, open_page, sentences
from tests.runs.conftest import tiny
from tests.runs.test_registry import DEEP, HARMLESS, ODDITIES, store, write

QUICK = ("home", "runs", "balance")
"""All read the same registry; the others are slow tests."""
PAGES = [
    stem if stem in QUICK else pytest.param(stem, marks=pytest.mark.slow)
    for stem in sorted(p.stem for p in (ROOT / "pages").glob("*.py"))
    if stem != "trainings"
]


@pytest.fixture
def odd_runs(runs_root):
    """One sound run, and one for each oddity."""
    for seed, spoil in enumerate([None, *ODDITIES.values()]):
        run = create_run(tiny(seed=seed))
        store(run, 110, 0.5)
        run.set_status("completed")
        if spoil is not None:
            spoil(run)
    return runs_root


@pytest.mark.parametrize("page", PAGES)
def test_odd_runs_take_no_page_down(odd_runs, page):
    app = open_page(page)
    assert not app.exception
    if page not in ("home", "runs"):
        assert not app.error
        assert "cannot be read" not in sentences(app)


def test_the_list_has_every_run_and_says_what_is_wrong(odd_runs):
    app = open_page("runs")
    table = app.dataframe[0].value.set_index("run")
    assert len(table) == 1 + len(ODDITIES)
    noted = table[table["note"] != ""]
    assert len(noted) == len(ODDITIES) - len(HARMLESS)
    told = "\n".join(noted["note"])
    for reason in (
        "no system named 'resnet'",
        "no setting named layers",
        "'letters', which is not known here",
        "weights.safetensors is missing",
        "recursion limit",
        "is not a spec",
        "is damaged",
        "could not be read",
    ):
        assert reason in told


@pytest.mark.parametrize("oddity", ODDITIES)
def test_the_panel_of_an_odd_run_has_its_buttons(runs_root, oddity):
    run = create_run(tiny())
    store(run, 110, 0.5)
    run.set_status("failed", "for once")
    ODDITIES[oddity](run)
    app = open_page("runs")
    assert not app.exception
    buttons = {button.key: button for button in app.button}
    assert {"runs_resume", "runs_cancel", "runs_remove"} <= buttons.keys()
    told = summary(Run(run.folder)) if run.folder.exists() else None
    if told is not None:
        assert {warning.value for warning in app.warning} >= {plain(p) for p in told.problems}
        assert buttons["runs_resume"].disabled == (not told.network)
    if not buttons["runs_remove"].disabled:
        app = buttons["runs_remove"].click().run()
        assert not app.exception
        assert [f for f in runs_root.iterdir() if not f.name.startswith(".")] == []


def test_code_is_sent_once_its_expander_is_open(runs_root):
    """The first code on a page makes the browser load a highlighter, for half a second."""
    run = create_run(make_spec("bpan"))
    run.set_status("failed", "for once")
    run.log.write_text("No images.", encoding="utf-8")
    app = open_page("balance", balance_tab="Train")
    assert not app.code
    for key in ("balance_output", "balance_command"):
        app.session_state[key] = True
    app.run()
    assert not app.exception
    assert [code.value for code in app.code] == ["No images.", as_command(run.spec)]
    home = open_page("home")
    assert not home.code
    home.session_state["home_code"] = True
    assert [code.language for code in home.run().code] == ["python", "bash"]


def test_odd_shipped_folders_are_told_on_runs_alone(tmp_path, runs_root, monkeypatch):
    copied = tmp_path / "shipped"
    shutil.copytree(registry.SHIPPED, copied)
    write(copied / "mlp-mnist" / "checkpoint.json", DEEP)
    write(copied / "gpc-mnist" / "checkpoint.json", '{"system": "resnet"}')
    (copied / "act-mnist" / "weights.safetensors").unlink()
    monkeypatch.setattr(registry, "SHIPPED", copied)
    # A server reads what ships once; earlier tests have read the whole folder.
    st.cache_resource.clear()
    for page in ("home", "halting", "bpc"):
        app = open_page(page)
        assert not app.exception
        assert not app.error
        assert not app.warning
    app = open_page("runs")
    (warning,) = app.warning
    for name in ("mlp", "gpc", "act"):
        assert f"{name}-mnist" in warning.value
    st.cache_resource.clear()


def test_a_variable_that_cannot_be_understood_is_named(runs_root, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", "2.5")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert not app.title
    assert [error.value for error in app.error] == [
        "SYNAPTARIUM_SLOTS is '2.5', but should be auto or a whole number from 1 to 1,024."
    ]
