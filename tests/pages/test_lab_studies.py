"""The page Studies, with trials that are written into Optuna's journal without training."""

import json

import numpy as np
import optuna
import pandas as pd
import pytest

from corelib.catalog import system
from corelib.errors import RunError, SettingsError
from corelib.runs.experiment import split_settings
from corelib.settings import SettingInfo
from corelib.sweeps import sweep as sweeping
from corelib.sweeps.settings import Range, StudySettings, as_toml, read_study, read_values
from corelib.sweeps.space import distributions
from corelib.sweeps.study import RUNS, SCORES, Study, damaged_studies, list_studies, studies_root
from dashboard.figures import studies as figures
from dashboard.figures.style import LIGHT
from dashboard.lab import studies as page
from tests.pages.app import open_page, sentences

GIVEN = {
    "name": "w",
    "system": "mlp",
    "fixed": {"epochs": 1},
    "vary": {"n_hidden": (16, 64, 128), "learning_rate": (0.001, 0.01)},
    "seeds": (0, 1),
}


def settings(**changed) -> StudySettings:
    return StudySettings(**{**GIVEN, **changed})


def score_of(chosen: dict) -> float:
    """Depends on the width alone."""
    return 0.5 + chosen["n_hidden"] / 1000


@pytest.fixture
def study(runs_root) -> Study:
    """A grid of six choices: five complete, one failed."""
    made = Study.begin(settings())
    searched = made.optuna()
    for k in range(6):
        trial = searched.ask(distributions(made.settings))
        if k == 5:
            trial.set_user_attr("problem", "It diverged.")
            searched.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        score = score_of(trial.params)
        trial.set_user_attr(SCORES, {"0": score - 0.01, "1": score + 0.01})
        trial.set_user_attr(RUNS, {"0": f"run-{k}-0", "1": f"run-{k}-1"})
        searched.tell(trial, score)
    return made


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {
            "search": "tpe",
            "trials": 7,
            "vary": {"learning_rate": Range(low=1e-4, high=0.1, log=True)},
        },
        {"search": "random", "vary": {"n_hidden": Range(low=8, high=64)}, "pruning": "median"},
        {"dataset": "fashion", "search_seed": 5, "fixed": {}},
        {"system": "bpan", "vary": {"dale": (True, False), "ce": ("time", "last")}},
    ],
)
def test_a_study_as_a_file_is_the_study(tmp_path, changed):
    wanted = settings(**changed)
    file = tmp_path / "study.toml"
    file.write_text(as_toml(wanted), encoding="utf-8")
    assert read_study(file) == wanted


INFOS: dict[str, SettingInfo] = {
    info.name: info
    for kind in (system("bpan").config_type, system("bpan").training_type)
    for info in kind.choices()
}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("n_excitatory", "64, 128", (64, 128)),
        ("n_excitatory", " 64;128 ,", (64, 128)),
        ("n_excitatory", "16 to 64", Range(low=16, high=64)),
        ("learning_rate", "1e-4 to 0.1 log", Range(low=1e-4, high=0.1, log=True)),
        ("dale", "true, off", (True, False)),
    ],
)
def test_what_a_person_writes_is_read(name, text, expected):
    assert read_values(name, text, INFOS[name]) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("n_excitatory", "many"),
        ("n_excitatory", "1.5"),
        ("n_excitatory", "1 to"),
        ("n_excitatory", "9 to 3"),
        ("dale", "maybe"),
        ("dale", "true to false"),
    ],
)
def test_what_cannot_be_read_is_said(name, text):
    with pytest.raises(SettingsError):
        read_values(name, text, INFOS[name])


def test_importance_is_of_the_setting_that_matters(study):
    shares = study.importances()
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares) == ["n_hidden", "learning_rate"]
    assert shares["n_hidden"] > 0.9


def test_the_best_choice_is_trained_with_five_seeds(study):
    again = study.of_best()
    assert again.seeds == (0, 1, 2, 3, 4)
    best = study.best
    assert best["n_hidden"] == 128
    spec = again.spec({"n_hidden": again.vary["n_hidden"][0]}, 3)
    network, training = split_settings(system("mlp"), {**best, "epochs": 1})
    assert {name: spec.config[name] for name in network} == network
    assert {name: spec.training[name] for name in training} == training
    with pytest.raises(RunError, match="No trial"):
        Study.begin(settings(name="other")).of_best()


def test_the_page_says_what_the_study_found(study):
    app = open_page("studies")
    assert not app.exception
    assert not app.error
    best = study.best_so_far
    assert f"best so far {best.score:.4f}" in sentences(app)
    assert "n\\_hidden = 128" in sentences(app) or "n_hidden = 128" in sentences(app)
    table = app.dataframe[0].value
    assert len(table) == 6
    assert table["score"].iloc[0] == f"{best.score:.4f} ± {np.std([-0.01, 0.01], ddof=1):.4f}"
    assert "It diverged." in set(table["problem"])
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    assert [spec["data"][0]["type"] for spec in specs] == [
        "scatter",
        "scatter",
        "bar",
        "parcoords",
        "heatmap",
    ]
    link = next(p.proto for p in app.get("page_link") if p.proto.page == "compare")
    best_two = study.trials.sort_values("score", ascending=False)["runs"].iloc[0].split()
    assert all(f"compare_runs={run}" in link.query_string for run in best_two)


def test_figures_hold_the_trials(study):
    trials = study.trials
    done = figures.complete(trials)
    points, line = figures.best_so_far(trials, LIGHT).data
    assert list(points["y"]) == done["score"].tolist()
    assert list(line["y"]) == pd.Series(done["score"]).cummax().tolist()
    (cells,) = figures.heatmap(trials, "n_hidden", "learning_rate", LIGHT).data
    for row, rate in zip(cells["z"], cells["y"], strict=True):
        for value, width in zip(row, cells["x"], strict=True):
            known = done[(done["n_hidden"] == int(width)) & (done["learning_rate"] == float(rate))]
            assert (value is None and known.empty) or value == known["score"].mean()


def test_a_study_is_begun_from_the_form(runs_root, monkeypatch):
    started = []
    monkeypatch.setattr(sweeping, "start", lambda *given: started.append(given))
    from dashboard.lab import studies_form

    monkeypatch.setattr(studies_form, "start", lambda *given: started.append(given))
    app = open_page("studies")
    assert "No study yet" in sentences(app)
    app.text_input(key="studies_new_name").set_value("mine")
    app.selectbox(key="studies_new_system").select("mlp")
    app.multiselect(key="studies_new_vary").set_value(["n_hidden"])
    app.run()
    app.multiselect(key="studies_new_vary").set_value(["n_hidden"]).run()
    app.text_input(key="studies_new_mlp_n_hidden").set_value("8, 16, 32").run()
    app.number_input(key="studies_new_seeds").set_value(2).run()
    assert any("3 trials of 2 seeds: 6 trainings" in c.value for c in app.caption)
    app.button(key="studies_begin").click().run()
    assert not app.exception
    ((begun, engine, resources),) = started
    assert begun.settings.vary == {"n_hidden": (8, 16, 32)}
    assert begun.settings.seeds == (0, 1)
    assert (engine, resources.workers) == ("local", 1)
    assert [study.settings.name for study in list_studies()] == ["mine"]


def test_a_wrong_value_in_the_form_is_a_sentence_and_begins_nothing(runs_root):
    app = open_page("studies")
    app.selectbox(key="studies_new_system").select("mlp").run()
    app.multiselect(key="studies_new_vary").set_value(["n_hidden"]).run()
    app.text_input(key="studies_new_mlp_n_hidden").set_value("8, wide").run()
    assert not app.exception
    assert "cannot be 'wide'" in app.error[0].value
    assert "studies_begin" not in {button.key for button in app.button}


def test_a_damaged_study_is_said_and_hides_no_other(study):
    for name, text in (("bad", "{"), ("worse", "[]"), ("odd", '{"name": "odd"}')):
        folder = studies_root() / name
        folder.mkdir()
        (folder / "study.json").write_text(text, encoding="utf-8")
    assert set(damaged_studies()) == {"bad", "worse", "odd"}
    app = open_page("studies")
    assert not app.exception
    assert len(app.warning) == 3
    assert app.selectbox(key="studies_study").options == ["w"]


def test_deleting_a_study_leaves_its_runs_and_is_refused_while_it_runs(study, runs_root):
    (runs_root / "run-0-0").mkdir()
    with study.held():
        assert study.is_running
        with pytest.raises(RunError, match="stop it first"):
            study.remove()
    app = open_page("studies")
    app.button(key="studies_remove").click().run()
    assert not app.exception
    assert list(list_studies()) == []
    assert (runs_root / "run-0-0").exists()


def test_the_buttons_follow_the_state(study):
    def enabled() -> set[str]:
        app = open_page("studies")
        return {b.key for b in app.button if not b.disabled} & {
            "studies_stop",
            "studies_go_on",
            "studies_best",
        }

    assert enabled() == {"studies_best"}
    with study.held():
        assert enabled() == {"studies_stop"}
    assert page.progress(study, False).startswith("**w** has ended")
