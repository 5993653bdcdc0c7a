"""Figures of the Moving bars page show the arrays they are given."""

import numpy as np
import pytest

from corelib.models.ipvae.contrast import ContrastCurve
from corelib.models.ipvae.experiment import DirectionSweep, Experiment, Outcome
from corelib.models.ipvae.gabor import Gabors
from corelib.models.ipvae.stimuli import Stimulus
from corelib.models.ipvae.stimuli import bars as bar_films
from corelib.models.ipvae.tuning import Decoding, Tuning
from dashboard.figures.style import LIGHT, trace_styles
from dashboard.ipvae.bars.figures import comparison, geometry, player, population, trials, tuning

RNG = np.random.default_rng(0)
SIGN = trace_styles(("one", "two"))


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("direction", [0, 30, 90, 200, 315])
def test_the_outline_holds_the_pixels_of_the_bar(direction):
    side, width = 16, 3.2
    for place in (-7.0, 0.0, 4.3):
        film = bar_films(side, [direction], np.array([place]), width)[0, 0].reshape(side, side) > 0
        corners = geometry.strip(direction, place, width, side / 2)
        x, y = corners.T
        area = 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))
        # A pixel is in or out, so that a row more or less may be lit.
        assert area == pytest.approx(film.sum(), abs=side)
        rows, columns = np.nonzero(film)
        middle = np.array([columns.mean() - 7.5, 7.5 - rows.mean()])
        # The middle of the outline's area; lit pixels are whole, so that theirs may be half a pixel
        # off in each direction.
        cross = x * np.roll(y, -1) - np.roll(x, -1) * y
        centroid = ((corners + np.roll(corners, -1, 0)) * cross[:, None]).sum(0) / (3 * cross.sum())
        np.testing.assert_allclose(centroid, middle, atol=0.5)
        # Every corner is on the bar's edge or inside it.
        normal = np.array([np.cos(np.deg2rad(direction)), np.sin(np.deg2rad(direction))])
        assert (np.abs(corners @ normal - place) <= width / 2 + 1e-9).all()


def test_an_outline_without_a_bar_is_nothing_and_a_grating_has_its_period():
    assert np.isnan(geometry.outline(30, np.nan, 2.0, 8)).all()
    assert len(geometry.strip(0, 40.0, 2.0, 8)) == 0
    stripes = geometry.outline(0, 1.0, 2.0, 8, period=4.0)
    left = np.unique(np.round(stripes[~np.isnan(stripes[:, 0]), 0], 6))
    # Bright from 0 to 2, and again every four pixels; the next one touches the edge.
    np.testing.assert_allclose(left, [-8, -6, -4, -2, 0, 2, 4, 6, 8])


def test_player_moves_bar_and_line_together():
    n, onset = 90, 10
    outlines = [geometry.outline(0, t / 10 - 4, 2, 4) for t in range(n)]
    played = player.Played(
        RNG.normal(size=(8, 8)),
        outlines,
        np.sin(np.arange(n)),
        np.random.default_rng(1).random(n),
        np.arange(n) % 3,
        ("u", "r", "z"),
        onset,
        25,
    )
    figure = player.player(played, LIGHT)
    assert len(figure.frames) <= player.MOST_FRAMES
    frame = figure.frames[7]
    t = int(frame.name) + onset
    np.testing.assert_array_equal(frame.data[0].x, [t - onset] * 2)
    np.testing.assert_allclose(frame.data[1].x, outlines[t][:, 0])
    moved = [figure.data[k].name for k in frame.traces]
    assert moved == ["now", "stimulus"]
    # The line goes through all panels, on axes of its own that move with theirs.
    (line,) = named(figure, "now")
    assert tuple(figure.layout[f"yaxis{line.yaxis[1:]}"].domain) == (0, 1)
    assert figure.layout[f"xaxis{line.xaxis[1:]}"].matches == figure.layout.xaxis.matches
    (spikes,) = named(figure, "z")
    np.testing.assert_array_equal(spikes.y, played.activity)
    np.testing.assert_array_equal(spikes.x, np.arange(n) - onset)
    for name, values in (("u", played.potential), ("r", played.rate)):
        (line,) = named(figure, name)
        np.testing.assert_array_equal(line.y, values)
    # It opens on the strongest response while the bar is there.
    opened = figure.frames[figure.layout.sliders[0].active]
    assert played.rate[int(opened.name) + onset] == max(played.rate[::3])
    (field,) = named(figure, "receptive field")
    assert field.y[0] > field.y[-1], "the first row is at the top, and y points up"
    play = figure.layout.updatemenus[0].buttons[0].args[1]
    assert play["frame"]["duration"] == 75


def test_raster_has_a_stroke_for_each_frame_with_spikes():
    activity = RNG.poisson(0.3, (4, 20)).astype(float)
    shown = trials.Trials(activity, activity.mean(0), np.ones(4), 5, 6, True, "per frame")
    figure = trials.raster(shown, LIGHT)
    strokes, mean = named(figure, "spikes")
    x, y, counts = (
        np.asarray(v, float).reshape(-1, 3) for v in (strokes.x, strokes.y, strokes.customdata)
    )
    assert np.isnan(x[:, 2]).all(), "a stroke ends"
    drawn = np.zeros_like(activity)
    drawn[np.rint(y[:, :2].mean(1)).astype(int) - 1, x[:, 0].astype(int) + 6] = counts[:, 0]
    np.testing.assert_array_equal(drawn, activity)
    np.testing.assert_allclose(mean.x, [-4, 1, 6, 11])
    (rate,) = named(figure, "rate")
    np.testing.assert_array_equal(rate.x, np.arange(20) - 6)
    np.testing.assert_allclose(rate.y, activity.mean(0))
    assert figure.layout.yaxis2.title.text == "per frame"
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 0


def test_activity_other_than_spikes_is_drawn_as_colours():
    activity = RNG.normal(size=(4, 20))
    shown = trials.Trials(activity, activity.mean(0), np.ones(4), 5, 6, False, "per frame")
    (colours, _) = named(trials.raster(shown, LIGHT), "activity")
    np.testing.assert_allclose(colours.z, activity, rtol=1e-6)
    np.testing.assert_array_equal(colours.x, np.arange(20) - 6)
    assert colours.zmax == -colours.zmin == np.abs(activity).max()


def test_polar_turns_counter_clockwise_from_the_right():
    curve = tuning.Curve(
        np.array([0.0, 90.0, 180.0, 270.0]), np.array([4.0, 3.0, 2.0, 1.0]), np.full(4, 0.5), 0.3
    )
    figure = tuning.polar({"one": curve}, SIGN, tuning.Angles(90.0, 90.0), LIGHT)
    (line,) = named(figure, "one")
    np.testing.assert_allclose(line.x, [4, 0, -2, 0, 4], atol=1e-12)
    np.testing.assert_allclose(line.y, [0, 3, 0, -1, 0], atol=1e-12)
    (across,) = named(figure, "across the Gabor's stripes")
    np.testing.assert_allclose(across.y, 0, atol=1e-9)  # stripes upright: across is 0 and 180
    (shown,) = named(figure, "direction shown")
    assert shown.y[0] > abs(shown.x[0])
    dashed = [circle for circle in figure.layout.shapes if circle.line.dash == "dash"]
    assert [circle.x1 for circle in dashed] == [0.3]
    relative = tuning.polar({"one": curve}, SIGN, tuning.Angles(), LIGHT, relative=True)
    assert [trace.name for trace in relative.data] == [None, "one"]
    np.testing.assert_allclose(relative.data[1].x, [1, 0, -0.5, 0, 1], atol=1e-12)


def test_flat_closes_the_circle_and_marks_baseline_and_angles():
    curve = tuning.Curve(np.arange(4) * 90.0, np.array([4.0, 3, 2, 1]), np.full(4, 0.5), 0.3)
    angles = tuning.Angles(gabor_axis=100.0, shown=45.0)
    figure = tuning.flat({"one": curve}, SIGN, angles, "rate", LIGHT)
    (line,) = named(figure, "one")
    np.testing.assert_array_equal(line.x, [0, 90, 180, 270, 360])
    np.testing.assert_array_equal(line.y, [4, 3, 2, 1, 4])
    baseline, *uprights = figure.layout.shapes
    assert (baseline.y0, baseline.y1, baseline.line.dash) == (0.3, 0.3, "dash")
    # The two directions across the stripes, then the direction shown.
    assert [shape.x0 for shape in uprights] == [190, 10, 45]
    assert figure.layout.xaxis.title.text == "direction / degrees"
    assert figure.layout.yaxis.title.text == "rate"


def test_a_curve_of_one_neuron_is_its_column():
    mean, error = RNG.random((4, 3)), RNG.random((4, 3))
    curves = Tuning(np.arange(4) * 90.0, mean, error, np.array([0.1, 0.2, 0.3]))
    curve = tuning.Curve.of(curves, 2)
    np.testing.assert_array_equal(curve.mean, mean[:, 2])
    np.testing.assert_array_equal(curve.error, error[:, 2])
    assert curve.baseline == 0.3


def test_angle_by_time_counts_frames_from_the_onset():
    over_time = RNG.random((4, 5, 2)).astype(np.float32)
    nothing = np.zeros(0)
    sweep = DirectionSweep(20, np.arange(4) * 90.0, nothing, nothing, nothing, over_time, every=10)
    figure = tuning.angle_time(sweep, 1, 33.0, "spikes", LIGHT)
    (heat,) = figure.data
    np.testing.assert_array_equal(heat.x, [-20, -10, 0, 10, 20])
    np.testing.assert_array_equal(heat.y, [0, 90, 180, 270])
    np.testing.assert_allclose(heat.z, over_time[:, :, 1])
    assert heat.zmin == 0
    assert [shape.y0 for shape in figure.layout.shapes] == [0, 33.0]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (
        "frame",
        "direction / degrees",
    )


def test_response_curves_have_means_and_standard_errors():
    responses = RNG.random((3, 4))
    series = [
        tuning.Series("contrast", np.array([0.0, 1, 2]), responses),
        tuning.Series("speed", np.array([0.1, 1, 10]), 2 * responses, log=True),
    ]
    figure = tuning.response_curves(series, "above baseline", LIGHT)
    (first, second) = figure.data
    np.testing.assert_allclose(second.y, 2 * first.y)
    for k in range(3):
        assert first.y[k] == pytest.approx(sum(responses[k]) / 4)
        sd = (sum((r - first.y[k]) ** 2 for r in responses[k]) / 3) ** 0.5
        assert first.error_y.array[k] == pytest.approx(sd / 2)
    assert figure.layout.xaxis.title.text == "contrast"
    assert figure.layout.xaxis.type is None
    assert (figure.layout.xaxis2.title.text, figure.layout.xaxis2.type) == ("speed", "log")
    assert figure.layout.yaxis.title.text == "above baseline"


def test_drives_are_separate_curves_above_the_potential():
    parts = {"stimulus": RNG.random(6), "threshold": np.float64(-1.0), "sum": RNG.random(6)}
    potential = RNG.random(6)
    figure = trials.drives(parts, potential, "u", 2, LIGHT)
    for name, values in parts.items():
        (line,) = named(figure, name)
        np.testing.assert_array_equal(line.y, np.broadcast_to(values, 6))
        np.testing.assert_array_equal(line.x, [-2, -1, 0, 1, 2, 3])
    (line,) = named(figure, "u")
    np.testing.assert_array_equal(line.y, potential)
    assert line.yaxis == "y2"
    assert figure.layout.yaxis.title.text == "drive (a.u.)"
    assert figure.layout.yaxis2.title.text == "u"


def test_a_flash_is_a_field_behind_the_rate():
    stimulus = Stimulus("flashed bar", 3, 6, 0.0, 2.0, flash_frames=4)
    rate, error = RNG.random(9), RNG.random(9)
    figure = trials.flashed(rate, error, stimulus, "rate", LIGHT)
    (line,) = named(figure, "rate")
    np.testing.assert_array_equal(line.x, np.arange(-3, 6))
    np.testing.assert_array_equal(line.y, rate)
    band = next(t for t in figure.data if t.fill)
    np.testing.assert_allclose(band.y[:9], rate + error)
    np.testing.assert_allclose(band.y[9:], (rate - error)[::-1])
    (field,) = figure.layout.shapes
    assert (field.x0, field.x1) == (0, 4)


def test_map_draws_each_neuron_along_its_axis():
    n = 3
    fits = Gabors(*(np.zeros(n) for _ in range(9)))._replace(
        x=np.array([-2.0, 0, np.nan]), y=np.array([1.0, 0, 0])
    )
    axis = np.array([90.0, 0.0, 45.0])
    shown = population.Preferences(fits, axis, np.ones(n), 0)
    figure = population.orientation_map(shown, 8.0, LIGHT)
    (upright,) = named(figure, "90°")
    np.testing.assert_allclose(upright.x[:2], -2, atol=1e-9)
    assert upright.y[1] > 1 > upright.y[0]
    (marks,) = named(figure, "neuron")
    np.testing.assert_array_equal(marks.customdata, [0, 1])


def test_axes_and_directions_are_drawn_next_to_what_they_are_compared_with():
    gabors = Gabors(*(np.ones(2) for _ in range(9)))._replace(
        direction=np.array([85.0, 95.0]), r2=np.array([0.5, 0.9])
    )
    shown = population.Preferences(gabors, np.array([3.0, 178.0]), np.ones(2), 1)
    figure = population.agreement(shown, LIGHT)
    (_, points, ring) = figure.data
    np.testing.assert_allclose(points.x, [175, 5])
    np.testing.assert_array_equal(points.marker.color, [0.5, 0.9])
    assert (ring.x[0], ring.y[0]) == (5, -2)
    assert "Gabor" in figure.layout.xaxis.title.text
    assert "bar" in figure.layout.yaxis.title.text
    np.testing.assert_allclose(points.y, [183, -2])
    decoded = Decoding(np.array([350.0, 10.0]), np.array([5.0, 355.0]), np.array([15.0, 15.0]))
    figure = population.decoding(decoded, LIGHT)
    (_, points) = figure.data
    np.testing.assert_allclose(points.x, [350, 10])
    np.testing.assert_allclose(points.y, [365, -5])
    assert "shown" in figure.layout.xaxis.title.text
    assert "decoded" in figure.layout.yaxis.title.text


def test_the_population_is_in_order_of_preference():
    activity = RNG.poisson(1.0, (4, 6)).astype(float)
    prefers, order = np.array([200.0, 10.0, np.nan, 90.0]), np.array([1, 3, 0])
    figure = population.everyone(activity, np.arange(-2, 4), order, prefers, LIGHT)
    (heat,) = figure.data
    np.testing.assert_array_equal(heat.z, activity[[1, 3, 0]])
    np.testing.assert_array_equal(heat.x, [-2, -1, 0, 1, 2, 3])
    labels = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert labels == {0: "10°", 1: "90°", 2: "200°"}


def test_selectivity_by_contrast_stands_beside_the_papers():
    contrasts, count = np.array([1.0, 4.0]), np.array([9, 9])
    curves = {
        name: ContrastCurve(contrasts, median, median - 0.1, median + 0.05, count)
        for name, median in (("one", np.array([0.9, 0.8])), ("two", np.array([0.6, 0.3])))
    }
    figure = comparison.by_contrast(curves, {"two": 0.27}, SIGN, LIGHT)
    for name, curve in curves.items():
        (line,) = named(figure, name)
        np.testing.assert_allclose(line.x, contrasts)
        np.testing.assert_allclose(line.y, curve.median, atol=1e-6)
        np.testing.assert_allclose(line.error_y.array, 0.05, atol=1e-6)
        np.testing.assert_allclose(line.error_y.arrayminus, 0.1, atol=1e-6)
    (dotted,) = figure.layout.shapes
    assert (dotted.y0, dotted.y1, dotted.line.color) == (0.27, 0.27, SIGN["two"].colour)


def test_selectivities_are_shares_of_the_neurons_with_their_medians():
    values = {"one": np.array([0.1, 0.11, 0.9, np.nan]), "two": np.array([0.5])}
    figure = comparison.selectivities(values, {"one": 0.85}, SIGN, "selectivity", LIGHT)
    (line,) = named(figure, "one")
    shares = dict(zip(np.round(line.x, 2), line.y, strict=True))
    assert (shares[0.1], shares[0.9]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    marks = [(shape.x0, shape.line.dash, shape.line.color) for shape in figure.layout.shapes]
    one, two = SIGN["one"].colour, SIGN["two"].colour
    assert marks == [(0.11, "solid", one), (0.85, "dot", one), (0.5, "solid", two)]
    assert figure.layout.xaxis.title.text == "selectivity"


def test_rates_of_networks_stand_on_axes_of_their_own():
    rates = {"one": RNG.random(5), "two": 100 * RNG.random(5)}
    figure = comparison.over_time(rates, SIGN, 2, LIGHT)
    for name, axis in (("one", "y"), ("two", "y2")):
        (line,) = named(figure, name)
        np.testing.assert_array_equal(line.y, rates[name])
        np.testing.assert_array_equal(line.x, [-2, -1, 0, 1, 2])
        assert line.yaxis == axis


@pytest.mark.parametrize("kind", ["moving bar", "drifting grating"])
def test_outlines_of_an_outcome_are_at_its_places(kind):
    stimulus = Stimulus(kind, 1, 3, 1.0, 2.0, frequency=0.125)
    places = np.array([np.nan, -1.0, 0.0, 1.0])
    nothing = np.zeros(0)
    outcome = Outcome(Experiment(stimulus, 0.0), nothing, places, nothing, nothing, nothing, None)
    width, period = geometry.bright_stripes(stimulus)
    assert (width, period) == ((4.0, 8.0) if kind == "drifting grating" else (2.0, 0.0))
    lines = geometry.outlines(outcome, 4.0)
    assert np.isnan(lines[0]).all()
    for line, place in zip(lines[1:], places[1:], strict=True):
        expected = geometry.outline(0.0, place, width, 4.0, period)
        np.testing.assert_array_equal(line, expected)
