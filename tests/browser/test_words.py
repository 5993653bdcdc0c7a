"""In the figures of a page no words lie on others or are cut off, at a desk and on a projector."""

import pytest

from tests.browser import driver

OVERLAPS = (driver.ROOT / "tests" / "browser" / "boxes.js").read_text(encoding="utf-8")
DESK = ["bpc?bpc_tab=Inference", "sparse", "learning"]
PROJECTED = ["evidence", "sparse", "learning", "bars", "subnetworks", "halting", "bpc"]


@pytest.mark.parametrize("name", [*DESK, *(f"{name}?projector=true" for name in PROJECTED)])
def test_no_words_lie_on_others(name, page, server):
    # All of the page at once: figures below the screen are drawn later.
    page.set_viewport_size({"width": 1440, "height": 5000})
    driver.open_page(page, f"{server}/{name}")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    # The last figures may come after the first are drawn.
    page.wait_for_timeout(1500)
    driver.ready(page)
    assert page.evaluate(OVERLAPS) == {}
