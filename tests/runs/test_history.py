"""What a history says of a run so far, from made events whose answers are sums done by hand."""

import pytest

from corelib.runs.history import History
from corelib.runs.store import Run
from corelib.training.events import Began, Finished, Saved, Stepped, Validated


def began(step: int = 0, total: int = 100) -> Began:
    return Began(
        step=step, total_steps=total, steps_per_epoch=10, device="cpu", threads=1, parameters=9
    )


def stepped(step: int, count: int, seconds: float) -> Stepped:
    return Stepped(step=step, count=count, seconds=seconds, metrics={"loss": 1.0})


def validated(step: int, score: float = 0.5, seconds: float = 0.0) -> Validated:
    metrics = {"loss": 1 - score, "accuracy": score}
    return Validated(
        step=step, epoch=-(-step // 10), metrics=metrics, score=score, best=True, seconds=seconds
    )


def finished(step: int) -> Finished:
    return Finished(step=step, best_step=step, metrics={"accuracy": 0.5})


@pytest.fixture
def history(tmp_path):
    """Of these events."""

    def of(*events) -> History:
        run = Run(tmp_path)
        run.events.unlink(missing_ok=True)
        for event in events:
            run.append(event)
        return run.history()

    return of


def test_the_rate_is_that_of_the_last_seconds_alone(history):
    """Ten updates a second at first, then one a second for ten seconds."""
    first = [stepped(10 * k, 10, 1.0) for k in range(1, 6)]
    then = [stepped(50 + k, 1, 1.0) for k in range(1, 11)]
    assert history(began(), *first).updates_per_second() == pytest.approx(10)
    assert history(began(), *first, *then).updates_per_second() == pytest.approx(1)
    # Of four seconds, three are of the slow ones.
    assert history(began(), *first, *then[:3]).updates_per_second() == pytest.approx(13 / 4)
    # One event may be longer than the window.
    assert history(began(), *first, stepped(100, 50, 100.0)).updates_per_second() == 0.5


def test_the_time_left_counts_updates_and_each_validation_among_them(history):
    measured = [validated(10, seconds=2.0), validated(20, seconds=4.0), validated(21)]
    known = history(began(), stepped(21, 21, 42.0), *measured)
    assert known.seconds_per_validation() == 3.0, "where no time was kept, none is counted"
    # 79 updates of two seconds, and eight validations, at 30, 40, ... 100.
    assert known.seconds_left() == pytest.approx(79 * 2 + 8 * 3)
    done = history(began(), stepped(100, 100, 50.0), validated(100, seconds=2.0))
    assert done.seconds_left() == 0
    unknown = history(began(), validated(10))
    assert (unknown.seconds_left(), unknown.seconds_per_validation()) == (None, 0)


def test_the_step_is_that_of_the_last_update_or_of_the_checkpoint_it_began_with(history):
    assert history(began(30)).step == 30
    assert history(began(30), stepped(35, 5, 1.0)).step == 35
    assert history(began(30), stepped(35, 5, 1.0), Saved(step=33)).saved_step == 33


def test_the_first_of_equally_good_validations_is_the_best(history):
    scores = [(10, 0.4), (20, 0.8), (30, 0.8), (40, 0.6)]
    assert history(*(validated(*one) for one in scores)).best.step == 20


def test_a_run_that_goes_on_is_not_finished(history):
    """Its worker was killed after the test at its end, before it had said that it is completed."""
    events = (began(), stepped(100, 100, 1.0), validated(100), finished(100))
    assert history(*events).finished == events[-1]
    assert history(*events, began(100)).finished is None
    again = history(*events, began(100), finished(100))
    assert again.finished == events[-1]
    assert [v.step for v in again.validations] == [100]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (0, ""),
        (1, "1 line of its history could not be read."),
        (2, "2 lines of its history could not be read."),
    ],
)
def test_what_cannot_be_read_is_counted_in_words(history, tmp_path, lines, problem):
    read = history(began())
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b"{}\n" * lines)
    assert read.refresh().problem == problem


def test_a_history_that_comes_back_is_no_problem_any_more(history, tmp_path):
    read = history(began())
    file = tmp_path / "events.jsonl"
    kept = file.rename(tmp_path / "kept")
    file.mkdir()
    assert "events.jsonl cannot be read: Is a directory." in read.refresh().problem
    file.rmdir()
    kept.rename(file)
    Run(tmp_path).append(stepped(5, 5, 1.0))
    assert read.refresh().problem == ""
    assert read.step == 5


def test_the_measure_is_the_metric_that_the_score_is():
    assert validated(10, 0.75).measure == "accuracy"
    other = validated(10, 0.75).model_copy(update={"score": 0.9})
    assert other.measure == "score"
