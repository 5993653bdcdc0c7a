"""Studies as folders: their states, damage, removal, databases, and what follows from the best."""

import json
import sqlite3
import time

import pytest

from corelib.__main__ import main
from corelib.errors import RunError, SettingsError
from corelib.runs.store import list_runs
from corelib.sweeps import launch
from corelib.sweeps import sweep as sweeping
from corelib.sweeps.engines import Resources
from corelib.sweeps.expected import expected, n_trainings
from corelib.sweeps.settings import Range, StudySettings
from corelib.sweeps.space import check
from corelib.sweeps.study import Study, Unreadable, all_studies, list_studies, remove_unreadable
from corelib.sweeps.sweep import run, sweep
from corelib.sweeps.write import as_toml
from tests.runs.conftest import wait_until

SHORT = {"epochs": 1, "max_steps": 20}


@pytest.fixture(autouse=True)
def _runs(runs_root):
    """Each test has a folder of its own."""


def settings(**changed) -> StudySettings:
    given = {"name": "w", "system": "mlp", "fixed": SHORT, "vary": {"n_hidden": [4, 16]}}
    return StudySettings(**{**given, **changed})


def told(monkeypatch, *scores: float | None) -> None:
    """Trials end at once with these scores, without training; None fails."""
    numbers = iter(scores)

    def train(study, trial):
        score = next(numbers)
        if score is None:
            raise RunError("it diverged.")
        trial.set_user_attr("scores", {"0": score})
        return [score]

    monkeypatch.setattr("corelib.sweeps.trial._train_seeds", train)


def test_a_study_says_what_becomes_of_it(monkeypatch):
    told(monkeypatch, 0.5, 0.75)
    study = Study.begin(settings())
    assert study.state == "begun"
    seen = []
    run(study, see=lambda s: seen.append(s.state))
    assert set(seen) == {"running"}
    assert (study.state, study.best) == ("completed", {"n_hidden": 16})


def test_a_stopped_study_is_no_failed_one(monkeypatch):
    told(monkeypatch, 0.5)
    study = Study.begin(settings())
    states = []

    def stop(study):
        study.stop()
        states.append(study.state)

    run(study, see=stop)
    assert set(states) == {"stopping"}
    assert (study.state, study.progress) == ("stopped", "1 of 2 trials")


def test_why_its_process_ended_is_kept(monkeypatch):
    monkeypatch.setattr(sweeping, "train_all", _raise(SettingsError("Ray is not installed.")))
    study = Study.begin(settings())
    with pytest.raises(SettingsError):
        run(study)
    assert (study.state, study.driver.problem) == ("failed", "Ray is not installed.")


def _raise(error):
    def raising(*_):
        raise error

    return raising


def test_a_process_that_cannot_say_why_it_ended_has_died():
    study = Study.begin(settings())
    study.note("running")
    assert study.state == "died"
    study.note("starting")
    assert study.state == "starting"
    with pytest.raises(RunError, match="is starting already"):
        launch.start(study)
    late = study.driver._replace(since=time.time() - 60)
    (study.folder / "driver.json").write_text(json.dumps(late._asdict()), encoding="utf-8")
    assert study.state == "died"


def test_it_trains_in_a_process_of_its_own():
    """Started as the page starts it: it ends completed, and what it printed is in the log."""
    study = Study.begin(settings(vary={"n_hidden": [4]}))
    launch.start(study, "local", Resources(workers=1))
    assert study.state in ("starting", "running")
    wait_until(
        lambda: study.state not in ("starting", "running"), "the study has ended", seconds=120
    )
    assert study.state == "completed"
    assert "1 of 1 trials; best" in study.log.read_text(encoding="utf-8")
    assert len(list(list_runs())) == 1


def test_a_damaged_study_is_listed_with_its_reason(capsys):
    Study.begin(settings())
    broken = Study.begin(settings(name="broken"))
    (broken.folder / "study.json").write_text("{", encoding="utf-8")
    empty = broken.folder.with_name("empty")
    empty.mkdir()
    found = {s.name: s.problem for s in all_studies() if isinstance(s, Unreadable)}
    assert list(found) == ["broken", "empty"]
    assert "study.json is damaged" in found["broken"]
    assert "study.json is missing" in found["empty"]
    assert [study.settings.name for study in list_studies()] == ["w"]
    assert main(["sweep"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in printed] == [
        ["broken", "damaged"],
        ["empty", "damaged"],
        ["w", "mlp"],
    ]
    remove_unreadable("broken")
    with pytest.raises(SettingsError, match="no damaged study named 'w'"):
        remove_unreadable("w")
    assert not broken.folder.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"nothing\nof it\n", "is damaged"), (b'{"op_code": 4}\n', "is damaged"), (b"", "are gone")],
)
def test_damaged_trials_are_a_sentence(content, said):
    study = Study.begin(settings())
    (study.folder / "journal.log").write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        study.results()


def test_removing_leaves_the_runs_and_waits_until_it_is_stopped():
    study = sweep("mlp", vary={"n_hidden": [4]}, name="w", **SHORT)
    with study.held(), pytest.raises(RunError, match="is running; stop it first"):
        study.remove()
    study.remove()
    assert not list(list_studies())
    assert len(list(list_runs())) == 1


def test_a_database_keeps_the_trials_in_place_of_the_file(tmp_path, monkeypatch):
    told(monkeypatch, 0.5, 0.75)
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    study = Study.begin(settings(storage=url))
    run(study)
    assert not (study.folder / "journal.log").exists()
    with sqlite3.connect(tmp_path / "studies.db") as database:
        values = database.execute("SELECT value FROM trial_values ORDER BY value").fetchall()
    assert values == [(0.5,), (0.75,)]
    assert Study.of("w").best == {"n_hidden": 16}
    # Its own file says nothing of the database, and begins the same study.
    file = tmp_path / "w.toml"
    file.write_text(as_toml(study.settings), encoding="utf-8")
    assert main(["sweep", str(file)]) == 0
    assert main(["sweep", "w", "--storage", url]) == 2
    study.remove()
    assert not study.folder.exists()
    Study.begin(settings(storage=url))  # its name is free again


def test_a_name_that_the_database_holds_is_refused(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    Study.begin(settings(storage=url))
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(tmp_path / "other"))
    with pytest.raises(SettingsError, match="The database holds a study named 'w' already"):
        Study.begin(settings(storage=url))
    assert not list(list_studies())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("studies.db", "storage should be the URL"),
        ("sqlite://", "storage should be the URL"),
        ("nothing://here/at", "The database of storage cannot be opened"),
        ("sqlite:////no/such/folder/s.db", "The database of storage cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_a_sentence(url, said):
    with pytest.raises(SettingsError, match=said):
        Study.begin(settings(storage=url))
    assert not list(list_studies())


def test_the_best_again_with_other_seeds(monkeypatch):
    told(monkeypatch, 0.5, 0.75)
    study = Study.begin(settings(vary={"n_hidden": (4, 16)}))
    with pytest.raises(RunError, match="No trial of w is complete"):
        launch.best_again(study)
    run(study)
    again = launch.best_again(study)
    assert again == settings(name="w_best", vary={"n_hidden": (16,)}, seeds=(0, 1, 2, 3, 4))
    assert n_trainings(again) == 5


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"vary": {"n_hidden": {"low": 0, "high": 8}}, "search": "tpe"}, "n_hidden is 0"),
        ({"vary": {"n_hidden": {"low": 1.0, "high": 8.5}}, "search": "tpe"}, "whole numbers"),
        ({"vary": {"device": {"low": 1, "high": 8}}, "search": "tpe"}, "device is no number"),
    ],
)
def test_a_range_that_the_system_refuses_is_refused_at_once(changed, said):
    with pytest.raises(SettingsError, match=said):
        check(settings(**changed))


def test_expected_time_is_that_of_all_trainings_among_the_workers():
    study = settings(
        vary={"learning_rate": Range(low=1e-3, high=1e-1, log=True)},
        search="tpe",
        trials=100,
        seeds=(0, 1),
    )
    assert n_trainings(study) == 200
    assert expected(study).seconds is None
    assert expected(study).unknown == 200
    sweep("mlp", vary={"learning_rate": [1e-2]}, name="v", **SHORT)
    one = expected(settings(vary={"learning_rate": (1e-2,)}), 1).seconds
    assert one is not None
    assert expected(study, 1).seconds == pytest.approx(200 * one)
    assert expected(study, 4).seconds == pytest.approx(50 * one)
    # No more trials than there are can train at once.
    few = settings(vary={"learning_rate": (1e-2, 2e-2)})
    assert expected(few, 4).seconds == pytest.approx(one)


def test_toml_from_the_command_line(tmp_path):
    study = Study.begin(settings())
    assert main(["sweep", "w", "--toml", str(tmp_path / "w.toml")]) == 0
    assert (tmp_path / "w.toml").read_text(encoding="utf-8") == as_toml(study.settings)
    assert study.state == "begun"
