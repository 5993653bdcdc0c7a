"""The command sweep: who trains with how much is what was asked for."""

import pytest

from corelib.__main__ import main
from corelib.sweeps import sweep as sweeping
from corelib.sweeps.engines import Resources
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.study import Study


@pytest.fixture
def asked(runs_root, monkeypatch):
    """What a study would have been run with."""
    seen = []
    monkeypatch.setattr(
        sweeping,
        "run",
        lambda study, engine, resources, see: seen.append((study, engine, resources)),
    )
    Study.begin(StudySettings(name="w", system="mlp", vary={"n_hidden": (4, 16)}))
    return seen


@pytest.mark.parametrize(
    ("words", "engine", "resources"),
    [
        ("", "local", Resources()),
        ("--workers 3", "local", Resources(workers=3)),
        ("--engine ray --address ray://a:1", "ray", Resources(address="ray://a:1")),
        ("--engine ray --cpus 0.5 --gpus 0.25", "ray", Resources(cpus=0.5, gpus=0.25)),
    ],
)
def test_engine_and_resources_are_those_that_were_asked_for(asked, words, engine, resources):
    assert main(["sweep", "w", *words.split()]) == 0
    ((study, with_engine, with_resources),) = asked
    assert study.settings.name == "w"
    assert (with_engine, with_resources) == (engine, resources)


@pytest.mark.parametrize("word", ["--workers=many", "--cpus=x", "--gpus=nan"])
def test_a_wrong_number_trains_nothing(asked, capsys, word):
    assert main(["sweep", "w", word]) == 2
    assert f"{word[2:].partition('=')[0]} is " in capsys.readouterr().err
    assert asked == []


def test_the_trials_are_written_as_they_are_shown(asked, tmp_path):
    file = tmp_path / "trials.csv"
    assert main(["sweep", "w", "--csv", str(file)]) == 0
    ((study, _, _),) = asked
    header = file.read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == list(study.trials.columns)


def test_ctrl_c_says_how_to_go_on(asked, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeping, "run", interrupted)
    assert main(["sweep", "w"]) == 130
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Stopped; go on with: python -m corelib sweep w"
    )


def test_a_file_may_be_given_another_database(asked, tmp_path):
    file = tmp_path / "v.toml"
    file.write_text('name = "v"\nsystem = "mlp"\n[vary]\nn_hidden = [4, 8]\n', encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    assert main(["sweep", str(file), "--storage", url]) == 0
    ((study, _, _),) = asked
    assert study.settings.storage == url
    assert (study.settings.name, study.settings.vary) == ("v", {"n_hidden": (4, 8)})
