"""All that the figures of Robustness show."""

import numpy as np
import pytest

from corelib.analysis.anytime import Interval, Spread
from corelib.analysis.robustness import OverSeverity
from corelib.models.bpan.analysis import Currents
from corelib.reproduce.balance import Difference
from dashboard.bpan.robustness.figures import ablation, curves, occlusion, states
from dashboard.figures.style import EXCITATORY, INHIBITORY, LIGHT, trace_styles
from tests.dashboard.drawn.check import check, draws, upright

STYLES = trace_styles(["one", "two"])
ONE, TWO = (style.colour for style in STYLES.values())


@draws(ablation.arms)
def test_arms():
    values = {"a": np.array([1.0, 2.0, 6.0]), "b": np.array([3.0, np.nan, 4.0])}
    figure = ablation.arms(values, "b", "what is measured", LIGHT)
    names = {"x": ["a", "b"]}
    check(
        figure,
        {"x": {"type": "category"}, "y": {}},
        [
            {"name": "seed 0", **names, "y": [1, 3]},
            {"name": "seed 1", **names, "y": [2, np.nan]},
            {"name": "seed 2", **names, "y": [6, 4]},
            {"name": "mean", **names, "y": [3, 3.5], "marker.line.color": [LIGHT.text, EXCITATORY]},
        ],
    )
    assert figure.given[1]["title"]["text"] == "what is measured"


@draws(ablation.paired_differences)
def test_paired_differences():
    term, mlp = "λ_bal = 5e-4", "MLP of 160"
    found = [
        Difference(term, "accuracy clean", Spread(0.1, 0.2, 20), Interval(-0.1, 0.3)),
        Difference(term, "accuracy hard", Spread(1.0, 0.9, 20), Interval(0.5, 1.5)),
        Difference(mlp, "accuracy hard", Spread(2.0, 0.1, 1), None),
    ]
    names = ["balance term, against none", "MLP of 160, against BPAN", "balance term, published"]
    check(
        ablation.paired_differences(found, ("accuracy hard", 6.5), LIGHT),
        {
            "x": {"tickvals": [0, 1], "ticktext": ["clean", "hard"]},
            "y": {"title": "difference of accuracy, points"},
        },
        [
            {"name": names[0], "x": [-0.22, 0.78], "y": [0.1, 1], "ey": [0.2, 0.5]},
            {"name": names[1], "x": [1.22], "y": [2], "ey": [0]},
            {"name": names[2], "x": [0.78], "y": [6.5], "marker.symbol": "star"},
        ],
        legend=names,
    )


@draws(curves.over_severity)
@pytest.mark.parametrize("percent", [True, False])
def test_over_severity(percent):
    x = np.array([0.0, 0.5, 1.0])
    mean, sd = np.array([0.9, 0.6, 0.3]), np.array([0.01, 0.02, 0.03])
    many, one = OverSeverity(x, mean, sd, 3), OverSeverity(x, mean / 2, np.zeros(3), 1)
    form = {"tickformat": ".0%"} if percent else {}
    check(
        curves.over_severity(
            {"one": many, "two": one}, STYLES, 0.5, "noise / sd", "measure", LIGHT, percent=percent
        ),
        {"x": {"title": "noise / sd"}, "y": {"title": "measure", **form}},
        [
            {"name": None, "x": [0, 0.5, 1, 1, 0.5, 0], "y": [*(mean + sd), *(mean - sd)[::-1]]},
            {"name": "one", "x": x, "y": mean, "customdata": sd, "line.color": ONE},
            {"name": "two", "x": x, "y": mean / 2, "customdata": [0, 0, 0], "line.color": TWO},
        ],
        legend=["one", "two"],
        shapes=[upright(0.5)],
    )


@draws(curves.class_probability)
def test_class_probability():
    pairs = {
        "one": (np.array([0.2, 0.9]), np.array([0.1, 0.4])),
        "two": (np.array([0.3, 0.6, 0.8]), np.array([0.35, 0.5, 0.45])),
    }
    solid, dotted = {"line.dash": "solid"}, {"line.dash": "dot"}
    check(
        curves.class_probability(pairs, STYLES, "7", LIGHT),
        {
            "x": {"title": "step", "dtick": 1},
            "y": {"title": "probability of 7", "range": [-0.03, 1.05]},
        },
        [
            {"name": "one", "x": [1, 2], "y": [0.2, 0.9], **solid},
            {"name": "one, corrupted", "x": [1, 2], "y": [0.1, 0.4], **dotted},
            {"name": "two", "x": [1, 2, 3], "y": [0.3, 0.6, 0.8], **solid},
            {"name": "two, corrupted", "x": [1, 2, 3], "y": [0.35, 0.5, 0.45], **dotted},
        ],
        legend=["one", "two"],
    )


@draws(occlusion.sensitivity)
def test_sensitivity():
    accuracy, digit = np.array([[0.5, 0.9], [0.7, 0.8]]), np.arange(16).reshape(4, 4)
    column = {"title": "column / pixels"}
    check(
        occlusion.sensitivity(accuracy, np.array([3.0, 24.0]), digit, 0.97, LIGHT),
        {
            "x": column,
            "y": {"title": "row / pixels", "autorange": "reversed", "scaleanchor": "x"},
            "x2": column,
            "y2": {"matches": "y"},
        },
        [
            {
                "name": "accuracy",
                "x": [3, 24],
                "y": [3, 24],
                "z": accuracy,
                "zmin": 0.5,
                "zmax": 0.97,
                "colorbar.tickformat": ".0%",
            },
            {"name": "mean digit", "on": 2, "z": digit, "zmin": 0, "zmax": 255},
        ],
        titles=["accuracy with the occluder centred here", "the mean digit"],
    )


@draws(states.currents_pair)
def test_currents_pair():
    rng = np.random.default_rng(0)
    silenced = np.arange(7) == 1

    def view() -> Currents:
        parts = rng.normal(size=(6, 3, 7))
        return Currents(*parts, np.ones((3, 2)), 4, silenced)

    clean, corrupted = view(), view()
    traces = []
    for panel, kept in enumerate(([0, 2, 3], [4, 5, 6]), 1):
        for field, name, colour in (
            ("excitation", "excitatory", EXCITATORY),
            ("inhibition", "inhibitory", INHIBITORY),
            ("drive", "input", LIGHT.muted),
            ("bias", "bias", LIGHT.muted),
            ("net", "net", LIGHT.text),
        ):
            for v, text, dash in ((clean, name, "solid"), (corrupted, f"{name}, corrupted", "dot")):
                mean = getattr(v, field)[:, kept].mean(1)
                look = {"line.color": colour, "line.dash": dash}
                traces.append({"name": text, "on": panel, "x": [1, 2, 3], "y": mean, **look})
    step = {"title": "step", "dtick": 1}
    check(
        states.currents_pair(clean, corrupted, LIGHT),
        {"x": step, "y": {"title": "mean current (a.u.)"}, "x2": step, "y2": {"matches": "y"}},
        traces,
        titles=["Excitatory units", "Inhibitory units"],
        legend=["excitatory", "inhibitory", "input", "bias", "net"],
    )


@draws(states.state_space)
def test_state_space():
    points = np.arange(12.0).reshape(6, 2)
    labels = np.array([0, 1, 0, 2, 1, 0])
    clean, corrupted = np.array([[0.0, 1], [2, 3]]), np.array([[4.0, 5], [6, 7], [8, 9]])
    check(
        states.state_space(
            points,
            labels,
            {"clean": clean, "corrupted": corrupted},
            ("a", "b", "c"),
            ("first axis", "second axis"),
            LIGHT,
        ),
        {"x": {"title": "first axis"}, "y": {"title": "second axis"}},
        [
            {"name": "a", "x": [0, 4, 10], "y": [1, 5, 11]},
            {"name": "b", "x": [2, 8], "y": [3, 9]},
            {"name": "c", "x": [6], "y": [7]},
            {"name": "clean", "x": [0, 2], "y": [1, 3], "line.dash": "solid"},
            {"name": "corrupted", "x": [4, 6, 8], "y": [5, 7, 9], "line.dash": "dot"},
        ],
        legend=["a", "b", "c", "clean", "corrupted"],
    )
