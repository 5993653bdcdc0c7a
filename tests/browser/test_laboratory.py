"""Journeys through the laboratory: a run is deleted and brought back, and two persons share a
server."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from corelib.runs.marks import mark
from corelib.runs.store import Run, create_run
from tests.browser.driver import no_errors, open_page, server, widget
from tests.runs.conftest import tiny
from tests.runs.test_registry import store


@pytest.fixture
def page(chrome):
    context = chrome.new_context(
        viewport={"width": 1440, "height": 1000}, reduced_motion="reduce", accept_downloads=True
    )
    yield context.new_page()
    context.close()


def ended(runs: Path, monkeypatch, **more) -> Run:
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    run = create_run(tiny(**more))
    store(run, 110, 0.5)
    run.set_status("completed")
    return run


def test_a_run_is_deleted_and_brought_back(page: Page, runs: Path, monkeypatch, server: str):
    run = ended(runs, monkeypatch, seed=1, variant="lab1")
    other = ended(runs, monkeypatch, seed=2, variant="lab2")
    open_page(page, f"{server}/runs?runs_run={run.id}")
    expect(page.get_by_text("You have 2 runs: 2 completed")).to_be_visible()
    expect(menu := widget(page, "runs_run").get_by_role("combobox")).to_have_value("lab1")
    second = page.context.new_page()
    open_page(second, f"{server}/runs?runs_run={run.id}")
    widget(page, "runs_remove").get_by_role("button").click()
    expect(page.get_by_text(re.compile("^Deleted 2"))).to_be_visible()
    assert not run.folder.exists()
    # The menu names the run that the panel shows.
    expect(page.get_by_text(f"lab2: {other.id}")).to_be_visible()
    expect(menu).to_have_value("lab2")
    # Another tab still shows it: pressed there, nothing more is lost.
    widget(second, "runs_remove").get_by_role("button").click()
    expect(second.get_by_text("is not there any more")).to_be_visible()
    second.close()
    widget(page, "runs_undo").get_by_role("button").click()
    expect(page.get_by_text("You have 2 runs: 2 completed")).to_be_visible()
    assert run.folder.exists()
    no_errors(page)


def test_two_persons_of_a_class(chrome, tmp_path: Path, monkeypatch):
    runs = tmp_path / "runs"
    monkeypatch.setenv("SYNAPTARIUM_CLASS", "1")
    with server(runs) as address:
        ada, bob = (chrome.new_context(reduced_motion="reduce") for _ in range(2))
        first, second = ada.new_page(), bob.new_page()
        open_page(first, f"{address}/runs")
        expect(first.get_by_text("Your runs are yours alone")).to_be_visible()
        first.get_by_role("button", name="Name").click()
        first.get_by_role("textbox", name="What others see").fill("Ada")
        first.get_by_role("textbox", name="What others see").press("Enter")
        widget(first, "runs_person_keep").get_by_role("button").click()
        expect(first.get_by_text("Your runs are kept under the name Ada")).to_be_visible()
        (person,) = [f.name for f in (runs / ".people").iterdir()]
        monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
        run = create_run(tiny(variant="adas"), person)
        store(run, 110, 0.5)
        run.set_status("completed")

        # Also after a reload: the browser has kept who this is.
        open_page(first, f"{address}/runs")
        expect(first.get_by_text("You see 1 run: 1 completed")).to_be_visible()
        open_page(second, f"{address}/runs")
        expect(second.get_by_text("You have no runs yet")).to_be_visible()
        mark(run, shared=True)
        open_page(second, f"{address}/runs")
        expect(second.get_by_text("This run is Ada's.")).to_be_visible()
        assert widget(second, "runs_remove").get_by_role("button").is_disabled()
        assert widget(first, "runs_remove").get_by_role("button").is_enabled()
        for context in (ada, bob):
            no_errors(context.pages[0])
            context.close()
