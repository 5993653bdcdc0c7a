"""Figures of the Robustness page show the arrays they are given."""

from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from corelib.analysis.anytime import Interval, Spread
from corelib.analysis.robustness import OverSeverity
from corelib.models.bpan.analysis import Currents
from corelib.reproduce.balance import Difference
from dashboard.bpan.robustness.figures.ablation import arms, paired_differences
from dashboard.bpan.robustness.figures.curves import class_probability, over_severity
from dashboard.bpan.robustness.figures.occlusion import sensitivity
from dashboard.bpan.robustness.figures.states import currents_pair, state_space
from dashboard.bpan.robustness.figures.strip import PROJECTED, WIDE, AnswerPair, strip
from dashboard.figures.style import DARK, LIGHT, trace_styles

NAMES = ("one", "two")
STYLES = trace_styles(NAMES)
CLASSES = tuple("0123456789")


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


SVG = "{http://www.w3.org/2000/svg}"


def test_the_strip_of_a_projector_has_larger_type():
    images, labels = np.zeros((10, 28, 28), np.uint8), np.arange(10)
    answers = {"bpan-unbalanced-mnist": AnswerPair(labels, labels[::-1])}
    names = [str(k) for k in range(10)]
    wide, large = (
        ElementTree.fromstring(strip(images, images, labels, answers, names, LIGHT, shape=shape))
        for shape in (WIDE, PROJECTED)
    )
    # Both are as wide as their column, which the projector makes narrower by a tenth.
    width, own = (float(svg.get("viewBox").split()[2]) for svg in (wide, large))
    assert 0.9 * width / own > 1.3
    # A name of 14 units and an answer that changed still fit.
    assert PROJECTED.names - 10 > 6.6 * len("bpan-unbalanced-mnist")
    assert PROJECTED.digit > 5 * 7


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_strip_shows_both_digits_and_marks_what_is_wrong(palette):
    rng = np.random.default_rng(0)
    clean, corrupted = rng.integers(0, 256, (2, 3, 28, 28), np.uint8)
    labels = np.array([4, 5, 6])
    pair = AnswerPair(np.array([4, 5, 0]), np.array([4, 1, 6]))
    # The name of a network is a person's own.
    svg = ElementTree.fromstring(
        strip(clean, corrupted, labels, {"<one> & only": pair}, CLASSES, palette)
    )
    (part,) = svg
    shown = [
        np.asarray(Image.open(BytesIO(b64decode(i.get("href").partition(",")[2]))))
        for i in part.findall(f"{SVG}image")
    ]
    np.testing.assert_array_equal(shown, [*clean, *corrupted])
    assert svg.get("fill") == palette.text
    texts = part.findall(f"{SVG}text")
    assert [t.text for t in texts] == ["clean", "corrupted", "<one> & only", "4", "5 → 1", "0 → 6"]
    # A row's name stands beside the middle of its digits.
    rows = part.findall(f"{SVG}image")[::3]
    assert [float(t.get("y")) for t in texts[:2]] == [
        float(image.get("y")) + float(image.get("height")) / 2 for image in rows
    ]
    # Only the second answer is wrong in the end; the field lies behind it.
    (field,) = part.findall(f"{SVG}rect")
    wrong = texts[4]
    assert float(field.get("x")) + float(field.get("width")) / 2 == float(wrong.get("x"))
    assert float(field.get("y")) + float(field.get("height")) / 2 == float(wrong.get("y"))
    assert list(part).index(field) < list(part).index(wrong)
    # All of it lies inside the picture.
    _, _, width, height = map(float, svg.get("viewBox").split())
    for element in part:
        assert 0 <= float(element.get("x")) <= width
        assert 0 <= float(element.get("y")) <= height


def test_curves_carry_a_band_where_there_are_seeds():
    x = np.array([0.0, 0.5, 1.0])
    many = OverSeverity(x, np.array([0.9, 0.6, 0.3]), np.array([0.01, 0.02, 0.03]), 3)
    one = OverSeverity(x, np.array([0.8, 0.7, 0.1]), np.zeros(3), 1)
    figure = over_severity({"one": many, "two": one}, STYLES, 0.5, "severity", "accuracy", LIGHT)
    band, line, single = figure.data
    np.testing.assert_allclose(band.y[:3], many.mean + many.sd)
    np.testing.assert_allclose(band.y[:2:-1], many.mean - many.sd)
    np.testing.assert_array_equal(line.y, many.mean)
    np.testing.assert_array_equal(single.y, one.mean)
    (here,) = figure.layout.shapes
    assert here.x0 == here.x1 == 0.5
    # What is of one seed has no spread.
    assert [trace.hovertemplate for trace in (line, single)] == [
        "%{y:.1%} ± %{customdata:.1%}",
        "%{y:.1%}",
    ]


def test_both_probabilities_of_one_class_are_shown():
    clean, corrupted = np.array([0.2, 0.9]), np.array([0.1, 0.4])
    figure = class_probability({"one": (clean, corrupted)}, STYLES, "7", LIGHT)
    solid, dotted = figure.data
    np.testing.assert_array_equal(solid.y, clean)
    np.testing.assert_array_equal(dotted.y, corrupted)
    assert (solid.line.dash, dotted.line.dash) == ("solid", "dot")
    assert list(solid.x) == [1, 2]
    assert figure.layout.yaxis.title.text == "probability of 7"


def test_currents_are_means_over_the_units_of_each_population():
    def view(k: float) -> Currents:
        base = k * np.arange(12, dtype=np.float32).reshape(3, 4)
        return Currents(
            base, -base, base + 1, base, base - 1, base, np.ones((3, 2)), 3, np.zeros(4, bool)
        )

    figure = currents_pair(view(1), view(2), LIGHT)
    excitatory, inhibitory = named(figure, "excitatory, corrupted")
    np.testing.assert_allclose(excitatory.y, 2 * np.array([1, 5, 9]))
    np.testing.assert_allclose(inhibitory.y, 2 * np.array([3, 7, 11]))


def test_states_keep_their_classes():
    points = np.arange(20.0).reshape(10, 2)
    labels = np.arange(10) % 2
    path = np.array([[0.0, 0.0], [1.0, 2.0]])
    figure = state_space(points, labels, {"clean": path}, ("a", "b"), ("x", "y"), LIGHT)
    (b,) = named(figure, "b")
    np.testing.assert_array_equal(b.x, points[1::2, 0])
    (line,) = named(figure, "clean")
    np.testing.assert_array_equal(line.y, path[:, 1])
    assert line.marker.symbol[-1] == "star"


def test_arms_show_every_seed_and_their_mean():
    values = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, np.nan])}
    figure = arms(values, "a", "title", LIGHT)
    assert list(named(figure, "seed 0")[0].y) == [1, 3]
    assert list(named(figure, "mean")[0].y) == [1.5, 3]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_differences_show_mean_interval_and_the_published_gain(palette):
    found = [
        Difference("λ_bal = 5e-4", "accuracy clean", Spread(0.1, 0.2, 20), Interval(-0.1, 0.3)),
        Difference("λ_bal = 5e-4", "accuracy hard", Spread(1.0, 0.9, 20), Interval(0.5, 1.5)),
        Difference("MLP of 160", "accuracy hard", Spread(2.0, 0.1, 1), None),
    ]
    figure = paired_differences(found, ("accuracy hard", 6.5), palette)
    term, mlp, published = figure.data
    assert list(term.y) == [0.1, 1.0]
    np.testing.assert_allclose(term.error_y.array, [0.2, 0.5])
    assert list(mlp.error_y.array) == [0]
    assert list(published.y) == [6.5]
    # Beside the balance term's own point under that condition, not on another.
    assert published.x[0] == term.x[1]
    assert list(figure.layout.xaxis.ticktext) == ["clean", "hard"]
    assert abs(mlp.x[0] - 1) < 0.5


def test_sensitivity_map_has_its_centres():
    accuracy = np.array([[0.5, 0.9], [0.7, 0.8]])
    figure = sensitivity(accuracy, np.array([3.0, 24.0]), np.zeros((28, 28), np.uint8), 0.97, LIGHT)
    shown, _ = figure.data
    np.testing.assert_allclose(shown.z, accuracy, atol=1e-6)
    assert list(shown.x) == [3, 24]
    assert shown.zmax == 0.97
