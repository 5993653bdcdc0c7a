"""A report's file: what it says is what it was given, and nothing in it is fetched or run."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard.figures.light import light
from dashboard.figures.style import DARK, styled
from dashboard.shell.plotly import PLOTLY
from dashboard.shell.report import address_of
from dashboard.shell.report_html import Network, Report, Setting, Shown, as_html, markdown, spoken
from dashboard.shell.text import plain

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)> & "quoted"'
VOID = {"meta", "link", "br", "img"}


class Parsed(HTMLParser):
    """The texts of a file by the path of their elements, and all attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.path: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert not self.path, "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.path.append(tag)

    def handle_endtag(self, tag):
        assert self.path.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.path[-1] if self.path else "", data))

    def of(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]


def line(name: str):
    traces = [{"type": "scatter", "x": [0, 1], "y": [0.5, float("nan")], "name": name}]
    return styled(traces, {"title": {"text": name}}, DARK, height=240)


@pytest.fixture(scope="module")
def report():
    return Report(
        title=HOSTILE,
        sentence=f"It is **{plain(HOSTILE)}**.",
        link="javascript:alert(1)",
        figures=[
            Shown("", line(HOSTILE), HOSTILE, HOSTILE),
            Shown(HOSTILE, line("b"), "A line", "What b shows."),
            Shown(
                HOSTILE, f'<svg viewBox="0 0 4 4" fill="{DARK.text}"></svg>', "A field", "Empty."
            ),
        ],
        settings=[Setting(HOSTILE, HOSTILE, "toy_name")],
        networks=[Network(HOSTILE, f"train '{HOSTILE}'", {"variant": HOSTILE})],
        repeat=f"report '{HOSTILE}' toy.html",
        versions={"synaptarium": "9.8", "python": "3"},
        citation=HOSTILE,
        problems={HOSTILE: HOSTILE},
    )


@pytest.fixture(scope="module")
def parsed(report):
    return Parsed(as_html(report))


def test_text_of_a_person_stays_text(parsed):
    scripts = [attrs for tag, attrs in parsed.tags if tag == "script"]
    # plotly.js, the colours, the page's own; and the data of two figures.
    assert len(scripts) == 5
    assert not [tag for tag, _ in parsed.tags if tag == "img"]
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
    assert parsed.of("h1") == [HOSTILE]
    assert parsed.of("strong") == [HOSTILE]
    assert parsed.of("figcaption")[0] == f" {HOSTILE}"
    assert parsed.of("td").count(HOSTILE) == 4
    assert f"train '{HOSTILE}'" in parsed.of("code")
    assert {attrs.get("aria-label") for _, attrs in parsed.tags} >= {HOSTILE, "A line", "A field"}
    # An address that is none of a page is not made a link.
    links = [attrs["href"] for tag, attrs in parsed.tags if tag == "a"]
    assert all(link.startswith("#") for link in links)


def test_every_link_inside_leads_somewhere(parsed):
    ids = {attrs.get("id") for _, attrs in parsed.tags}
    links = [attrs["href"] for tag, attrs in parsed.tags if tag == "a"]
    assert links
    assert {link[1:] for link in links} <= ids


def test_figures_come_light_as_they_were_given(report, parsed):
    data = [json.loads(text) for text in parsed.of("script") if text.startswith('{"data"')]
    given = [one.figure for one in report.figures if not isinstance(one.figure, str)]
    expected = json.loads(json.dumps([light(figure.to_dict()) for figure in given]))
    # A digest of the text of the data, which plotly's check of a figure orders anew.
    for one in (*data, *expected):
        del one["layout"]["datarevision"]
    assert data == expected
    assert data[0]["data"][0]["y"] == [0.5, None]
    (svg,) = (attrs for tag, attrs in parsed.tags if tag == "svg")
    assert svg["fill"] == light(DARK.text) != DARK.text
    captions = parsed.of("b")
    assert captions == ["Figure 1.", "Figure 2.", "Figure 3."]


def test_plotly_is_there_once_and_nothing_is_asked_of_a_network(report, parsed):
    html = as_html(report)
    assert html.count(PLOTLY.read_text(encoding="utf-8")) == 1
    fetched = [
        attrs[name]
        for tag, attrs in parsed.tags
        for name in ("src", "href", "data", "srcset")
        if name in attrs and tag != "a"
    ]
    assert fetched == ["data:,"]
    (policy,) = (a["content"] for t, a in parsed.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    style = "".join(parsed.of("style"))
    assert all(url.startswith("data:") for url in re.findall(r"url\(([^)]*)", style))


def test_an_address_of_a_page_is_a_link(report):
    link = "http://127.0.0.1:8501/toy?toy_name=a&b=<"
    parsed = Parsed(as_html(report._replace(link=link)))
    assert link in [attrs["href"] for tag, attrs in parsed.tags if tag == "a"]


@given(some.text())
def test_what_plain_escapes_is_read_back(text):
    shown = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
    assert spoken(plain(text)) == shown
    parsed = Parsed(markdown(f"**{plain(text)}**"))
    assert [tag for tag, _ in parsed.tags] == ["p", "strong"]


def test_paragraphs_bold_and_code():
    assert markdown("One **two** `a<b`.\n\nThree.") == (
        "<p>One <strong>two</strong> <code>a&lt;b</code>.</p><p>Three.</p>"
    )


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("halting?halting_theta=0.8", "halting?halting_theta=0.8"),
        ("http://127.0.0.1:8501/halting?a=1&b=2", "halting?a=1&b=2"),
        ("https://lab.example/some/base/halting", "halting"),
        ("/bars?x=a+b", "bars?x=a+b"),
    ],
)
def test_a_link_is_an_address(link, address):
    assert address_of(link) == address
