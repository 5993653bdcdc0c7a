"""How long a slider takes to be painted: ``python -m benchmarks.paint [FILE.json] [PAGE ...]``.

Drives Chromium over every bound slider of every experiment: those of the sidebar once, and those of
each tab there. Prints a table: from the key pressed to the first figure painted and to all of the
page painted, above the round trip of an app with only a slider and a number, which is measured in
the same run; and what a move costs the browser (processor time of its main thread, messages
received, their size). All of it goes to FILE.json, by default ``paint.json``. How pages open is
measured by ``benchmarks.opening``.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, CDPSession, Page
from playwright.sync_api import TimeoutError as TimedOut

from benchmarks.measure import columns
from dashboard.rooms import ROOMS
from tests.browser.driver import browser, open_page, ready, server

MOVES = 12
"""Of each slider, after two that are not counted."""
MEDIAN_MS, P95_MS = 80, 160
WATCH = Path(__file__).with_name("watch.js").read_text(encoding="utf-8")
EMPTY = """
import streamlit as st
st.text(st.slider("s", 0, 1000, 500, key="s"))
"""
LINE = """
import numpy as np, streamlit as st
s = st.slider("s", 0, 1000, 500, key="s")
st.plotly_chart({"data": [{"y": s * np.sin(np.arange(200) / 20)}]}, key="line")
"""
STILL = """
() => {
  const { pressed, all, changed } = window.watched
  const app = document.querySelector("[data-testid=stApp]")
  return app.dataset.testScriptState === "notRunning"
    && !document.querySelector("[data-testid=stSkeleton]")
    && performance.now() - pressed > 150
    && (all === null ? performance.now() - pressed > 1500 : all > changed)
    && performance.now() - changed > 250
}
"""
HANDLES = """
() => [...document.querySelectorAll("input[type=range]")].filter(x => !x.disabled).map(x => {
  const keyed = x.closest("[class*=st-key-]")
  return keyed && [...keyed.classList].find(name => name.startsWith("st-key-")).slice(7)
}).filter(key => key)
"""


class Moved(NamedTuple):
    """Medians over the moves of one slider, in milliseconds; ``figure`` is None where no figure
    changes."""

    page: str
    tab: str
    slider: str
    figure: float | None
    figure_p95: float | None
    everything: float
    everything_p95: float
    main_thread: float
    messages: float
    kilobytes: float


class Wire:
    """What a page's WebSocket has received."""

    def __init__(self, page: Page) -> None:
        self.messages, self.size = 0, 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._add))

    def _add(self, payload: str | bytes) -> None:
        self.messages += 1
        self.size += len(payload)


@contextmanager
def watched_page(chrome: Browser) -> Iterator[tuple[Page, CDPSession, Wire]]:
    page = chrome.new_page(viewport={"width": 1440, "height": 1200})
    page.add_init_script(WATCH)
    devtools = page.context.new_cdp_session(page)
    # Processor time, which other processes change less than time on the wall.
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    try:
        yield page, devtools, Wire(page)
    finally:
        page.close()


def busy_seconds(devtools: CDPSession) -> float:
    """Seconds that the main thread has been busy so far."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def presses(page: Page, key: str, count: int) -> list[dict[str, float | None]]:
    """What watch.js saw after each press of an arrow key; the slider goes down and turns at its
    ends."""
    handle = page.locator(f".st-key-{key}").get_by_role("slider").first
    handle.focus()
    seen, downward = [], True
    for _ in range(count):
        if handle.input_value() == handle.get_attribute("min" if downward else "max"):
            downward = not downward
        handle.press("ArrowLeft" if downward else "ArrowRight")
        page.wait_for_function(STILL, polling=50)
        seen.append(page.evaluate("() => window.watched"))
    return seen


def waits(seen: list[dict[str, float | None]], until: str) -> list[float]:
    """Milliseconds from each press to the ``figure`` or to ``all`` painted, where it changed."""
    return [t[until] - t["pressed"] for t in seen if t[until] and t["pressed"]]


def moved(
    page: Page, devtools: CDPSession, wire: Wire, key: str, names: tuple[str, str]
) -> Moved | None:
    """Press an arrow key again and again. None if nothing that is seen changes."""
    presses(page, key, 2)
    before = (busy_seconds(devtools), wire.messages, wire.size)
    times = presses(page, key, MOVES)
    after = (busy_seconds(devtools), wire.messages, wire.size)
    busy, messages, size = ((b - a) / MOVES for a, b in zip(before, after, strict=True))
    figure, everything = waits(times, "figure"), waits(times, "all")
    if not everything:
        return None
    often = len(figure) > len(times) // 2
    return Moved(
        *names,
        key,
        statistics.median(figure) if often else None,
        percentile(figure) if often else None,
        statistics.median(everything),
        percentile(everything),
        1000 * busy,
        messages,
        size / 1000,
    )


def percentile(times: Sequence[float], share: float = 0.95) -> float:
    return sorted(times)[round(share * (len(times) - 1))]


def small_app(chrome: Browser, text: str) -> Moved:
    """The round trip of an app of a few lines."""
    with tempfile.TemporaryDirectory() as folder, watched_page(chrome) as (page, devtools, wire):
        script = Path(folder) / "small.py"
        script.write_text(text, encoding="utf-8")
        with server(Path(folder), script) as address:
            open_page(page, address)
            page.wait_for_timeout(1000)
            measured = moved(page, devtools, wire, "s", ("", ""))
    assert measured, "a slider of this app changes what is shown"
    return measured


def open_tab(page: Page, address: str, name: str, tab: str) -> None:
    open_page(page, f"{address}/{name}?{prefix_of(name)}_tab={tab.replace(' ', '+')}")
    page.wait_for_timeout(500)
    for summary in page.locator("[data-testid=stExpander] summary").all():
        if summary.locator("xpath=..").get_attribute("open") is None:
            summary.click()
            ready(page)
    page.wait_for_timeout(500)


def prefix_of(page: str) -> str:
    """How the keys of a page's controls begin."""
    room = next(room for room in ROOMS if room.file == f"{page}.py")
    return room.networks.partition("_")[0]


def sliders(chrome: Browser, address: str, name: str) -> Iterator[Moved]:
    """Every slider of a page, in the first tab that shows it."""
    seen = set()
    with watched_page(chrome) as (page, devtools, wire):
        open_page(page, f"{address}/{name}")
        # On a fresh server the libraries are imported first.
        page.get_by_role("tab").first.wait_for()
        tabs = [tab.inner_text().strip() for tab in page.get_by_role("tab").all()]
        for tab in tabs:
            open_tab(page, address, name, tab)
            for key in page.evaluate(HANDLES):
                if key in seen:
                    continue
                seen.add(key)
                try:
                    measured = moved(page, devtools, wire, key, (name, tab))
                except TimedOut:
                    print(f"{name}, {tab}, {key}: not still", file=sys.stderr)
                    continue
                if measured:
                    yield measured


def row(line: Moved, base: Moved) -> tuple[str, ...]:
    def above(value: float | None) -> str:
        return "" if value is None else f"{value - base.everything:.0f}"

    seen = line.figure if line.figure is not None else line.everything
    worst = line.figure_p95 if line.figure_p95 is not None else line.everything_p95
    met = seen - base.everything <= MEDIAN_MS and worst - base.everything <= P95_MS
    return (
        f"{line.page}, {line.tab}, {line.slider.partition('_')[2]}",
        above(line.figure),
        above(line.figure_p95),
        above(line.everything),
        above(line.everything_p95),
        f"{line.main_thread:.0f}",
        f"{line.messages:.0f}",
        f"{line.kilobytes:.0f}",
        "yes" if met else "no",
    )


HEADINGS = ("what", "figure", "p95", "all", "p95", "main thread", "messages", "kB", "met")


def main(file: str = "paint.json", *pages: str) -> None:
    names = pages or tuple(room.file.removesuffix(".py") for room in ROOMS)
    with browser() as chrome, tempfile.TemporaryDirectory() as folder:
        base, line = small_app(chrome, EMPTY), small_app(chrome, LINE)
        found = [base._replace(page="an empty app"), line._replace(page="one line")]
        with server(Path(folder)) as address:
            for name in names:
                for measured in sliders(chrome, address, name):
                    found.append(measured)
                    print("  ".join(row(measured, base)), file=sys.stderr, flush=True)
    record: list[dict[str, Any]] = [each._asdict() for each in found]
    Path(file).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"An empty app's slider: {base.everything:.0f} ms (p95 {base.everything_p95:.0f}).")
    print("Milliseconds above it:")
    print(columns(HEADINGS, [row(each, base) for each in found[1:]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
