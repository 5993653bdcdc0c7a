"""What is read from the trials, against numbers computed by hand."""

from datetime import datetime, timedelta

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState, create_trial

from corelib.errors import SettingsError
from corelib.sweeps.results import PROBLEM, RUNS, SCORES, Results
from corelib.sweeps.settings import Range, StudySettings
from corelib.sweeps.space import distributions

NOON = datetime(2026, 1, 1, 12)


def results(settings: StudySettings, *rows: tuple) -> Results:
    """Trials of (chosen, scores of the seeds, state, minutes after noon when it ended)."""
    study = optuna.create_study(direction="maximize")
    for place, (chosen, scores, state, minute) in enumerate(rows):
        trial = create_trial(
            state=state,
            value=float(np.mean(scores)) if state == TrialState.COMPLETE else None,
            params=chosen,
            distributions=distributions(settings),
            user_attrs={
                SCORES: {str(seed): score for seed, score in enumerate(scores)},
                RUNS: {str(seed): f"run{place}-{seed}" for seed in range(len(scores))},
            }
            | ({PROBLEM: "it diverged"} if state == TrialState.FAIL else {}),
        )
        trial.datetime_start = NOON
        trial.datetime_complete = NOON + timedelta(minutes=minute)
        study.add_trial(trial)
    return Results(settings, study.get_trials())


def settings(**vary) -> StudySettings:
    ranges = any(isinstance(values, Range) for values in vary.values())
    return StudySettings(
        name="w", system="mlp", vary=vary, search="random" if ranges else "grid", trials=10
    )


GRID = settings(n_hidden=(4, 8), batch_size=(16, 32))
ROWS = (
    ({"n_hidden": 4, "batch_size": 16}, [0.5, 0.7], TrialState.COMPLETE, 3),
    ({"n_hidden": 8, "batch_size": 16}, [], TrialState.FAIL, 1),
    ({"n_hidden": 4, "batch_size": 32}, [0.8, 0.8], TrialState.COMPLETE, 2),
    ({"n_hidden": 8, "batch_size": 32}, [0.1], TrialState.PRUNED, 4),
)


def test_the_table_holds_mean_and_sd_over_seeds():
    table = results(GRID, *ROWS).table
    assert table["state"].tolist() == ["complete", "fail", "complete", "pruned"]
    assert table["score"][0] == pytest.approx(0.6)
    assert table["sd"][0] == pytest.approx(0.02**0.5)
    assert table["n"].tolist() == [2, 0, 2, 1]
    assert table["runs"][2] == "run2-0 run2-1"
    assert table["problem"].tolist() == ["", "it diverged", "", ""]


def test_the_course_follows_the_clock_and_not_the_numbers():
    course = results(GRID, *ROWS).course
    assert course["ended"].tolist() == [2, 3]
    assert course["trial"].tolist() == [2, 0]
    assert course["best"].tolist() == pytest.approx([0.8, 0.8])


def test_progress_best_and_time_left():
    found = results(GRID, *ROWS[:3])
    assert found.progress == "3 of 4 trials (1 failed)"
    assert not found.is_complete
    best = found.best
    assert best is not None
    assert (best.number, best.score) == (2, pytest.approx(0.8))
    assert found.runs(2) == {0: "run2-0", 1: "run2-1"}
    # Two have ended since 12:01:30; now it is 12:03:30, so that a minute goes to each.
    since = (NOON + timedelta(seconds=90)).timestamp()
    assert found.seconds_left(since, since + 120) == pytest.approx(60)
    assert found.seconds_left(since + 600, since + 700) is None


def test_a_grid_over_two_settings_averages_over_the_others():
    three = settings(n_hidden=(4, 8), batch_size=(16, 32), learning_rate=(0.1, 0.2))
    found = results(
        three,
        *(
            ({"n_hidden": n, "batch_size": b, "learning_rate": r}, [score], TrialState.COMPLETE, 1)
            for n, b, r, score in ((4, 16, 0.1, 0.2), (4, 16, 0.2, 0.4), (8, 32, 0.1, 0.9))
        ),
    )
    grid = found.grid("batch_size", "n_hidden")
    assert (grid.x, grid.y) == ((16, 32), (4, 8))
    np.testing.assert_allclose(grid.score, [[0.3, np.nan], [np.nan, 0.9]])
    assert grid.n.tolist() == [[2, 0], [0, 1]]


def test_ranges_are_divided_into_cells_even_over_what_the_search_spreads_over():
    ranged = settings(learning_rate=Range(low=1e-4, high=1.0, log=True), n_hidden=(4, 8))
    rates = np.geomspace(1e-4, 1.0, 9)
    inside = np.sqrt(rates[:-1] * rates[1:])
    found = results(
        ranged,
        *(
            ({"learning_rate": float(rate), "n_hidden": 4}, [k / 10], TrialState.COMPLETE, k)
            for k, rate in enumerate((*inside, 1.0))
        ),
    )
    grid = found.grid("learning_rate", "n_hidden")
    np.testing.assert_allclose(grid.x, inside)
    # The end of the range lies in the last cell.
    np.testing.assert_allclose(grid.score[0], [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75])
    assert grid.n[0].tolist() == [1] * 7 + [2]
    whole = settings(n_hidden=Range(low=4, high=6), batch_size=(16,))
    few = results(whole, ({"n_hidden": 5, "batch_size": 16}, [1.0], TrialState.COMPLETE, 1))
    assert few.grid("n_hidden", "batch_size").x == (4, 5, 6)


def test_importance_lies_where_the_score_comes_from():
    ranged = settings(learning_rate=Range(low=0.0, high=1.0), clip_norm=Range(low=0.0, high=1.0))
    draws = np.random.default_rng(0).random((60, 2))
    found = results(
        ranged,
        *(
            ({"learning_rate": a, "clip_norm": b}, [a], TrialState.COMPLETE, 1)
            for a, b in draws.tolist()
        ),
    )
    shares = found.importances()
    assert list(shares) == ["learning_rate", "clip_norm"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["learning_rate"] > 0.95
    assert shares == found.importances()


def test_importances_of_nothing_are_a_sentence():
    with pytest.raises(SettingsError, match="there is 1 complete"):
        results(GRID, ROWS[0]).importances()
