"""How long a person waits: ``python -m benchmarks.paint`` drives Chromium and prints lines of JSON.

The time from a slider's move to the painted figure is compared with the round trip of an app with
only a slider and a number, and given as a multiple of what an app needs to draw one more line;
opening pages and the first point of a run are compared with the budgets of DESIGN.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.driver import browser, open_page, ready, server, widget

MOVES = 25
EMPTY = """
import streamlit as st
st.text(st.slider("s", 0, 1000, 500, key="s"))
"""
LINE = """
import numpy as np, streamlit as st
s = st.slider("s", 0, 1000, 500, key="s")
st.plotly_chart({"data": [{"y": s * np.sin(np.arange(200) / 20)}]}, key="line")
"""
# Page, slider, the figure it changes, and an expression that shows the change.
SLIDERS = (
    ("balance", "balance_theta", "balance_probability_0", "JSON.stringify(el.layout.annotations)"),
    ("balance", "balance_gain", "balance_currents_0", "JSON.stringify(el._fullData.map(d => d.y))"),
    ("halting", "halting_theta", "halting_costs", "JSON.stringify(el._fullData.map(d => d.x[0]))"),
    (
        "robustness",
        "robust_occlusion_severity",
        "robust_accuracy",
        "JSON.stringify(el.layout.shapes.map(s => s.x0))",
    ),
    ("bars", "bars_direction", "bars_raster", "JSON.stringify(el._fullData.map(d => d.y))"),
)
# From the key press until the change is painted: resolves with milliseconds.
WATCH = """
([selector, done]) => new Promise(resolve => {
  const began = performance.now()
  const check = new Function('el', 'return ' + done)
  const before = check(document.querySelector(selector))
  const look = () => {
    const el = document.querySelector(selector)
    if (el && check(el) !== before) requestAnimationFrame(
      () => requestAnimationFrame(() => resolve(performance.now() - began)))
    else setTimeout(look, 2)
  }
  look()
})
"""


def say(**record) -> None:
    print(json.dumps(record, ensure_ascii=False), flush=True)


def slider_times(page: Page, key: str, selector: str, done: str) -> list[float]:
    """Milliseconds from each press of an arrow key to the change painted.

    The slider goes down and turns at its ends and after half of the moves.
    """
    handle = widget(page, key).get_by_role("slider")
    handle.focus()
    times, downward = [], True
    for i in range(MOVES):
        end = handle.get_attribute("min" if downward else "max")
        if handle.input_value() == end or i == MOVES // 2:
            downward = not downward
        waiting = page.evaluate_handle(
            "args => ({ promise: (" + WATCH + ")(args) })", [selector, done]
        )
        handle.press("ArrowLeft" if downward else "ArrowRight")
        times.append(page.evaluate("h => h.promise", waiting))
        ready(page)
        page.wait_for_timeout(150)
    return times[2:]


def summary(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered)),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))]),
    }


def small_app(chrome: Browser, text: str, selector: str, done: str) -> dict[str, float]:
    """The round trip of an app of a few lines."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "small.py"
        script.write_text(text, encoding="utf-8")
        with server(Path(folder), script) as address:
            page = chrome.new_page()
            open_page(page, address)
            page.wait_for_timeout(1000)
            times = slider_times(page, "s", selector, done)
            page.close()
            return summary(times)


def timed(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return round(time.perf_counter() - began, 2)


def main() -> None:
    with browser() as chrome, tempfile.TemporaryDirectory() as folder:
        base = small_app(chrome, EMPTY, "[data-testid=stText]", "el.innerText")
        say(what="slider of an empty app", **base)
        values = "JSON.stringify(el._fullData.map(d => d.y))"
        line = small_app(chrome, LINE, ".st-key-line .js-plotly-plot", values)
        plain = line["median_ms"] - base["median_ms"]
        say(what="slider to one line of 200 points, above the empty app", median_ms=plain)
        with server(Path(folder) / "a") as address:
            page = chrome.new_page()
            seconds = timed(lambda: (page.goto(address), page.wait_for_selector("h1")))
            say(what="fresh server to Home painted", seconds=seconds, budget=2)
            page.close()
        with server(Path(folder) / "b") as address:
            page = chrome.new_page(viewport={"width": 1440, "height": 1200})
            figure = ".st-key-balance_currents_0 .main-svg"
            seconds = timed(
                lambda: (page.goto(f"{address}/balance"), page.wait_for_selector(figure))
            )
            say(what="fresh server to the experiment's first figure", seconds=seconds, budget=6)
            for path, key, chart, done in SLIDERS:
                open_page(page, f"{address}/{path}")
                page.wait_for_timeout(1000)
                plot = f".st-key-{chart} .js-plotly-plot"
                measured = summary(slider_times(page, key, plot, done))
                say(
                    what=f"slider {key} to painted figure, above the empty app",
                    median_ms=measured["median_ms"] - base["median_ms"],
                    p95_ms=measured["p95_ms"] - base["p95_ms"],
                    budget_ms=[200, 400],
                    lines=round((measured["median_ms"] - base["median_ms"]) / plain, 1),
                )
            open_page(page, f"{address}/balance?balance_tab=Train")
            page.wait_for_timeout(1000)
            curve = ".st-key-balance_curves .main-svg"
            press = widget(page, "balance_train").get_by_role("button")
            seconds = timed(lambda: (press.click(), page.wait_for_selector(curve)))
            say(what="Train pressed to the first point on the curve", seconds=seconds, budget=3)
            widget(page, "balance_cancel").get_by_role("button").click()
            page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
