"""On a phone, by touch: no text of a figure lies over another, nothing is wider than the screen,
the toolbar covers nothing, and controls stand beside what they change."""

import pytest

from dashboard.rooms import ROOMS
from tests.browser import driver

PAGES = (
    "",
    "runs",
    "compare",
    "studies",
    "claims",
    "glossary",
    *(room.file.removesuffix(".py") for room in ROOMS),
)
SETTLED_MS = 900
OVERLAPS = (driver.ROOT / "tests" / "browser" / "boxes.js").read_text(encoding="utf-8")
TOO_WIDE = """
() => [document.documentElement, ...document.querySelectorAll("[data-testid=stMain]")]
  .filter(e => e.scrollWidth > window.innerWidth).map(e => `${e.tagName}: ${e.scrollWidth}`)
"""
NARROW = """
() => [...document.querySelectorAll(".js-plotly-plot")].every(p => p._fullLayout?.font.size === 12)
"""
"""Every figure has come as the browser asked for it."""


@pytest.fixture
def phone(chrome):
    context = chrome.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(driver.PATIENCE_MS)
    yield page
    context.close()


def faults(page) -> dict:
    """What is too wide, and which texts of a figure lie over one another."""
    page.wait_for_timeout(SETTLED_MS)
    driver.ready(page)
    page.wait_for_function(NARROW)
    page.wait_for_timeout(SETTLED_MS)
    found = {"too wide": page.evaluate(TOO_WIDE), "texts": page.evaluate(OVERLAPS)}
    return {what: them for what, them in found.items() if them}


def test_a_page_of_panels_stacks_and_its_controls_stand_below_it(phone, server):
    driver.open_page(phone, f"{server}/halting")
    assert not faults(phone)
    # Two texts at one place are found.
    phone.evaluate(
        "() => { const t = document.querySelector('.js-plotly-plot .annotation-text');"
        " t.parentElement.append(t.cloneNode(true)) }"
    )
    assert faults(phone)["texts"]
    sidebar = phone.get_by_test_id("stSidebar")
    driver.expect(sidebar).to_have_attribute("data-collapsed", "true")
    phone.get_by_test_id("stExpandSidebarButton").tap()
    driver.expect(sidebar).to_have_attribute("data-collapsed", "false")
    phone.wait_for_timeout(SETTLED_MS)
    sheet, main = sidebar.bounding_box(), phone.get_by_test_id("stMain").bounding_box()
    assert sheet
    assert main
    assert main["y"] + main["height"] <= sheet["y"] + 1
    assert main["height"] >= 400
    # A touch on the result leaves the controls where they are.
    phone.locator("h1").tap()
    driver.expect(sidebar).to_have_attribute("data-collapsed", "false")


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_no_text_of_a_figure_lies_over_another_on_any_tab(phone, server, name):
    driver.open_page(phone, f"{server}/{name}")
    tabs = [tab.inner_text() for tab in phone.get_by_role("tab").all()]
    found = {"": faults(phone)}
    for tab in tabs:
        phone.get_by_role("tab", name=tab, exact=True).first.evaluate("tab => tab.click()")
        found[tab] = faults(phone)
    driver.no_errors(phone)
    assert not {tab: lines for tab, lines in found.items() if lines}


def test_the_toolbar_comes_below_its_figure_when_it_is_pointed_at(page, server):
    driver.open_page(page, f"{server}/balance")
    plot = page.locator(".js-plotly-plot").first
    bar = plot.locator(".modebar")
    driver.expect(bar).to_have_css("opacity", "0")
    plot.hover()
    driver.expect(bar).to_have_css("opacity", "1")
    figure, tools = plot.bounding_box(), bar.bounding_box()
    assert figure
    assert tools
    assert tools["y"] >= figure["y"] + figure["height"] - 1
