"""A server of our own and a real browser for the tests and the screenshots."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TimedOut

from dashboard.rooms import ROOMS

ROOT = Path(__file__).parents[2]
# The script has run to a page, and its figures are drawn: not those in a closed tab, and one that
# is drawn again and again, as the curves of a training are, need not come to rest. That holds for
# several frames: a figure learns of its new data only after the script has ended.
READY = """
call => {
  if (window.looked?.call !== call) window.looked = { call, inRow: 0 }
  const drawn = place => {
    const times = Number(place.dataset.times ?? 0)
    if (place.asked?.call !== call) place.asked = { call, times }
    return !place.clientWidth || place.dataset.drawn === "yes" || times - place.asked.times > 2
  }
  const fine = document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
    && document.querySelector("h1")
    && !document.querySelector("[data-testid=stSkeleton]")
    && [...document.querySelectorAll("[data-testid=stPlotlyChart]")].map(drawn).every(Boolean)
  window.looked.inRow = fine ? window.looked.inRow + 1 : 0
  return window.looked.inRow > 3
}
"""
calls = count()
PATIENCE_MS = 60_000
# Playwright's own five seconds are less than a busy machine needs for one rerun.
expect.set_options(timeout=PATIENCE_MS)


def chromium() -> str | None:
    """The system's Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def server(runs: Path, script: Path = ROOT / "app.py", log: Path | None = None) -> Iterator[str]:
    """A fresh Streamlit server whose runs go to ``runs``; yields its address. What it prints goes
    to ``log``."""
    port = free_port()
    env = {**os.environ, "SYNAPTARIUM_RUNS": str(runs), "SYNAPTARIUM_SLOTS": "1"}
    printed = None if log is None else log.open("w", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)],
        cwd=ROOT,
        env=env,
        stdout=printed or subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                    break
            except OSError:
                if process.poll() is not None or monotonic() > until:
                    printed_so_far = (
                        log.read_text(encoding="utf-8") if log else process.stdout.read().decode()
                    )
                    raise RuntimeError(printed_so_far) from None
                sleep(0.1)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE_MS / 1000)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            if printed:
                printed.close()


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
        chrome = playwright.chromium.launch(executable_path=chromium(), args=args)
        try:
            yield chrome
        finally:
            chrome.close()


def ready(page: Page) -> None:
    """Wait until the script has run and the page stands still, its figures drawn."""
    page.wait_for_function(READY, arg=next(calls), timeout=PATIENCE_MS)


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    ready(page)


def go_to(page: Page, title: str) -> None:
    """Another page, by the menu at the top."""
    navigation = page.get_by_test_id("stTopNav")
    if title not in ("Home", "Claims", "Glossary"):
        group = "Experiments" if title in {room.title for room in ROOMS} else "Laboratory"
        navigation.get_by_role("button", name=group).click()
        links = page.get_by_test_id("stTopNavDropdownLink")
    else:
        links = navigation.get_by_test_id("stTopNavLink")
    links.filter(has=page.get_by_text(title, exact=True)).click()
    at_page(page, title)


def at_page(page: Page, title: str) -> None:
    """Wait until a page is shown."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    ready(page)


def widget(page: Page, key: str):
    """The element of a keyed widget."""
    return page.locator(f".st-key-{key}")


def choose(page: Page, key: str, option: str) -> None:
    """Choose from a menu. It closes when the page scrolls beneath it, as when a figure above is
    drawn; it is then opened again."""
    wanted = page.get_by_role("option", name=option, exact=True)
    box = widget(page, key).locator("input").first
    until = monotonic() + PATIENCE_MS / 1000
    while True:
        box.click()
        # Typed, since only the first of a long list are on the page.
        box.fill("")
        box.fill(option)
        try:
            wanted.click(timeout=5000)
            break
        except TimedOut:
            if monotonic() > until:
                raise
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    ready(page)


def no_errors(page: Page) -> None:
    """Nothing on the page is an exception or a red box."""
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator("[data-testid=stAlertContentError]").count() == 0


# From now on ``hasRun`` says whether the script has begun to run. A busy browser may hear of its
# beginning and end at once, and show neither.
RUNS = """
() => {
  const app = document.querySelector("[data-testid=stApp]")
  window.hasRun = false
  window.waitsSince = performance.now()
  new MutationObserver((_, observer) => {
    if (app.dataset.testScriptState === "notRunning") return
    window.hasRun = true
    observer.disconnect()
  }).observe(app, { attributeFilter: ["data-test-script-state"] })
}
"""


def move_slider(page: Page, key: str, steps: int) -> None:
    """Move a slider by as many steps, with an arrow key that is held down; negative is to the left.

    Pressed and let go for each step, it would run the page for each.
    """
    handle = widget(page, key).get_by_role("slider")
    handle.focus()
    before = handle.input_value()
    page.evaluate(RUNS)
    arrow = "ArrowRight" if steps > 0 else "ArrowLeft"
    for _ in range(abs(steps)):
        page.keyboard.down(arrow)
    page.keyboard.up(arrow)
    expect(handle).not_to_have_value(before)
    seen = "() => window.hasRun || performance.now() - window.waitsSince > 5000"
    page.wait_for_function(seen, timeout=PATIENCE_MS)
    ready(page)


FIGURE = """
p => JSON.stringify([
  p.layout.annotations,
  // What came encoded is decoded in _fullData.
  p._fullData.map(d => [d.text, Array.from(d.y || [])]),
])
"""
# Null while there is no plot, or while it draws what it drew before.
SEEN = """
of => ([key, before]) => {
  const plot = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  const now = plot && plot._fullData && of(plot)
  return now === before ? null : now
}
"""
SHEET = "p => Array.from(p._fullData[0].z.flat()).join()"
"""The values of a figure's first heatmap."""


def figure_data(page: Page, key: str) -> str:
    """The data that a figure draws, as JSON."""
    return drawn(page, key, FIGURE)


def figure_changes(page: Page, key: str, before: str) -> None:
    """Wait until a figure draws something else than it did."""
    drawn_changes(page, key, FIGURE, before)


def drawn(page: Page, key: str, of: str) -> str:
    """What ``of``, JavaScript, gives of the plot of a figure.

    A plot is replaced when its figure changes: between two looks there may be none.
    """
    return page.wait_for_function(f"({SEEN})({of})", arg=[key], timeout=PATIENCE_MS).json_value()


def drawn_changes(page: Page, key: str, of: str, before: str) -> None:
    """Wait until ``drawn`` would give something else."""
    page.wait_for_function(f"({SEEN})({of})", arg=[key, before], timeout=PATIENCE_MS)


def address_has(page: Page, text: str) -> None:
    """Wait until the address contains this."""
    page.wait_for_url(lambda url: text in url)


def address_is(page: Page, address: str) -> None:
    """Wait until the address is this one."""
    page.wait_for_url(lambda url: url == address)
