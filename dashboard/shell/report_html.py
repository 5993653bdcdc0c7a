"""A report as one HTML file: the page's style and script, plotly.js and the font are inside, and
its policy forbids to fetch anything."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape, unescape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.figures.figure import Figure

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
"""Nothing from outside. plotly.js compiles what draws with WebGL."""
MARKS = re.compile(r"\\(.)|(&#\d+;)|(\*\*)|`([^`]*)`", re.DOTALL)


class Shown(NamedTuple):
    """A figure or the text of an SVG, from this tab (empty: above the tabs); ``alt`` says what it
    shows, ``caption`` stands below it."""

    part: str
    figure: "Figure | str"
    alt: str
    caption: str


class Setting(NamedTuple):
    """A control: its label, what it is set to, and its name in the address."""

    label: str
    value: str
    key: str


class Network(NamedTuple):
    """A network: its title, the command that trains it again, and all its settings."""

    title: str
    command: str
    spec: Mapping[str, Any]


class Report(NamedTuple):
    """A view of a page. ``sentence`` is Markdown, all else is text. ``link`` opens the view, and
    the command ``repeat`` makes its report; ``problems`` says by tab why it could not be drawn;
    ``tables`` stand below the figures, by their headings."""

    title: str
    sentence: str
    link: str
    figures: Sequence[Shown]
    settings: Sequence[Setting]
    networks: Sequence[Network]
    repeat: str
    versions: Mapping[str, str]
    citation: str
    problems: Mapping[str, str]
    tables: Mapping[str, "pd.DataFrame"] = {}


def as_html(report: Report) -> str:
    """The file. Text of a person appears as it is: nothing of it is read as HTML."""
    from dashboard.shell.drawer import font
    from dashboard.shell.plotly import PLOTLY

    face = b64encode(font().read_bytes()).decode()
    parts = [(name, list(shown)) for name, shown in groupby(report.figures, lambda one: one.part)]
    sections = [section for section in _sections(report) if section[1]]
    numbers = iter(range(1, len(report.figures) + 1))
    drawn = "".join(
        _section(name, "".join(_figure(one, next(numbers)) for one in shown))
        for name, shown in parts
    )
    names = [name for name, _ in (*parts, *sections) if name]
    links = "".join(f'<li><a href="#{_id(name)}">{escape(name)}</a></li>' for name in names)
    title = escape(report.title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{title} – Synaptarium</title>
<link rel="icon" href="data:,">
<style>
@font-face {{
  font-family: "Source Sans"; font-weight: 200 900; src: url(data:font/woff2;base64,{face});
}}
{(HERE / "report.css").read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<p class="from">Synaptarium {escape(report.versions["synaptarium"])} · {_today()}</p>
<h1>{title}</h1>
<div class="sentence">{markdown(report.sentence)}</div>
<nav aria-label="Contents"><ul>{links}</ul></nav>
</header>
<main>
{drawn}{"".join(_section(name, body) for name, body in sections)}</main>
<noscript><p class="problem">The figures need JavaScript, which this browser does not run here.</p>
</noscript>
<script>{PLOTLY.read_text(encoding="utf-8")}</script>
<script type="application/json" id="dark">{_script(_dark())}</script>
<script>
{(HERE / "report.js").read_text(encoding="utf-8")}</script>
</body>
</html>
"""


def markdown(text: str) -> str:
    """The Markdown that our sentences are in, bold and code and what ``text.plain`` escapes, as
    paragraphs of HTML."""
    return "".join(f"<p>{_inline(part)}</p>" for part in re.split(r"\n\s*\n", text.strip()))


def _inline(text: str) -> str:
    bold, at, parts = False, 0, []
    for found in MARKS.finditer(text):
        literal, number, strong, code = found.groups()
        parts.append(escape(text[at : found.start()]))
        at = found.end()
        if strong:
            bold = not bold
            parts.append("<strong>" if bold else "</strong>")
        elif code is not None:
            parts.append(f"<code>{escape(code)}</code>")
        else:
            parts.append(escape(literal or unescape(number)))
    return "".join((*parts, escape(text[at:]), "</strong>" * bold))


def spoken(text: str) -> str:
    """The same Markdown as bare text."""
    return unescape(re.sub(r"<[^>]+>", "", _inline(text)))


def _today() -> str:
    today = date.today()
    return f"{today.day} {today:%B %Y}"


def _id(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower())


def _section(name: str, body: str) -> str:
    head = f'<h2 id="{_id(name)}">{escape(name)}</h2>\n' if name else ""
    return f"<section>\n{head}{body}</section>\n"


def _figure(one: Shown, number: int) -> str:
    from dashboard.figures.light import light

    if isinstance(one.figure, str):
        svg = light(one.figure)
        inside = f'<div class="drawing" role="img" aria-label="{escape(one.alt)}">{svg}</div>'
    else:
        spec = light(one.figure.to_dict())
        inside = (
            f'<div class="wide"><div class="plot" role="group" aria-label="{escape(one.alt)}" '
            f'style="height: {spec["layout"].get("height", 450)}px"></div></div>\n'
            f'<script type="application/json">{_script(spec)}</script>'
        )
    caption = f"<b>Figure {number}.</b> {escape(one.caption)}"
    return f"<figure>\n{inside}\n<figcaption>{caption}</figcaption>\n</figure>\n"


def _script(value: object) -> str:
    """JSON inside a script, which no text in it can end."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")


def _dark() -> dict[str, list[list[str]]]:
    """Colours of the light theme, as they stand in JSON or an SVG, and their counterparts in the
    dark one: those that ``mean`` nothing else, and the ``ground``, which data may have as well."""
    from dashboard.figures.style import DARK, LIGHT

    found: dict[str, list[list[str]]] = {"mean": [], "ground": []}
    for name, old, new in zip(LIGHT._fields, LIGHT, DARK, strict=True):
        pairs = [[re.escape(old), new], [rf"\({_channels(old)}(?=[,)])", f"({_channels(new)}"]]
        found["ground" if name == "background" else "mean"] += pairs
    return found


def _channels(colour: str) -> str:
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))


def _sections(report: Report) -> list[tuple[str, str]]:
    """What stands below the figures: the names of its sections and their HTML, empty if there is
    nothing to say."""
    networks = "".join(
        f"<h3>{escape(one.title)}</h3>{_code(one.command)}<details><summary>All settings</summary>"
        f"{_code(json.dumps(one.spec, indent=1, ensure_ascii=False))}</details>"
        for one in report.networks
    )
    link = escape(report.link)
    if urlsplit(report.link).scheme in ("http", "https"):
        link = f'<a href="{link}" rel="noreferrer">{link}</a>'
    again = (
        f'<p>The address of this view in a running laboratory: <span class="link">{link}</span>'
        f"</p><p>The command that makes this report:</p>{_code(report.repeat)}"
    )
    trained = f"<p>The commands that train its networks again:</p>{networks}" if networks else ""
    tables = [
        (name, _table(list(frame.columns), frame.itertuples(index=False)))
        for name, frame in report.tables.items()
    ]
    return [
        *tables,
        ("Not drawn", _table(("Tab", "Why"), report.problems.items())),
        ("Settings", _table(("Setting", "Value", "In the address"), report.settings)),
        ("Commands", again + trained),
        ("Versions", _table(("Package", "Version"), report.versions.items())),
        ("Citation", f"<p>The papers and this software, as BibTeX.</p>{_code(report.citation)}"),
    ]


def _code(text: str) -> str:
    return f"<pre><code>{escape(text)}</code></pre>\n"


def _table(head: Sequence[str], rows: Any) -> str:
    body = [f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows]
    heads = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in head)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>" * bool(
        body
    )
