"""Images of one's own in a browser: added, trained on, corrupted; and a broken file refused."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from corelib.runs.store import list_runs
from tests.browser import driver
from tests.browser.driver import choose, no_errors, open_page, ready, widget
from tests.data.shapes import make_npz


@pytest.fixture
def server(runs, chrome, tmp_path, monkeypatch):
    # Read by the server and by its workers.
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    with driver.server(runs) as address:
        yield address


def fill(page: Page, key: str, text: str) -> None:
    box = widget(page, key).locator("input")
    box.fill(text)
    box.press("Tab")
    ready(page)


def add_file(page: Page, server: str, file: Path, name: str) -> None:
    open_page(page, f"{server}/data")
    widget(page, "data_file").locator("input[type=file]").set_input_files(file)
    expect(widget(page, "data_file").get_by_text(file.name)).to_be_visible()
    ready(page)
    fill(page, "data_name", name)
    widget(page, "data_add").get_by_role("button").click()


def test_own_images_are_trained_on_and_corrupted(page: Page, server: str, tmp_path: Path):
    add_file(page, server, make_npz(tmp_path / "shapes.npz"), "mine")
    expect(page.get_by_text("Added mine: 90 images of your own, 20 x 20 pixels")).to_be_visible()
    expect(page.get_by_text("Rows from the top: bar; ring; stick")).to_be_visible()
    no_errors(page)

    open_page(page, f"{server}/balance?balance_tab=Train")
    choose(page, "balance_train_dataset", "mine (your own)")
    fill(page, "balance_training_epochs", "2")
    fill(page, "balance_train_variant", "tiny")
    widget(page, "balance_train").get_by_role("button").click()
    page.wait_for_timeout(1000)
    for _ in range(120):
        states = [run.status.state for run in list_runs()]
        if states == ["completed"]:
            break
        assert states in (["queued"], ["starting"], ["running"], [])
        page.wait_for_timeout(500)
    (run,) = list_runs()
    assert (run.status.state, run.spec.dataset) == ("completed", "mine")
    assert run.spec.config["input_dim"] == 400

    open_page(page, f"{server}/robustness?robust_images=mine&robust_tab=One digit")
    expect(page.get_by_text("tiny classifies")).to_be_visible()
    expect(page.get_by_text("n = 9 test images").first).to_be_visible()
    assert widget(page, "robust_strip").locator("img").first.is_visible()
    no_errors(page)


def test_a_broken_file_is_a_sentence(page: Page, server: str, tmp_path: Path):
    broken = make_npz(tmp_path / "broken.npz", labels=np.arange(89) % 3)
    add_file(page, server, broken, "mine")
    sentence = "labels have shape (89), but should be one for each of the 90 images."
    expect(page.locator("[data-testid=stAlertContentError]")).to_have_text(sentence)
    assert page.get_by_text("You have added no images yet.").is_visible()
