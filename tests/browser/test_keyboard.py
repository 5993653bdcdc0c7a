"""Pads are used by the keyboard alone, and nothing moves for who has asked for that."""

from playwright.sync_api import Page, expect

from tests.browser.driver import address_has, no_errors, open_page, ready, widget


def pad_of(page: Page, key: str):
    """The canvas of a pad, with the focus that Tab gives."""
    pad = widget(page, key).locator("canvas")
    pad.scroll_into_view_if_needed()
    pad.focus()
    # A key shows that the keyboard is used, as Tab does.
    pad.press("Shift")
    assert pad.evaluate("c => c.tabIndex") == 0
    assert pad.evaluate("c => getComputedStyle(c).outlineStyle") == "solid"
    return pad


def said(page: Page, key: str):
    """What a screen reader is told of a pad."""
    return widget(page, key).locator(".said")


def test_a_digit_is_drawn_by_keys(page: Page, server: str):
    open_page(page, f"{server}/balance?balance_input=Draw")
    pad = pad_of(page, "balance_pad")
    for _ in range(2):
        pad.press("Shift+ArrowUp")
    pad.press(" ")
    for _ in range(4):
        pad.press("Shift+ArrowDown")
    pad.press(" ")
    expect(said(page, "balance_pad")).to_contain_text("1 stroke. Pen up")
    address_has(page, "digit=draw")
    expect(page.get_by_text("it calls this digit").first).to_be_visible()
    pad.press("Delete")
    expect(said(page, "balance_pad")).to_contain_text("0 strokes")
    page.wait_for_function("() => !location.href.includes('digit=draw')")
    no_errors(page)


def test_the_occluder_is_moved_by_keys(page: Page, server: str):
    open_page(page, f"{server}/robustness?robust_tab=One+digit&robust_models=bpan-mnist")
    strip = page.get_attribute(".st-key-robust_strip img", "src")
    pad = pad_of(page, "robust_occluder")
    pad.press("Shift+ArrowLeft")
    pad.press("ArrowUp")
    address_has(page, "robust_place=placed")
    expect(said(page, "robust_occluder")).to_have_text("The square is at row 13, column 9 of 28")
    address_has(page, "robust_column=0.32")
    expect(page.locator(".st-key-robust_strip img")).not_to_have_attribute("src", strip)
    no_errors(page)


def test_the_bar_is_moved_and_turned_by_keys(page: Page, server: str):
    open_page(page, f"{server}/bars?bars_kind=dragged+bar")
    pad = pad_of(page, "bars_pad")
    for _ in range(2):
        pad.press("Shift+ArrowUp")
    address_has(page, "bars_direction=50")
    expect(said(page, "bars_pad")).to_contain_text("at 50 degrees")
    ready(page)
    expect(page.get_by_text("dragged bar at 50°").first).to_be_visible()
    pad.press("ArrowRight")
    expect(said(page, "bars_pad")).to_contain_text("The bar is at 1 pixels")
    no_errors(page)


def test_nothing_glides_with_reduced_motion(chrome, server):
    seen = {}
    for motion in ("no-preference", "reduce"):
        context = chrome.new_context(reduced_motion=motion)
        page = context.new_page()
        page.set_default_timeout(60_000)
        open_page(page, f"{server}/runs")
        page.evaluate(
            "() => document.querySelector('.stMain').insertAdjacentHTML("
            "'beforeend', '<button style=\"transition: all 2s\">x</button>')"
        )
        seen[motion] = page.evaluate(
            "() => getComputedStyle(document.querySelector('.stMain > button')).transitionDuration"
        )
        context.close()
    assert seen["no-preference"] == "2s"
    assert seen["reduce"] == "1e-05s"


FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const name = e.getAttribute('aria-label') || e.innerText || e.getAttribute('title') || '';
  const ring = style.outlineStyle !== 'none' && style.outlineWidth !== '0px';
  return [`${e.getAttribute('role') || e.tagName.toLowerCase()} ${name.trim()}`, ring];
}"""
"""What has the focus, and whether a ring shows it."""


def tab_to(page: Page, words: str, key: str = "Tab") -> None:
    """Press Tab until what has the focus is called so; its ring must be visible."""
    passed = []
    for _ in range(100):
        page.keyboard.press(key)
        name, ring = page.evaluate(FOCUSED)
        passed.append(name)
        if name.endswith(words):
            assert ring, f"no ring shows that {name!r} has the focus"
            return
    raise AssertionError(f"{words!r} is not reached by Tab, only: {passed}")


def test_an_experiment_is_done_by_keys_alone(page: Page, server: str):
    """From Home to a manipulated network, its numbers, another tab, and back to the standard."""
    open_page(page, f"{server}/")
    tab_to(page, "Begin with E/I balance")
    page.keyboard.press("Enter")
    page.wait_for_url("**/balance")
    ready(page)
    expect(page.get_by_role("heading", name="E/I balance")).to_be_visible()
    tab_to(page, "No inhibition")
    page.keyboard.press("Enter")
    expect(page.get_by_text("(was 1)").first).to_be_visible()
    ready(page)
    tab_to(page, "input Confidence threshold θ", "Shift+Tab")
    page.keyboard.press("ArrowLeft")
    address_has(page, "balance_theta=0.89")
    ready(page)
    tab_to(page, "tab About")
    page.keyboard.press("ArrowRight")
    address_has(page, "balance_tab=Units")
    ready(page)
    expect(page.get_by_role("tab", name="Units")).to_have_attribute("aria-selected", "true")
    tab_to(page, "button Reset", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => !location.href.includes('balance_gain')")
    no_errors(page)
