"""Nothing is asked of the network: neither by the browser nor by the server."""

import os
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser import driver

SPY = """
import os, sys

def note(event, arguments):
    if event in ("socket.getaddrinfo", "socket.connect", "socket.sendto", "socket.bind"):
        with open(os.environ["SPIED"], "a", encoding="utf-8") as log:
            log.write(event + "\\n")

sys.addaudithook(note)
"""


@pytest.fixture
def spied(tmp_path, monkeypatch):
    """A file to which the server and its workers write when they bind or would connect a socket."""
    (tmp_path / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    path = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    monkeypatch.setenv("SPIED", str(tmp_path / "spied"))
    return tmp_path / "spied"


@pytest.mark.slow
def test_pages_ask_only_their_own_server(spied, chrome, runs):
    asked: list[str] = []
    with driver.server(runs) as address:
        context = chrome.new_context()
        page: Page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        for path in ("/", "/balance", "/bars", "/runs"):
            driver.open_page(page, address + path)
        driver.open_page(page, f"{address}/balance?balance_tab=Train")
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_timeout(8000)
        context.close()
    assert len(asked) > 50
    others = {url for url in asked if urlsplit(url).scheme not in ("data", "blob")}
    assert {urlsplit(url).netloc for url in others} == {urlsplit(address).netloc}
    assert any(runs.iterdir()), "a run was trained"
    assert set(spied.read_text(encoding="utf-8").split()) == {"socket.bind"}
