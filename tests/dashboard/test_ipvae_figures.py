"""Figures of the Moving bars page show the arrays they are given."""

import numpy as np
import pytest

from corelib.models.ipvae.gabor import Gabors
from corelib.models.ipvae.stimuli import bars as bar_films
from dashboard.components.bar_pad import MOST, clean, colours
from dashboard.figures.style import LIGHT, trace_styles
from dashboard.ipvae.bars.figures import bars

RNG = np.random.default_rng(0)
SIGN = trace_styles(("one", "two"))


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("direction", [0, 30, 90, 200, 315])
def test_the_outline_holds_the_pixels_of_the_bar(direction):
    side, width = 16, 3.2
    for place in (-7.0, 0.0, 4.3):
        film = bar_films(side, [direction], np.array([place]), width)[0, 0].reshape(side, side) > 0
        corners = bars.strip(direction, place, width, side / 2)
        x, y = corners.T
        area = 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))
        # A pixel is in or out, so that a row more or less may be lit.
        assert area == pytest.approx(film.sum(), abs=side)
        rows, columns = np.nonzero(film)
        middle = np.array([columns.mean() - 7.5, 7.5 - rows.mean()])
        np.testing.assert_allclose(corners.mean(0), middle, atol=2.5)
        # Every corner is on the bar's edge or inside it.
        normal = np.array([np.cos(np.deg2rad(direction)), np.sin(np.deg2rad(direction))])
        assert (np.abs(corners @ normal - place) <= width / 2 + 1e-9).all()


def test_an_outline_without_a_bar_is_nothing_and_a_grating_has_its_period():
    assert np.isnan(bars.outline(30, np.nan, 2.0, 8)).all()
    assert len(bars.strip(0, 40.0, 2.0, 8)) == 0
    stripes = bars.outline(0, 1.0, 2.0, 8, period=4.0)
    left = np.unique(np.round(stripes[~np.isnan(stripes[:, 0]), 0], 6))
    # Bright from 0 to 2, and again every four pixels; the next one touches the edge.
    np.testing.assert_allclose(left, [-8, -6, -4, -2, 0, 2, 4, 6, 8])


def test_player_moves_bar_and_line_together():
    n, blanks = 90, 10
    run = bars.Run(np.sin(np.arange(n)), np.random.default_rng(1).random(n), np.arange(n) % 3)
    outlines = [bars.outline(0, t / 10 - 4, 2, 4) for t in range(n)]
    figure = bars.player(RNG.normal(size=(8, 8)), outlines, run, ("u", "r", "z"), blanks, 25, LIGHT)
    assert len(figure.frames) <= bars.MOST_FRAMES
    frame = figure.frames[7]
    t = int(frame.name) + blanks
    np.testing.assert_array_equal(frame.data[0].x, [t - blanks] * 2)
    np.testing.assert_allclose(frame.data[1].x, outlines[t][:, 0])
    moved = [figure.data[k].name for k in frame.traces]
    assert moved == ["now", "stimulus"]
    # The line goes through all panels, on axes of its own that move with theirs.
    (line,) = named(figure, "now")
    assert tuple(figure.layout[f"yaxis{line.yaxis[1:]}"].domain) == (0, 1)
    assert figure.layout[f"xaxis{line.xaxis[1:]}"].matches == figure.layout.xaxis.matches
    (spikes,) = named(figure, "z")
    np.testing.assert_array_equal(spikes.y, run.activity)
    (field,) = named(figure, "receptive field")
    assert field.y[0] > field.y[-1], "the first row is at the top, and y points up"
    play = figure.layout.updatemenus[0].buttons[0].args[1]
    assert play["frame"]["duration"] == 75


def test_raster_has_a_stroke_for_each_frame_with_spikes():
    activity = RNG.poisson(0.3, (4, 20)).astype(float)
    figure = bars.raster(activity, activity.mean(0), np.ones(4), 5, 6, True, "a frame", LIGHT)
    strokes, mean = named(figure, "spikes")
    x, y, counts = (
        np.asarray(v, float).reshape(-1, 3) for v in (strokes.x, strokes.y, strokes.customdata)
    )
    assert np.isnan(x[:, 2]).all(), "a stroke ends"
    found = np.zeros_like(activity)
    found[np.rint(y[:, :2].mean(1)).astype(int) - 1, x[:, 0].astype(int) + 6] = counts[:, 0]
    np.testing.assert_array_equal(found, activity)
    np.testing.assert_allclose(mean.x, [-4, 1, 6, 11])


def test_polar_turns_counter_clockwise_from_the_right():
    curve = bars.Curve(
        np.array([0.0, 90.0, 180.0, 270.0]), np.array([4.0, 3.0, 2.0, 1.0]), np.full(4, 0.5), 0.3
    )
    figure = bars.polar({"one": curve}, SIGN, 90.0, 90.0, LIGHT)
    (line,) = named(figure, "one")
    np.testing.assert_allclose(line.x, [4, 0, -2, 0, 4], atol=1e-12)
    np.testing.assert_allclose(line.y, [0, 3, 0, -1, 0], atol=1e-12)
    (across,) = named(figure, "across the Gabor's stripes")
    np.testing.assert_allclose(across.y, 0, atol=1e-9)  # stripes upright: across is 0 and 180
    (shown,) = named(figure, "direction shown")
    assert shown.y[0] > abs(shown.x[0])


def test_map_draws_each_neuron_along_its_axis():
    n = 3
    fits = Gabors(*(np.zeros(n) for _ in range(9)))._replace(
        x=np.array([-2.0, 0, np.nan]), y=np.array([1.0, 0, 0])
    )
    axis = np.array([90.0, 0.0, 45.0])
    figure = bars.orientation_map(fits, axis, np.ones(n), 8.0, 0, LIGHT)
    (upright,) = named(figure, "90°")
    np.testing.assert_allclose(upright.x[:2], -2, atol=1e-9)
    assert upright.y[1] > 1 > upright.y[0]
    (marks,) = named(figure, "neuron")
    np.testing.assert_array_equal(marks.customdata, [0, 1])


def test_axes_and_directions_are_drawn_next_to_what_they_are_compared_with():
    (_, points, _) = bars.agreement(
        np.array([175.0, 5.0]), np.array([3.0, 178.0]), np.ones(2), 0, LIGHT
    ).data
    np.testing.assert_allclose(points.y, [183, -2])
    (_, found) = bars.decoding(np.array([350.0, 10.0]), np.array([5.0, 355.0]), LIGHT).data
    np.testing.assert_allclose(found.y, [365, -5])


def test_a_path_from_the_browser_is_numbers_or_nothing():
    assert clean([1, -2.5, 100], 16) == (1.0, -2.5, 32.0)
    assert clean(None, 16) == clean([], 16) == ()
    assert clean([float("nan")], 16) == clean(["x"], 16) == clean([[1, 2]], 16) == ()
    assert len(clean([0.0] * (MOST + 5), 16)) == MOST


def test_selectivity_by_contrast_stands_beside_the_papers():
    medians = {"one": np.array([0.9, 0.8]), "two": np.array([0.6, 0.3])}
    figure = bars.by_contrast(np.array([1.0, 4.0]), medians, {"two": 0.27}, SIGN, LIGHT)
    for name, found in medians.items():
        (line,) = named(figure, name)
        np.testing.assert_array_equal(line.y, found)
    (dotted,) = figure.layout.shapes
    assert (dotted.y0, dotted.y1, dotted.line.color) == (0.27, 0.27, SIGN["two"].colour)


def test_a_field_on_a_canvas_has_the_colours_of_the_figures():
    from plotly.colors import get_colorscale

    stops = [colour.replace(" ", "") for _, colour in get_colorscale("RdBu")]
    field = np.linspace(-2, 2, 11)[None]
    assert colours(field) == stops
    assert colours(np.zeros((2, 2))) == ["rgb(247,247,247)"] * 4
