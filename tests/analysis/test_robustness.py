"""Measures over the severity of a corruption, against loops over images."""

import math

import numpy as np
import pytest

from corelib.analysis.anytime import Answers
from corelib.analysis.robustness import OverSeverity, ranked, robustness, similarity

SEVERITIES = (0.0, 0.5, 1.0)


def random_answers(seed: int, n: int = 40, n_steps: int = 5) -> Answers:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0, 1, (n, n_steps)).astype(np.float32)
    return Answers(confidence, rng.integers(0, 3, (n, n_steps), np.uint8))


@pytest.mark.parametrize("threshold", [0.0, 0.6, 1.0])
def test_each_severity_matches_counting_image_by_image(threshold):
    labels = np.random.default_rng(9).integers(0, 3, 40)
    answers = [random_answers(seed) for seed in range(3)]
    measured = robustness(answers, labels, SEVERITIES, threshold)
    for k, answer in enumerate(answers):
        last, early, steps = 0, 0, 0
        for confidence, predicted, label in zip(*answer, labels, strict=True):
            last += predicted[-1] == label
            step = next((t for t, c in enumerate(confidence) if c >= threshold), 4)
            early += predicted[step] == label
            steps += step + 1
        assert measured.accuracy.mean[k] == pytest.approx(last / 40)
        assert measured.early.mean[k] == pytest.approx(early / 40)
        assert measured.steps.mean[k] == pytest.approx(steps / 40)
    assert measured.images == 40
    for curve in measured[:3]:
        assert curve.n == 1
        assert not curve.sd.any()
        assert tuple(curve.severities) == SEVERITIES


def test_a_drop_is_relative_to_clean_images():
    curve = OverSeverity(np.array(SEVERITIES), np.array([0.9, 0.6, 0.2]), np.full(3, 0.1), 4)
    assert curve.drop(0) == 0
    assert curve.drop(2) == pytest.approx(0.7)
    assert curve.at(1) == (0.6, 0.1, 4)
    assert math.isnan(curve._replace(n=1).at(1).sd)


def test_a_difference_is_of_the_means_and_has_no_spread():
    grid = np.array(SEVERITIES)
    one = OverSeverity(grid, np.array([0.9, 0.6, 0.2]), np.full(3, 0.1), 4)
    other = OverSeverity(grid, np.array([0.8, 0.7, 0.2]), np.full(3, 0.2), 4)
    less = one.less(other)
    np.testing.assert_allclose(less.mean, [0.1, -0.1, 0], atol=1e-12)
    np.testing.assert_array_equal(less.severities, grid)
    assert (less.n, less.sd.max()) == (1, 0)


def test_networks_are_ranked_at_a_severity_by_their_last_step():
    def classifier(accuracy: list[float], early: float):
        one = OverSeverity(np.array(SEVERITIES), np.array(accuracy), np.zeros(3), 1)
        measured = robustness([random_answers(0)] * 3, np.zeros(40), SEVERITIES, 0.5)
        return measured._replace(accuracy=one, early=one._replace(mean=np.full(3, early)))

    measured = {
        "a": classifier([0.9, 0.5, 0.3], 0.1),
        "b": classifier([0.8, 0.7, 0.3], 0.9),
        "c": classifier([0.7, 0.6, 0.2], 1.0),
    }
    orders = ["".join(ranked(measured, place)) for place in range(3)]
    # Equals stay in their order.
    assert orders == ["abc", "bca", "abc"]


def test_similarity_is_the_cosine_per_image():
    rng = np.random.default_rng(4)
    clean = rng.uniform(0, 1, (20, 6)).astype(np.float32)
    corrupted = [clean, rng.uniform(0, 1, (20, 6)).astype(np.float32), clean * 3]
    curve = similarity(clean, corrupted, SEVERITIES)
    for k, states in enumerate(corrupted):
        cosines = [
            sum(x * y for x, y in zip(a, b, strict=True))
            / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
            for a, b in zip(clean.tolist(), states.tolist(), strict=True)
        ]
        assert curve.mean[k] == pytest.approx(np.mean(cosines))
        assert curve.sd[k] == pytest.approx(np.std(cosines, ddof=1), abs=1e-7)
    assert curve.n == 20
