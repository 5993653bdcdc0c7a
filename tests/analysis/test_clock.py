"""Timing against a clock that only the timed calls move, so that every time is known."""

import pytest

from corelib.analysis import clock


class Moved:
    """A clock in seconds, and the calls that move it: each candidate takes as long as it is told,
    call by call, the last time again when there are no more."""

    def __init__(self, monkeypatch) -> None:
        self.now, self.called = 0.0, []
        monkeypatch.setattr(clock.time, "perf_counter", lambda: self.now)

    def taking(self, name: str, *seconds: float):
        left = list(seconds)

        def call() -> None:
            self.called.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return call


@pytest.fixture
def moved(monkeypatch) -> Moved:
    return Moved(monkeypatch)


def test_medians_are_those_of_the_rounds_without_warm_up_in_milliseconds(moved):
    candidates = {
        # Warm-up, then five rounds; their mean would be 22.
        "uneven": moved.taking("uneven", 90, 1, 100, 2, 3, 4),
        "even": moved.taking("even", 7),
    }
    assert clock.medians(candidates, rounds=5, warm_up=1) == {"uneven": 3000, "even": 7000}
    assert len(moved.called) == 2 * 6


def test_times_are_of_each_round_in_the_order_of_the_rounds(moved):
    candidates = {"a": moved.taking("a", 1, 2, 3, 4, 5), "b": moved.taking("b", 6, 7, 8, 9, 10)}
    taken = clock.times(candidates, rounds=3, warm_up=2)
    assert taken == {"a": [3000, 4000, 5000], "b": [8000, 9000, 10_000]}
    # By default three rounds warm up.
    moved.called.clear()
    assert clock.times(candidates, rounds=1) == {"a": [5000], "b": [10_000]}
    assert len(moved.called) == 2 * 4


def test_the_first_call_of_a_burst_does_not_count(moved):
    candidates = {"a": moved.taking("a", 50, 1, 2, 60, 3, 4)}
    assert clock.times(candidates, rounds=2, warm_up=0, burst=3) == {"a": [1000, 2000, 3000, 4000]}
    assert clock.medians({"a": moved.taking("a", 50, 1, 2)}, 1, warm_up=0, burst=3) == {"a": 1500}


def test_no_candidate_always_follows_the_same_one(moved):
    candidates = {name: moved.taking(name, 1) for name in "abc"}
    clock.times(candidates, rounds=3, warm_up=1)
    # The order turns by one each round; the round before the first ends where that begins.
    assert "".join(moved.called) == "cab" + "abc" + "bca" + "cab"
