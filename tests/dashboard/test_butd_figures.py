"""Figures of the Sub-networks and the Counter-Hebb page show the arrays they are given."""

import numpy as np
import pytest

from corelib.models.butd.analysis import Alignment, Difference
from corelib.models.butd.history import OverlapHistory
from corelib.models.butd.instructions import Plane, Sweep
from corelib.models.butd.rules import AngleAndAccuracy, OverSeeds
from corelib.models.butd.subnetworks import Composition, Kind
from corelib.models.butd.third_task import Course
from dashboard.butd.learning.figures import passes, rules, weights
from dashboard.butd.subnetworks.figures import causes, gates, instructions
from dashboard.figures.style import DARK, LIGHT, trace_styles
from tests.models.butd.small import signals

TASKS = ("left", "right")
CLASSES = tuple("0123456789")


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_gate_map_colours_each_kind(palette):
    kinds = np.random.default_rng(0).integers(0, 5, (4, 3, 3)).astype(np.uint8)
    trace, *legend = gates.gate_map(kinds, TASKS, palette).data
    values = np.asarray(trace.z)
    for kind in Kind:
        assert (values == kind).sum() == (kinds == kind).sum()
    names, colours = gates.kind_names(TASKS), gates.kind_colours(palette)
    assert {(t.name, t.marker.color) for t in legend} == {
        (names[kind], colours[kind]) for kind in Kind
    }
    # The scale gives each whole number its own colour.
    steps = [colour for _, colour in trace.colorscale]
    assert steps[::2] == steps[1::2] == [colours[kind] for kind in Kind]
    texts = np.asarray(trace.text)
    row, column = np.argwhere(~np.isnan(values))[0]
    assert texts[row, column] == f"channel 0, row 0, column 0: {names[Kind(int(kinds[0, 0, 0]))]}"


def test_large_maps_do_not_name_each_unit():
    (trace, *_) = gates.gate_map(np.zeros((32, 24, 24), np.uint8), TASKS, LIGHT).data
    assert trace.text is None


def test_composition_and_what_is_out_of_reach():
    shares = np.array([[0.2, 0.3, 0.1, 0.4], [0.5, 0.1, 0.1, 0.3]])
    figure = gates.composition(
        ["a", "b"], Composition(shares, np.array([0.25, 0.0])), TASKS, 1, LIGHT
    )
    assert [t.name for t in figure.data] == ["shared", "only left", "only right", "never"]
    np.testing.assert_array_equal([t.x for t in figure.data], shares.T)
    (note,) = figure.layout.annotations
    assert (note.text, note.y) == ("25\N{NO-BREAK SPACE}% unreachable", "a")
    assert figure.data[0].y[1] == "<b>b</b>"


def test_effects_stand_beside_their_controls():
    outcomes = {
        "none": causes.Outcome(np.array([0.9, 0.8]), np.array([0.0, 0.1])),
        "shared": causes.Outcome(
            np.array([0.3, 0.2]), np.array([0.4, 0.3]), np.array([[0.5, 0.6], [0.7, 0.8]])
        ),
    }
    figure = causes.effects(outcomes, TASKS, "units", LIGHT)
    of_left = [t for t in figure.data if t.xaxis == "x"]
    np.testing.assert_array_equal(of_left[0].y, [0.9, 0.3])
    np.testing.assert_array_equal(of_left[1].y, [0.0, 0.4])
    assert list(of_left[2].x) == ["shared"]
    np.testing.assert_allclose(of_left[2].y, [0.6])
    np.testing.assert_allclose(of_left[2].error_y.array, [0.02**0.5])


def test_swaps_instructions_and_epochs():
    right, other = np.array([[0.9, 0.8], [0.1, 0.2]]), np.array([[0.0, 0.1], [0.5, 0.6]])
    (trace,) = causes.swaps(["none", "fc"], right, other, TASKS, LIGHT).data
    np.testing.assert_allclose(trace.z, [[0.9, 0.0, 0.8, 0.1], [0.1, 0.5, 0.2, 0.6]])

    named, changed = np.random.default_rng(1).random((2, 5, 2))
    share = np.linspace(0, 1, 5)
    figure = instructions.mixtures(share, Sweep(named, changed), ["a", "b"], TASKS, 0.25, LIGHT)
    np.testing.assert_array_equal([t.y for t in figure.data], [*named.T, *changed.T])
    assert {s.x0 for s in figure.layout.shapes} == {0.25}

    epochs = np.array([0, 2, 10])
    opened, jaccard = np.random.default_rng(2).random((2, 3, 2))
    figure = gates.over_epochs(["a", "b"], OverlapHistory(epochs, opened, jaccard), 2, LIGHT)
    np.testing.assert_array_equal([t.y for t in figure.data], [*opened.T, *jaccard.T])
    assert all(list(t.x) == [0, 2, 10] for t in figure.data)

    named, changed = np.split(np.random.default_rng(3).random((3, 3, 3)), [2], axis=2)
    figure = instructions.plane(
        Plane(np.array([-1, 0, 1]), named, changed), TASKS, (1.0, -1.0), LIGHT
    )
    shown = np.stack([t.z for t in figure.data[:3]], 2)
    np.testing.assert_allclose(shown, np.concatenate([named, changed], 2), rtol=1e-6)
    assert {(t.x[0], t.y[0], t.xaxis) for t in figure.data[3:]} == {
        (1.0, -1.0, axis) for axis in ("x", "x2", "x3")
    }


def test_forgetting_has_a_panel_for_each_method():
    rng = np.random.default_rng(4)
    courses = {
        way: Course(np.array([0, 10]), rng.random((2, 3)))
        for way in ("alone, 10 updates", "jointly, 10 updates")
    }
    figure = causes.forgetting(courses, (*TASKS, "larger"), LIGHT)
    expected = [column for course in courses.values() for column in course.correct.T]
    np.testing.assert_array_equal([t.y for t in figure.data], expected)
    assert [t.xaxis for t in figure.data] == ["x"] * 3 + ["x2"] * 3


@pytest.mark.parametrize("instructed", [False, True])
def test_three_passes_are_played_in_their_order(instructed):
    view = signals(instructed)
    figure = passes.three_passes(view, np.zeros((28, 28)), (0, 1), CLASSES, 3, DARK)
    order = ["h̄ of fc", "h̄ of conv"] * instructed + [
        "the image",
        "h of conv",
        "h of fc",
        "the answer",
        "its error",
        "δ of fc",
        "δ of conv",
    ]
    assert [t.name for t in figure.data] == order
    assert [f.name for f in figure.frames] == order
    for k, frame in enumerate(figure.frames):
        assert [d.opacity for d in frame.data] == [1] * (k + 1) + [0] * (len(order) - k - 1)
    by_name = {t.name: t for t in figure.data}
    np.testing.assert_allclose(by_name["the answer"].y, view.probability, rtol=1e-6)
    error = np.asarray(by_name["δ of fc"].z).ravel()
    np.testing.assert_allclose(error[~np.isnan(error)], view.error[1], rtol=1e-6)
    assert by_name["δ of fc"].zmin == -by_name["δ of fc"].zmax


def test_the_difference_is_green_where_it_is_rounding():
    difference = Difference(("a", "b"), np.array([0.0, 50.0]), np.array([1e-16, 0.8]))
    relative, angle = weights.difference(difference, LIGHT).data
    np.testing.assert_allclose(relative.y, difference.relative)
    assert relative.marker.color[0] != relative.marker.color[1]
    np.testing.assert_array_equal(angle.y, difference.angle)


def test_rules_over_epochs_carry_bands_and_one_legend():
    styles = trace_styles(["one", "two"])
    x = np.array([1, 2, 3])
    many = OverSeeds(x, np.array([0.7, 0.8, 0.9]), np.array([0.1, 0.05, 0.02]), 3)
    single = OverSeeds(x[:2], np.array([0.5, 0.6]), np.zeros(2), 1)
    figure = rules.over_epochs(
        {"fc": {"one": many, "two": single}, "head": {"one": many}}, styles, "angle", LIGHT
    )
    band, line, other, *_ = figure.data
    np.testing.assert_allclose(band.y[:3], many.mean + many.sd)
    np.testing.assert_array_equal(line.y, many.mean)
    np.testing.assert_array_equal(other.y, single.mean)
    assert [t.name for t in figure.data if t.showlegend] == ["one", "two"]


def test_angles_and_alignments():
    styles = trace_styles(["one", "two"])
    points = {
        "one": AngleAndAccuracy(np.array([10.0, 20.0]), np.array([0.9, 0.8])),
        "two": AngleAndAccuracy(np.array([50.0]), np.array([0.7])),
    }
    figure = rules.angle_and_accuracy(points, styles, LIGHT)
    np.testing.assert_array_equal(figure.data[0].x, [10, 20])
    np.testing.assert_array_equal(figure.data[1].y, [0.7])
    values = np.array([[0.1, 0.2], [3, 4], [5, 6], [7, 8]])
    figure = weights.alignments({"one": Alignment(("a", "b"), *values)}, styles, LIGHT)
    np.testing.assert_array_equal([t.y for t in figure.data], [[0.1, 0.2], [3, 4]])
    assert all(list(t.x) == ["a", "b"] for t in figure.data)
