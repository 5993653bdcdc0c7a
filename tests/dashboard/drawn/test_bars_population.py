"""All that the figures of Moving bars show of many neurons and of several networks."""

import numpy as np

from corelib.models.ipvae.contrast import ContrastCurve
from corelib.models.ipvae.gabor import Gabors
from corelib.models.ipvae.tuning import Decoding
from dashboard.figures.style import LIGHT, trace_styles
from dashboard.ipvae.bars.figures import comparison, population
from tests.dashboard.drawn.check import check, draws, level, upright

STYLES = trace_styles(["one", "two"])
ONE, TWO = (style.colour for style in STYLES.values())


def gabors(n: int, **known: np.ndarray) -> Gabors:
    return Gabors(*(np.zeros(n) for _ in range(9)))._replace(**known)


@draws(population.orientation_map)
def test_orientation_map():
    fits = gabors(3, x=np.array([-2.0, 9.0, np.nan]), y=np.array([1.0, -3.0, 0.0]))
    axis, selectivity = np.array([90.0, 174.0, 45.0]), np.array([1.0, 0.5, 0.7])
    shown = population.Preferences(fits, axis, selectivity, 1)
    # As long as 8 % of the patch where it is most selective; what is outside is drawn at the edge.
    none, turn = np.nan, np.deg2rad(174)
    dx, dy = 0.32 * np.cos(turn), 0.32 * np.sin(turn)
    drawn = {
        "0°": {"x": [8 - dx, 8 + dx, none], "y": [-3 - dy, -3 + dy, none]},
        "90°": {"x": [-2, -2, none], "y": [0.36, 1.64, none]},
    }
    nothing = {"x": np.empty(0), "y": np.empty(0)}
    names = [f"{15 * k}°" for k in range(12)]
    edges = {"range": [-8.8, 8.8]}
    check(
        population.orientation_map(shown, 8.0, LIGHT),
        {
            "x": {"title": "x / pixels", **edges},
            "y": {"title": "y / pixels", **edges, "scaleanchor": "x"},
        },
        [
            *({"name": name, **drawn.get(name, nothing)} for name in names),
            {
                "name": "neuron",
                "x": [-2, 8],
                "y": [1, -3],
                "customdata": [0, 1],
                "text": ["neuron 0: 90°, selectivity 1.00", "neuron 1: 174°, selectivity 0.50"],
            },
            {"name": "chosen", "x": [8], "y": [-3]},
        ],
        legend=["0°", "90°"],
    )


@draws(population.everyone)
def test_everyone():
    activity = np.random.default_rng(0).poisson(1.0, (8, 6)).astype(float)
    prefers = np.array([200.0, 10.0, np.nan, 90.0, 350.0, 40.0, 120.0, 0.0])
    order = np.array([7, 1, 5, 3, 6, 0, 2])
    check(
        population.everyone(activity, np.arange(-2, 4), order, prefers, LIGHT),
        {
            "x": {"title": "frame"},
            "y": {
                "title": "neurons by preferred direction",
                "tickvals": range(7),
                "ticktext": ["0°", "10°", "40°", "90°", "120°", "200°", "–"],
            },
        },
        [
            {
                "name": "activity",
                "x": range(-2, 4),
                "z": activity[order],
                "zmin": 0,
                "zmax": np.quantile(activity[order], 0.998),
            }
        ],
        shapes=[upright(0)],
    )


@draws(population.decoding)
def test_decoding():
    decoded = Decoding(np.array([350.0, 10.0]), np.array([5.0, 355.0]), np.array([15.0, 15.0]))
    check(
        population.decoding(decoded, LIGHT),
        {
            "x": {"title": "direction shown / degrees", "dtick": 45},
            "y": {"title": "decoded / degrees", "dtick": 45},
        },
        [
            {"name": "correct", "x": [0, 360], "y": [0, 360]},
            {"name": "decoded", "x": [350, 10], "y": [365, -5]},
        ],
    )


@draws(population.agreement)
def test_agreement():
    fits = gabors(3, direction=np.array([85.0, 30.0, 95.0]), r2=np.array([0.5, 0.7, 0.9]))
    shown = population.Preferences(fits, np.array([3.0, np.nan, 178.0]), np.ones(3), 2)
    check(
        population.agreement(shown, LIGHT),
        {
            "x": {
                "title": "axis of the Gabor's stripes / degrees",
                "dtick": 45,
                "range": [-8, 188],
            },
            "y": {"title": "axis of the best bar / degrees", "dtick": 45},
        },
        [
            {"name": "agreement", "x": [0, 180], "y": [0, 180]},
            {
                "name": "neurons",
                "x": [175, 5],
                "y": [183, -2],
                "customdata": [0, 2],
                "marker.color": [0.5, 0.9],
                "marker.cmin": 0,
                "marker.cmax": 1,
                "marker.colorbar.title.text": "R² of the Gabor fit",
            },
            {"name": "chosen", "x": [5], "y": [-2]},
        ],
    )


@draws(comparison.selectivities)
def test_selectivities():
    values = {"one": np.array([0.1, 0.11, 0.9, np.nan]), "two": np.array([0.5])}
    middles = 0.02 + 0.04 * np.arange(25)
    one, two = np.zeros(25), np.zeros(25)
    one[[2, 22]], two[12] = [2 / 3, 1 / 3], 1
    check(
        comparison.selectivities(values, {"one": 0.85}, STYLES, "selectivity", LIGHT),
        {
            "x": {"title": "selectivity", "range": [0, 1]},
            "y": {"title": "share of the neurons", "tickformat": ".0%"},
        },
        [
            {"name": "one", "x": middles, "y": one, "line.color": ONE},
            {"name": "two", "x": middles, "y": two, "line.color": TWO},
        ],
        legend=["one", "two"],
        # The medians, and the published one.
        shapes=[upright(0.11), upright(0.85), upright(0.5)],
    )


@draws(comparison.by_contrast)
def test_by_contrast():
    contrasts, count = np.array([1.0, 4.0]), np.array([9, 9])
    medians = {"one": np.array([0.9, 0.8]), "two": np.array([0.6, 0.3])}
    curves = {
        name: ContrastCurve(contrasts, median, median - 0.1, median + 0.05, count)
        for name, median in medians.items()
    }
    reach = {"ey": [0.05, 0.05], "ey_minus": [0.1, 0.1]}
    check(
        comparison.by_contrast(curves, {"two": 0.27}, STYLES, LIGHT),
        {
            "x": {"title": "contrast / standard deviations of the patches", "rangemode": "tozero"},
            "y": {"title": "1 − circular variance, orientation", "range": [0, 1.02]},
        },
        [
            {"name": "one", "x": [1, 4], "y": [0.9, 0.8], **reach, "line.color": ONE},
            {"name": "two", "x": [1, 4], "y": [0.6, 0.3], **reach, "line.color": TWO},
        ],
        legend=["one", "two"],
        shapes=[level(0.27)],
    )


@draws(comparison.over_time)
def test_over_time():
    rates = {"one": np.array([0.0, 1, 3, 2]), "two": np.array([10.0, 40, 20])}
    check(
        comparison.over_time(rates, STYLES, 2, LIGHT),
        {"x": {"matches": "x2"}, "y": {}, "x2": {"title": "frame"}, "y2": {}},
        [
            {"name": "one", "x": [-2, -1, 0, 1], "y": [0, 1, 3, 2], "line.color": ONE},
            {"name": "two", "on": 2, "x": [-2, -1, 0], "y": [10, 40, 20], "line.color": TWO},
        ],
        titles=["one", "two"],
        shapes=[upright(0)],
    )
