"""The projector's switch holds on every page, and its type is larger."""

from tests.browser import driver

SIZE = "() => parseFloat(getComputedStyle(document.querySelector('h1') ?? document.body).fontSize)"


def test_the_switch_holds_on_the_next_page(page, server):
    driver.open_page(page, f"{server}/balance")
    small = page.evaluate(SIZE)
    driver.widget(page, "projector").locator("label").click()
    driver.address_has(page, "projector=true")
    page.wait_for_function(f"small => ({SIZE})() > 1.3 * small", arg=small)
    driver.ready(page)
    driver.go_to(page, "Runs")
    assert driver.widget(page, "projector").get_by_role("switch").is_checked()
    driver.address_has(page, "projector=true")
    assert page.evaluate(SIZE) > 1.3 * small
