"""Figures of the Halting page show the arrays they are given."""

import numpy as np

from corelib.analysis.anytime import calibration, pareto_front
from dashboard.bpan.halting import figures as halting
from dashboard.figures.style import LIGHT, trace_styles
from dashboard.figures.tidy import tidy

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
        "one": halting.CostCurve(
            np.array([0.1, 0.5, 0.9]),
            np.array([1.0, 2.0, 3.0]),
            np.array([0.8, 0.9, 0.85]),
            2.0,
            0.9,
        ),
        "two": halting.CostCurve(np.array([0.5]), np.array([1.5]), np.array([0.95]), 1.5, 0.95),
    }
    points = [halting.Point("one", 2.5, 0.97, source) for source in halting.POINT_MARKS]
    figure = halting.accuracy_against_cost(models, points, STYLES, "steps", 0.9, LIGHT)
    curve, mark = named(figure, "one")
    np.testing.assert_allclose(curve.y, [0.8, 0.9, 0.85])
    assert (mark.x[0], mark.y[0]) == (2.0, 0.9)
    # The table says which threshold gives each, and whose a point beside the curves is.
    table = tidy(figure)
    assert table["theta"].tolist()[:4] == [0.1, 0.5, 0.9, 0.9]
    assert set(table.loc[table["series"] == halting.OWN, "network"]) == {"one"}
    # What has one cost only is a mark without a curve.
    assert [t.mode for t in named(figure, "two")] == ["markers"]
    beside = [named(figure, source)[0] for source in halting.POINT_MARKS]
    assert len({trace.marker.symbol for trace in beside}) == len(beside), "each its own mark"
    assert all(trace.showlegend for trace in beside)
    assert {trace.marker.color for trace in beside} == {STYLES["one"].colour}
    # What is published is hollow, what is ours is filled.
    filled = [halting.OWN]
    assert [t.name for t in beside if "open" not in t.marker.symbol] == filled
    assert figure.layout.legend.title.text == "ours, θ = 0.90"
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
