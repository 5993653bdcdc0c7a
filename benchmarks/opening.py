"""How long a page takes to open: ``python -m benchmarks.opening [TIMES]`` prints lines of JSON.

From a fresh server to Home and to an experiment's first figure painted, and from Train pressed to
the first point of the curve, beside the budgets of DESIGN; medians of TIMES, by default 3.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.driver import browser, open_page, server, widget

HOME_S, FIGURE_S, POINT_S = 1.3, 3.0, 1.0
FIGURE = ".st-key-balance_currents_0 .main-svg"


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def home(page: Page, address: str) -> float:
    return timed(lambda: (page.goto(address), page.wait_for_selector("h1")))


def first_figure(page: Page, address: str) -> float:
    return timed(lambda: (page.goto(f"{address}/balance"), page.wait_for_selector(FIGURE)))


def first_point(page: Page, address: str) -> float:
    """On a page that has stood still for as long as a person needs to read the form."""
    open_page(page, f"{address}/balance?balance_tab=Train")
    page.wait_for_timeout(10_000)
    press = widget(page, "balance_train").get_by_role("button")
    curve = ".st-key-balance_curves .main-svg"
    seconds = timed(lambda: (press.click(), page.wait_for_selector(curve)))
    widget(page, "balance_cancel").get_by_role("button").click()
    page.wait_for_timeout(1000)
    return seconds


def on_a_fresh_server(chrome: Browser, measure: Callable[[Page, str], float]) -> float:
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as address:
        page = chrome.new_page(viewport={"width": 1440, "height": 1200})
        seconds = measure(page, address)
        page.close()
        return seconds


def main(times: int = 3) -> None:
    measured = {
        "fresh server to Home painted": (home, HOME_S),
        "fresh server to an experiment's first figure": (first_figure, FIGURE_S),
        "Train pressed to the first point of the curve": (first_point, POINT_S),
    }
    with browser() as chrome:
        for what, (measure, budget) in measured.items():
            seconds = [on_a_fresh_server(chrome, measure) for _ in range(times)]
            line = {"what": what, "seconds": round(statistics.median(seconds), 2)}
            print(json.dumps(line | {"budget": budget, "all": [round(s, 2) for s in seconds]}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
