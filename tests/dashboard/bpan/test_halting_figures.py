"""Figures of the Halting page show the arrays they are given."""

import numpy as np

from corelib.analysis.anytime import calibration, pareto_front
from dashboard.bpan.halting import figures as halting
from dashboard.figures.style import LIGHT, trace_styles

NAMES = ("one", "two")
STYLES = trace_styles(NAMES)


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_styles_distinguish_models():
    many = trace_styles([f"m{i}" for i in range(7)])
    assert len({s.colour for s in many.values()}) == 7
    assert len(set(many.values())) == 7


def test_costs_show_curves_marks_hollow_points_and_the_front():
    models = {
        "one": halting.CostCurve(np.array([1.0, 2.0, 3.0]), np.array([0.8, 0.9, 0.85]), 2.0, 0.9),
        "two": halting.CostCurve(np.array([1.5]), np.array([0.95]), 1.5, 0.95),
    }
    published = [halting.Published("one", 2.5, 0.97, "a paper")]
    figure = halting.accuracy_against_cost(models, published, STYLES, "steps", LIGHT)
    curve, mark = named(figure, "one")
    np.testing.assert_allclose(curve.y, [0.8, 0.9, 0.85])
    assert (mark.x[0], mark.y[0]) == (2.0, 0.9)
    # What has one cost only is a mark without a curve.
    assert [t.mode for t in named(figure, "two")] == ["markers"]
    (hollow,) = named(figure, "a paper")
    assert hollow.marker.symbol.endswith("-open")
    assert hollow.marker.color == STYLES["one"].colour
    (front,) = named(figure, "Pareto front")
    costs, accuracies = np.array([1, 2, 3, 1.5]), np.array([0.8, 0.9, 0.85, 0.95])
    np.testing.assert_allclose(front.x, costs[pareto_front(costs, accuracies)])


def test_reliability_shows_only_bins_that_hold_images():
    calibrations = {
        "one": calibration(np.array([0.2, 0.9, 0.9]), np.array([True, True, False]), 10)
    }
    (line,) = [
        t for t in halting.reliability(calibrations, STYLES, LIGHT).data if "ECE" in (t.name or "")
    ]
    np.testing.assert_allclose(line.x, [0.2, 0.9])
    np.testing.assert_allclose(line.y, [1.0, 0.5])


def test_the_heatmap_holds_its_values():
    shares = np.array([[0.2, 0.8], [1.0, 0.0]])
    heat = halting.halting_heatmap(shares, ("a", "b"), LIGHT, "class")
    np.testing.assert_allclose(heat.data[0].z, shares)
