"""A preset whose change lies below the fold brings it into view; nothing else moves the page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driver import move_slider, open_page, ready, widget

PRESETS = [
    ("halting", "halting", "recurrence", "halting_recurrence"),
    ("evidence", "evidence", "hurry", "evidence_outcomes"),
    ("bpc", "bpc", "mix", "bpc_mixed"),
    ("learning", "learn", "rules", None),
    ("sparse", "sparse", "three", None),
]


def scrolled(page: Page) -> float:
    return page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")


@pytest.mark.parametrize(("name", "prefix", "preset", "inside"), PRESETS)
@pytest.mark.parametrize(
    "motion", [pytest.param("no-preference", marks=pytest.mark.slow), "reduce"]
)
def test_a_preset_brings_its_tab_into_view(
    page: Page, server, name, prefix, preset, inside, motion
):
    page.emulate_media(reduced_motion=motion)
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, f"{server}/{name}")
    tabs = widget(page, f"{prefix}_tab")
    expect(widget(page, inside) if inside else tabs).not_to_be_in_viewport(ratio=0.2)
    widget(page, f"{prefix}_try_{preset}").get_by_role("button").click()
    ready(page)
    shown = widget(page, inside) if inside else tabs.locator("[role=tabpanel]:visible")
    expect(shown).to_be_in_viewport(ratio=0.2)


def test_it_works_each_time_and_an_ordinary_rerun_stays_where_it_is(page: Page, server):
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, f"{server}/halting")
    for _ in range(2):
        widget(page, "halting_try_recurrence").get_by_role("button").click()
        expect(widget(page, "halting_recurrence")).to_be_in_viewport(ratio=0.2)
        # Its later looks at the place are over.
        page.wait_for_timeout(1500)
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    move_slider(page, "halting_theta", -5)
    page.wait_for_timeout(1500)
    assert scrolled(page) == 0
