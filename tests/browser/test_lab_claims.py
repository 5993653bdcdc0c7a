"""Claims in a browser: filter, open a claim from the list, save all, and follow a link to its
view."""

import csv
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Page, expect

from corelib.reproduce import claims
from tests.browser.driver import address_has, no_errors, open_page, ready, widget

WHAT = "Multi-Exit, mean steps at θ = 0.9"


def test_a_claim_is_found_opened_and_seen_for_oneself(page: Page, server: str, tmp_path: Path):
    open_page(page, f"{server}/claims")
    rows = page.locator("table tr.row")
    expect(rows).to_have_count(len(claims.listed()))
    search = widget(page, "claims_find").locator("input")
    search.fill("halting steps")
    search.press("Enter")
    found = claims.chosen(words="halting steps")
    expect(rows).to_have_count(len(found))
    # A row says all of it, and a click opens it.
    row = rows.filter(has_text=WHAT)
    for text in (claims.find(WHAT).published_text, claims.find(WHAT).ours_text, "reproduced"):
        expect(row).to_contain_text(text)
    row.click()
    details = widget(page, "claims_details")
    expect(details).to_contain_text(WHAT)
    expect(row.get_by_role("button")).to_have_attribute("aria-current", "")
    ready(page)
    address_has(page, "claims_claim=")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["claims_claim"] == [WHAT]
    assert asked["claims_find"] == ["halting steps"]
    # The keyboard opens the one below.
    names = [item.claim.what for item in found]
    below = names[names.index(WHAT) + 1]
    row.get_by_role("button").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(details).to_contain_text(below)
    with page.expect_download() as download:
        widget(page, "claims_table_csv").get_by_role("button").click()
    file = tmp_path / "claims.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8", newline="") as lines:
        assert [line["claim"] for line in csv.DictReader(lines)] == [
            item.what for item in claims.claims()
        ]
    no_errors(page)
    # Back to the claim by its address, and on to its view.
    open_page(page, f"{server}/claims?{urlencode({'claims_claim': WHAT})}")
    expect(details).to_contain_text(WHAT)
    details.locator("[data-testid=stPageLink] a").click()
    expect(page.get_by_role("heading", name="Halting", exact=True)).to_be_visible()
    ready(page)
    expect(widget(page, "halting_models")).to_contain_text("multi-exit-mnist")
    expect(page.get_by_role("tab", name="Numbers")).to_have_attribute("aria-selected", "true")
    no_errors(page)
