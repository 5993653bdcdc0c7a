"""The numbers that the laboratory's own pages say, and that every experiment has such a test."""

import importlib
from pathlib import Path

import pytest

from corelib import compare
from corelib.data import load_dataset
from corelib.runs.registry import find, shipped
from corelib.runs.spec import make_spec
from corelib.runs.store import create_run
from corelib.training.events import Began, Stepped, Validated
from dashboard.rooms import ROOMS
from tests.charts import charts
from tests.pages.app import open_page, sentences
from tests.pages.butd import store_network
from tests.pages.said import HEADLINES, headline, numbers, saying
from tests.pages.test_studies import finished


def test_every_experiment_has_a_test_of_its_sentence():
    for file in Path(__file__).parent.glob("test_said_*.py"):
        importlib.import_module(f"tests.pages.{file.stem}")
    experiments = {Path(room.file).stem for room in ROOMS}
    assert len(experiments) == 9
    assert experiments == HEADLINES


def test_home_counts_networks_and_runs(runs_root):
    networks = shipped()
    counted = [str(len(networks)), str(len({item.card.system for item in networks}))]
    (said,) = (text for text in sentences(open_page("home")).splitlines() if "available" in text)
    assert numbers(said) == counted
    for seed in (0, 1):
        store_network("counter-hebb", "mnist", seed=seed)
    (said,) = (text for text in sentences(open_page("home")).splitlines() if "available" in text)
    assert numbers(said) == [*counted, "2", "2", "0"]
    assert "2 completed, 0 in progress" in said


def test_compare_says_what_its_figure_shows(runs_root):
    names = ["mlp-mnist", "bpan-mnist", "gru-mnist"]
    app = open_page("compare", compare_models=names, compare_baseline="gru-mnist")
    found = compare(names, baseline="gru-mnist").differences.dropna(subset="images")
    said = [
        [f"{100 * row[column]:z.2f}" for column in ("difference", "low", "high")]
        for row in found.set_index("group").loc[names[:2]].to_dict("records")
    ]
    (figure,) = (chart for chart in charts(app) if chart.key == "compare_differences")
    # What follows is read from the figure.
    written = figure.alt.partition(": ")[2].replace("−", "-").split(";")[:2]
    assert [numbers(text) for text in written] == said
    caption = numbers(saying(app, "At 0: gru-mnist"))
    n = len(load_dataset().test.labels)
    assert caption[:3] == ["0", f"{n:,}", "95"]


def test_runs_count_and_one_says_how_far_it_is(runs_root):
    run = create_run(make_spec("bpan"))
    at = {"total_steps": 2000, "steps_per_epoch": 400, "device": "cpu"}
    run.append(Began(step=0, threads=2, parameters=1, **at))
    for step, score in ((400, 0.8125), (800, 0.75)):
        metrics = {"accuracy": score, "loss": 9.0}
        told = {"epoch": step // 400, "score": score, "best": score > 0.8, "seconds": 1.5}
        run.append(Validated(step=step, metrics=metrics, **told))
    run.append(Stepped(step=1300, count=100, seconds=2.0, metrics={"loss": 0.3456}))
    run.set_status("running")
    with run.lock:
        app = open_page("runs")
    size = sum(file.stat().st_size for file in run.folder.rglob("*") if file.is_file())
    assert numbers(headline(app)) == ["1", "0", "1", f"{size / 1e6:.1f}"]
    (bar,) = app.get("progress")
    # 700 updates at 50 a second, and two validations of a second and a half.
    assert numbers(bar.proto.text) == [
        *("1,300", "2,000", "3.2", "2", "50", "17", "0.346", "81.25")
    ]
    assert bar.proto.value == 65


def test_models_count_those_that_ship_and_those_of_runs(runs_root):
    for seed in (0, 1):
        store_network("counter-hebb", "mnist", seed=seed)
    app = open_page("models")
    n, kinds = len(shipped()), len({item.card.system for item in shipped()})
    assert numbers(headline(app))[:4] == [str(n + 2), str(kinds), str(n), "2"]
    row = app.dataframe[0].value.set_index("model").loc["bpan-mnist"]
    file = find("bpan-mnist").folder / "weights.safetensors"
    assert row["size / MB"] == pytest.approx(file.stat().st_size / 1e6)


def test_a_study_says_which_trial_is_the_best(runs_root, monkeypatch):
    study = finished(monkeypatch)
    app = open_page("studies", studies_tab="Importance")
    assert numbers(headline(app)) == ["1"]
    table = study.results().table
    best = table["trial"][table["score"].argmax()]
    # 0.32 and 0.34: their mean and the sd of a sample of two.
    assert numbers(saying(app, "The best of")) == [
        *(str(best), "32", "0.01", "0.3300", f"{0.02 / 2**0.5:.4f}", "2")
    ]
    assert numbers(saying(app, "fANOVA over")) == ["6", "2", "1"]


def test_the_glossary_counts_what_it_explains(runs_root):
    app = open_page("glossary")
    explained = sum(item.value.startswith("##### ") for item in app.markdown)
    assert numbers(headline(app)) == [str(explained)]
