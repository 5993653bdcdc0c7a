"""The documentation site opened from files, without a server."""

from playwright.sync_api import Page

from tests.test_docs import site  # noqa: F401 (a fixture)


def test_search_and_figures_work_from_files_and_ask_nothing_of_the_network(page: Page, site):  # noqa: F811
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "notebooks" / "sweep.html").as_uri())
    page.wait_for_selector(".figure .main-svg")
    # Key by key: it hears keys, and a field that is filled has none.
    page.locator("[data-md-component=search-query]").press_sequentially("occlusion")
    page.wait_for_selector(".md-search-result__item")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
