"""In the exported figures of all pages no words lie on others or beyond the edge."""

import io
from zipfile import ZipFile

import pytest

from dashboard.rooms import ROOMS
from tests.browser import driver
from tests.pages.addresses import PREFIX

WORDS = ".legendtext, .annotation-text, .gtitle, .xtitle, .ytitle, .cbtitle"
COLLISIONS = """words => {
  const svg = document.querySelector("svg").getBoundingClientRect()
  const of = query => [...document.querySelectorAll(query)]
    .filter(text => text.textContent.trim())
    .map(text => [text.textContent, text.getBoundingClientRect()])
  const apart = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) < 3
    || Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) < 4
  const all = of(words), found = []
  all.forEach(([text, a], i) => {
    for (const [other, b] of all.slice(i + 1)) if (!apart(a, b)) found.push([text, other])
    if (a.left < -2 || a.right > svg.right + 2 || a.top < -2 || a.bottom > svg.bottom + 2)
      found.push([text, "beyond the edge"])
  })
  return found
}"""
PAGES = [room.file.removesuffix(".py") for room in ROOMS]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PAGES if name in PREFIX])
def test_no_words_lie_on_others(name, page, server, chrome):
    prefix = PREFIX[name]
    driver.open_page(page, f"{server}/{name}?{prefix}_tab=Export")
    page.set_default_timeout(5 * driver.PATIENCE_MS)
    with page.expect_download(timeout=5 * driver.PATIENCE_MS) as download:
        driver.widget(page, f"{prefix}_zip").get_by_role("button").click()
    bare = chrome.new_context(viewport={"width": 1100, "height": 1000}).new_page()
    found = {}
    with ZipFile(io.BytesIO(open(download.value.path(), "rb").read())) as file:
        drawings = [path for path in file.namelist() if path.endswith(".svg")]
        assert drawings
        assert "could not be drawn" not in file.read("README.txt").decode()
        for path in drawings:
            svg = file.read(path).decode()
            bare.set_content(f"<body style='margin: 0'>{svg}</body>")
            bare.evaluate("document.fonts.ready")
            found[path] = bare.evaluate(COLLISIONS, WORDS)
    bare.context.close()
    assert {path: words for path, words in found.items() if words} == {}
