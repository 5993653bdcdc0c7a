"""Journeys through the laboratory: runs are compared, deleted and brought back, a report opens
without a network, a study goes from its form to its best, and two persons share a server."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from corelib.runs.marks import mark
from corelib.runs.store import Run, create_run
from tests.browser.driver import no_errors, open_page, ready, server, widget
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


def test_two_runs_are_compared(page: Page, runs: Path, monkeypatch, server: str):
    first, second = (ended(runs, monkeypatch, seed=s, variant=f"lab{s}") for s in (1, 2))
    open_page(page, f"{server}/compare?compare_runs={first.id}&compare_runs={second.id}")
    expect(page.get_by_text("These networks differ in their seed alone")).to_be_visible()
    open_page(page, f"{server}/compare?compare_runs={first.id}&compare_runs=bpan-mnist")
    expect(
        page.get_by_text(re.compile("points (more|less) accurate|do not differ"))
    ).to_be_visible()
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_role("heading", level=1)).to_have_text("E/I balance")
    expect(frame.get_by_text("Over the 10,000 test images")).to_be_visible()
    with page.expect_download() as download:
        widget(page, "compare_csv_csv").get_by_role("button").click()
    table = Path(download.value.path()).read_text(encoding="utf-8")
    assert table.startswith("part,of,measure,value")
    assert "lab1" in table
    no_errors(page)


def test_a_run_is_deleted_and_brought_back(page: Page, runs: Path, monkeypatch, server: str):
    run = ended(runs, monkeypatch, seed=1, variant="lab1")
    open_page(page, f"{server}/runs?runs_run={run.id}")
    expect(page.get_by_text("You have 1 run: 1 completed")).to_be_visible()
    widget(page, "runs_remove").get_by_role("button").click()
    expect(page.get_by_text(re.compile("^Deleted 2"))).to_be_visible()
    assert not run.folder.exists()
    expect(page.get_by_text("You have no runs yet")).to_be_visible()
    widget(page, "runs_undo").get_by_role("button").click()
    expect(page.get_by_text("You have 1 run: 1 completed")).to_be_visible()
    assert run.folder.exists()
    no_errors(page)


def test_a_report_opens_without_a_network(page: Page, server: str, chrome, tmp_path: Path):
    open_page(page, f"{server}/balance?balance_tab=Export&balance_gain=0")
    with page.expect_download() as download:
        widget(page, "balance_report").get_by_role("button").click(no_wait_after=True)
    file = tmp_path / "report.html"
    download.value.save_as(file)
    context = chrome.new_context(offline=True)
    alone, said, asked = context.new_page(), [], []
    alone.on("console", lambda message: said.append(message.text))
    alone.on("pageerror", lambda error: said.append(str(error)))
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    figures = alone.locator("figure .plot")
    expect(figures.nth(0).locator(".main-svg").first).to_be_visible()
    assert figures.count() == alone.locator("figure .js-plotly-plot").count() >= 5
    assert said == []
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    expect(alone.get_by_text("With inhibition gain g = 0").first).to_be_visible()
    context.close()


def test_a_figure_is_printed_alone_on_a_page_of_its_size(page: Page, server: str):
    open_page(page, f"{server}/balance")
    # Instead of the browser's dialog, which no test can see: what would be printed.
    page.evaluate(
        """() => {
          window.printed = []
          const own = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow")
          Object.defineProperty(HTMLIFrameElement.prototype, "contentWindow", { get() {
            const inner = own.get.call(this)
            const root = inner.document.documentElement
            inner.print = () => window.printed.push(root.outerHTML)
            return inner
          } })
        }"""
    )
    widget(page, "balance_probability_0_pdf").get_by_role("button").click()
    page.wait_for_function("() => window.printed.length")
    (printed,) = page.evaluate("() => window.printed")
    size = re.search(r"@page { size: (\d+)px (\d+)px", printed)
    assert size is not None
    assert f'width="{size[1]}" height="{size[2]}"' in printed
    assert "@font-face" in printed
    paper = page.context.new_page()
    paper.set_content(printed)
    pdf = paper.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF")
    assert b"/Count 1" in pdf
    paper.close()


def test_a_study_goes_from_its_form_to_its_best(page: Page, runs: Path, server: str):
    open_page(page, f"{server}/studies")
    page.get_by_role("textbox", name="Name").fill("mine")
    choose(page, "studies_new_system", "mlp")
    choose(page, "studies_new_vary", "n_hidden")
    page.get_by_role("textbox", name="n_hidden").fill("4, 16")
    page.get_by_role("textbox", name="n_hidden").press("Enter")
    choose(page, "studies_new_fix", "max_steps")
    expect(page.get_by_text("2 trials of 1 seeds: 2 trainings")).to_be_visible()
    steps = widget(page, "studies_new_mlp_fixed_max_steps").get_by_role("spinbutton")
    steps.fill("20")
    steps.press("Enter")
    ready(page)
    widget(page, "studies_begin").get_by_role("button").click()
    expect(page.get_by_text(re.compile("best so far 0"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"has ended: 2 of 2 trials"))).to_be_visible()
    expect(page.get_by_text("A point a trial")).to_be_visible()
    expect(page.get_by_role("link", name="Compare the best")).to_be_visible()
    no_errors(page)


def choose(page: Page, key: str, text: str) -> None:
    field = widget(page, key).get_by_role("combobox")
    field.click()
    field.fill(text)
    page.get_by_role("option", name=text, exact=True).first.click()
    page.keyboard.press("Escape")
    ready(page)


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
        expect(first.get_by_text("You have 1 run: 1 completed")).to_be_visible()
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
