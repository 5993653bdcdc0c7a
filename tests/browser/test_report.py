"""A report that a person saves opens without a network, and a figure is printed as it is."""

import re
from pathlib import Path

import pytest

from dashboard.figures.style import DARK, LIGHT
from tests.browser import driver

PAINTED = """
() => {
  const plots = [...document.querySelectorAll(".plot")]
  return plots.length > 0 && plots.every(p => p._fullLayout && p.querySelector(".subplot *"))
}
"""
PRINT = "window.print = () => { top.printed = document.documentElement.outerHTML }"
FIGURE = "balance_probability_0"


@pytest.fixture
def page(chrome):
    context = chrome.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    # Also in frames, such as the one from which a figure is printed.
    context.add_init_script(PRINT)
    page = context.new_page()
    page.set_default_timeout(driver.PATIENCE_MS)
    yield page
    context.close()


INK = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
"""The colour of the letters of the first figure."""


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_report_and_pdf(page, chrome, server, tmp_path):
    driver.open_page(page, f"{server}/balance?balance_tab=Export&balance_theta=0.95")
    sentence = page.locator("[data-testid=stMain] [data-testid=stMarkdown] p").first.inner_text()
    file = tmp_path / "balance.html"
    with page.expect_download() as download:
        driver.widget(page, "balance_report").get_by_role("button").first.click()
    assert download.value.suggested_filename == "bpan-mnist_balance.html"
    download.value.save_as(file)
    opens_without_a_network(chrome, file, sentence)

    driver.ready(page)
    driver.widget(page, f"{FIGURE}_pdf").get_by_role("button").first.click()
    printed = page.wait_for_function("() => window.printed").json_value()
    one_page_of_its_size(chrome, printed)


def opens_without_a_network(chrome, file: Path, sentence: str) -> None:
    context = chrome.new_context(offline=True, color_scheme="dark")
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_function(PAINTED)
    figures = page.locator("figure").count()
    assert figures == page.locator("figcaption").count() > 2
    assert page.locator(".sentence").inner_text() == sentence
    assert page.locator("[data-title='Reset axes']").count() > 0
    assert page.locator("[data-title^='Share']").count() == 0
    assert page.evaluate(INK) == rgb(DARK.text)
    for theme, palette in (("light", LIGHT), ("dark", DARK)):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(f"ink => {INK} === ink", arg=rgb(palette.text))
    # On paper: light, and no wider than it, as soon as the event is over: the browser waits for
    # nothing else.
    printed = "document.querySelector('.plot')._fullLayout.width"
    script = f"dispatchEvent(new Event('beforeprint')); [{INK}, {printed}]"
    assert page.evaluate(script) == [rgb(LIGHT.text), 860]
    assert page.evaluate(f"dispatchEvent(new Event('afterprint')); {INK}") == rgb(DARK.text)
    assert said == []
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {file.as_uri()}
    context.close()


def one_page_of_its_size(chrome, printed: str) -> None:
    (size,) = re.findall(r"@page { size: (\d+)px (\d+)px; margin: 0 }", printed)
    assert printed.count("<svg") > 0
    assert not [colour for colour in DARK if colour in printed]
    context = chrome.new_context(offline=True)
    page = context.new_page()
    page.set_content(printed)
    svg = page.locator("body > svg").first
    box = svg.bounding_box()
    assert box
    assert (box["x"], box["y"], box["width"]) == (0, 0, int(size[0]))
    assert svg.locator("text").count() > 5
    page.evaluate("document.fonts.ready")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    context.close()
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) == 1
    (_, _, width, height) = map(float, re.search(rb"/MediaBox \[([^\]]*)\]", pdf)[1].split())
    # Points: 72 an inch, where a browser has 96 pixels, of which it takes whole ones.
    assert (width, height) == pytest.approx([0.75 * int(side) for side in size], abs=1)
    # A font with axes is inside as the outlines of its letters; none is named and left out.
    assert b"/Subtype /Type3" in pdf or b"/FontFile" in pdf
    assert b"/Subtype /Image" not in pdf
