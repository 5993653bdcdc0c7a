"""Terms are explained where they stand: on hover, on focus and on tap, after every rerun."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dashboard.shell.glossary import entries
from tests.browser.driver import PATIENCE_MS, at_page, go_to, move_slider, no_errors, open_page

TIP = ".glossary-tip:popover-open"
OVER = """
button => {
  const box = button.getBoundingClientRect()
  // With reduced motion every change takes a moment, this one too.
  button.style.setProperty("transition", "none", "important")
  button.style.visibility = "hidden"
  const range = document.caretRangeFromPoint(box.x + 1, box.y + box.height / 2)
  button.style.visibility = ""
  return range.startContainer.data.slice(range.startOffset, range.startOffset + 1)
}
"""
"""The letter that a term's button begins over."""


def term(page: Page, name: str, area: str = "stMain") -> Locator:
    return page.locator(f"[data-testid={area}] button.term[data-term={name}]").first


def explains(page: Page, name: str) -> None:
    """The tip that is open tells all that the glossary says of a term."""
    entry, tip = entries()[name], page.locator(TIP)
    expect(tip).to_contain_text(entry.name)
    expect(tip).to_contain_text(entry.sentence)
    expect(tip).to_contain_text(f"Unit: {entry.unit}")
    assert tip.locator(".katex").count() == bool(entry.symbol) + bool(entry.equation)


def test_a_term_is_explained_on_hover_and_on_focus(page: Page, server: str):
    open_page(page, f"{server}/balance")
    term(page, "theta").hover()
    explains(page, "theta")
    # The pointer may go into the tip; away from both it closes.
    page.locator(TIP).hover()
    page.wait_for_timeout(600)
    explains(page, "theta")
    page.mouse.move(700, 20)
    expect(page.locator(TIP)).to_have_count(0)
    term(page, "lambda_bal").focus()
    explains(page, "lambda_bal")
    page.keyboard.press("Tab")
    expect(page.locator(f"{TIP} a")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(TIP)).to_have_count(0)
    expect(term(page, "lambda_bal")).to_be_focused()
    # What a screen reader says of it.
    said = term(page, "lambda_bal").get_attribute("aria-describedby")
    assert entries()["lambda_bal"].sentence in page.locator(f"#{said}").text_content()
    no_errors(page)


def test_a_term_is_explained_on_tap(chrome: Browser, server: str):
    context = chrome.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    open_page(page, f"{server}/balance")
    term(page, "theta").tap()
    explains(page, "theta")
    box = page.locator(TIP).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.get_by_role("heading", name="E/I balance").tap()
    expect(page.locator(TIP)).to_have_count(0)
    context.close()


def test_symbols_in_equations_are_explained(page: Page, server: str):
    open_page(page, f"{server}/learning?learn_tab=About")
    for name in ("down_activity", "feedback_weights", "error_signal", "gate", "up_activity"):
        symbol = page.locator(f".symbol[data-term={name}]").first
        symbol.hover()
        explains(page, name)
    # As wide as the symbol with its index.
    typeset = {name: entries()[name].math for name in ("down_activity", "feedback_weights")}
    for name, forms in typeset.items():
        labels = page.locator(f".symbol[data-term={name}]").evaluate_all(
            "all => all.map(b => b.ariaLabel)"
        )
        assert set(labels) <= set(forms)
        assert len(labels) >= 3


def test_reruns_keep_the_text_and_move_the_terms(page: Page, server: str):
    open_page(page, f"{server}/balance?balance_tab=Test+set")
    headline = page.locator("[data-testid=stMain] p", has_text="At θ").first
    expect(term(page, "theta")).to_be_visible()
    before = headline.inner_text()
    move_slider(page, "balance_theta", -20)
    expect(headline).not_to_have_text(before)
    assert "At θ = 0.70 it correctly calls this digit a 7" in headline.inner_text()
    page.wait_for_timeout(1000)
    assert term(page, "theta").evaluate(OVER) == "θ"
    # To another page and back: React finds its own nodes, and the terms are the page's.
    go_to(page, "Moving bars")
    at_page(page, "Moving bars")
    expect(term(page, "circular_variance")).to_be_visible()
    assert page.locator("button.term[data-term=theta]").count() == 0
    go_to(page, "E/I balance")
    at_page(page, "E/I balance")
    expect(term(page, "theta")).to_be_visible()
    assert term(page, "theta").evaluate(OVER) == "θ"
    no_errors(page)


@pytest.mark.parametrize("page_name", ["balance", "bars", "bpc"])
def test_reading_a_page_takes_little_time(page_name, page: Page, server: str):
    """Less than the server takes to run it: a ratio, since machines differ."""
    open_page(page, f"{server}/{page_name}")
    page.wait_for_function("() => performance.getEntriesByName('glossary').length")
    page.wait_for_timeout(1500)
    read, loaded = page.evaluate(
        "[Math.min(...performance.getEntriesByName('glossary').map(e => e.duration)),"
        " performance.now()]"
    )
    assert read < loaded / 50
