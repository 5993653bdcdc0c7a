"""Fixtures of the browser tests: skipped with a sentence where there is no browser, unless
SYNAPTARIUM_BROWSER_REQUIRED is set, as CI does."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from corelib.errors import RunError
from corelib.runs.store import ENDED, list_runs
from tests.browser import driver
from tests.runs.conftest import wait_until

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


@pytest.fixture(scope="session")
def shared_server(chrome, tmp_path_factory):
    """A server for all tests: its folder of runs, and its address."""
    runs = tmp_path_factory.mktemp("shared") / "runs"
    with driver.server(runs) as address:
        yield runs, address


@pytest.fixture
def runs(shared_server):
    """The folder of runs of the shared server, empty again afterwards."""
    folder, _ = shared_server
    yield folder
    empty(folder)


def empty(folder: Path) -> None:
    """As a person who cancels and removes all that there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNAPTARIUM_RUNS", str(folder))
        for run in list_runs():
            with suppress(RunError):
                run.ask("cancel")
            wait_until(lambda run=run: run.status.state in ENDED, f"the end of {run.id}")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh_server(tmp_path, chrome):
    """A server that nobody has visited."""
    with driver.server(tmp_path / "runs") as address:
        yield address


@pytest.fixture
def server(request, shared_server):
    """The address of the shared server, whose pages are fast because others have visited them."""
    runs, address = shared_server
    yield address
    if "runs" not in request.fixturenames:
        assert not runs.exists() or not [*runs.iterdir()], "a test that makes runs asks for `runs`"


@pytest.fixture
def page(chrome):
    """A page of a browser that has never been here. Nothing fades or slides, which would cost as
    much as drawing the figures."""
    context = chrome.new_context(viewport={"width": 1440, "height": 1100}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(driver.PATIENCE_MS)
    yield page
    context.close()
