"""Answers at a threshold against the rule written as a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.analysis.anytime import (
    Answers,
    agreement_with_last,
    at_threshold,
    calibration,
    changes_of_mind,
    decision,
    difficulty,
    halting_histogram,
    halting_steps,
    outcomes,
    paired_difference,
    pareto_front,
    per_step_accuracy,
    quantile_groups,
    spread,
    threshold_curve,
)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 7), st.floats(0, 1.1))
def test_the_first_confident_step_answers(seed, images, steps, threshold):
    rng = np.random.default_rng(seed)
    confidence = rng.random((images, steps)).round(1)
    predicted = rng.integers(0, 3, (images, steps))
    labels = rng.integers(0, 3, images)
    result = at_threshold(confidence, predicted, labels, threshold)
    hits, used = 0, []
    for image in range(images):
        for t in range(steps):
            if confidence[image, t] >= threshold or t == steps - 1:
                used.append(t + 1)
                hits += predicted[image, t] == labels[image]
                break
    assert result.steps.tolist() == used
    assert result.accuracy == hits / images
    assert np.isclose(result.mean_steps, np.mean(used))


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0.6, (1, 0.7, 2, True)), (0.9, (2, 0.8, 3, False))]
)
def test_a_decision_is_the_first_confident_step_or_the_last(threshold, expected):
    probability = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])
    assert decision(probability, threshold) == expected


def test_a_higher_threshold_never_answers_earlier():
    confidence = np.random.default_rng(0).random((200, 6))
    low, high = halting_steps(confidence, 0.5), halting_steps(confidence, 0.8)
    assert (high >= low).all()
    assert (high > low).any()


def test_a_change_of_mind_is_from_wrong_to_right():
    predicted = np.array([[1, 2, 3], [3, 2, 3], [1, 3, 2], [2, 2, 3]])
    assert changes_of_mind(predicted, np.array([3, 3, 3, 2])).tolist() == [0]


@given(st.integers(0, 2**32 - 1))
def test_a_curve_matches_its_thresholds_one_by_one(seed):
    rng = np.random.default_rng(seed)
    confidence, predicted = rng.random((20, 4)), rng.integers(0, 3, (20, 4))
    labels = rng.integers(0, 3, 20)
    curve = threshold_curve(confidence, predicted, labels, [0.0, 0.4, 0.8, 1.1])
    for i, threshold in enumerate(curve.thresholds):
        one = at_threshold(confidence, predicted, labels, threshold)
        assert (curve.accuracy[i], curve.mean_steps[i]) == (one.accuracy, one.mean_steps)
    assert curve.mean_steps[0] == 1
    assert curve.mean_steps[-1] == 4


def test_per_step_measures_by_hand():
    predicted = np.array([[1, 2, 2], [0, 0, 1], [3, 3, 3]])
    np.testing.assert_allclose(per_step_accuracy(predicted, np.array([2, 0, 3])), [2 / 3, 1, 2 / 3])
    np.testing.assert_allclose(agreement_with_last(predicted), [1 / 3, 2 / 3, 1])


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_a_histogram_counts_each_image_of_its_group_once(seed, n_groups):
    rng = np.random.default_rng(seed)
    steps, groups = rng.integers(1, 6, 50), rng.integers(0, n_groups, 50)
    shares = halting_histogram(steps, 5, groups)
    for group in range(groups.max() + 1):
        mine = steps[groups == group]
        if len(mine):
            for t in range(5):
                assert np.isclose(shares[group, t], sum(mine == t + 1) / len(mine))
        else:
            assert np.isnan(shares[group]).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 5))
def test_groups_by_quantile_are_ordered_and_equal(seed, n, n_groups):
    difficulty = np.random.default_rng(seed).random(n)
    groups = quantile_groups(difficulty, n_groups)
    sizes = np.bincount(groups, minlength=n_groups)
    assert sizes.max() - sizes.min() <= 1
    order = np.argsort(difficulty)
    assert (np.diff(groups[order]) >= 0).all()


def test_an_image_is_hard_where_models_are_confidently_wrong():
    sure = np.array([[0.1, 0.9], [0.1, 0.6], [0.1, 0.9]], np.float32)
    right = Answers(sure, np.array([[0, 1], [0, 1], [0, 0]], np.uint8))
    hardness = difficulty([right, right], np.array([1, 1, 1]))
    np.testing.assert_allclose(hardness, [0.1, 0.4, 1.9], rtol=1e-6)


def test_calibration_in_closed_form():
    # Two bins of ten: 0.25 sure and half right; 0.95 sure and all right.
    confidence = np.array([0.25] * 4 + [0.95] * 6)
    correct = np.array([True, False, True, False] + [True] * 6)
    curve = calibration(confidence, correct, bins=10)
    assert np.isclose(curve.error, 0.4 * 0.25 + 0.6 * 0.05)
    np.testing.assert_allclose(curve.share[[2, 9]], [0.4, 0.6])
    # Complete confidence belongs to the last bin.
    certain = calibration(np.array([1.0]), np.array([True]))
    assert (certain.error, len(certain.share), certain.share[-1]) == (0, 15, 1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_the_front_holds_what_nothing_dominates(seed, n):
    rng = np.random.default_rng(seed)
    cost, accuracy = rng.integers(0, 6, n), rng.integers(0, 6, n)
    front = pareto_front(cost, accuracy)

    def beaten(i):
        return any(
            cost[j] <= cost[i]
            and accuracy[j] >= accuracy[i]
            and (cost[j] < cost[i] or accuracy[j] > accuracy[i])
            for j in range(n)
        )

    on_front = {(cost[i], accuracy[i]) for i in front}
    assert on_front == {(cost[i], accuracy[i]) for i in range(n) if not beaten(i)}
    assert (np.diff(cost[front]) > 0).all()


def test_spread_and_pairs():
    assert spread([1, 2, 3])[:2] == (2.0, 1.0)
    assert str(spread([97.0, 98.0])) == "97.50 ± 0.71"
    assert str(spread([97.0])) == "97.00"
    # Two seeds far apart that agree on the difference.
    assert paired_difference([90, 99], [89, 98])[:2] == (1.0, 0.0)


def test_outcomes_distinguish_every_case():
    # Sure at step 1 or 2 (or never), label 0: answers at step 1, 2, 3.
    cases = {
        0: ([0.9, 0.9, 0.9], [0, 1, 0]),
        1: ([0.9, 0.9, 0.9], [0, 0, 1]),
        2: ([0.5, 0.9, 0.9], [0, 1, 0]),
        3: ([0.9, 0.1, 0.1], [2, 0, 1]),
        4: ([0.7, 0.7, 0.7], [0, 0, 0]),
    }
    confidence, predicted = (np.array([c[i] for c in cases.values()]) for i in (0, 1))
    classified = outcomes(confidence, predicted, np.zeros(5, int), 0.8)
    assert classified.tolist() == list(cases)
