"""Figures of the Halting page show the arrays they are given."""

import numpy as np
import pytest

from corelib.analysis.anytime import calibration, pareto_front
from dashboard.bpan.halting import figures as halting
from dashboard.figures.style import LIGHT, trace_styles

NAMES = ("one", "two")
SIGN = trace_styles(NAMES)


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_signs_keep_models_apart():
    many = trace_styles([f"m{i}" for i in range(7)])
    assert len({s.colour for s in many.values()}) == 7
    assert len(set(many.values())) == 7


def test_histograms_share_their_axes_and_carry_the_name():
    shares = {"one": np.array([0.7, 0.3]), "two": np.array([0.2, 0.3, 0.5])}
    figure = halting.halting_histograms(shares, {"one": 1.3, "two": 2.3}, SIGN, LIGHT)
    for name, share in shares.items():
        (bar,) = named(figure, name)
        np.testing.assert_allclose(bar.y, share)
        assert set(bar.customdata) == {name}
    assert len({tuple(axis.range) for axis in figure.select_xaxes()}) == 1
    assert [a.text for a in figure.layout.annotations] == ["one<br>1.30 steps", "two<br>2.30 steps"]


def test_costs_show_curves_marks_hollow_points_and_the_front():
    models = {
        "one": halting.Priced(np.array([1.0, 2.0, 3.0]), np.array([0.8, 0.9, 0.85]), 2.0, 0.9),
        "two": halting.Priced(np.array([1.5]), np.array([0.95]), 1.5, 0.95),
    }
    published = [halting.Published("one", 2.5, 0.97, "a paper")]
    figure = halting.accuracy_against_cost(models, published, SIGN, "steps", LIGHT)
    curve, mark = named(figure, "one")
    np.testing.assert_allclose(curve.y, [0.8, 0.9, 0.85])
    assert (mark.x[0], mark.y[0]) == (2.0, 0.9)
    # What has one cost only is a mark without a curve.
    assert [t.mode for t in named(figure, "two")] == ["markers"]
    (hollow,) = named(figure, "a paper")
    assert hollow.marker.symbol.endswith("-open")
    assert hollow.marker.color == SIGN["one"].colour
    (front,) = named(figure, "Pareto front")
    costs, accuracies = np.array([1, 2, 3, 1.5]), np.array([0.8, 0.9, 0.85, 0.95])
    np.testing.assert_allclose(front.x, costs[pareto_front(costs, accuracies)])


def test_reliability_shows_only_bins_that_hold_images():
    found = {"one": calibration(np.array([0.2, 0.9, 0.9]), np.array([True, True, False]), 10)}
    (line,) = [t for t in halting.reliability(found, SIGN, LIGHT).data if "ECE" in (t.name or "")]
    np.testing.assert_allclose(line.x, [0.2, 0.9])
    np.testing.assert_allclose(line.y, [1.0, 0.5])


def test_lines_and_heatmap_hold_their_values():
    lines = halting.lines_over_steps({"one": np.array([0.5, 0.6])}, SIGN, "accuracy", LIGHT)
    np.testing.assert_allclose(lines.data[0].y, [0.5, 0.6])
    shares = np.array([[0.2, 0.8], [1.0, 0.0]])
    heat = halting.halting_heatmap(shares, ("a", "b"), LIGHT, "class")
    np.testing.assert_allclose(heat.data[0].z, shares)


@pytest.mark.parametrize("n", [1, 20, 23])
def test_every_image_of_the_mosaic_lies_under_its_mark(n):
    pixels = np.random.default_rng(0).integers(1, 255, (n, 28, 28)).astype(np.uint8)
    figure = halting.mosaic(pixels, [str(i) for i in range(n)], 20, LIGHT)
    sheet, marks = np.asarray(figure.data[0].z), figure.data[1]
    for i in range(n):
        x, y = int(marks.x[i]), int(marks.y[i])
        assert (sheet[y - 14 : y + 14, x - 14 : x + 14] == pixels[i]).all()
        assert marks.text[i] == str(i)
