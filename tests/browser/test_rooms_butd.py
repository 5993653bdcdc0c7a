"""What a person does in the rooms of instructed networks, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import driver
from tests.browser.driver import address_has, no_errors, open_page, ready, widget
from tests.pages.butd import SMALL, shelve

FC = {"network": "fc", "hidden": 16, "weights": "separate"}


@pytest.fixture
def server(runs, chrome, monkeypatch) -> Iterator[str]:
    """A server with two small networks on its shelf."""
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    shelve("butd", "multi-mnist", SMALL)
    shelve("counter-hebb", "mnist", FC)
    with driver.server(runs) as address:
        yield address


def own(runs, word: str) -> str:
    return next(path.name for path in runs.iterdir() if word in path.name)


def sheet(page: Page, key: str) -> str:
    """The numbers of a figure's first trace, as JSON."""
    plot = f".st-key-{key} .js-plotly-plot"
    page.wait_for_selector(plot)
    return page.evaluate(
        "s => JSON.stringify(Array.from(document.querySelector(s)._fullData[0].z,"
        " row => Array.from(row)))",
        plot,
    )


def test_layer_instruction_and_digit_change_the_map(page: Page, server: str, runs):
    open_page(page, f"{server}/subnetworks?sub_model={own(runs, '-butd-')}")
    expect(page.get_by_text("Told left, it names")).to_be_visible(timeout=driver.PATIENCE_MS)
    both = sheet(page, "sub_gates")
    widget(page, "sub_task").get_by_role("radio", name="left").click()
    page.wait_for_function("() => location.href.includes('sub_task=left')")
    ready(page)
    left = sheet(page, "sub_gates")
    assert left != both
    widget(page, "sub_layer").get_by_role("radio", name="fc").click()
    page.wait_for_function("() => location.href.includes('sub_layer=fc')")
    ready(page)
    assert sheet(page, "sub_gates") != left
    widget(page, "sub_left_another").get_by_role("button").click()
    page.wait_for_function("() => location.href.includes('sub_left_index=')")
    ready(page)
    no_errors(page)


def test_the_passes_are_played_and_a_switch_makes_the_update_exact(page: Page, server, runs):
    open_page(page, f"{server}/learning?learn_model={own(runs, '-counter-hebb-')}")
    expect(page.get_by_text("off back-propagation's in")).to_be_visible(timeout=driver.PATIENCE_MS)
    plot = ".st-key-learn_passes .js-plotly-plot"
    page.wait_for_selector(plot)
    opacity = "s => document.querySelector(s)._fullData.map(d => d.opacity)"
    assert set(page.evaluate(opacity, plot)) == {1}
    page.locator(f"{plot} .updatemenu-button").first.click()
    # At first only the image, in the end all.
    page.wait_for_function(
        "s => document.querySelector(s)._fullData.filter(d => d.opacity == 1).length == 1",
        arg=plot,
    )
    page.wait_for_function(
        "s => document.querySelector(s)._fullData.every(d => d.opacity == 1)", arg=plot
    )
    widget(page, "learn_try_shared").get_by_role("button").click()
    expect(page.get_by_text("back-propagation's: in float64")).to_be_visible()
    address_has(page, "learn_weights=shared")
    no_errors(page)
