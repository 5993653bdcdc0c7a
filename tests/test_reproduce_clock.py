"""Times of stopping early, measured on this machine."""

import itertools

import pytest
import torch

from corelib.analysis import clock as timer
from corelib.models.bpan import halting
from corelib.models.bpan.halting import Clock
from corelib.reproduce import clock, reproduce
from tests.models.bpan.baselines.small import INPUTS, make


def test_the_table_is_the_arithmetic_of_its_rounds(monkeypatch):
    asked = []

    def rounds(model, x, threshold, batch, rounds):
        asked.append((type(model).__name__, len(x), threshold, batch, rounds))
        return [Clock(batch, len(x), early=2.0, fixed=8.0), Clock(batch, len(x), 3.0, 6.0)]

    monkeypatch.setattr(halting, "clock_rounds", rounds)
    table = reproduce("clock").set_index(["model", "batch"])
    assert asked[0] == ("BPAN", 500, 0.9, 1, clock.ROUNDS)
    assert {name for name, _ in table.index} == {
        name for name, row in clock.ROWS.items() if row.recurrence and "authors" not in name
    }
    row = table.loc[("GRU of 60", 256)]
    # 10,000 images in 2 and 3 ms, and in 8 and 6.
    assert row["stopping at θ = 0.9, µs per image"][:1] == pytest.approx((0.25,))
    assert row["all steps, µs per image"][:1] == pytest.approx((0.7,))
    assert row["times faster"].mean == pytest.approx((8 / 2 + 6 / 3) / 2)
    assert row["times faster"].n == 2


def test_a_round_times_both_ways_of_reading_all_images(monkeypatch):
    """A clock that moves by one second whenever it is read, so each reading takes one."""
    ticks = itertools.count()
    monkeypatch.setattr(timer.time, "perf_counter", lambda: float(next(ticks)))
    model = make("bpan")
    x = torch.zeros(6, INPUTS, dtype=torch.float64)
    each = halting.clock_rounds(model, x, 0.5, batch=4, rounds=3)
    assert each == [Clock(4, 6, 1000.0, 1000.0)] * 3
