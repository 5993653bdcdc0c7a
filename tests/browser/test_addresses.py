"""Addresses of no page, and text from files, in a real browser."""

from urllib.parse import quote

import pytest

from tests.browser import driver
from tests.pages.addresses import PREFIX
from tests.pages.hostile import hostile_runs


def test_an_unknown_page_says_so_and_offers_home(server, page):
    # The server's first session is answered before app.py has said which pages there are.
    driver.open_page(page, server)
    driver.open_page(page, f"{server}/nonsense?balance_gain=1e309")
    page.get_by_role("heading", name="Page not found").wait_for()
    page.get_by_text("Synaptarium has no page named nonsense.").wait_for()
    assert page.get_by_role("dialog").count() == 0
    page.get_by_role("link", name="Go to Home").click()
    page.get_by_role("heading", name="Synaptarium").wait_for()


def test_the_former_address_of_runs_on_a_fresh_server(fresh_server, page):
    driver.open_page(page, f"{fresh_server}/trainings")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    assert page.get_by_role("dialog").count() == 0


@pytest.mark.slow
def test_no_page_asks_another_host_for_anything(runs, page, monkeypatch, chrome):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    own = [run.id for run in hostile_runs()]
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with driver.server(runs) as address:
        driver.open_page(page, f"{address}/runs")
        for run in own:
            driver.open_page(page, f"{address}/runs?runs_run={quote(run, safe='')}")
        for name, prefix in PREFIX.items():
            for tab in ("About", "Train", "Export"):
                driver.open_page(page, f"{address}/{name}?{prefix}_tab={tab}")
    elsewhere = [url for url in asked if not url.startswith((address, "data:", "blob:", "ws:"))]
    assert len(asked) > 100
    assert elsewhere == []
