"""Two runs are compared in a browser: by what the library says of them, and side by side."""

import json
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from corelib import Experiment, compare
from corelib.words import PER_CENT
from tests.browser import driver
from tests.browser.driver import address_has, choose, drawn, no_errors, open_page, ready, widget
from tests.measures.test_comparison import BEGAN, stored


@pytest.fixture
def server(runs, chrome, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    with driver.server(runs) as address:
        yield address


def test_two_runs_are_compared(page: Page, server: str):
    from corelib.training.events import Stepped

    events = [BEGAN, Stepped(step=3, count=3, seconds=1.0, metrics={"loss": 2.0})]
    one, two = (
        stored(seed, f"lab{seed}", events, learning_rate=0.01 * (1 + seed)) for seed in (0, 1)
    )
    open_page(page, f"{server}/compare?compare_models={one.id}")
    expect(page.get_by_text("Choose 2 to 8 networks")).to_be_visible()
    choose(page, "compare_models", "lab1")
    address_has(page, "compare_models=lab0&compare_models=lab1")

    found = compare([Experiment.of(one.id), Experiment.of(two.id)])
    said = found.sentence.replace(" %", PER_CENT)
    expect(page.get_by_text(said, exact=True)).to_be_visible()
    ends = "p => JSON.stringify([p._fullData[0].x[0], p._fullData[0].error_x.array[0]])"
    (row,) = found.differences.to_dict("records")
    x, reach = json.loads(drawn(page, "compare_differences", ends))
    assert x == pytest.approx(100 * row["difference"])
    assert x + reach == pytest.approx(100 * row["high"])

    with page.expect_download() as download:
        widget(page, "compare_csv").get_by_role("button").click()
    saved = pd.read_csv(Path(download.value.path()))
    saved = saved[saved["table"] == "differences"]
    assert saved["low"].tolist() == [pytest.approx(row["low"])]

    page.get_by_role("tab", name="Curves").click()
    ready(page)
    widget(page, "compare_log_y").get_by_text("Logarithmic metric").click()
    address_has(page, "compare_log_y=true")
    types = "p => p._fullLayout.yaxis.type"
    driver.drawn_changes(page, "compare_curves", types, "linear")

    page.get_by_role("tab", name="Side by side").click()
    ready(page)
    choose(page, "compare_experiment", "E/I balance")
    ranges = "p => JSON.stringify(p._fullLayout.yaxis.range)"
    left, right = (drawn(page, f"compare_{side}_balance_currents_0", ranges) for side in (0, 1))
    assert left == right
    address_has(page, "compare_experiment=E%2FI+balance")
    no_errors(page)

    # The link shows the same to somebody else.
    address = page.url
    page.goto("about:blank")
    open_page(page, address)
    expect(page.get_by_text(said, exact=True)).to_be_visible()
    expect(widget(page, "compare_1_balance_currents_0")).to_be_visible()
