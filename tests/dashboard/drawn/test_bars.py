"""All that the figures of Moving bars show of one neuron."""

import numpy as np
import pytest

from corelib.models.ipvae.experiment import DirectionSweep
from corelib.models.ipvae.stimuli import Stimulus
from dashboard.figures.style import EXCITATORY, INHIBITORY, LIGHT, OKABE_ITO, trace_styles
from dashboard.ipvae.bars.figures import player, trials, tuning
from tests.dashboard.drawn.check import check, check_frames, draws, level, upright

STYLES = trace_styles(["one", "two"])
ONE, TWO = (style.colour for style in STYLES.values())
QUARTERS = np.array([0.0, 90.0, 180.0, 270.0])
CURVE = tuning.Curve(QUARTERS, np.array([4.0, 3.0, 2.0, 1.0]), np.full(4, 0.5), 0.3)
UNSURE = tuning.Curve(QUARTERS, np.array([1.0, 2.0, 0.5, 0.25]), np.full(4, np.nan), 0.2)
FRAME = {"title": "frame"}


def circle(radius: float) -> tuple:
    return ("circle", "x", -radius, radius, "y", -radius, radius)


def on_axes(right: float, up: float, left: float, down: float) -> dict:
    """A curve through four points on the axes, closed."""
    return {"x": [right, 0, -left, 0, right], "y": [0, up, 0, -down, 0]}


def angles(top: float) -> list[tuple]:
    """The angles around a circle, further out than ``top``."""
    turns = [(d, np.deg2rad(d)) for d in range(0, 360, 45)]
    return [(f"{d}°", 1.2 * top * np.cos(t), 1.17 * top * np.sin(t)) for d, t in turns]


def square(reach: float) -> dict[str, dict]:
    hidden = {"visible": False, "range": [-reach, reach]}
    return {"x": hidden, "y": {**hidden, "scaleanchor": "x"}}


@draws(tuning.polar)
def test_polar():
    top = 1.08 * 4.5
    outer, inner = on_axes(4.5, 3.5, 2.5, 1.5), on_axes(3.5, 2.5, 1.5, 0.5)
    outline = {key: [*outer[key], *inner[key][::-1]] for key in "xy"}
    across = "across the Gabor's stripes"
    texts = [f"one, {d}°: {mean}" for d, mean in ((0, 4), (90, 3), (180, 2), (270, 1), (0, 4))]
    check(
        tuning.polar({"one": CURVE}, STYLES, tuning.Angles(90.0, 90.0), LIGHT),
        square(1.3 * top),
        [
            # Stripes upright: across is to the left and to the right.
            {"name": across, "x": [top, -top], "y": [0, 0]},
            {"name": None, **outline},
            {"name": "one", **on_axes(4, 3, 2, 1), "line.color": ONE, "text": texts},
            {"name": "direction shown", "x": [0], "y": [1.06 * top], "marker.angle": 0},
        ],
        legend=[across, "direction shown"],
        shapes=[circle(top / 2), circle(top), circle(0.3)],
        notes=[*angles(top), ("2.4", 0, top / 2)],
    )


def test_polar_curves_relative_to_their_largest_values():
    top = 1.08 * 1.125
    outer, inner = on_axes(1.125, 0.875, 0.625, 0.375), on_axes(0.875, 0.625, 0.375, 0.125)
    curves = {"one": CURVE, "two": UNSURE}
    check(
        tuning.polar(curves, STYLES, tuning.Angles(), LIGHT, relative=True),
        square(1.3 * top),
        [
            {"name": None, **{key: [*outer[key], *inner[key][::-1]] for key in "xy"}},
            {"name": "one", **on_axes(1, 0.75, 0.5, 0.25), "line.color": ONE},
            {"name": "two", **on_axes(0.5, 1, 0.25, 0.125), "line.color": TWO},
        ],
        legend=["one", "two"],
        shapes=[circle(top / 2), circle(top)],
        notes=angles(top),
    )


@draws(tuning.flat)
def test_flat():
    x = [0, 90, 180, 270, 360]
    high, low = [4.5, 3.5, 2.5, 1.5, 4.5], [3.5, 2.5, 1.5, 0.5, 3.5]
    shown = tuning.Angles(gabor_axis=100.0, shown=45.0)
    check(
        tuning.flat({"one": CURVE, "two": UNSURE}, STYLES, shown, "rate / Hz", LIGHT),
        {
            "x": {"title": "direction / degrees", "range": [-4, 364], "dtick": 45},
            "y": {"title": "rate / Hz"},
        },
        [
            {"name": None, "x": [*x, *x[::-1]], "y": [*high, *low[::-1]]},
            {"name": "one", "x": x, "y": [4, 3, 2, 1, 4], "line.color": ONE},
            {"name": "two", "x": x, "y": [1, 2, 0.5, 0.25, 1], "line.color": TWO},
        ],
        legend=["one", "two"],
        # The baselines, the two directions across the stripes, the direction shown.
        shapes=[level(0.3), level(0.2), upright(190), upright(10), upright(45)],
    )


@draws(tuning.angle_time)
@pytest.mark.parametrize("signed", [False, True])
def test_angle_time(signed):
    over_time = np.random.default_rng(0).random((4, 5, 2)) - 0.5 * signed
    most = np.abs(over_time[..., 1]).max()
    nothing = np.zeros(0)
    sweep = DirectionSweep(20, QUARTERS, nothing, nothing, nothing, over_time, every=10)
    check(
        tuning.angle_time(sweep, 1, 33.0, "spikes / frame", LIGHT),
        {"x": FRAME, "y": {"title": "direction / degrees", "dtick": 45, "range": [-45, 315]}},
        [
            {
                "name": "spikes / frame",
                "x": [-20, -10, 0, 10, 20],
                "y": QUARTERS,
                "z": over_time[..., 1],
                "zmin": -most if signed else 0,
                "zmax": most,
                "colorbar.title.text": "spikes / frame",
            }
        ],
        shapes=[upright(0), level(33)],
    )


@draws(tuning.response_curves)
def test_response_curves():
    responses = np.array([[1.0, 3.0, 4.0, 8.0], [0.0, 0.0, 3.0, 5.0]])
    series = [
        tuning.Series("contrast / sd", np.array([0.0, 2.0]), responses),
        tuning.Series("speed / px", np.array([0.1, 10.0]), 2 * responses, log=True),
    ]
    # Four trials: the sd, of n - 1, is divided by 2.
    errors = np.sqrt([26 / 3, 6]) / 2
    log = {"type": "log", "tickformat": ",", "tickvals": [0.1, 10], "ticktext": ["0.1", "10"]}
    check(
        tuning.response_curves(series, "above baseline", LIGHT),
        {
            "x": {"title": "contrast / sd"},
            "y": {"title": "above baseline"},
            "x2": {"title": "speed / px", **log},
            "y2": {"matches": "y"},
        },
        [
            {"name": "contrast / sd", "x": [0, 2], "y": [4, 2], "ey": errors},
            {"name": "speed / px", "on": 2, "x": [0.1, 10], "y": [8, 4], "ey": 2 * errors},
        ],
    )


def player_axes(*shown: np.ndarray) -> dict[str, dict]:
    """Of what is ``shown``, with 8 % above and below it; of the field, and of the line through
    all panels."""
    follows, hidden = {"matches": "x3"}, {"visible": False, "range": [-2, 2]}
    axes = {"x": follows, "x2": follows, "x3": {**FRAME, "range": [-10.5, 39.5]}, "x5": follows}
    for name, values in zip(("y", "y2", "y3"), shown, strict=True):
        pad = 0.08 * (values.max() - values.min())
        axes[name] = {"range": [values.min() - pad, values.max() + pad]}
    through = {"visible": False, "range": [0, 1]}
    return {**axes, "x4": hidden, "y4": {**hidden, "scaleanchor": "x4"}, "y5": through}


@draws(player.player)
def test_player():
    n, onset = 50, 10
    rng = np.random.default_rng(0)
    nothing = np.full((1, 2), np.nan)
    outlines = [
        nothing if t < onset else np.array([[-1.0, -1], [1, -1], [1, t / 50]]) for t in range(n)
    ]
    # The strongest responses: before the bar is there, in a frame that is left out, then 30.
    rate = 0.1 * rng.random(n)
    rate[[4, 21, 30]] = 9, 7, 6
    potential, activity = rng.normal(size=n), rng.integers(0, 4, n)
    field = rng.normal(size=(4, 4))
    x, most = np.arange(-onset, n - onset), np.abs(field).max()
    played = player.Played(field, outlines, potential, rate, activity, ("u", "r", "z"), onset, 25.0)
    figure = player.player(played, LIGHT)

    places = np.array([-1.5, -0.5, 0.5, 1.5])
    check(
        figure,
        player_axes(potential, rate, activity),
        [
            {"name": "u", "x": x, "y": potential, "line.color": EXCITATORY},
            {"name": "r", "on": 2, "x": x, "y": rate, "line.color": OKABE_ITO[2]},
            {"name": "z", "on": 3, "x": x, "y": activity, "width": 1},
            {"name": "now", "on": 5, "x": [20, 20], "y": [0, 1]},
            {
                "name": "receptive field",
                "on": 4,
                "x": places,
                "y": places[::-1],
                "z": field,
                "zmin": -most,
                "zmax": most,
            },
            {"name": "stimulus", "on": 4, "x": outlines[30][:, 0], "y": outlines[30][:, 1]},
        ],
        titles=["u", "r", "z"],
    )
    # Every second frame, and each stays twice as long.
    moments = [
        (
            str(t - onset),
            {
                3: {"x": [t - onset] * 2, "y": [0, 1]},
                5: {"x": outlines[t][:, 0], "y": outlines[t][:, 1]},
            },
        )
        for t in range(0, n, 2)
    ]
    check_frames(figure, moments, "frame ", 15, 50)


def two_trials(*, spikes: bool) -> trials.Trials:
    activity = np.array([[0.0, 1, 0, 0, 2, 0], [0.0, 0, 3, 0, 0, 0]]) - 0.5 * (not spikes)
    rate = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    return trials.Trials(activity, rate, np.array([0.7, 0.9]), 3, 2, spikes, "spikes a frame")


@draws(trials.raster)
@pytest.mark.parametrize("spikes", [True, False])
def test_raster(spikes):
    shown, none, frames = two_trials(spikes=spikes), np.nan, range(-2, 4)
    upside = {"title": "trial", "autorange": "reversed"}
    above = {
        "name": "activity",
        "x": frames,
        "y": [1, 2],
        "z": shown.activity,
        "zmin": -2.5,
        "zmax": 2.5,
    }
    if spikes:
        upside = {"title": "trial", "autorange": False, "range": [2.7, 0.3]}
        # A stroke each, which ends before the next: at -1 and 2 in the first trial, at 0 in the
        # second.
        above = {
            "name": "spikes",
            "x": [-1, -1, none, 2, 2, none, 0, 0, none],
            "y": [0.62, 1.38, none, 0.62, 1.38, none, 1.62, 2.38, none],
            "customdata": [1, 1, 1, 2, 2, 2, 3, 3, 3],
        }
    counted = "spikes" if spikes else "activity"
    check(
        trials.raster(shown, LIGHT),
        {
            "x": {"matches": "x2"},
            "y": upside,
            "x2": {**FRAME, "range": [-2.5, 3.5]},
            "y2": {"title": "spikes a frame"},
        },
        [
            above,
            {"name": counted, "on": 2, "x": [-1, 2], "y": [0.7, 0.9], "width": 3},
            {"name": "rate", "on": 2, "x": frames, "y": shown.rate},
        ],
        titles=["trials", "mean over trials"],
        legend=[counted, "rate"],
        shapes=[upright(0)],
    )


@draws(trials.drives)
def test_drives():
    rng = np.random.default_rng(0)
    parts = {
        "stimulus": rng.random(4),
        "explaining-away": -rng.random(4),
        "threshold": np.float64(-1.0),
        "sum": rng.random(4),
    }
    potential, x = rng.random(4), [-1, 0, 1, 2]
    colours = (EXCITATORY, INHIBITORY, LIGHT.muted, LIGHT.text)
    check(
        trials.drives(parts, potential, "membrane potential u", 1, LIGHT),
        {
            "x": {"matches": "x2"},
            "y": {"title": "drive (a.u.)"},
            "x2": FRAME,
            "y2": {"title": "membrane potential u"},
        },
        [
            *(
                {"name": part, "x": x, "y": values * np.ones(4), "line.color": colour}
                for (part, values), colour in zip(parts.items(), colours, strict=True)
            ),
            {"name": "membrane potential u", "on": 2, "x": x, "y": potential},
        ],
        legend=list(parts),
        shapes=[upright(0)],
    )


@draws(trials.flashed)
def test_flashed():
    stimulus = Stimulus("flashed bar", 2, 3, 0.0, 2.0, flash_frames=2)
    rate, error = np.array([0.0, 1, 4, 3, 2]), np.array([0.1, 0.2, 0.5, 0.25, 0.3])
    x = [-2, -1, 0, 1, 2]
    check(
        trials.flashed(rate, error, stimulus, "rate / Hz", LIGHT),
        {"x": FRAME, "y": {"title": "rate / Hz", "rangemode": "tozero"}},
        [
            {"name": None, "x": [*x, *x[::-1]], "y": [*(rate + error), *(rate - error)[::-1]]},
            {"name": "rate", "x": x, "y": rate},
        ],
        shapes=[("rect", "x", 0, 2, "paper", 0, 1)],
    )
