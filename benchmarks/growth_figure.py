"""The figure of ``benchmarks.growth``, in light and dark: ``python -m benchmarks.growth_figure``
draws it again from what was measured. Chromium draws it with plotly's own script."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from dashboard.figures.figure import Figure
from dashboard.figures.style import DARK, DASHES, LIGHT, OKABE_ITO, Palette, styled
from dashboard.shell.plotly import PLOTLY
from tests.browser.driver import ROOT, browser

PICTURES = ROOT / "docs" / "pictures"
WIDTH, ROW = 1000, 310
MARKS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲"}
"""plotly's name of a mark, and the mark in text."""
MEASURED = {"ms": "processor time / ms", "mb": "memory / MB"}


class Row(NamedTuple):
    """Two panels, time and memory: what is measured, what it grows with, and its lines."""

    of: str
    axis: str
    label: str
    lines: tuple[str, ...]


NETWORKS = ("BPAN", "BPC", "iP-VAE")
ROWS = (
    Row("A training step", "units", "hidden units (of each layer in BPC), batch 128", NETWORKS),
    Row("A training step", "batch", "images in a batch", NETWORKS),
    Row("A training step", "T", "steps T, batch 128", NETWORKS),
    Row(
        "A training step of BPAN, by heap",
        "batch",
        "images in a batch",
        ("BPAN", "memory kept", "no heap"),
    ),
    Row(
        "One pass over the images",
        "images",
        "images",
        ("BPAN epoch", "BPAN test", "BPC epoch", "BPC test"),
    ),
    Row("The list of runs", "runs", "runs", ("first list", "new process", "again")),
)


def figure(found: Sequence[dict[str, Any]], palette: Palette) -> Figure:
    """All panels; ``found`` is what ``benchmarks.growth`` writes."""
    lines = {(each["line"], each["axis"]): each for each in found}
    traces: list[dict] = []
    layout: dict[str, Any] = {
        "grid": {"rows": len(ROWS), "columns": 2, "pattern": "independent", "ygap": 0.44},
        "annotations": [],
        "showlegend": False,
        "hovermode": False,
        "margin": {"l": 64, "r": 12, "t": 56, "b": 56},
    }
    for number, (row, what) in enumerate((row, what) for row in ROWS for what in MEASURED):
        shown = [lines[name, row.axis] for name in row.lines]
        shown = [each for each in shown if what in each["slope"]]
        suffix = str(number + 1) if number else ""
        traces += [_trace(each, what, row.lines, suffix) for each in shown]
        values = sorted({int(value) for each in shown for value in each["points"]})
        layout[f"xaxis{suffix}"] = {
            "type": "log",
            "title": {"text": row.label},
            "tickvals": values,
            "ticktext": [f"{value:,}" for value in values],
            "dtick": None,
        }
        layout[f"yaxis{suffix}"] = {
            "type": "log",
            "title": {"text": MEASURED[what]},
            "dtick": 1,
            "tickformat": ",",
        }
        layout["annotations"].append(_names(shown, what, row, suffix))
    return styled(traces, layout, palette, height=ROW * len(ROWS))


def _look(name: str, names: Sequence[str]) -> tuple[str, str, str]:
    """Colour, mark and dash of a line, by its place in the row."""
    place = names.index(name)
    return OKABE_ITO[place], list(MARKS)[place], DASHES[place]


def _trace(line: dict[str, Any], what: str, names: Sequence[str], suffix: str) -> dict:
    colour, mark, dash = _look(line["line"], names)
    return {
        "x": [int(value) for value in line["points"]],
        "y": [found[what] for found in line["points"].values()],
        "mode": "lines+markers",
        "line": {"color": colour, "dash": dash},
        "marker": {"symbol": mark, "size": 7},
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
    }


def _names(shown: Sequence[dict], what: str, row: Row, suffix: str) -> dict[str, Any]:
    """Above a panel: what is measured, and below it each line's mark, name and slope."""
    named = []
    for line in shown:
        colour, mark, _ = _look(line["line"], row.lines)
        slope = f"{line['slope'][what]:.2f}".replace("-", "−")
        named.append(f'<span style="color:{colour}">{MARKS[mark]}</span> {line["line"]} {slope}')
    # More than three are wider than the panel.
    parts = (named[:3], named[3:])
    names = "<br>".join("  ".join(part) for part in parts if part)
    return {
        "text": f"<b>{row.of}</b>, and slopes<br>{names}",
        "align": "left",
        "showarrow": False,
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix} domain",
        "x": 0,
        "y": 1.02,
        "xanchor": "left",
        "yanchor": "bottom",
    }


def draw(found: Sequence[dict[str, Any]], folder: Path = PICTURES) -> None:
    """Write growth-light.svg and growth-dark.svg."""
    with browser() as chrome:
        page = chrome.new_page()
        page.add_script_tag(path=PLOTLY)
        for theme, palette in (("light", LIGHT), ("dark", DARK)):
            drawn = figure(found, palette).to_dict()
            size = {"format": "svg", "width": WIDTH, "height": drawn["layout"]["height"]}
            url = page.evaluate("([figure, size]) => Plotly.toImage(figure, size)", [drawn, size])
            svg = unquote(url.partition(",")[2])
            (folder / f"growth-{theme}.svg").write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    draw(json.loads((PICTURES / "growth.json").read_text(encoding="utf-8")))
