"""The page Studies without a browser: the form, what came of a study, and what its buttons do."""

import json
from urllib.parse import parse_qs

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from corelib.sweeps.results import RUNS, SCORES
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.study import Study
from corelib.sweeps.sweep import run
from corelib.words import PROGRAM
from dashboard.lab.studies import form, panel
from dashboard.shell import headless
from tests.charts import charts
from tests.pages.app import open_page, sentences


@pytest.fixture(autouse=True)
def _runs(runs_root):
    """Each test has a folder of its own."""


@pytest.fixture
def started(monkeypatch) -> list[tuple]:
    """The studies that would be started, with their engines and resources; none is."""
    calls: list[tuple] = []

    def start(study, *how):
        calls.append((study.settings, *how))

    monkeypatch.setattr(form, "start", start)
    monkeypatch.setattr(panel, "start", start)
    return calls


def finished(monkeypatch, **changed) -> Study:
    """A study of two settings that has ended at once; the score grows with the width and the
    seed."""

    def train(study, trial):
        found = {
            str(seed): trial.params["n_hidden"] / 100 + seed / 50 for seed in study.settings.seeds
        }
        trial.set_user_attr(RUNS, {seed: f"run-{trial.number}-{seed}" for seed in found})
        trial.set_user_attr(SCORES, found)
        return list(found.values())

    monkeypatch.setattr("corelib.sweeps.trial._train_seeds", train)
    given = {
        "name": "width",
        "system": "mlp",
        "fixed": {"epochs": 1},
        "vary": {"n_hidden": (8, 16, 32), "learning_rate": (0.01, 0.1)},
        "seeds": (0, 1),
    }
    return run(Study.begin(StudySettings(**{**given, **changed})))


def described(**typed: str) -> AppTest:
    """The form with a study of the multilayer perceptron's width."""
    app = open_page("studies")
    app.selectbox("studies_system").set_value("mlp").run()
    app.multiselect("studies_mlp_vary").set_value(["n_hidden"]).run()
    values = {"studies_name": "width", "studies_mlp_values_n_hidden": "8, 16", **typed}
    for key, value in values.items():
        app.text_input(key).set_value(value)
    return app.run()


def test_the_form_says_what_it_costs_and_begins_it(started):
    app = described(studies_seeds="0 to 4")
    assert "10 trainings: 2 choices with 5 seeds each. Expected time: no run of this kind" in (
        sentences(app)
    )
    app.number_input("studies_mlp_value_epochs").set_value(3)
    app.number_input("studies_workers").set_value(2)
    app.button("studies_begin").click().run()
    assert not app.exception
    ((settings, engine, resources),) = started
    assert settings == StudySettings(
        name="width",
        system="mlp",
        dataset="mnist",
        fixed={"epochs": 3},
        vary={"n_hidden": (8, 16)},
        seeds=(0, 1, 2, 3, 4),
    )
    assert (engine, resources.workers, resources.address) == ("local", 2, "")
    assert Study.of("width").settings == settings
    # It is shown at once, and the form is ready for another one.
    assert "**width** has no complete trial yet." in sentences(app)
    assert app.text_input("studies_name").value == ""


def test_a_search_over_a_range_goes_to_ray(started, tmp_path):
    app = described(studies_mlp_values_n_hidden="8 to 32")
    assert "n\\_hidden is a range, which a grid cannot try" in sentences(app).replace("_", "\\_")
    assert app.button("studies_begin").disabled
    app.selectbox("studies_search").set_value("tpe").run()
    app.number_input("studies_n_trials").set_value(7)
    app.selectbox("studies_pruning").set_value("median")
    app.selectbox("studies_engine").set_value("ray").run()
    app.text_input("studies_address").set_value("auto")
    url = f"sqlite:///{tmp_path / 's.db'}"
    app.text_input("studies_storage").set_value(url).run()
    app.button("studies_begin").click().run()
    ((settings, engine, resources),) = started
    assert (settings.search, settings.trials, settings.pruning) == ("tpe", 7, "median")
    assert settings.storage == url
    assert (engine, resources.address) == ("ray", "auto")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"studies_name": ""}, "Give the study a name"),
        ({"studies_name": "a b"}, "name is 'a b', but should be at most 40 letters"),
        ({"studies_mlp_values_n_hidden": ""}, "has no values yet"),
        ({"studies_mlp_values_n_hidden": "8, x"}, "has the value 'x', but should be a whole"),
        ({"studies_mlp_values_n_hidden": "8, 0"}, "is 0, but should be"),
        ({"studies_mlp_values_n_hidden": "8, 8"}, "has a value twice: give each once"),
        ({"studies_seeds": "one"}, "seeds has the value 'one'"),
        ({"studies_storage": "here.db"}, "storage should be the URL of a database"),
    ],
)
def test_every_wrong_value_is_a_sentence(typed, said, started):
    app = described(**typed)
    assert not app.exception
    assert said in sentences(app).replace("\\", "")
    assert app.button("studies_begin").disabled


def test_a_name_that_is_taken_is_refused(monkeypatch, started):
    finished(monkeypatch)
    app = described()
    app.button("studies_begin").click().run()
    (error,) = app.error
    assert "There is a study named 'width' with other settings" in error.value
    assert not started


def test_the_best_is_named_with_its_spread(monkeypatch):
    finished(monkeypatch)
    app = open_page("studies", studies_study="width")
    assert not app.exception
    # Of seeds 0 and 1: 0.32 and 0.34.
    said = sentences(app)
    assert "is trial 4, n_hidden = 32, learning_rate = 0.01: validation score " in said
    assert "validation score **0.3300 ± 0.0141** (mean ± sd, n = 2 seeds)" in said
    listed, trials = (table.value for table in app.dataframe)
    assert listed.iloc[0].tolist()[:4] == ["width", "mlp", "completed", "6 of 6 trials"]
    assert trials["trial"].tolist() == [4, 5, 2, 3, 0, 1]
    assert trials["score"].tolist() == pytest.approx([0.33, 0.33, 0.17, 0.17, 0.09, 0.09])


def spec(app: AppTest, place: int = -1) -> dict:
    return json.loads(charts(app)[place].spec)


def test_the_best_so_far_never_falls(monkeypatch):
    finished(monkeypatch)
    points, best = spec(open_page("studies"), 0)["data"]
    assert best["y"] == pd.Series(points["y"]).cummax().tolist()
    assert len(points["y"]) == 6


def test_importance_is_that_of_the_setting_that_matters(monkeypatch):
    finished(monkeypatch)
    app = open_page("studies", studies_tab="Importance")
    (bar,) = spec(app)["data"]
    assert bar["y"] == ["learning_rate", "n_hidden"]
    # By a forest of random trees, some of which split by the setting that does not matter.
    assert bar["x"] == pytest.approx([0, 1], abs=0.003)


def test_slices_show_each_trial_with_its_spread(monkeypatch):
    finished(monkeypatch)
    traces = spec(open_page("studies", studies_tab="Slices"))["data"]
    assert [(t["name"], t["xaxis"]) for t in traces] == [
        ("a trial", "x"),
        ("best", "x"),
        ("a trial", "x2"),
        ("best", "x2"),
    ]
    assert traces[0]["x"] == ["8", "8", "16", "16", "32"]
    assert traces[1]["x"] == ["32"]
    assert traces[1]["error_y"]["array"] == pytest.approx([0.02 / 2**0.5])


def test_parallel_lines_lie_where_their_values_do(monkeypatch):
    finished(monkeypatch)
    traces = spec(open_page("studies", studies_tab="Parallel coordinates"))["data"]
    assert [t["name"] for t in traces] == ["the others", "best quarter", "best"]
    assert traces[2]["x"] == [0, 1, 2, None]
    # Widest, lower of two rates, best of all scores.
    assert traces[2]["y"] == [1, 0, 1, None]
    assert traces[0]["y"][:3] == pytest.approx([0.5, 0, 1 / 3])


def test_the_heatmap_follows_its_two_settings(monkeypatch):
    finished(monkeypatch)
    app = open_page("studies", studies_tab="Heatmap")
    sheet = spec(app)["data"][1]
    assert (sheet["x"], sheet["y"]) == (["8", "16", "32"], ["0.01", "0.1"])
    assert sheet["z"] == [pytest.approx([0.09, 0.17, 0.33])] * 2
    app = open_page("studies", studies_tab="Heatmap", studies_x="learning_rate")
    assert spec(app)["data"][1]["y"] == ["8", "16", "32"]


def test_its_toml_is_what_the_command_reads(monkeypatch):
    finished(monkeypatch)
    app = open_page("studies", studies_tab="Settings")
    text, command = (code.value for code in app.code)
    assert text.startswith('name = "width"\nsystem = "mlp"\nseeds = [0, 1]\n')
    assert command == f"{PROGRAM} sweep width.toml"


def test_the_best_is_trained_with_five_seeds(monkeypatch, started):
    finished(monkeypatch)
    app = open_page("studies")
    app.button("studies_train_the_best_with_five_seeds").click().run()
    ((again,),) = started
    assert (again.name, again.seeds) == ("width_best", (0, 1, 2, 3, 4))
    assert again.vary == {"n_hidden": (32,), "learning_rate": (0.01,)}
    assert "**width_best** has no complete trial yet." in sentences(app)


def test_its_report_has_the_figures_of_all_tabs(monkeypatch):
    finished(monkeypatch)
    text = headless.report("studies")
    assert "fANOVA over" in text
    assert "The best of" in text
    assert "Not drawn" not in text


def test_compare_opens_with_the_runs_of_the_best(monkeypatch):
    finished(monkeypatch)
    (link,) = open_page("studies").get("page_link")
    assert link.proto.page.endswith("compare")
    assert parse_qs(link.proto.query_string) == {"compare_models": ["run-4-0", "run-4-1"]}


def test_stop_asks_for_it_and_go_on_starts_it_as_before(monkeypatch):
    study = finished(monkeypatch)
    with study.held():
        app = open_page("studies")
        assert app.button("studies_go_on").disabled
        app.button("studies_stop").click().run()
        assert study.state == "stopping"
    began = Study.begin(StudySettings(name="next", system="mlp", vary={"n_hidden": (8,)}))
    calls = []
    monkeypatch.setattr(panel, "go_on", lambda s: calls.append(s.settings.name))
    app = open_page("studies", studies_study="next")
    app.button("studies_go_on").click().run()
    assert calls == [began.settings.name]


def test_delete_removes_the_study(monkeypatch):
    study = finished(monkeypatch)
    app = open_page("studies")
    app.button("studies_delete_this_study").click().run()
    assert not app.exception
    assert not study.folder.exists()
    assert "You have none yet" in sentences(app)


def test_why_it_failed_is_shown_with_its_output(monkeypatch):
    study = Study.begin(StudySettings(name="w", system="mlp", vary={"n_hidden": (8,)}))
    study.log.write_text("Study w: 0 of 1 trials.\n<b>Traceback</b>", encoding="utf-8")
    study.note("ended", "There are no *images* here.")
    app = open_page("studies")
    assert [error.value for error in app.error] == ["There are no \\*images\\* here."]
    # Drawn once it is opened.
    assert not app.code
    app.session_state["studies_output"] = True
    app.run()
    assert app.code[0].value == "Study w: 0 of 1 trials.\n<b>Traceback</b>"


@pytest.mark.parametrize("damage", ["study.json", "journal.log"])
def test_a_damaged_study_is_a_row_and_can_be_deleted(monkeypatch, damage):
    finished(monkeypatch, name="whole")
    study = finished(monkeypatch)
    (study.folder / damage).write_text("nothing\nof it\n", encoding="utf-8")
    app = open_page("studies", studies_study="width")
    assert not app.exception
    table = app.dataframe[0].value.set_index("study")
    assert table.loc["width", "state"] == "damaged"
    assert table.loc["whole", "state"] == "completed"
    (error,) = app.error
    assert "is damaged" in error.value
    app.button("studies_delete_this_study").click().run()
    assert not study.folder.exists()


@pytest.mark.parametrize(
    "query",
    [
        {"studies_study": "none"},
        {"studies_tab": "None"},
        {"studies_tab": "Heatmap", "studies_x": "<img>", "studies_y": ""},
    ],
)
def test_addresses_that_name_nothing_are_harmless(monkeypatch, query):
    finished(monkeypatch)
    app = open_page("studies", **query)
    assert not app.exception
    assert not app.error
