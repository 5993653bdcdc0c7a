"""All that the figures of E/I balance show."""

import numpy as np
import pytest

from corelib.models.bpan.analysis import Currents, NetDensity
from dashboard.bpan.balance.figures import over_time, units
from dashboard.figures.style import EXCITATORY, INHIBITORY, LIGHT
from tests.dashboard.drawn.check import check, draws, level, upright

INTACT = ([0, 2, 3], [4, 5, 6])
TITLES = ["Excitatory units (n = 3, 1 silenced)", "Inhibitory units (n = 3, 1 silenced)"]
X = [1, 2, 3]
STEP = {"title": "step", "dtick": 1, "range": [0.7, 3.3]}


def view() -> Currents:
    """Four E units, of which the second is silenced, and four I units, of which the last one is,
    over three steps; at the first no recurrent current flows."""
    rng = np.random.default_rng(0)
    excitation, inhibition = rng.random((3, 8)), -rng.random((3, 8))
    excitation[0] = inhibition[0] = 0
    drive = rng.normal(size=(3, 8))
    bias = np.broadcast_to(rng.normal(size=8), (3, 8))
    net = excitation + inhibition + drive + bias
    probability = np.array(
        [
            [0.2, 0.1, 0.3, 0.15, 0.05, 0.2],
            [0.1, 0.4, 0.3, 0.1, 0.02, 0.08],
            [0.05, 0.6, 0.2, 0.1, 0.01, 0.04],
        ]
    )
    silenced = np.isin(np.arange(8), [1, 7])
    rate = np.maximum(net, 0)
    return Currents(excitation, inhibition, drive, bias, net, rate, probability, 4, silenced)


def banded(mean: np.ndarray, sd: np.ndarray, x: list[int], **also: object) -> dict:
    outline = np.concatenate([mean + sd, (mean - sd)[::-1]])
    return {"name": None, "x": [*x, *x[::-1]], "y": outline, **also}


def meant(name: str, mean: np.ndarray, sd: np.ndarray, x: list[int], **also: object) -> dict:
    """A mean with the spread that is seen on hover."""
    return {"name": name, "x": x, "y": mean, "ey": sd, "customdata": sd, **also}


@draws(over_time.currents)
@pytest.mark.parametrize("stacked", [False, True])
def test_currents(stacked):
    v, traces = view(), []
    for panel, kept in enumerate(INTACT, 1):
        for name, values, colour in (
            ("excitatory", v.excitation, EXCITATORY),
            ("inhibitory", v.inhibition, INHIBITORY),
            ("input", v.drive, LIGHT.muted),
            ("bias", v.bias, LIGHT.muted),
            ("net", v.net, LIGHT.text),
        ):
            mean, sd = values[:, kept].mean(1), values[:, kept].std(1)
            if name in ("excitatory", "inhibitory"):
                traces.append(banded(mean, sd, X, on=panel))
            look = {"line.color": colour, "on": panel}
            traces.append(meant(name, mean, sd, X, **look))
    y = {"title": "mean current (a.u.)", "range": [-9, 9]}
    axes = {"x": STEP, "y": y, "x2": STEP, "y2": {"matches": "y"}}
    if stacked:
        axes |= {"x": {"matches": "x2"}, "y2": y}
    check(
        over_time.currents(v, LIGHT, stacked=stacked, y_range=(-9, 9)),
        axes,
        traces,
        titles=TITLES,
        legend=["excitatory", "inhibitory", "input", "bias", "net"],
    )


@draws(over_time.probabilities)
def test_probabilities():
    v = view()
    check(
        over_time.probabilities(v, tuple("abcdef"), 0.35, 2, LIGHT),
        {"x": STEP, "y": {"title": "probability of the class", "range": [-0.03, 1.06]}},
        [
            {"name": name, "x": X, "y": v.probability[:, k], "line.width": 3.5 if k == 1 else 2}
            for k, name in enumerate("abcdef")
        ],
        # The four that were the most probable at some step.
        legend=["a", "b", "c", "f"],
        shapes=[level(0.35), upright(2)],
        notes=[("θ = 0.35", 1.01, 0.35), ("answers b", 2, 0.3)],
    )


@draws(over_time.balance_over_time)
@pytest.mark.parametrize("with_drive", [False, True])
def test_balance_over_time(with_drive):
    v, traces = view(), []
    for title, kept in zip(TITLES, INTACT, strict=True):
        drive = v.drive[:, kept] * with_drive
        pushes = v.excitation[:, kept] + np.maximum(drive, 0)
        pulls = v.inhibition[:, kept] + np.minimum(drive, 0)
        first = 0 if with_drive else 1
        index = 1 - np.abs(pushes + pulls)[first:] / (pushes - pulls)[first:]
        mean, sd = index.mean(1), index.std(1)
        x = X[first:]
        colour = EXCITATORY if title == TITLES[0] else INHIBITORY
        traces += [banded(mean, sd, x), meant(title, mean, sd, x, **{"line.color": colour})]
    title = "balance index (1 = full cancellation)"
    check(
        over_time.balance_over_time(v, with_drive, LIGHT),
        {"x": STEP, "y": {"title": title, "range": [-0.03, 1.06]}},
        traces,
        legend=TITLES,
        # A spread may reach beyond the index, which ends at 0 and 1.
        cut=["y"],
    )


@draws(units.unit_heatmaps)
def test_unit_heatmaps():
    v = view()
    recurrent = v.excitation + v.inhibition
    shown = (
        ("recurrent current (a.u.)", recurrent, True),
        ("net current (a.u.)", v.net, True),
        ("firing rate (a.u.)", v.rate, False),
    )
    traces = []
    for panel, (name, values, signed) in enumerate(shown, 1):
        most = np.abs(values).max()
        ends = {"zmin": -most if signed else 0, "zmax": most}
        traces.append({"name": name, "on": panel, "x": X, "y": range(8), "z": values.T, **ends})
    step = {"title": "step", "dtick": 1}
    unit = {"title": "unit", "autorange": "reversed", "tickvals": [2, 6], "ticktext": ["E", "I"]}
    follows = {"matches": "y"}
    check(
        units.unit_heatmaps(v, LIGHT),
        {"x": step, "x2": step, "x3": step, "y": unit, "y2": follows, "y3": follows},
        traces,
        titles=[name for name, _, _ in shown],
        shapes=[level(3.5, f"y{k}", f"x{k} domain") for k in ("", "2", "3")],
    )


@draws(units.net_distribution)
def test_net_distribution():
    edges = np.array([-2.0, 0, 2, 4])
    densities = (
        NetDensity(
            np.array([[0.1, 0.5, 0.4], [0.0, 0.2, 0.8]]), edges, np.array([1.0, 2]), np.ones(2)
        ),
        NetDensity(
            np.array([[0.3, 0.3, 0.4], [1e-9, 0.5, 0.5]]), edges, np.array([1.5, 1]), np.ones(2) / 2
        ),
    )
    # The logarithm of the share of the largest of both, not below 10⁻⁴.
    shares = (
        [[0.125, 1e-4], [0.625, 0.25], [0.5, 1]],
        [[0.375, 1e-4], [0.375, 0.625], [0.5, 0.625]],
    )
    shades = np.log10(shares)
    traces = []
    for panel, (density, shade, colour) in enumerate(
        zip(densities, shades, (EXCITATORY, INHIBITORY), strict=True), 1
    ):
        bar = {"colorbar.title.text": "share of units<br>(log10, max = 0)"}
        place = {"on": panel, "x": [1, 2]}
        ends = {"zmin": -4, "zmax": 0, "showscale": panel == 2, **bar}
        traces += [
            {"name": "log10 of the density", **place, "y": [-1, 1, 3], "z": shade, **ends},
            {"name": "mean", **place, "y": density.mean, "ey": density.sd, "marker.color": colour},
        ]
    step = {"title": "step", "dtick": 1, "range": [0.5, 2.5]}
    check(
        units.net_distribution(densities, LIGHT),
        {
            "x": step,
            "x2": step,
            "y": {"title": "net current (a.u.)", "range": [-2, 4]},
            "y2": {"matches": "y"},
        },
        traces,
        titles=["Excitatory units", "Inhibitory units"],
    )


@draws(units.weight_matrix)
def test_weight_matrix():
    weights = np.random.default_rng(0).normal(size=(5, 5))
    # Colours end at the 99.5th percentile: between the two largest of 25.
    second, first = np.sort(np.abs(weights), axis=None)[-2:]
    most = second + (0.995 * 24 - 23) * (first - second)
    ticks = {"tickvals": [1.5, 4], "ticktext": ["E", "I"]}
    check(
        units.weight_matrix(weights, 3, LIGHT),
        {
            "x": {"title": "from unit", **ticks},
            "y": {"title": "to unit", "autorange": "reversed", "scaleanchor": "x", **ticks},
        },
        [
            {
                "name": "weight",
                "z": weights,
                "zmin": -most,
                "zmax": most,
                "colorbar.title.text": "weight",
            }
        ],
        shapes=[level(2.5, xref="x domain"), upright(2.5, yref="y domain")],
    )
