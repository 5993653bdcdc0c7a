"""Reports: one file that says what the page says, from the page and from the command line."""

import json
import re
from html import unescape

import pytest

from corelib.__main__ import main
from corelib.runs.registry import find
from corelib.runs.spec import as_command
from corelib.runs.store import create_run
from dashboard.figures.light import light
from dashboard.rooms import ROOMS
from dashboard.shell import drawn, report
from dashboard.shell.bundle import spec_of
from dashboard.shell.report import in_html
from dashboard.shell.text import plain
from tests.pages.app import open_page
from tests.runs.conftest import tiny
from tests.runs.test_registry import store


def made(name: str, key: str, **query) -> tuple[str, object]:
    """The report of a page, and the page."""
    app = open_page(name, **query)
    app.session_state[report.WANTED] = name
    app.button(key=key).click().run()
    assert not app.exception
    return app.session_state[report.MADE], app


def figures_in(text: str) -> list[dict]:
    found = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    return [json.loads(one) for one in found]


def test_a_report_says_what_the_page_says():
    text, app = made("halting", "halting_report", halting_tab="Export", halting_theta="0.8")
    title, sentence = app.session_state[drawn.HEAD]
    assert f"<h1>{title}</h1>" in text
    assert in_html(sentence) in text
    shown = app.session_state[drawn.FIGURES]
    figures = [one for one in shown.values() if not isinstance(one.figure, str)]
    specs = figures_in(text)
    assert len(specs) == len(figures)
    for spec, one in zip(specs, figures, strict=True):
        assert spec["data"] == json.loads(json.dumps(light(one.figure.to_dict()["data"])))
        assert f"<figcaption>{in_html(one.caption)}</figcaption>" in text
    assert "<td>0.8</td><td><code>halting_theta</code></td>" in text
    for name in app.session_state["halting_models"]:
        assert as_command(spec_of(find(name))) in unescape(text)
    assert "halting?halting_theta=0.8" in text
    assert "@unpublished{lahiri_bpan" in text


def test_plotly_is_there_once_and_nothing_is_fetched():
    text, _ = made("balance", "balance_report", balance_tab="Export")
    assert text.count("plotly.js v") == 1
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"(?:src|href)=[\"']?(?!data:|#)", outside)
    assert "url(http" not in outside


def test_what_a_person_wrote_is_text(runs_root):
    run = create_run(tiny(variant="x"))
    store(run, 110, 0.5)
    run.set_status("completed")
    from corelib.runs.marks import mark

    mark(run, name="<script>alert(1)</script> & **b**")
    text, _ = made("balance", "balance_report", balance_tab="Export", balance_model=run.id)
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; **b**" in text


@pytest.mark.parametrize(
    "word", ["a_b", "*x*", "<b>", "[l](u)", "θ = 0.9", "5 < 6 & 7", "x:y", "#1", "1. a"]
)
def test_a_name_in_a_sentence_reads_as_it_was_written(word):
    assert (
        unescape(re.sub(r"</?(?:p|strong)>", "", in_html(f"so **{plain(word)}** is")))
        == f"so {word} is"
    )
    assert "<strong>" in in_html(f"so **{plain(word)}** is")


@pytest.mark.parametrize("room", [pytest.param(r, marks=pytest.mark.slow) for r in ROOMS])
def test_every_experiment_has_a_report(room, tmp_path):
    name = room.file.removesuffix(".py")
    assert main(["report", name, str(tmp_path / "r.html")]) == 0
    assert figures_in((tmp_path / "r.html").read_text(encoding="utf-8"))


def test_pages_of_the_laboratory_have_one(runs_root):
    text, _ = made("claims", "claims_report")
    assert len(figures_in(text)) == 1
    assert "published figures that our tables speak to" in text
    text, _ = made("compare", "compare_report")
    assert "compare_runs" in text
    assert "train mlp" in text


def test_the_command_line_gives_the_same_report(tmp_path, capsys):
    file = tmp_path / "r.html"
    assert main(["report", "http://127.0.0.1:8501/lab/halting?halting_theta=0.8", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    page, _ = made("halting", "halting_report", halting_tab="Export", halting_theta="0.8")

    def without_time(text: str) -> str:
        return re.sub(r"Made by Synaptarium, .*? UTC", "", text)

    assert without_time(text) == without_time(page)
    assert main(["report", "halting", str(file)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["report", "halting", str(file), "--force"]) == 0
    assert "halting?halting_theta" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("view", "file", "said"),
    [
        ("nosuch", "r.html", "no experiment named 'nosuch'"),
        ("halting?halting_theat=1", "r.html", "no control named 'halting_theat'"),
        ("halting?halting_theta=much", "r.html", "halting_theta cannot be 'much'"),
        ("halting", "r.pdf", "should end in .html"),
        ("halting", "nowhere/r.html", "no folder"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_nothing_is_written(tmp_path, capsys, view, file, said):
    assert main(["report", view, str(tmp_path / file)]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_link_names_every_network_of_a_list():
    text, app = made(
        "halting",
        "halting_report",
        halting_tab="Export",
        halting_models=["bpan-mnist", "mlp-mnist"],
    )
    assert app.session_state["halting_models"] == ["bpan-mnist", "mlp-mnist"]
    assert "halting?halting_models=bpan-mnist&halting_models=mlp-mnist" in unescape(text)
