"""Screenshots of every page in light and dark, and the picture on Home: ``make screenshots``."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.driver import ROOT, browser, open_page, ready, server, widget

VIEWS = {
    "home": ("/", 1500),
    "balance": ("/balance", 1750),
    "balance-compare": ("/balance?balance_versus=bpan-unbalanced-mnist&balance_gain=2", 2700),
    "balance-draw": ("/balance?balance_input=Draw", 1300),
    "balance-test-set": ("/balance?balance_tab=Test+set", 1900),
    "balance-weights": ("/balance?balance_tab=Weights", 2000),
    "balance-what": ("/balance?balance_tab=What+you+see", 2300),
    "balance-train": ("/balance?balance_tab=Train", 2100),
    "balance-home": ("/balance?balance_tab=Take+home", 1800),
    "trainings": ("/trainings", 1200),
}


def shoot(chrome: Browser, address: str, theme: str, folder: Path) -> None:
    for name, (path, height) in VIEWS.items():
        context = chrome.new_context(viewport={"width": 1440, "height": height}, color_scheme=theme)
        page = context.new_page()
        open_page(page, address + path)
        # Figures fade in after the script has ended.
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / f"{name}-{theme}.png")
        context.close()


def pictures(chrome: Browser, address: str, theme: str) -> None:
    """The pictures in assets: the main figure for the map on Home, the page for the README."""
    context = chrome.new_context(
        viewport={"width": 1440, "height": 1180}, color_scheme=theme, device_scale_factor=1.5
    )
    page = context.new_page()
    open_page(page, f"{address}/balance?balance_steps=12")
    widget(page, "balance_try_hard").get_by_role("button").click()
    page.wait_for_timeout(1000)
    ready(page)
    page.wait_for_selector(".st-key-balance_currents_0 .main-svg")
    page.wait_for_timeout(1500)
    folder = ROOT / "assets" / "pictures"
    page.locator(".st-key-balance_currents_0").screenshot(path=folder / f"balance-{theme}.png")
    if theme == "light":
        page.screenshot(path=folder / "page.png")
    context.close()


def main() -> None:
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as runs, server(Path(runs)) as address, browser() as chrome:
        for theme in ("light", "dark"):
            pictures(chrome, address, theme)
            shoot(chrome, address, theme, folder)
    print(f"Screenshots are in {folder.name}/")


if __name__ == "__main__":
    main()
