"""Fixtures of the browser tests: skipped with a sentence where there is no browser, unless
SYNAPTARIUM_BROWSER_REQUIRED is set, as CI does."""

import os
from pathlib import Path

import pytest

from tests.browser import driver

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """All that is in this folder needs a browser."""
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chrome():
    if driver.chromium() is None:
        reason = "No Chromium found: install it (apt install chromium) to run the browser tests."
        if os.environ.get("SYNAPTARIUM_BROWSER_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    with driver.browser() as chrome:
        yield chrome


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def server(runs, chrome):
    with driver.server(runs) as address:
        yield address


@pytest.fixture
def page(chrome):
    context = chrome.new_context(viewport={"width": 1440, "height": 1100})
    page = context.new_page()
    page.set_default_timeout(driver.PATIENCE_MS)
    yield page
    context.close()
