"""All that the figures of BPC digits show."""

import numpy as np
import pytest

from corelib.models.bpc.moments import InferenceView
from dashboard.bpc.figures import images, inference, networks, seeds, stability
from dashboard.figures.style import LIGHT, OKABE_ITO, trace_styles
from tests.dashboard.drawn.check import check, check_frames, draws, level, upright

CLASSES = ("a", "b", "c")
STYLES = trace_styles(["one", "two"])
HIDDEN = {"visible": False, "autorange": "reversed"}


@draws(images.gallery)
def test_gallery():
    digits = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    nothing = np.nan
    sheet = np.full((18, 10), nothing)
    sheet[7:9, 0:2], sheet[7:9, 5:7], sheet[16:18, 0:2] = digits
    check(
        images.gallery(digits, ["x", "y", "z"], 2, LIGHT),
        {
            "x": {"visible": False, "range": [-0.5, 6.5]},
            "y": {"visible": False, "range": [17.5, -0.5], "scaleanchor": "x"},
        },
        [
            {"name": "images", "z": sheet, "zmin": 0, "zmax": 255},
            {"name": "titles", "x": [0.5, 5.5, 0.5], "y": [3, 3, 12], "text": ["x", "y", "z"]},
        ],
    )


@draws(inference.bars)
def test_bars():
    before, after = np.array([1.0, 2, 3]), np.array([3.0, 2.5, 1])
    framed = {"x": CLASSES, "marker.line.width": [0, 2.5, 0]}
    check(
        inference.bars({"before": before, "after": after}, CLASSES, 1, "evidence", LIGHT),
        {"x": {"title": "class", "type": "category"}, "y": {"title": "evidence"}},
        [
            {"name": "before", "y": before, "marker.color": OKABE_ITO[1], **framed},
            {"name": "after", "y": after, "marker.color": OKABE_ITO[2], **framed},
        ],
        legend=["before", "after"],
    )


@draws(inference.energies)
def test_energies():
    muted, lowest = LIGHT.muted, OKABE_ITO[2]
    check(
        inference.energies(np.array([5.0, 3.0, 4.0]), CLASSES, 2, LIGHT),
        {
            "x": {"title": "clamped label", "type": "category"},
            # A margin of 15 % of what they span.
            "y": {"title": "energy after inference", "range": [2.7, 5.3]},
        },
        [
            {
                "name": "energy",
                "x": CLASSES,
                "y": [5, 3, 4],
                "marker.color": [muted, lowest, muted],
                "marker.line.width": [0, 0, 2.5],
            }
        ],
    )


def view() -> InferenceView:
    rng = np.random.default_rng(1)
    return InferenceView(
        step=np.array([0, 5, 7]),
        energy=np.array([3.0, 2.0, 1.5]),
        forward=rng.random((3, 2)),
        backward=rng.random((3, 2)),
        image=rng.integers(0, 256, (3, 4, 4), np.uint8),
        label=np.array([[0.1, -0.5, 0.2], [0.3, 1.0, 0.2], [0.4, 2.0, 0.1]]),
        hidden=(rng.standard_normal((3, 5)), rng.standard_normal((3, 4))),
    )


@draws(inference.inference_curves)
def test_inference_curves():
    v, step, y = view(), {"title": "step of inference"}, {"rangemode": "tozero"}
    check(
        inference.inference_curves(v, LIGHT),
        {"x": step, "x2": step, "x3": step, "y": y, "y2": y, "y3": y},
        [
            {"name": "energy", "x": [0, 5, 7], "y": [3, 2, 1.5]},
            {"name": "e₁", "on": 2, "x": [0, 5, 7], "y": v.forward[:, 0]},
            {"name": "e₂", "on": 2, "x": [0, 5, 7], "y": v.forward[:, 1]},
            {"name": "δ₀", "on": 3, "x": [0, 5, 7], "y": v.backward[:, 0]},
            {"name": "δ₁", "on": 3, "x": [0, 5, 7], "y": v.backward[:, 1]},
        ],
        titles=["energy", "forward errors |e|²", "backward errors |δ|²"],
        legend=["e₁", "e₂", "δ₀", "δ₁"],
    )


@draws(inference.player)
def test_the_player_of_inference():
    v = view()
    figure = inference.player(v, CLASSES, 0, LIGHT)
    five = [np.append(values, np.nan).reshape(2, 3) for values in v.hidden[0]]
    four = [values.reshape(2, 2) for values in v.hidden[1]]
    most = [np.abs(values).max() for values in v.hidden]
    check(
        figure,
        {
            "x": {"visible": False},
            "y": {**HIDDEN, "scaleanchor": "x"},
            "x2": {"type": "category"},
            "y2": {"range": [-0.55, 2.2]},
            "x3": {"visible": False},
            "y3": {**HIDDEN, "scaleanchor": "x3"},
            "x4": {"visible": False},
            "y4": {**HIDDEN, "scaleanchor": "x4"},
        },
        [
            {"name": "predicted image", "z": v.image[2], "zmin": 0, "zmax": 255},
            {
                "name": "class evidence",
                "on": 2,
                "x": CLASSES,
                "y": [0.4, 2.0, 0.1],
                "marker.line.width": [2.5, 0, 0],
            },
            {"name": "activity z₁", "on": 3, "z": five[2], "zmin": -most[0], "zmax": most[0]},
            {"name": "activity z₂", "on": 4, "z": four[2], "zmin": -most[1], "zmax": most[1]},
        ],
        titles=["predicted image", "class evidence", "activity z₁", "activity z₂"],
    )
    moments = [
        (name, {0: {"z": v.image[t]}, 1: {"y": v.label[t]}, 2: {"z": five[t]}, 3: {"z": four[t]}})
        for t, name in enumerate(("0", "5", "7"))
    ]
    check_frames(figure, moments, "step ", 2, 350)


@draws(networks.losses)
def test_losses():
    generator, amortiser = np.array([0.5, 0.3]), np.array([0.1, 0.05])
    updates = {"title": "updates"}
    check(
        networks.losses(np.array([10, 20]), generator, amortiser, 0.279, LIGHT),
        {"x": updates, "x2": updates, "y": {}, "y2": {}},
        [
            {"name": "generator loss", "x": [10, 20], "y": [0.5, 0.3]},
            {"name": "amortiser loss", "on": 2, "x": [10, 20], "y": [0.1, 0.05]},
        ],
        titles=["generator loss", "amortiser loss"],
        shapes=[level(0.279, xref="x domain")],
    )


@draws(networks.trade_off)
def test_trade_off():
    points = {"one": (0.285, 0.97), "two": (0.3, 0.98)}
    check(
        networks.trade_off(points, "error", STYLES, 0.279, LIGHT),
        {"x": {"title": "error"}, "y": {"title": "accuracy on the test set", "tickformat": ".0%"}},
        [
            {"name": "one", "x": [0.285], "y": [0.97], "marker.color": STYLES["one"].colour},
            {"name": "two", "x": [0.3], "y": [0.98], "marker.color": STYLES["two"].colour},
        ],
        legend=["one", "two"],
        shapes=[upright(0.279)],
    )


@draws(networks.weighing)
def test_weighing():
    alpha = np.array([0.1, 1.0])
    accuracy, loss = np.array([[0.9, 0.01], [0.8, 0.02]]), np.array([[0.3, 0.0], [0.29, 0.03]])
    weight = {"title": "α_f", "type": "log", "dtick": 1}
    check(
        networks.weighing(alpha, accuracy, loss, LIGHT),
        {"x": weight, "x2": weight, "y": {"tickformat": ".1%"}, "y2": {}},
        [
            {"name": "accuracy", "x": [0.1, 1], "y": [0.9, 0.8], "ey": [0.01, 0.02]},
            {"name": "generator loss", "on": 2, "x": [0.1, 1], "y": [0.3, 0.29], "ey": [0, 0.03]},
        ],
        titles=["accuracy on the test set", "generator loss"],
    )


@draws(networks.completion)
def test_completion():
    before, after = {"left": 0.4, "top": 0.5}, {"left": 0.9, "top": 0.8}
    check(
        networks.completion(before, after, 0.98, LIGHT),
        {
            "x": {"title": "hidden part", "type": "category"},
            "y": {"title": "accuracy", "tickformat": ".0%", "range": [0, 1.02]},
        },
        [
            {"name": "before", "x": ["left", "top"], "y": [0.4, 0.5]},
            {"name": "after inference", "x": ["left", "top"], "y": [0.9, 0.8]},
        ],
        legend=["before", "after inference"],
        shapes=[level(0.98)],
    )


def lines() -> tuple[list[seeds.Line], list[dict]]:
    """Two lines over seeds, and what is drawn of them."""
    made, drawn = [], []
    for name, seed in (("one", 0), ("two", 1)):
        x, y = np.random.default_rng(seed).random((2, 2, 2))
        words = [f"{name} sd", f"{name} more"]
        made.append(seeds.Line(name, x, y, words))
        data = {"x": x[:, 0], "ex": x[:, 1], "y": y[:, 0], "ey": y[:, 1]}
        look = {"text": words, "line.color": STYLES[name].colour}
        drawn.append({"name": name, **data, **look, "line.dash": STYLES[name].dash})
    return made, drawn


@draws(seeds.samples)
def test_samples():
    made, drawn = lines()
    check(
        seeds.samples(made, (1.1, 0.98), STYLES, LIGHT),
        {
            "x": {"title": "difference between two images, mean squared per pixel"},
            "y": {"title": "read as their class", "tickformat": ".0%"},
        },
        [*drawn, {"name": "test digits", "x": [1.1], "y": [0.98], "marker.symbol": "star"}],
        legend=["one", "two", "test digits"],
    )


@draws(seeds.depth)
def test_depth():
    made, drawn = lines()
    check(
        seeds.depth(made, STYLES, LIGHT),
        {
            "x": {"title": "hidden layers", "dtick": 1},
            "y": {"title": "accuracy on the test set", "tickformat": ".0%"},
        },
        drawn,
        legend=["one", "two"],
    )


@draws(stability.gauge)
@pytest.mark.parametrize(
    ("value", "last", "colour"), [(1.9, 3.0, OKABE_ITO[2]), (4.0, 4.4, OKABE_ITO[5])]
)
def test_gauge(value, last, colour):
    title = "step size × largest eigenvalue, γ λ<sub>max</sub>"
    check(
        stability.gauge(value, 2.0, LIGHT),
        {"x": {"title": title, "range": [0, last]}, "y": {"visible": False}},
        [{"name": "γ λ_max", "x": [value], "y": [""], "marker.color": colour}],
        shapes=[upright(2.0)],
        notes=[("limit 2", 2.0, 1)],
    )


@draws(stability.curves)
def test_stability_curves():
    step, value = np.array([1, 2, 3]), np.array([0.5, 2.6, 1.0])
    sizes, largest = np.array([0.01, 0.1, 1.0]), np.array([0.2, 2.0, 20.0])
    log = {"type": "log", "tickformat": ","}
    check(
        stability.curves(step, value, sizes, largest, 0.13, 2.0, LIGHT),
        {
            "x": {"title": "step of inference"},
            "y": {"title": "γ λ<sub>max</sub>", "range": [0, 2.86]},
            "x2": {"title": "step size γ", **log},
            "y2": {"title": "largest γ λ<sub>max</sub>", **log},
        },
        [
            {"name": "γ λ_max", "x": [1, 2, 3], "y": [0.5, 2.6, 1]},
            {"name": "largest γ λ_max", "on": 2, "x": sizes, "y": largest},
            {"name": "shown", "on": 2, "x": [0.13], "y": [2.6]},
        ],
        titles=["during inference", "at other step sizes"],
        shapes=[level(2.0, "y", "x domain"), level(2.0, "y2", "x2 domain")],
    )
