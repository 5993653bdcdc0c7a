"""Figures of the BPC digits page show the arrays they are given."""

import numpy as np
import pytest

from dashboard.bpc.figures import images, inference, networks, seeds
from dashboard.figures.style import DARK, LIGHT, trace_styles

CLASSES = ("a", "b", "c")


def named(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize("titles", [("x", "y", "z"), ("", "", "")])
def test_gallery_places_every_image(titles):
    digits = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    figure = images.gallery(digits, titles, 2, LIGHT)
    sheet = np.asarray(named(figure, "images").z)
    head = sheet.shape[0] // 2 - 28
    np.testing.assert_array_equal(sheet[head : head + 28, :28], digits[0])
    np.testing.assert_array_equal(sheet[head : head + 28, 31:59], digits[1])
    np.testing.assert_array_equal(sheet[2 * head + 28 :, :28], digits[2])
    assert np.isnan(sheet[2 * head + 28 :, 31:]).all(), "nothing stands where there is no image"
    assert list(named(figure, "titles").text) == list(titles)


def test_the_lowest_energy_is_marked_and_the_truth_is_framed():
    figure = inference.energies(np.array([5.0, 3.0, 4.0]), CLASSES, 2, DARK)
    (bar,) = figure.data
    assert bar.marker.color[1] != bar.marker.color[0] == bar.marker.color[2]
    assert list(bar.marker.line.width) == [0, 0, 2.5]
    low, high = figure.layout.yaxis.range
    assert low < 3
    assert high > 5


def view() -> inference.InferenceView:
    rng = np.random.default_rng(1)
    return inference.InferenceView(
        step=np.array([0, 1, 2]),
        energy=np.array([3.0, 2.0, 1.0]),
        forward=rng.random((3, 3)),
        backward=rng.random((3, 2)),
        image=rng.integers(0, 256, (3, 28, 28), np.uint8),
        label=rng.standard_normal((3, 3)),
        hidden=(rng.standard_normal((3, 6)), rng.standard_normal((3, 4))),
    )


def test_curves_show_energy_and_every_error():
    v = view()
    figure = inference.inference_curves(v, LIGHT)
    np.testing.assert_array_equal(named(figure, "energy").y, v.energy)
    np.testing.assert_array_equal(named(figure, "e₂").y, v.forward[:, 1])
    np.testing.assert_array_equal(named(figure, "δ₀").y, v.backward[:, 0])
    assert len(figure.data) == 1 + 3 + 2


def test_the_player_has_a_frame_for_each_moment():
    v = view()
    figure = inference.player(v, CLASSES, 0, LIGHT)
    assert [frame.name for frame in figure.frames] == ["0", "1", "2"]
    for t, frame in enumerate(figure.frames):
        np.testing.assert_array_equal(frame.data[0].z, v.image[t])
        np.testing.assert_allclose(frame.data[1].y, v.label[t], rtol=1e-6)
        units = np.asarray(frame.data[2].z).ravel()
        np.testing.assert_allclose(units[: len(v.hidden[0][t])], v.hidden[0][t], rtol=1e-6)
        assert np.isnan(units[6:]).all()
    # Before it is played it shows the end.
    np.testing.assert_array_equal(figure.data[0].z, v.image[2])


def test_bars_compare_before_and_after():
    figure = inference.bars(
        {"amortiser": np.array([1.0, 2, 3]), "after": np.array([3.0, 2, 1])}, CLASSES, 1, "y", LIGHT
    )
    np.testing.assert_array_equal(named(figure, "after").y, [3, 2, 1])
    assert named(figure, "amortiser").marker.color != named(figure, "after").marker.color


def test_both_scores_against_the_weight_of_the_generators_errors():
    alpha = np.array([0.1, 1.0])
    accuracy, loss = np.array([[0.9, 0.01], [0.8, 0.02]]), np.array([[0.3, 0.0], [0.29, 0.01]])
    figure = networks.weighing(alpha, accuracy, loss, DARK)
    np.testing.assert_array_equal(named(figure, "accuracy").y, accuracy[:, 0])
    np.testing.assert_array_equal(named(figure, "generator loss").error_y.array, loss[:, 1])


def test_trade_off_and_completion_show_their_values():
    figure = networks.trade_off({"m": (0.285, 0.97)}, "error", trace_styles(["m"]), 0.279, LIGHT)
    assert (figure.data[0].x[0], figure.data[0].y[0]) == (0.285, 0.97)
    assert figure.layout.shapes[0].x0 == 0.279
    figure = networks.completion({"left": 0.4}, {"left": 0.9}, 0.1, LIGHT)
    assert list(named(figure, "before").y) == [0.4]
    assert list(named(figure, "after inference").y) == [0.9]


def test_losses_stand_in_panels_of_their_own_beside_the_best_possible():
    steps = np.array([1, 2])
    figure = networks.losses(steps, np.array([0.5, 0.3]), np.array([0.1, 0.05]), 0.279, LIGHT)
    np.testing.assert_array_equal(named(figure, "amortiser loss").y, [0.1, 0.05])
    assert named(figure, "amortiser loss").yaxis == "y2"
    assert figure.layout.shapes[0].y0 == 0.279


def test_lines_over_seeds_show_their_means_and_sds():
    x, y = np.array([[0.2, 0.01], [0.5, 0.02]]), np.array([[0.9, 0.03], [0.8, 0.04]])
    lines = [seeds.Line("net, z1", x, y, ["0.5 sd", "1 sd"])]
    styles = trace_styles(["net, z1"])
    for figure in (
        seeds.samples(lines, (1.1, 0.98), styles, LIGHT),
        seeds.depth(lines, styles, DARK),
    ):
        line = named(figure, "net, z1")
        np.testing.assert_array_equal(line.x, x[:, 0])
        np.testing.assert_array_equal(line.y, y[:, 0])
        np.testing.assert_array_equal(line.error_x.array, x[:, 1])
        np.testing.assert_array_equal(line.error_y.array, y[:, 1])
        assert list(line.text) == ["0.5 sd", "1 sd"]
    star = named(seeds.samples(lines, (1.1, 0.98), styles, LIGHT), "test digits")
    assert (list(star.x), list(star.y)) == ([1.1], [0.98])
