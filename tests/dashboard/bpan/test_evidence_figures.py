"""Figures of the Sequential evidence page show the arrays they are given."""

import numpy as np
import torch

from corelib.data.evidence import Evidence
from corelib.reproduce.sequential import OverSteps
from dashboard.bpan.evidence import figures as evidence
from dashboard.figures.style import LIGHT, trace_styles

NAMES = ("one", "two")
STYLES = trace_styles(NAMES)


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_the_player_reveals_step_by_step():
    whole = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10
    shown = np.zeros((2, 4, 4), bool)
    shown[:, :2, :2] = True
    shown[1, 2:, 2:] = True
    boxes = np.array([[0, 0, 2, 2], [2, 2, 2, 2]])
    seen = Evidence(torch.zeros(1, 2, 1), whole, shown, boxes)
    beliefs = {"one": np.array([[0.3, 0.7], [0.9, 0.1]])}
    figure = evidence.player(seen, beliefs, ("a", "b"), 0, STYLES, "glimpse", LIGHT)
    first, second = figure.frames
    np.testing.assert_array_equal(np.asarray(first.data[0].z)[:2, :2], whole[:2, :2])
    assert np.asarray(first.data[0].z)[3, 3] < whole[3, 3] == np.asarray(second.data[0].z)[3, 3]
    np.testing.assert_allclose(first.data[1].y, [0.3, 0.7])
    np.testing.assert_allclose(second.data[1].y, [0.9, 0.1])
    assert [len(frame.layout.shapes) for frame in (first, second)] == [1, 2]
    # What stands there before anybody plays is the end.
    np.testing.assert_allclose(figure.data[1].y, [0.9, 0.1])


def test_beliefs_mark_the_answer():
    belief = np.array([[0.3, 0.7], [0.9, 0.1]])
    figure = evidence.beliefs({"one": belief}, {"one": 2}, ("a", "b"), "glimpse", LIGHT)
    (heat,) = named(figure, "one")
    np.testing.assert_allclose(heat.z, belief.T)
    (ring,) = named(figure, "answer")
    assert (ring.x[0], ring.y[0]) == (2, "a")


def test_accuracy_stands_beside_the_published():
    mean, sd = np.array([0.2, 0.5]), np.array([0.01, 0.02])
    figure = evidence.accuracy_over_parts(
        {"one": OverSteps(mean, sd, 3), "two": OverSteps(mean, 0 * sd, 1)},
        {"one": 0.47},
        STYLES,
        "glimpse",
        LIGHT,
    )
    hollow, legend = named(figure, "published")
    # Each network's has its own colour: the legend shows none of them.
    assert hollow.marker.color == STYLES["one"].colour != legend.marker.color
    assert (hollow.showlegend, legend.showlegend) == (False, None)
    assert (hollow.x[0], hollow.y[0]) == (2, 0.47)
    np.testing.assert_array_equal(named(figure, "one")[0].error_y.array, sd)


def test_outcomes_add_up():
    shares = {"one": np.array([0.5, 0.1, 0.2, 0.1, 0.1]), "two": np.array([1.0, 0, 0, 0, 0])}
    figure = evidence.outcomes(shares, LIGHT)
    assert [t.name for t in figure.data] == [name for name, _ in evidence.OUTCOMES]
    np.testing.assert_allclose(np.sum([t.x for t in figure.data], 0), 1)
