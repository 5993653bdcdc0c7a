"""Own names in menus, headlines and legends; ids stand below and in the address of old links."""

import json
from urllib.parse import parse_qs

import pytest
import torch

from corelib.catalog import system
from corelib.runs.marks import mark
from corelib.runs.offered import titles
from corelib.runs.spec import make_spec
from corelib.runs.store import Run
from corelib.training.events import Began, Stepped
from tests.charts import charts
from tests.pages.app import open_page, sentences
from tests.pages.stored import completed_run

BEGAN = Began(step=0, total_steps=2, steps_per_epoch=2, device="cpu", threads=1, parameters=1)
STEP = Stepped(step=1, count=1, seconds=0.1, metrics={"loss": 1.0, "accuracy": 0.5})


def trained(variant: str, seed: int = 0, **config) -> Run:
    """A completed BPAN of this name."""
    spec = make_spec("bpan", variant=variant, seed=seed, config=config)
    chosen = system("bpan")
    torch.manual_seed(seed)
    model = chosen.make_model(chosen.config_type(**spec.config))
    return completed_run(spec, model, events=(BEGAN, STEP))


def captions(app) -> list[str]:
    return [item.value for item in app.caption]


def test_a_run_is_called_by_its_name_in_the_menu_and_its_id_stands_below(runs_root):
    run = trained("lab1")
    app = open_page("balance", balance_model="lab1")
    assert not app.exception
    picker = app.selectbox(key="balance_model")
    assert "lab1" in picker.options
    assert run.id not in picker.options
    assert picker.value == run.id
    assert run.id in captions(app)


@pytest.mark.parametrize("asked", ["id", "title"])
def test_an_address_may_hold_the_id_or_the_title(runs_root, asked):
    run = trained("lab1")
    shown = {"id": run.id, "title": "lab1"}[asked]
    app = open_page("halting", halting_models=["bpan-mnist", shown])
    assert not app.exception
    assert app.multiselect(key="halting_models").value == ["bpan-mnist", run.id]
    assert open_page("balance", balance_model=shown).selectbox(key="balance_model").value == run.id


def test_an_old_link_finds_a_run_by_each_name_that_it_had(runs_root):
    run = trained("lab1")
    other = trained("", seed=1)
    unnamed = titles()[other.id]
    mark(run, name="wide")
    mark(run, name="wider")
    mark(other, name="second")
    for title in ("lab1", "wide", "wider", run.id):
        picker = open_page("balance", balance_model=title).selectbox(key="balance_model")
        assert picker.value == run.id
    picker = open_page("balance", balance_model=unnamed).selectbox(key="balance_model")
    assert picker.value == other.id
    # What two runs were called names neither.
    mark(other, name="wide")
    mark(other, name="third")
    app = open_page("balance", balance_model="wide")
    assert app.selectbox(key="balance_model").value not in (run.id, other.id)
    assert "wide is not there" in app.toast[0].value


def test_a_link_holds_ids_so_that_it_means_the_same_run_when_its_name_was_given_to_another(
    runs_root,
):
    run = trained("lab1")
    app = open_page("halting", halting_models=["bpan-mnist", "lab1"], halting_tab="Export")
    (link,) = [code.value for code in app.code if "halting_tab=Export" in code.value]
    assert parse_qs(link.partition("?")[2])["halting_models"] == ["bpan-mnist", run.id]


def test_headlines_and_legends_hold_names(runs_root):
    run = trained("lab1")
    app = open_page("halting", halting_models=["lab1", "bpan-mnist"])
    assert not app.exception
    assert "**lab1**" in sentences(app)
    drawn = "".join(chart.spec for chart in charts(app))
    names = {trace.get("name") for trace in json.loads(charts(app)[0].spec)["data"]}
    assert "lab1" in names
    assert run.id not in drawn + sentences(app)


def test_the_choice_stays_when_another_run_takes_its_name(runs_root):
    run = trained("lab1")
    app = open_page("balance", balance_model="lab1")
    other = trained("lab1", seed=1)
    app.run()
    picker = app.selectbox(key="balance_model")
    assert {"lab1, seed 0", "lab1, seed 1"} <= set(picker.options)
    assert picker.value == run.id
    # The browser is told what the choice is called now.
    assert picker.proto.set_value
    assert picker.proto.raw_value == "lab1, seed 0"
    app.run()
    assert not app.selectbox(key="balance_model").proto.set_value
    assert other.id not in captions(app)


def test_the_runs_page_names_runs_and_tells_their_ids(runs_root):
    runs = [trained("lab1"), trained("lab2")]
    app = open_page("runs", runs_run=runs[0].id)
    assert not app.exception
    assert app.selectbox(key="runs_run").options == ["lab2", "lab1"]
    assert app.selectbox(key="runs_run").value == runs[0].id
    table = app.dataframe[0].value
    assert list(table["run"]) == ["lab2", "lab1"]
    assert list(table["id"]) == [runs[1].id, runs[0].id]
    assert any(runs[0].id in text for text in captions(app))
