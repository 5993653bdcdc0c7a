"""Figures of the Robustness and the Sequential evidence page show the arrays they are given."""

from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from corelib.models.bpan.analysis import Currents
from dashboard.bpan.evidence import figures as evidence
from dashboard.bpan.robustness.figures import severity as robustness
from dashboard.bpan.robustness.figures.strip import Read, strip
from dashboard.figures.style import DARK, LIGHT, trace_styles

NAMES = ("one", "two")
SIGN = trace_styles(NAMES)
CLASSES = tuple("0123456789")


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_strip_shows_both_digits_and_marks_what_is_wrong(palette):
    rng = np.random.default_rng(0)
    clean, corrupted = rng.integers(0, 256, (2, 3, 28, 28), np.uint8)
    labels = np.array([4, 5, 6])
    read = Read(np.array([4, 5, 0]), np.array([4, 1, 6]))
    # The name of a network is a person's own.
    svg = ElementTree.fromstring(
        strip(clean, corrupted, labels, {"<one> & only": read}, CLASSES, palette)
    )
    shown = [
        np.asarray(Image.open(BytesIO(b64decode(i.get("href").partition(",")[2]))))
        for i in svg.findall(f"{SVG}image")
    ]
    np.testing.assert_array_equal(shown, [*clean, *corrupted])
    assert svg.get("fill") == palette.text
    texts = svg.findall(f"{SVG}text")
    assert [t.text for t in texts] == ["clean", "corrupted", "<one> & only", "4", "5 → 1", "0 → 6"]
    # Only the second answer is wrong in the end; the field lies behind it.
    (field,) = svg.findall(f"{SVG}rect")
    wrong = texts[4]
    assert float(field.get("x")) + float(field.get("width")) / 2 == float(wrong.get("x"))
    assert float(field.get("y")) + float(field.get("height")) / 2 == float(wrong.get("y"))
    assert list(svg).index(field) < list(svg).index(wrong)
    # All of it lies inside the picture.
    _, _, width, height = map(float, svg.get("viewBox").split())
    for element in svg:
        assert 0 <= float(element.get("x")) <= width
        assert 0 <= float(element.get("y")) <= height


def test_curves_carry_a_band_where_there_are_seeds():
    x = np.array([0.0, 0.5, 1.0])
    many = robustness.OverSeverity(x, np.array([0.9, 0.6, 0.3]), np.array([0.01, 0.02, 0.03]), 3)
    one = robustness.OverSeverity(x, np.array([0.8, 0.7, 0.1]), np.zeros(3), 1)
    figure = robustness.over_severity(
        {"one": many, "two": one}, SIGN, 0.5, "severity", "accuracy", LIGHT
    )
    band, line, single = figure.data
    np.testing.assert_allclose(band.y[:3], many.mean + many.sd)
    np.testing.assert_allclose(band.y[:2:-1], many.mean - many.sd)
    np.testing.assert_array_equal(line.y, many.mean)
    np.testing.assert_array_equal(single.y, one.mean)
    (here,) = figure.layout.shapes
    assert here.x0 == here.x1 == 0.5


def test_currents_are_means_over_the_units_of_each_population():
    def view(k: float) -> Currents:
        base = k * np.arange(12, dtype=np.float32).reshape(3, 4)
        return Currents(
            base, -base, base + 1, base - 1, base, np.ones((3, 2)), 3, np.zeros(4, bool)
        )

    figure = robustness.currents_pair(view(1), view(2), LIGHT)
    excitatory, inhibitory = named(figure, "excitatory, corrupted")
    np.testing.assert_allclose(excitatory.y, 2 * np.array([1, 5, 9]))
    np.testing.assert_allclose(inhibitory.y, 2 * np.array([3, 7, 11]))


def test_states_keep_their_classes():
    points = np.arange(20.0).reshape(10, 2)
    labels = np.arange(10) % 2
    path = np.array([[0.0, 0.0], [1.0, 2.0]])
    figure = robustness.state_space(points, labels, {"clean": path}, ("a", "b"), ("x", "y"), LIGHT)
    (b,) = named(figure, "b")
    np.testing.assert_array_equal(b.x, points[1::2, 0])
    (line,) = named(figure, "clean")
    np.testing.assert_array_equal(line.y, path[:, 1])
    assert line.marker.symbol[-1] == "star"


def test_arms_show_every_seed_and_their_mean():
    values = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, np.nan])}
    figure = robustness.arms(values, "a", "title", LIGHT)
    assert list(named(figure, "seed 0")[0].y) == [1, 3]
    assert list(named(figure, "mean")[0].y) == [1.5, 3]


def test_sensitivity_map_has_its_centres():
    accuracy = np.array([[0.5, 0.9], [0.7, 0.8]])
    figure = robustness.sensitivity(
        accuracy, np.array([3.0, 24.0]), np.zeros((28, 28), np.uint8), 0.97, LIGHT
    )
    shown, _ = figure.data
    np.testing.assert_allclose(shown.z, accuracy, atol=1e-6)
    assert list(shown.x) == [3, 24]
    assert shown.zmax == 0.97


def test_the_player_uncovers_step_by_step():
    whole = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10
    shown = np.zeros((2, 4, 4), bool)
    shown[:, :2, :2] = True
    shown[1, 2:, 2:] = True
    seen = evidence.Seen(whole, shown, np.array([[0, 0, 2, 2], [2, 2, 2, 2]]))
    beliefs = {"one": np.array([[0.3, 0.7], [0.9, 0.1]])}
    figure = evidence.player(seen, beliefs, ("a", "b"), 0, SIGN, "glimpse", LIGHT)
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
        {"one": (mean, sd), "two": (mean, 0 * sd)}, {"one": 0.47}, SIGN, "glimpse", LIGHT
    )
    (hollow,) = named(figure, "published")
    assert (hollow.x[0], hollow.y[0]) == (2, 0.47)
    np.testing.assert_array_equal(named(figure, "one")[0].error_y.array, sd)


def test_fates_add_up():
    shares = {"one": np.array([0.5, 0.1, 0.2, 0.1, 0.1]), "two": np.array([1.0, 0, 0, 0, 0])}
    figure = evidence.outcomes(shares, LIGHT)
    assert [t.name for t in figure.data] == [name for name, _ in evidence.FATES]
    np.testing.assert_allclose(np.sum([t.x for t in figure.data], 0), 1)
