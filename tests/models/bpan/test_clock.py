"""What stopping early saves, by a clock that only the network's own work moves."""

import pytest
import torch

from corelib.analysis import clock as timer
from corelib.models.bpan import halting
from tests.models.bpan.baselines.small import SIZES, draw, make, steps_of

BEGIN, ADVANCE, ANSWER = 1000.0, 100.0, 1.0
"""Seconds that the parts of a network take, whatever the number of images."""


@pytest.fixture
def timed(monkeypatch):
    """A function that makes a network's parts move the clock, and notes which were called."""
    now = [0.0]
    monkeypatch.setattr(timer.time, "perf_counter", lambda: now[0])

    def on(model):
        called: list[str] = []
        for name, seconds in (("begin", BEGIN), ("advance", ADVANCE), ("answer", ANSWER)):
            own = getattr(model, name)

            def part(*args, name=name, seconds=seconds, real=own):
                called.append(name)
                now[0] += seconds
                return real(*args)

            monkeypatch.setattr(model, name, part)
        return called

    return on


@pytest.mark.parametrize("name", SIZES)
def test_fixed_depth_reads_out_once(name, timed):
    model, (x, _) = make(name), draw(7, name=name)
    called = timed(model)
    halting.fixed_depth(model, x)
    begun = called.count("advance") + 1
    # The first block of Multi-Exit belongs to its beginning, which is an advance, too.
    assert begun - (name == "multi-exit") == steps_of(name)
    assert called.count("answer") == 1
    assert called[-1] == "answer"


def seconds_of(model, x, threshold: float, batch: int) -> tuple[float, float]:
    """How long stopping early and fixed depth take, counted batch by batch."""
    early = fixed = 0.0
    for at in range(0, len(x), batch):
        # A batch goes on until its last image has stopped.
        last = int(model.forward_anytime(x[at : at + batch], threshold).steps.max())
        early += BEGIN + (last - 1) * ADVANCE + last * ANSWER
        fixed += BEGIN + (model.n_steps - 1) * ADVANCE + ANSWER
    return early, fixed


@torch.no_grad()
def test_both_ways_are_timed_batch_by_batch_and_early_stops_at_its_threshold(timed):
    model, (x, _) = make("bpan"), draw(9)
    expected = {t: seconds_of(model, x, t, 2) for t in (0.4, 0.6, 0.99)}
    assert len(set(expected.values())) == 3, "the thresholds should differ in what they cost"
    timed(model)
    for threshold, (early, fixed) in expected.items():
        each = halting.clock_rounds(model, x, threshold, batch=2, rounds=2)
        assert each == [halting.Clock(2, 9, 1000 * early, 1000 * fixed)] * 2
    curve = halting.clock_curve(model, x, (0.99, 0.4), batch=2, rounds=1)
    assert curve.tolist() == [1000 * expected[t][0] for t in (0.99, 0.4)]


def test_the_clock_gives_the_medians_of_its_rounds(monkeypatch):
    rounds = [halting.Clock(4, 9, early, fixed) for early, fixed in ((1, 30), (2, 10), (9, 20))]
    monkeypatch.setattr(halting, "clock_rounds", lambda *args: rounds)
    measured = halting.clock(make("bpan"), draw(9)[0], 0.5, batch=4)
    assert measured == halting.Clock(4, 9, 2, 20)
