"""The loop's own words: which validation is the best, in which epoch, and how long all took."""

from itertools import count
from types import SimpleNamespace

import pytest

from corelib.training import loop
from corelib.training.config import TrainingSettings
from corelib.training.loop import step_seed, total_steps, train
from tests.runs.scripted import Scripted
from tests.test_catalog_laws import noisy_digits


class Scored(Scripted):
    """Its validation scores are these, one after another."""

    def __init__(self, *scores: float) -> None:
        super().__init__()
        self.scores = iter(scores)

    def evaluate(self, split):
        return {"loss": 3.0, "accuracy": next(self.scores)}


def settings(**changed) -> TrainingSettings:
    return TrainingSettings(**{"epochs": 5, "batch_size": 50, **changed})


def validations(*scores: float, **more) -> list:
    events = train(Scored(*scores), noisy_digits(), settings(), 0, **more)
    return [event for event in events if event.kind == "validated"]


def test_the_best_is_the_first_of_the_highest_scores_so_far():
    found = validations(0.5, 0.9, 0.7, 0.8, 0.9)
    assert [event.score for event in found] == [0.5, 0.9, 0.7, 0.8, 0.9]
    assert [event.best for event in found] == [True, True, False, False, False]
    assert [event.epoch for event in found] == [1, 2, 3, 4, 5]


def test_what_was_reached_before_a_resume_counts():
    found = validations(0.7, 0.8, 0.95, from_step=6, best_score=0.9)
    assert [(event.step, event.best) for event in found] == [(9, False), (12, False), (15, True)]


def test_an_epoch_that_is_cut_short_counts_as_one():
    events = train(Scored(0.1, 0.2, 0.3), noisy_digits(), settings(max_steps=7), 0)
    found = [(e.step, e.epoch) for e in events if e.kind == "validated"]
    assert found == [(3, 1), (6, 2), (7, 3)]


@pytest.mark.parametrize(
    ("epochs", "batch", "most", "total"),
    [
        (5, 50, 0, 15),
        (5, 50, 7, 7),
        (5, 50, 15, 15),
        (5, 50, 99, 15),
        (2, 149, 0, 4),
        (3, 150, 0, 3),
    ],
)
def test_the_whole_run_is_all_passes_or_the_most_updates(epochs, batch, most, total):
    asked = settings(epochs=epochs, batch_size=batch, max_steps=most)
    assert total_steps(noisy_digits(), asked) == total


def test_updates_and_validations_are_timed_apart(monkeypatch):
    """The clock goes on by a second at each look: two looks for each event."""
    ticks = count()
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    events = list(train(Scored(0.5), noisy_digits(), settings(epochs=1), 0))
    assert [event.seconds for event in events] == [1.0] * 4
    assert next(ticks) == 8


def test_the_noise_of_each_update_has_a_seed_of_its_own():
    seeds = {step_seed(seed, step) for seed in range(20) for step in range(20)}
    assert len(seeds) == 400
    assert step_seed(1, 2) != step_seed(2, 1)
