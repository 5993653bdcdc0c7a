"""A study in a browser: from the form to its best, in a process that the page does not need."""

from playwright.sync_api import Page, expect

from tests.browser.driver import address_has, choose, no_errors, open_page, ready, widget


def fill(page: Page, key: str, text: str) -> None:
    box = widget(page, key).locator("input").first
    box.fill(text)
    box.press("Tab")
    page.wait_for_timeout(300)
    ready(page)


def test_a_sweep_from_the_form_to_its_best(page: Page, server: str, runs):
    open_page(page, f"{server}/studies")
    choose(page, "studies_system", "Multilayer perceptron")
    choose(page, "studies_mlp_vary", "Hidden (H)")
    page.keyboard.press("Escape")
    fill(page, "studies_mlp_values_n_hidden", "2, 0")
    fill(page, "studies_name", "width")
    expect(page.get_by_text("n_hidden is 0, but should be")).to_be_visible()
    expect(widget(page, "studies_begin").get_by_role("button")).to_be_disabled()

    fill(page, "studies_mlp_values_n_hidden", "2, 32")
    fill(page, "studies_mlp_value_epochs", "1")
    expect(page.get_by_text("2 trainings: 2 choices with 1 seed each.")).to_be_visible()
    widget(page, "studies_begin").get_by_role("button").click()
    # It goes on while nobody looks.
    expect(page.get_by_text("width has no complete trial yet.")).to_be_visible()
    page.goto("about:blank")
    open_page(page, f"{server}/studies?studies_tab=Slices")
    expect(page.get_by_text("2 of 2 trials").last).to_be_visible()
    expect(page.get_by_text("Completed", exact=True)).to_be_visible()
    # 32 hidden units classify digits better than two.
    expect(page.get_by_text("is trial 1, n_hidden = 32: validation score")).to_be_visible()
    expect(widget(page, "studies_slice").locator(".js-plotly-plot")).to_be_visible()
    no_errors(page)

    page.get_by_role("link", name="Compare the runs of the best").click()
    address_has(page, "compare_models=")
