"""A view as one HTML file: its sentence and its figures, interactive, and all that repeats it.

Whatever was written by a person is escaped; nothing is fetched from outside.
"""

import base64
import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import streamlit as st

from corelib.runs.spec import as_command
from dashboard.figures.figure import Figure
from dashboard.figures.light import light
from dashboard.shell import drawer, drawn
from dashboard.shell.bundle import Contents
from dashboard.shell.drawn import Drawn
from dashboard.shell.registry import registry_of

PAGE = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
WANTED, MADE = "_report_wanted", "_report_made"
"""Set by who runs a page without a browser: the report is then kept instead of saved."""
CONFIG = {"responsive": True, "displaylogo": False}


def deliver(view: Contents, figures: Mapping[str, Drawn], name: str) -> None:
    """Let the browser save the report of what was drawn, or keep it for who runs the page."""
    text = html_of(view, figures)
    if st.session_state.get(WANTED):
        st.session_state[MADE] = text
    else:
        drawer.save_html(text, name)


def html_of(view: Contents, figures: Mapping[str, Drawn]) -> str:
    """The file."""
    title, sentence = drawn.head()
    font = base64.b64encode(drawer.font().read_bytes()).decode()
    return PAGE.substitute(
        title=html.escape(title),
        sentence=in_html(sentence),
        figures="\n".join(_figure(name, one) for name, one in figures.items()),
        problems="".join(
            f"<p>{html.escape(tab)} could not be drawn: {html.escape(problem)}</p>"
            for tab, problem in view.problems.items()
        ),
        settings=_settings(view.settings),
        link=html.escape(view.link),
        commands=html.escape(
            "\n\n".join(f"# {name}\n{as_command(spec)}" for name, spec in view.specs.items())
        ),
        versions=html.escape(
            ", ".join(f"{name} {number}" for name, number in view.versions.items())
        ),
        citation=html.escape(view.citation),
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        font=font,
        plotly=_plotly(),
    )


def _plotly() -> str:
    """plotly.js, once; what would end the script stands in none of its strings."""
    return drawer.PLOTLY.read_text(encoding="utf-8").replace("</script", "<\\/script")


def _figure(name: str, one: Drawn) -> str:
    """A figure with its caption: a drawing as it is, another one as plotly.js draws it."""
    caption = f"<figcaption>{in_html(one.caption)}</figcaption>"
    alt = html.escape(one.alt, quote=True)
    if isinstance(one.figure, str):
        return f'<figure role="img" aria-label="{alt}">{light(one.figure)}{caption}</figure>'
    spec = json.dumps(_spec(one.figure), ensure_ascii=False, default=str)
    data = html.escape(spec, quote=False).replace("&lt;", "\\u003c").replace("&gt;", "\\u003e")
    data = data.replace("&amp;", "\\u0026")
    height = _spec(one.figure)["layout"].get("height", 450)
    return (
        f'<figure id="{html.escape(name)}"><div class="plot" role="img" aria-label="{alt}" '
        f'style="height: {float(height):.0f}px"></div>'
        f'<script type="application/json">{data}</script>{caption}</figure>'
    )


def _spec(figure: Figure) -> dict:
    spec = light(figure.to_dict())
    layout = {key: value for key, value in spec["layout"].items() if key != "width"}
    frames = {"frames": spec["frames"]} if spec.get("frames") else {}
    return {"data": spec["data"], "layout": layout, "config": CONFIG, **frames}


def _settings(settings: Mapping[str, object]) -> str:
    """What the controls say, by their labels."""
    rows = []
    for key, value in settings.items():
        look = registry_of(key.partition("_")[0]).looks.get(key)
        label = look.label if look else key
        written = look.written(value) if look else str(value)
        rows.append(
            f"<tr><th scope=row>{html.escape(label)}</th><td>{html.escape(written)}</td>"
            f"<td><code>{html.escape(key)}</code></td></tr>"
        )
    return "".join(rows)


def in_html(markdown: str) -> str:
    """A sentence of ours: bold words, and what ``plain`` has escaped."""
    text = re.sub(r"\\([\\`*\[\]<>&$~#|_+=.)-])", lambda found: f"&#{ord(found[1])};", markdown)
    kept = re.split(r"(&#\d+;)", text)
    escaped = "".join(
        part if k % 2 else html.escape(part, quote=False) for k, part in enumerate(kept)
    )
    paragraphs = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escaped).split("\n\n")
    return "</p><p>".join(paragraphs)
