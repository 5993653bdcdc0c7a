"""All that the figures of Counter-Hebb learning show."""

import numpy as np
import pytest

from corelib.models.butd.analysis import Alignment, Difference
from corelib.models.butd.rules import AngleAndAccuracy, OverSeeds
from dashboard.butd.learning.figures import passes, rules, weights
from dashboard.figures.style import LIGHT, trace_styles
from tests.dashboard.drawn.check import check, check_frames, draws, level
from tests.models.butd.small import signals

STYLES = trace_styles(["one", "two"])
ONE, TWO = (style.colour for style in STYLES.values())
CLASSES = tuple("0123456789")


def as_sheet(values: np.ndarray) -> np.ndarray:
    """Two channels of 4 by 4 one above the other, two rows apart; six units in three rows."""
    if values.shape == (6,):
        return values.reshape(3, 2)
    return np.concatenate([values[0], np.full((2, 4), np.nan), values[1]])


def passes_axes(n_rows: int) -> dict[str, dict]:
    """Three columns of pictures and one of bars."""
    axes = {}
    for row in range(n_rows):
        for column in range(4):
            number = row * 4 + column + 1
            n = "" if number == 1 else str(number)
            picture = {"visible": False, "autorange": "reversed", "scaleanchor": f"x{n}"}
            title = {n_rows - 2: {"title": "probability"}, n_rows - 1: {"title": "error"}}
            bars = {"visible": True, **title.get(row, {})}
            last = column == 3
            x = {"visible": True, "type": "category"} if last else {"visible": False}
            axes |= {f"x{n}": x, f"y{n}": bars if last else picture}
    return axes


@draws(passes.three_passes)
@pytest.mark.parametrize("instructed", [False, True])
def test_three_passes(instructed):
    view, image = signals(instructed), np.arange(16.0).reshape(4, 4)
    up, down = (1, 2) if instructed else (0, 1)

    def part(letter: str, k: int, row: int, values: np.ndarray, signed: bool) -> dict:
        most = np.abs(values).max()
        name, low = f"{letter} of {('conv', 'fc')[k]}", -most if signed else 0
        on = row * 4 + 1 + k + 1
        return {"name": name, "on": on, "z": as_sheet(values), "zmin": low, "zmax": most}

    def bars(name: str, row: int, values: np.ndarray) -> dict:
        framed = {"marker.line.width": [2.5 if k == 3 else 0 for k in range(10)]}
        return {"name": name, "on": row * 4 + 4, "x": CLASSES, "y": values, **framed}

    traces = [part("h̄", k, 0, view.instruction[k], False) for k in (1, 0) if instructed]
    traces += [
        {"name": "the image", "on": up * 4 + 1, "z": image},
        *(part("h", k, up, view.activity[k], False) for k in (0, 1)),
        bars("the answer", up, view.probability),
        bars("its error", down, view.output_error),
        *(part("δ", k, down, view.error[k], True) for k in (1, 0)),
    ]
    rows = ["instruction h̄", "activity h", "error δ"][not instructed :]
    figure = passes.three_passes(view, image, (0, 1), CLASSES, 3, LIGHT)
    check(
        figure,
        passes_axes(len(rows)),
        traces,
        # The image and the answer have nothing in the row of the instruction.
        titles={up * 4 + 1: "image", 2: "conv", 3: "fc", up * 4 + 4: "answer"},
        notes=[(row, 0, 0.5) for row in rows],
    )
    n = len(traces)
    shown = [
        (trace["name"], {k: {"opacity": float(k <= now)} for k in range(n)})
        for now, trace in enumerate(traces)
    ]
    check_frames(figure, shown, "now: ", n - 1, 700)


@draws(rules.over_epochs)
@pytest.mark.parametrize("percent", [True, False])
def test_rules_over_epochs(percent):
    x = np.array([1, 2, 20])
    mean, sd = np.array([0.7, 0.8, 0.9]), np.array([0.1, 0.05, 0.02])
    many, single = OverSeeds(x, mean, sd, 3), OverSeeds(x[:2], mean[:2] / 2, np.zeros(2), 1)
    outline = {"x": [1, 2, 20, 20, 2, 1], "y": [*(mean + sd), *(mean - sd)[::-1]]}
    one = {"name": "one", "x": x, "y": mean, "line.color": ONE}
    y = {"title": "measure", "range": [0, 1], **({"tickformat": ".0%"} if percent else {})}
    epochs = {"title": "epochs", "dtick": 3}
    measures = {"fc": {"one": many, "two": single}, "head": {"one": many}}
    check(
        rules.over_epochs(measures, STYLES, "measure", LIGHT, percent=percent, limits=(0, 1)),
        {"x": epochs, "y": y, "x2": epochs, "y2": {"matches": "y"}},
        [
            {"name": None, **outline},
            one,
            {"name": "two", "x": [1, 2], "y": [0.35, 0.4], "line.color": TWO},
            {"name": None, "on": 2, **outline},
            {**one, "on": 2},
        ],
        titles=["fc", "head"],
        legend=["one", "two"],
    )


@draws(rules.angle_and_accuracy)
def test_angle_and_accuracy():
    points = {
        "one": AngleAndAccuracy(np.array([10.0, 20.0]), np.array([0.9, 0.8])),
        "two": AngleAndAccuracy(np.array([50.0]), np.array([0.7])),
    }
    check(
        rules.angle_and_accuracy(points, STYLES, LIGHT),
        {
            "x": {"title": "mean angle to the gradient / °", "range": [-2.5, 55]},
            "y": {"title": "test accuracy", "tickformat": ".1%"},
        },
        [
            {"name": "one", "x": [10, 20], "y": [0.9, 0.8], "marker.color": ONE},
            {"name": "two", "x": [50], "y": [0.7], "marker.color": TWO},
        ],
        legend=["one", "two"],
    )


@draws(weights.difference)
def test_difference():
    layers = {"x": ["a", "b"]}
    shown = Difference(("a", "b"), np.array([0.0, 50.0]), np.array([0.0, 0.8]))
    figure = weights.difference(shown, LIGHT)
    layer = {"title": "layer", "type": "category"}
    powers = [-16, -12, -8, -4, 0]
    check(
        figure,
        {
            "x": layer,
            "y": {
                "type": "log",
                "range": [-17.5, 2.5],
                "tickvals": [10.0**k for k in powers],
                "ticktext": ["10⁻¹⁶", "10⁻¹²", "10⁻⁸", "10⁻⁴", "1"],
                "tickformat": ",",
            },
            "x2": layer,
            "y2": {"range": [-8, 188], "dtick": 45},
        },
        [
            {"name": "relative difference", **layers, "y": [1e-17, 0.8], "customdata": [0, 0.8]},
            {"name": "angle", "on": 2, **layers, "y": [0, 50]},
        ],
        titles=["|Δ − gradient| / |gradient|", "angle to the gradient / °"],
        shapes=[level(90, "y2", "x2 domain")],
    )
    # Bars of no height would not be seen, and would place the layers elsewhere than marks do.
    assert {(trace.type, trace.mode) for trace in figure.data} == {("scatter", "markers")}
    # To their powers: they differ by less than numbers are compared to.
    traces, layout, _ = figure.given
    np.testing.assert_allclose(np.log10(traces[0]["y"]), [-17, np.log10(0.8)])
    np.testing.assert_allclose(np.log10(layout["yaxis"]["tickvals"]), powers)


@draws(weights.alignments)
def test_alignments():
    values = np.array([[0.1, 0.2], [3, 4], [5, 6], [7, 8]])
    aligned = {
        "one": Alignment(("a", "b"), *values),
        "two": Alignment(("a", "b"), values[0] + 0.5, *values[1:] + 10),
    }
    layer, layers = {"title": "layer", "type": "category"}, {"x": ["a", "b"]}
    one, two = {"marker.color": ONE}, {"marker.color": TWO}
    check(
        weights.alignments(aligned, STYLES, LIGHT),
        {"x": layer, "y": {"range": [-0.1, 1.05]}, "x2": layer, "y2": {"rangemode": "tozero"}},
        [
            {"name": "one", **layers, "y": [0.1, 0.2], **one},
            {"name": "two", **layers, "y": [0.6, 0.7], **two},
            {"name": "one", "on": 2, **layers, "y": [3, 4], **one},
            {"name": "two", "on": 2, **layers, "y": [13, 14], **two},
        ],
        titles=["cosine of W and W̄ᵀ", "‖W − W̄ᵀ‖"],
    )
