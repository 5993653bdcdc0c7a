"""Parts of a page that are drawn again alone: what they leave as it is would not have changed."""

import pytest
from playwright.sync_api import Page

from benchmarks.paint import prefix_of
from tests.browser.driver import (
    FIGURE,
    address_has,
    move_slider,
    no_errors,
    open_page,
    ready,
    widget,
)
from tests.runs.conftest import wait_until

PARTS = (
    ("bpc", "Generate", ("samples_n", "mix", "axis1")),
    ("bpc", "Complete", ("complete_steps",)),
    ("bars", "Adaptation", ("flash_on",)),
    ("subnetworks", "Lesions", ("lesion_share",)),
    ("subnetworks", "Instruction", ("share",)),
    ("robustness", "Occlusion sensitivity", ("map_severity",)),
)
ALL_OF_IT = f"""
() => JSON.stringify([
  document.querySelector("[data-testid=stMain]").innerText,
  ...[...document.querySelectorAll(".js-plotly-plot")]
    .filter(p => p.checkVisibility()).map({FIGURE.strip()}),
])
"""


@pytest.mark.parametrize(("page_name", "tab", "controls"), PARTS)
def test_a_part_drawn_alone_leaves_the_page_as_a_whole_run_draws_it(
    page: Page, server: str, page_name, tab, controls
):
    messages: list[str | bytes] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda got: messages.append(got))
    )
    prefix = prefix_of(page_name)
    open_page(page, f"{server}/{page_name}?{prefix}_tab={tab.replace(' ', '+')}")
    widget(page, f"{prefix}_{controls[-1]}").wait_for()
    ready(page)
    whole = len(messages)
    before = page.evaluate(ALL_OF_IT)
    for control in controls:
        messages.clear()
        move_slider(page, f"{prefix}_{control}", -1)
        assert 0 < len(messages) < whole / 2
    no_errors(page)
    for control in controls:
        address_has(page, f"{prefix}_{control}=")
    anew = page.context.new_page()
    anew.goto(page.url)
    # Both may still be drawing.
    wait_until(
        lambda: page.evaluate(ALL_OF_IT) == anew.evaluate(ALL_OF_IT),
        "the page drawn as a whole is the same",
    )
    assert page.evaluate(ALL_OF_IT) != before
