"""The documentation: it builds strictly without a network, asks nothing of one, and is complete."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from dashboard.rooms import ROOMS
from tests.notebooks import NOTEBOOKS, executed, finding
from tests.snippets import ROOT

DOCS = ROOT / "docs"
PUBLIC = {
    "corelib": "corelib",
    "corelib.analysis": "analysis",
    "corelib.data": "data",
    "corelib.extend": "extend",
    "corelib.runs": "runs",
}
"""Packages whose names are all public, and the page of the reference about each."""
FETCHED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "link": "href",
}
"""What a browser asks for by itself when it opens a page."""

# Looked up by name, or connected to, any other machine ends the build.
CLOSED = """
import sys
def closed(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect"):
        raise RuntimeError(f"the build asked the network: {event} {arguments}")
sys.addaudithook(closed)
import runpy
sys.argv[0] = "mkdocs"
runpy.run_module("mkdocs", run_name="__main__")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; the build itself is strict, which --quiet would undo."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, "-c", CLOSED, "build", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Page(HTMLParser):
    """What a page asks for, where it links to, and its anchors."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.asked: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "link" and given.get("rel") in ("canonical", "prev", "next"):
            return
        if FETCHED.get(tag) in given:
            self.asked.append(given[FETCHED[tag]])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def pages(site):
    return {file.relative_to(site).as_posix(): Page(file) for file in site.rglob("*.html")}


def test_no_page_asks_for_anything_from_elsewhere(pages, site):
    for name, page in pages.items():
        for url in page.asked:
            assert not urlsplit(url).scheme or url.startswith("data:"), f"{name} asks for {url}"
            if name != "404.html" and not url.startswith("data:"):
                assert (page.file.parent / unquote(urlsplit(url).path)).exists(), f"{name}: {url}"
    for file in site.rglob("*.css"):
        urls = re.findall(r"url\([\"']?([^\"')]+)", file.read_text("utf-8"))
        assert not [url for url in urls if re.match(r"(https?:)?//", url)], file


def test_links_inside_the_site_lead_somewhere(pages, site):
    """mkdocs checks those that are written in Markdown; these are all."""
    for name, page in pages.items():
        if name == "404.html":
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            to = (page.file.parent / unquote(parts.path)).resolve() if parts.path else page.file
            assert to.exists(), f"{name} links to {link}"
            if parts.fragment and to.suffix == ".html":
                ids = pages[to.relative_to(site.resolve()).as_posix()].ids
                assert unquote(parts.fragment) in ids, f"{name} links to {link}"


def nav_files(entries) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        for value in [entry] if isinstance(entry, str) else entry.values():
            found |= {value} if isinstance(value, str) else nav_files(value)
    return found


def test_every_page_is_in_the_navigation_and_every_experiment_has_one():
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    assert settings["strict"]
    listed = nav_files(settings["nav"])
    there = {
        file.relative_to(DOCS).as_posix()
        for pattern in ("*.md", "*.ipynb")
        for file in DOCS.rglob(pattern)
    }
    assert there <= listed
    assert {f"experiments/{Path(room.file).stem}.md" for room in ROOMS} <= listed


def test_the_start_page_asks_what_the_app_asks():
    text = (DOCS / "index.md").read_text("utf-8")
    for room in ROOMS:
        link = f"**{room.title}** {room.question}](experiments/{Path(room.file).stem}.md)"
        assert link in text


@pytest.mark.parametrize("package", PUBLIC)
def test_the_reference_has_every_public_name(package, pages):
    page = pages[f"reference/{PUBLIC[package]}.html"]
    # What is public in two packages is described once.
    elsewhere = pages["reference/corelib.html"].ids
    for name in import_module(package).__all__:
        assert f"{package}.{name}" in page.ids or f"corelib.{name}" in elsewhere, name


def test_the_reference_has_every_network_and_its_settings(pages):
    described = set().union(
        *(page.ids for name, page in pages.items() if name.startswith("reference/models/"))
    )
    for name in import_module("corelib.models").__all__:
        assert f"corelib.models.{name}" in described, name
    # A table of settings is made from the class itself.
    text = pages["reference/models/bpan.html"].file.read_text("utf-8")
    assert "<code>n_excitatory</code>" in text
    assert "1 to 1,024 units" in text


def test_equations_need_no_script(pages):
    formulas = [p for p in pages.values() if "<math" in p.file.read_text("utf-8")]
    assert formulas
    for page in pages.values():
        assert "arithmatex" not in page.file.read_text("utf-8"), page.file.name


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebooks_outputs_are_stored_and_small(file):
    text = file.read_text("utf-8")
    assert len(text) < 300_000
    assert '"output_type": "error"' not in text
    assert '"execution_count": null' not in text


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs_and_finds_what_it_says(file, tmp_path):
    """Numbers may differ from machine to machine, but not what is said of them."""
    import nbformat

    stored = nbformat.read(file, as_version=4)
    fresh = executed(file, tmp_path)
    without_numbers = (re.sub(r"[-+\d.]+", "#", finding(n)) for n in (stored, fresh))
    assert len(set(without_numbers)) == 1, (finding(stored), finding(fresh))
