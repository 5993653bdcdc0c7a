"""All that the figures of Halting show, and those of answers over time."""

import numpy as np
import pytest

from corelib.analysis.anytime import Calibration
from dashboard.bpan.anytime_figures import halting_histograms, lines_over_steps
from dashboard.bpan.halting import figures as halting
from dashboard.figures.style import LIGHT, trace_styles
from tests.dashboard.drawn.check import check, draws, upright

STYLES = trace_styles(["one", "two"])
ONE, TWO = (style.colour for style in STYLES.values())


@draws(halting_histograms)
def test_halting_histograms():
    shares = {"one": np.array([0.7, 0.3]), "two": np.array([0.2, 0.3, 0.5])}
    step = {"title": "step", "range": [0.4, 3.6], "dtick": 1}
    check(
        halting_histograms(shares, {"one": 1.3, "two": 2.3}, STYLES, LIGHT),
        {
            "x": step,
            "y": {"title": "share of the images", "range": [0, 1.02], "tickformat": ".0%"},
            "x2": step,
            "y2": {"matches": "y"},
        },
        [
            {"name": "one", "x": [1, 2], "y": [0.7, 0.3], "marker.color": ONE},
            {"name": "two", "on": 2, "x": [1, 2, 3], "y": [0.2, 0.3, 0.5], "marker.color": TWO},
        ],
        titles=["one<br>1.30 steps", "two<br>2.30 steps"],
        shapes=[upright(1.3, yref="y domain"), upright(2.3, "x2", "y2 domain")],
    )


@draws(lines_over_steps)
@pytest.mark.parametrize("percent", [True, False])
def test_lines_over_steps(percent):
    series = {"one": np.array([0.5, 0.6]), "two": np.array([0.4, 0.5, 0.7])}
    form = {"tickformat": ".1%"} if percent else {}
    check(
        lines_over_steps(series, STYLES, "accuracy", LIGHT, percent=percent),
        {"x": {"title": "step", "dtick": 1}, "y": {"title": "accuracy", **form}},
        [
            {"name": "one", "x": [1, 2], "y": [0.5, 0.6], "line.color": ONE},
            {"name": "two", "x": [1, 2, 3], "y": [0.4, 0.5, 0.7], "line.color": TWO},
        ],
        legend=["one", "two"],
    )


@draws(halting.accuracy_against_cost)
@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (1, {"tickvals": [1, 1.2, 1.5, 2, 3], "tickformat": ","}),
        (1000, {"dtick": "D2", "tickformat": "~s"}),
    ],
)
def test_accuracy_against_cost(scale, ticks):
    cost, accuracy = scale * np.array([1.0, 2.0, 3.0]), np.array([0.8, 0.9, 0.85])
    curves = {
        "one": halting.CostCurve(np.array([0.1, 0.5, 0.9]), cost, accuracy, 2.5 * scale, 0.88),
        # One cost alone has no curve.
        "two": halting.CostCurve(
            np.array([0.5]), np.array([1.5 * scale]), np.array([0.95]), 1.5 * scale, 0.95
        ),
    }
    points = [
        halting.Point("two", 1.25 * scale, 0.7, halting.OWN),
        halting.Point("one", 2.25 * scale, 0.75, halting.OWN),
        halting.Point("one", 2.75 * scale, 0.65, halting.PUBLISHED),
    ]
    own, published = "ours, by its own rule", "published, θ = 0.9"
    figure = halting.accuracy_against_cost(curves, points, STYLES, "the cost", 0.77, LIGHT)
    check(
        figure,
        {
            "x": {"title": "the cost", "type": "log", **ticks},
            "y": {"title": "accuracy on the test set", "tickformat": ".1%"},
        },
        [
            {"name": "one", "x": cost, "y": accuracy, "line.color": ONE},
            {"name": "one", "x": [2.5 * scale], "y": [0.88], "marker.color": ONE},
            {"name": "two", "x": [1.5 * scale], "y": [0.95], "marker.color": TWO},
            {"name": own, "x": [1.25 * scale], "y": [0.7], "marker.color": TWO},
            {"name": own, "x": [2.25 * scale], "y": [0.75], "marker.color": ONE},
            {"name": published, "x": [2.75 * scale], "y": [0.65], "marker.color": ONE},
            # What costs more and is less accurate is not on it.
            {"name": "Pareto front", "x": [scale, 1.5 * scale], "y": [0.8, 0.95]},
        ],
        legend=["one", "two", own, published, "Pareto front"],
    )
    assert figure.given[1]["legend"]["title"]["text"] == "ours, θ = 0.77"


@draws(halting.halting_heatmap)
def test_halting_heatmap():
    shares = np.array([[0.2, 0.5, 0.3], [0.75, 0.25, 0.0]])
    check(
        halting.halting_heatmap(shares, ("a", "b"), LIGHT, "class"),
        {
            "x": {"title": "step", "dtick": 1},
            "y": {"title": "class", "type": "category", "autorange": "reversed"},
        },
        [
            {
                "name": "share",
                "x": [1, 2, 3],
                "y": ["a", "b"],
                "z": shares,
                "zmin": 0,
                "zmax": 1,
                "colorbar.tickformat": ".0%",
            }
        ],
    )


@draws(halting.reliability)
def test_reliability():
    empty = np.nan
    calibrations = {
        "one": Calibration(
            np.array([0.2, empty, 0.9]), np.array([0.3, empty, 0.8]), np.array([0.25, 0, 0.75]), 0.1
        ),
        "two": Calibration(np.array([0.5]), np.array([0.6]), np.array([1.0]), 0.0123),
    }
    names = ["one, ECE 10.00\N{NO-BREAK SPACE}%", "two, ECE 1.23\N{NO-BREAK SPACE}%"]
    shown = {"tickformat": ".0%", "range": [0, 1.02]}
    check(
        halting.reliability(calibrations, STYLES, LIGHT),
        {
            "x": {"title": "confidence that halted", **shown},
            "y": {"title": "share correct", **shown},
        },
        [
            {"name": "perfectly calibrated", "x": [0, 1], "y": [0, 1]},
            {
                "name": names[0],
                "x": [0.2, 0.9],
                "y": [0.3, 0.8],
                "customdata": [0.25, 0.75],
                "marker.size": [12, 4 + 16 * 0.75**0.5],
                "line.color": ONE,
            },
            {"name": names[1], "x": [0.5], "y": [0.6], "customdata": [1], "line.color": TWO},
        ],
        legend=["perfectly calibrated", *names],
    )
