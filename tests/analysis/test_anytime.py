"""Answers at a threshold against the rule written as a loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corelib.analysis.anytime import at_threshold, changes_of_mind, halting_steps


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 7), st.floats(0, 1.1))
def test_the_first_step_that_is_sure_answers(seed, images, steps, threshold):
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


def test_a_higher_threshold_never_answers_earlier():
    confidence = np.random.default_rng(0).random((200, 6))
    low, high = halting_steps(confidence, 0.5), halting_steps(confidence, 0.8)
    assert (high >= low).all()
    assert (high > low).any()


def test_a_change_of_mind_is_from_wrong_to_right():
    predicted = np.array([[1, 2, 3], [3, 2, 3], [1, 3, 2], [2, 2, 3]])
    assert changes_of_mind(predicted, np.array([3, 3, 3, 2])).tolist() == [0]
