"""What a person does on the pages beyond E/I balance, in a real browser."""

from playwright.sync_api import Page, expect

from corelib.runs.store import list_runs
from tests.browser.driver import (
    SHEET,
    address_has,
    drawn,
    drawn_changes,
    move_slider,
    no_errors,
    open_page,
    ready,
    widget,
)

STRIP = ".st-key-robust_strip img"


def test_severity_moves_sentence_strip_curves_and_address(page: Page, server: str):
    open_page(page, f"{server}/robustness?robust_kind=rotation&robust_rotation_severity=9.0")
    expect(page.get_by_text("With a rotation of 9°")).to_be_visible()
    strip = page.get_attribute(STRIP, "src")
    handle = widget(page, "robust_rotation_severity").get_by_role("slider")
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    expect(page.get_by_text("With a rotation of 36°")).to_be_visible()
    ready(page)
    address_has(page, "robust_rotation_severity=36")
    page.wait_for_function(
        "() => document.querySelector('.st-key-robust_accuracy .js-plotly-plot')"
        ".layout.shapes[0].x0 === 36"
    )
    expect(page.locator(STRIP)).not_to_have_attribute("src", strip)
    no_errors(page)


def test_the_occluder_goes_where_it_is_dragged(page: Page, server: str):
    open_page(page, f"{server}/robustness?robust_tab=One+digit&robust_models=bpan-mnist")
    pad = page.locator(".st-key-robust_occluder canvas")
    pad.scroll_into_view_if_needed()
    before = page.get_attribute(STRIP, "src")
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"], steps=8)
    page.mouse.up()
    page.wait_for_function("() => location.href.includes('robust_place=placed')")
    ready(page)
    address_has(page, "robust_row=0.75")
    address_has(page, "robust_column=0.25")
    expect(page.locator(STRIP)).not_to_have_attribute("src", before)
    # The arrow keys move it, too.
    pad.focus()
    pad.press("ArrowUp")
    page.wait_for_function("() => location.href.includes('robust_row=0.71')")
    no_errors(page)


def test_evidence_is_played_and_can_be_followed(page: Page, server: str):
    open_page(page, f"{server}/evidence?evidence_theta=0.3")
    plot = ".st-key-evidence_player .js-plotly-plot"
    page.wait_for_selector(plot)
    beliefs = "s => Array.from(document.querySelector(s)._fullData[1].y)"
    last = page.evaluate(beliefs, plot)
    page.locator(f"{plot} .updatemenu-button").first.click()
    page.wait_for_function(
        "([s, last]) => Array.from(document.querySelector(s)._fullData[1].y)"
        ".some((y, k) => Math.abs(y - last[k]) > 0.01)",
        arg=[plot, last],
    )
    # It ends where it began: after the last glimpse.
    page.wait_for_function(
        "([s, last]) => Array.from(document.querySelector(s)._fullData[1].y)"
        ".every((y, k) => Math.abs(y - last[k]) < 1e-6)",
        arg=[plot, last],
    )
    before = page.get_by_text("At θ = 0.30").first.inner_text()
    move_slider(page, "evidence_theta", 10)
    expect(page.get_by_text("At θ = 0.40").first).to_be_visible()
    assert page.get_by_text("At θ = 0.40").first.inner_text() != before
    no_errors(page)


def test_painted_pixels_are_filled_in(page: Page, server: str):
    open_page(page, f"{server}/bpc?bpc_tab=Complete&bpc_mask=painted&bpc_complete_steps=40")
    pad = page.locator(".st-key-bpc_painted canvas")
    pad.scroll_into_view_if_needed()
    expect(page.get_by_text("0 % of the pixels hidden")).to_be_visible()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"], steps=20)
    page.mouse.up()
    expect(page.get_by_text("0 % of the pixels hidden")).to_have_count(0)
    expect(page.get_by_text("% of the pixels hidden")).to_be_visible()
    ready(page)
    page.locator(".st-key-bpc_painted button").click()
    expect(page.get_by_text("0 % of the pixels hidden")).to_be_visible()
    no_errors(page)


def test_digits_take_shape_while_the_network_learns(page: Page, server: str, runs, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    open_page(page, f"{server}/bpc?bpc_tab=Train")
    widget(page, "bpc_bpc_preset_best").get_by_role("button").click()
    ready(page)
    widget(page, "bpc_bpc_train").get_by_role("button").click()
    drawn_changes(page, "bpc_learning", SHEET, drawn(page, "bpc_learning", SHEET))
    page.wait_for_selector(".st-key-bpc_losses .js-plotly-plot")
    widget(page, "bpc_bpc_cancel").get_by_role("button").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    assert next(iter(list_runs())).history().step > 0
    no_errors(page)
