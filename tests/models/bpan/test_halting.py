"""Answers over time, own rules and costs of whole data sets, against image by image."""

import numpy as np
import pytest
import torch

from corelib.models.bpan import halting
from corelib.models.bpan.anytime import Cost
from tests.models.bpan.baselines.small import SIZES, draw, make

COST = Cost(once=100, per_step=10, readout=1, second=1000)


@pytest.mark.parametrize("name", SIZES)
def test_answers_to_a_data_set_match_its_images_one_by_one(name, monkeypatch):
    model = make(name)
    x, _ = draw(7, name=name)
    monkeypatch.setattr(halting, "CHUNK", 3)
    answers, own = halting.answers(model, x), halting.own_answers(model, x)
    assert answers.predicted.dtype == np.uint8
    for i in range(len(x)):
        probability = halting.trajectory(model, x[i : i + 1])
        np.testing.assert_allclose(probability.sum(1), 1)
        np.testing.assert_allclose(answers.confidence[i], probability.max(1), rtol=1e-10)
        assert answers.predicted[i].tolist() == probability.argmax(1).tolist()
        alone = model.own_rule(x[i : i + 1])
        assert (own.steps[i], own.predicted[i]) == (alone.steps[0], alone.logits[0].argmax())


@pytest.mark.parametrize("name", SIZES)
def test_fixed_depth_is_the_last_answer(name):
    model = make(name)
    x, _ = draw(7, name=name)
    torch.testing.assert_close(halting.fixed_depth(model, x), model(x)[:, -1].detach())


def test_only_a_bpan_can_run_without_recurrence():
    x, _ = draw(7)
    model = make("bpan")
    feedforward = halting.answers(model, x, recurrence=False)
    # At step 1 no recurrent current has flowed.
    np.testing.assert_array_equal(
        feedforward.confidence[:, 0], halting.answers(model, x).confidence[:, 0]
    )
    assert not np.allclose(feedforward.confidence, halting.answers(model, x).confidence)
    with pytest.raises(TypeError, match="Only a BPAN"):
        halting.answers(make("gru"), x, recurrence=False)


def test_work_is_the_mean_cost_over_images():
    steps = np.array([1, 2, 2, 4])
    each = [COST.once + COST.readout * t + 10 * (t - 1) + 1000 * (t > 1) for t in (1, 2, 2, 4)]
    work = halting.work(COST, steps, 4)
    assert work.mean == pytest.approx(sum(each) / 4)
    assert work.to_last == each[-1]
    assert work.saved == pytest.approx(1 - sum(each) / 4 / each[-1])


def test_mean_macs_at_each_threshold_by_a_loop():
    confidence = np.random.default_rng(0).uniform(0, 1, (30, 3))
    thresholds = (0.0, 0.4, 0.9, 1.1)
    truth = []
    for threshold in thresholds:
        total = 0
        for row in confidence:
            step = next((t for t, c in enumerate(row, 1) if c >= threshold), 3)
            total += int(COST.at(step))
        truth.append(total / 30)
    np.testing.assert_allclose(halting.mean_macs(COST, confidence, thresholds), truth)
    assert truth == sorted(truth)


def test_times_are_per_thousand_images_and_interpolated():
    times = halting.step_times(np.array([3.0, 1.0, 2.0]), np.array([90.0, 10.0, 40.0]), 500)
    assert times.mean_steps.tolist() == [1, 2, 3]
    assert times.ms.tolist() == [20, 80, 180]
    np.testing.assert_allclose(times.at(np.array([0.5, 1.5, 2.25, 9])), [20, 50, 105, 180])


def test_the_clock_counts_images():
    clock = halting.Clock(batch=32, images=2000, early=10.0, fixed=30.0)
    assert (clock.early_us, clock.fixed_us, clock.ratio) == (5.0, 15.0, 3.0)
    x, _ = draw(9)
    measured = halting.clock(make("bpan"), x, 0.5, batch=4, rounds=1)
    assert (measured.batch, measured.images) == (4, 9)
    assert min(measured.early, measured.fixed) > 0
    assert (halting.clock_curve(make("bpan"), x, (0.2, 1.0), 4, rounds=1) > 0).all()
