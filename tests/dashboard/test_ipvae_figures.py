"""Figures of the Sparse code and the Moving bars page show the arrays they are given."""

import numpy as np
import pytest

from corelib.models.ipvae.gabor import Gabors
from corelib.models.ipvae.stimuli import bars as bar_films
from dashboard.components.bar_pad import MOST, clean, colours
from dashboard.figures.style import DARK, LIGHT, trace_styles
from dashboard.ipvae.bars.figures import bars
from dashboard.ipvae.sparse import figures as sparse

RNG = np.random.default_rng(0)
SIGN = trace_styles(("one", "two"))


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_mosaic_puts_features_in_order_and_frames_the_chosen_one(palette):
    features = RNG.normal(size=(5, 4, 4))
    order = np.array([3, 0, 4, 1, 2])
    figure = sparse.mosaic(features, [f"n{k}" for k in range(5)], order, 4, 3, palette)
    (sheet,) = (np.asarray(t.z) for t in named(figure, "features"))
    scaled = np.rint(128 + 127 * features[1] / np.abs(features[1]).max())
    np.testing.assert_array_equal(sheet[6:10, 0:4], scaled)
    assert (sheet[:, 4] == 0).all(), "between features the page shows through"
    (marks,) = named(figure, "feature")
    np.testing.assert_array_equal(marks.customdata, order)
    assert marks.text[0] == "n3"
    (frame,) = figure.layout.shapes
    assert (frame.x0 + frame.x1) / 2 == marks.x[2]
    assert (frame.y0 + frame.y1) / 2 == marks.y[2]


def test_player_shows_units_where_the_mosaic_has_them():
    order = np.array([2, 0, 1])
    parts = [RNG.random((4, 3)) for _ in range(3)]
    moments = sparse.Moments(np.array([1, 2, 5, 9]), RNG.normal(size=(4, 6, 6)), *parts)
    figure = sparse.player(RNG.normal(size=(6, 6)), moments, order, 2, ("u", "r", "z"), LIGHT)
    assert [f.name for f in figure.frames] == ["1", "2", "5", "9"]
    frame = figure.frames[1]
    np.testing.assert_allclose(frame.data[0].z, moments.reconstruction[1], rtol=1e-6)
    rates = np.asarray(frame.data[2].z)
    np.testing.assert_allclose(rates.ravel()[:3], parts[1][1][order], rtol=1e-6)
    assert np.isnan(rates[1, 1])
    # The image stands still: it is no part of the frames.
    assert tuple(frame.traces) == (1, 2, 3, 4)


def test_settling_is_thinned_on_log_time_and_carries_the_papers_points():
    n = 1000
    course = sparse.Course(np.linspace(0, 0.8, n), np.linspace(1, 0.7, n), np.geomspace(9, 0.1, n))
    point = sparse.Point(0.77, 0.83)
    figure = sparse.settling({"one": course}, SIGN, LIGHT, published={"one": (1000, point)})
    r2, zeros, change = named(figure, "one")
    assert r2.x[0] == 1
    assert r2.x[-1] == n
    np.testing.assert_allclose(change.y, course.change[np.asarray(change.x) - 1])
    theirs = named(figure, "one, published")
    assert [t.y[0] for t in theirs] == [0.83, 0.77]
    assert all(t.marker.symbol.endswith("-open") for t in theirs)
    np.testing.assert_allclose(zeros.y[-1], 0.7)


def test_strongest_shows_means_between_the_steps():
    activity = RNG.poisson(1.0, (50, 3)).astype(float)
    figure = sparse.strongest(
        RNG.normal(size=(50, 3)), activity, np.array([7, 1, 4]), ("u", "z"), LIGHT
    )
    (heat,) = named(figure, "z")
    edges, z = np.asarray(heat.x) + 0.5, np.asarray(heat.z)
    assert edges[0] == 1
    assert edges[-1] == 51
    widths = np.diff(edges)
    np.testing.assert_allclose((z * widths).sum(1), activity.sum(0), rtol=1e-5)
    np.testing.assert_allclose(z[:, 0], activity[: int(widths[0])].mean(0), rtol=1e-5)


def test_rate_distortion_tells_ours_from_theirs():
    figure = sparse.rate_distortion(
        {"one": sparse.Point(0.8, 0.7)},
        {"theirs": sparse.Point(0.77, 0.83), "LCA": sparse.Point(0.78, 0.82)},
        SIGN,
        {"one": "one", "theirs": "one"},
        LIGHT,
    )
    own, theirs, lca = figure.data
    assert (own.x[0], own.y[0]) == (0.8, 0.7)
    assert theirs.marker.symbol == f"{own.marker.symbol}-open"
    assert theirs.marker.color == own.marker.color
    assert lca.marker.color == LIGHT.muted


def test_lesions_are_sorted_and_the_chosen_one_is_marked():
    drop = np.array([0.1, 0.5, 0.0, 0.3])
    trace, mark = sparse.lesions(drop, 3, LIGHT).data
    assert (mark.x[0], mark.y[0], mark.text[0]) == (1, 0.3, "neuron 3")
    np.testing.assert_array_equal(trace.y, [0.5, 0.3, 0.1, 0.0])
    np.testing.assert_array_equal(trace.customdata, [1, 3, 0, 2])
    assert trace.marker.color[1] != trace.marker.color[0] == trace.marker.color[2]


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
