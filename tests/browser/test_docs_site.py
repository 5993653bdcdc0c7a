"""The documentation site opened from files, without a server."""

from playwright.sync_api import Page

from tests.test_docs import site  # noqa: F401 (a fixture)


def test_search_and_figures_work_from_files_and_ask_nothing_of_the_network(page: Page, site):  # noqa: F811
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "notebooks" / "sweep.html").as_uri())
    page.wait_for_selector(".figure .main-svg")
    page.locator("[data-md-component=search-query]").fill("occlusion")
    page.wait_for_selector(".md-search-result__item")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
