"""No page has a serious or critical finding of axe that is ours, in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from dashboard.rooms import ROOMS
from tests.browser import driver
from tests.runs.conftest import wait_until

PAGES = (
    "",
    "runs",
    "compare",
    "studies",
    "claims",
    *(room.file.removesuffix(".py") for room in ROOMS),
)
STREAMLITS_OWN = "[data-testid=stTopNav], [data-testid=stSidebarNav]"
"""Its list of pages holds elements that a list may not hold; no page can change that."""
SETTLED_MS = 800


def findings(page) -> list[str]:
    """What axe finds serious or critical on the page as it stands, a line each."""
    found = Axe().run(page, context={"exclude": [[STREAMLITS_OWN]]}).response["violations"]
    return [
        f"{item['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def open_in(chrome, theme: str, address: str):
    context = chrome.new_context(
        viewport={"width": 1440, "height": 1100}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(driver.PATIENCE_MS)
    driver.open_page(page, address)
    page.wait_for_timeout(SETTLED_MS)
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_home_has_no_finding(chrome, server, theme):
    page = open_in(chrome, theme, server)
    assert not findings(page)
    # The rule for contrast is on: text like its ground is found.
    page.add_style_tag(content="h1 { color: rgb(128, 128, 128) !important; opacity: 0.3; }")
    wait_until(
        lambda: any(line.startswith("color-contrast") for line in findings(page)),
        "text like its ground is found",
    )
    page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_tab_of_every_page_has_no_finding(chrome, server, name, theme):
    page = open_in(chrome, theme, f"{server}/{name}")
    tabs = [tab.inner_text() for tab in page.get_by_role("tab").all()]
    found = {"": findings(page)} if not tabs else {}
    for tab in tabs:
        page.get_by_role("tab", name=tab, exact=True).first.click()
        page.wait_for_timeout(SETTLED_MS)
        driver.ready(page)
        found[tab] = findings(page)
    page.context.close()
    assert not {tab: lines for tab, lines in found.items() if lines}
