"""What a person does on the pages of instructed networks, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import driver
from tests.browser.driver import address_has, no_errors, open_page, ready, widget
from tests.pages.butd import SMALL, store_network

FC = {"network": "fc", "hidden": 16, "weights": "separate"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("butd") / "runs"


@pytest.fixture(scope="module")
def server(runs, chrome) -> Iterator[str]:
    """A server with two small networks of one's own, which these tests only look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNAPTARIUM_RUNS", str(runs))
        store_network("butd", "multi-mnist", SMALL)
        store_network("counter-hebb", "mnist", FC)
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


def changed(page: Page, key: str, old: str) -> str:
    """The numbers of a figure's first trace, once they are others."""
    page.wait_for_function(
        "([s, old]) => { const p = document.querySelector(s); return p && p._fullData &&"
        " JSON.stringify(Array.from(p._fullData[0].z, row => Array.from(row))) != old }",
        arg=[f".st-key-{key} .js-plotly-plot", old],
    )
    ready(page)
    return sheet(page, key)


def test_layer_instruction_and_digit_change_the_map(page: Page, server: str, runs):
    open_page(page, f"{server}/subnetworks?sub_model={own(runs, '-butd-')}")
    expect(page.get_by_text("Under the instruction left")).to_be_visible()
    both = sheet(page, "sub_gates")
    widget(page, "sub_task").get_by_role("radio", name="left").click()
    left = changed(page, "sub_gates", both)
    address_has(page, "sub_task=left")
    widget(page, "sub_layer").get_by_role("radio", name="fc").click()
    changed(page, "sub_gates", left)
    address_has(page, "sub_layer=fc")
    widget(page, "sub_left_another").get_by_role("button").click()
    address_has(page, "sub_left_index=")
    ready(page)
    no_errors(page)


def test_the_passes_are_played_and_a_switch_makes_the_update_exact(page: Page, server, runs):
    open_page(page, f"{server}/learning?learn_model={own(runs, '-counter-hebb-')}")
    expect(page.get_by_text("away from that of back-propagation in")).to_be_visible()
    plot = ".st-key-learn_passes .js-plotly-plot"
    page.wait_for_selector(plot)
    opacity = "s => document.querySelector(s)._fullData.map(d => d.opacity)"
    assert set(page.evaluate(opacity, plot)) == {1}
    page.locator(f"{plot} .updatemenu-button").first.click()
    # At first only the image, in the end all.
    page.wait_for_function(
        "s => document.querySelector(s)._fullData.filter(d => d.opacity == 1).length == 1", arg=plot
    )
    page.wait_for_function(
        "s => document.querySelector(s)._fullData.every(d => d.opacity == 1)", arg=plot
    )
    widget(page, "learn_try_shared").get_by_role("button").click()
    expect(page.get_by_text("that of back-propagation: in float64")).to_be_visible()
    address_has(page, "learn_weights=shared")
    no_errors(page)


def test_what_ships_is_shown_and_the_scrubber_goes_back(page: Page, server: str):
    open_page(page, f"{server}/subnetworks?sub_tab=Over+training")
    expect(page.get_by_text("From epoch 0 to epoch 39")).to_be_visible()
    expect(page.get_by_text("butd-shared-multi-mnist, n = 1 network")).to_be_visible()
    end = sheet(page, "sub_gates_then")
    assert end == sheet(page, "sub_gates")
    driver.move_slider(page, "sub_epoch", -2)
    changed(page, "sub_gates_then", end)
    expect(page.get_by_text("From epoch 0 to epoch 37")).to_be_visible()
    assert sheet(page, "sub_gates") == end
    no_errors(page)


def test_rules_that_ship_stand_side_by_side(page: Page, server: str):
    open_page(page, f"{server}/learning?learn_tab=Rules")
    expect(page.get_by_text("A smaller angle did not mean better accuracy")).to_be_visible()
    for key in ("learn_scatter", "learn_accuracy", "learn_angle", "learn_cosine", "learn_distance"):
        expect(widget(page, key).locator(".js-plotly-plot")).to_be_visible()
    no_errors(page)
