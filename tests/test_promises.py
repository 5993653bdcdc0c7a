"""The pages in docs/ name what is there: test files, other pages, and settings of the server."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PROMISES = ROOT / "docs" / "promises.md"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named_tests() -> set[str]:
    return set(re.findall(r"\btests/[\w/]+\.py\b", text_of(PROMISES)))


def test_every_test_that_is_named_exists_and_tests():
    named = named_tests()
    assert len(named) > 15
    for name in sorted(named):
        file = ROOT / name
        assert file.is_file(), f"docs/promises.md names {name}, which is not there."
        assert re.search(r"^def test_", text_of(file), re.MULTILINE), f"{name} has no test."


def promises() -> list[str]:
    """The paragraphs that begin in bold, before what is not promised."""
    promised = text_of(PROMISES).split("## What is not promised")[0]
    return [part for part in promised.split("\n\n") if part.startswith("**")]


@pytest.mark.parametrize("promise", promises(), ids=lambda text: text[2:40].split("*")[0])
def test_every_promise_names_its_test(promise):
    assert "tests/" in promise or "the same test" in promise or "The same file" in promise


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*DOCS, ROOT / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name} links to {target}, which is not there."
        # Behind a picture's # stands the theme that it is for.
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked), f"{page.name} links to {target}: no such heading."


def test_the_server_is_set_as_the_page_on_security_says():
    """Its table of settings is what .streamlit/config.toml holds."""
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| `(.+?)` \|", text_of(ROOT / "docs/security.md"), re.M)
    assert len(rows) > 5
    config = tomllib.loads(text_of(ROOT / ".streamlit" / "config.toml"))
    for section, name, value in rows:
        assert config[section][name] == tomllib.loads(f"value = {value}")["value"], name
