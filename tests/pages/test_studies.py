"""The page Studies without a browser."""

import pytest

from corelib.sweeps.results import PROBLEM, RUNS, SCORES
from corelib.sweeps.settings import Range, StudySettings
from corelib.sweeps.study import Study
from corelib.sweeps.sweep import run
from tests.pages.app import open_page, sentences


@pytest.fixture(autouse=True)
def _runs(runs_root):
    """Each test has a folder of its own."""


def told(monkeypatch, score) -> None:
    """Trials end at once; ``score`` is of a trial's settings and a seed, None fails."""

    def train(study, trial):
        found = {str(seed): score(trial.params, seed) for seed in study.settings.seeds}
        trial.set_user_attr(RUNS, {seed: f"run-{trial.number}-{seed}" for seed in found})
        trial.set_user_attr(SCORES, found)
        return list(found.values())

    monkeypatch.setattr("corelib.sweeps.trial._train_seeds", train)


def finished(monkeypatch, **changed) -> Study:
    """A study of two settings that has ended; the score grows with the width."""
    told(monkeypatch, lambda chosen, seed: chosen["n_hidden"] / 100 + seed / 1000)
    given = {
        "name": "width",
        "system": "mlp",
        "fixed": {"epochs": 1},
        "vary": {"n_hidden": (8, 16, 32), "learning_rate": (0.01, 0.1)},
        "seeds": (0, 1),
    }
    return run(Study.begin(StudySettings(**{**given, **changed})))


def test_first_there_is_a_form():
    app = open_page("studies")
    assert not app.exception
    assert "You have none yet" in sentences(app)
    assert "Give the study a name" in sentences(app)
    print(sentences(app))
