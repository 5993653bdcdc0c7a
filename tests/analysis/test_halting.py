"""Stopping at a threshold against loops over images that say what each measure means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.analysis import halting
from corelib.analysis.anytime import Answers

THRESHOLD = 0.6


def case(seed: int = 0, n: int = 80, steps: int = 4, classes: int = 3):
    """Answers of which some never reach the threshold, and labels."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(1 / classes, 0.8, (n, steps)).round(3).astype(np.float32)
    predicted = rng.integers(0, classes, (n, steps)).astype(np.uint8)
    return Answers(confidence, predicted), rng.integers(0, classes, n)


def stopped(answers: Answers, threshold: float) -> list[tuple[int, bool]]:
    """For each image the step of its answer, from 1, and whether it was confident."""
    result = []
    for row in answers.confidence:
        step, confident = len(row), False
        for t, value in enumerate(row, 1):
            if value >= threshold:
                step, confident = t, True
                break
        result.append((step, confident))
    return result


@given(seed=st.integers(0, 500), threshold=st.floats(0.2, 1.0))
def test_measures_match_counting_images_one_by_one(seed, threshold):
    answers, labels = case(seed)
    n = len(labels)
    count = dict.fromkeys(halting.Measures._fields, 0.0)
    for i, (step, confident) in enumerate(stopped(answers, threshold)):
        row, label = answers.predicted[i], labels[i]
        correct, last_correct = row[step - 1] == label, row[-1] == label
        count["accuracy"] += correct / n
        count["mean_steps"] += step / n
        count["first_accuracy"] += (row[0] == label) / n
        count["last_accuracy"] += last_correct / n
        count["agreement"] += (row[0] == row[-1]) / n
        count["at_first"] += (step == 1) / n
        count["too_early"] += (confident and not correct and last_correct) / n
        count["never_confident"] += (not confident) / n
    measures = halting.measures(answers, labels, threshold)
    for name in halting.Measures._fields[:-1]:
        assert getattr(measures, name) == pytest.approx(count[name]), name


def test_the_calibration_error_refers_to_the_answers_given():
    answers, labels = case()
    sums = [[0.0, 0, 0] for _ in range(15)]
    for i, (step, _) in enumerate(stopped(answers, THRESHOLD)):
        confidence = float(answers.confidence[i, step - 1])
        cell = sums[min(int(confidence * 15), 14)]
        cell[0] += confidence
        cell[1] += answers.predicted[i, step - 1] == labels[i]
        cell[2] += 1
    error = sum(abs(confidence - right) for confidence, right, _ in sums) / len(labels)
    assert halting.measures(answers, labels, THRESHOLD).calibration_error == pytest.approx(error)
    curve = halting.calibration_at(answers, labels, THRESHOLD)
    np.testing.assert_allclose(curve.share * len(labels), [n for *_, n in sums])


def test_outcomes_add_up_to_all_images():
    answers, labels = case()
    shares = halting.outcome_shares(answers, labels, THRESHOLD)
    assert shares.shape == (halting.N_OUTCOMES,)
    assert shares.sum() == pytest.approx(1)
    # At a threshold that nothing reaches nobody is confident.
    assert halting.outcome_shares(answers, labels, 1.1)[halting.NEVER_CONFIDENT] == 1


@pytest.mark.parametrize("least_confident_first", [True, False])
@pytest.mark.parametrize("step", [1, 2, 4])
def test_images_answered_at_a_step_are_sorted_by_confidence(step, least_confident_first):
    answers, _ = case()
    own = [i for i, (at, _) in enumerate(stopped(answers, THRESHOLD)) if at == step]
    own.sort(key=lambda i: answers.confidence[i, step - 1], reverse=not least_confident_first)
    images = halting.answered_at(
        answers, step, THRESHOLD, least_confident_first=least_confident_first
    )
    assert images.tolist() == own
    assert len(own) > 1


def test_premature_answers_are_sorted_most_confident_first():
    answers, labels = case()
    early = [
        (-answers.confidence[i, step - 1], i)
        for i, (step, confident) in enumerate(stopped(answers, THRESHOLD))
        if confident
        and answers.predicted[i, step - 1] != labels[i]
        and answers.predicted[i, -1] == labels[i]
    ]
    images = halting.answered_too_early(answers, labels, THRESHOLD)
    assert images.tolist() == [i for _, i in sorted(early)]
    assert len(images) > 1


def test_thresholds_increase():
    assert np.all(np.diff(halting.THRESHOLDS) > 0)
    assert (halting.THRESHOLDS[0], halting.THRESHOLDS[-1]) == (0.1, 1.0)
