"""The figures of Compare hold the numbers of the comparison, and share axes of numbers alone."""

import numpy as np
import pandas as pd
import pytest

from dashboard.figures.style import LIGHT, styled, trace_styles
from dashboard.figures.tidy import tidy
from dashboard.lab.compare.figures import curves, intervals, on_the_same_axes

STYLES = trace_styles(["one", "two", "three"])


def curve(run: str, part: str, values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": run,
            "part": part,
            "step": 10 * np.arange(1, len(values) + 1),
            "metric": "loss",
            "value": values,
        }
    )


FRAME = pd.concat(
    [
        curve("one", "training batches", [2.0, 1.0, 0.5]),
        curve("two", "training batches", [3.0, 0.0, -1.0]),
        curve("two", "validation", [2.5]),
        curve("one", "validation", [1.5]),
    ]
)


def test_curves_are_drawn_as_they_were_measured():
    figure = curves(FRAME, "loss", STYLES, LIGHT)
    drawn = {
        (trace.name, trace.xaxis): [*zip(trace.x, trace.y, strict=True)] for trace in figure.data
    }
    assert drawn == {
        ("one", "x"): [(10, 2.0), (20, 1.0), (30, 0.5)],
        ("two", "x"): [(10, 3.0), (20, 0.0), (30, -1.0)],
        ("one", "x2"): [(10, 1.5)],
        ("two", "x2"): [(10, 2.5)],
    }
    for trace in figure.data:
        style = STYLES[trace.name]
        assert (trace.line.color, trace.line.dash) == (style.colour, style.dash)
    assert sorted(trace.name for trace in figure.data if trace.showlegend) == ["one", "two"]


def test_a_logarithmic_axis_leaves_out_what_it_has_no_place_for():
    figure = curves(FRAME, "loss", STYLES, LIGHT, log_x=True, log_y=True)
    (two,) = (trace for trace in figure.data if trace.name == "two" and trace.xaxis == "x")
    np.testing.assert_array_equal(two.y, [3.0, np.nan, np.nan])
    for axis in (figure.layout.xaxis, figure.layout.xaxis2, figure.layout.yaxis):
        assert axis.type == "log"


def test_dots_and_bars_are_the_differences_and_their_intervals():
    rows = [
        ("one", 0.02, -0.01, 0.03, 0.015, 0.004, 3),
        ("two", -0.1, -0.14, -0.05, None, None, None),
    ]
    columns = ["group", "difference", "low", "high", "seed_mean", "seed_sd", "seeds"]
    frame = pd.DataFrame(rows, columns=columns).assign(baseline="three", images=500)
    figure = intervals(frame.astype({"seeds": "Int64"}), STYLES, LIGHT)
    one, by_seed, two = figure.data
    assert one.x[0] + one.error_x.array[0] == pytest.approx(3)
    assert one.x[0] - one.error_x.arrayminus[0] == pytest.approx(-1)
    assert (by_seed.x[0], by_seed.error_x.array[0]) == pytest.approx((1.5, 0.4))
    assert two.x[0] - two.error_x.arrayminus[0] == pytest.approx(-14)
    low, high = figure.layout.xaxis.range
    assert low < -14
    assert high > 3
    table = tidy(figure)
    assert table["x"].tolist() == ["one", "one", "two"]
    np.testing.assert_allclose(table["mean"], [2, 1.5, -10])
    np.testing.assert_allclose(table["low"], [-1, np.nan, -14])
    np.testing.assert_allclose(table["sd"], [np.nan, 0.4, np.nan])
    assert table["n"].tolist() == [500, 3, 500]


def line(y: list[float], error: float = 0.5, **axis) -> object:
    layout = {"xaxis": {"title": {"text": "step"}}, "yaxis": {"title": {"text": "rate"}, **axis}}
    trace = {
        "type": "scatter",
        "x": [1, 2][: len(y)],
        "y": y,
        "error_y": {"array": [error] * len(y)},
    }
    return styled([trace], layout, LIGHT)


def test_figures_side_by_side_share_their_axes():
    low, high = on_the_same_axes([line([1.0, 2.0]), line([5.0, 10.0])])
    assert low.layout.yaxis.range == high.layout.yaxis.range
    bottom, top = low.layout.yaxis.range
    assert bottom <= 0.5
    assert 10.5 <= top < 12
    # Own ranges are widened, not replaced.
    # One value alone does not widen what the others need.
    wide = on_the_same_axes([line([0.976, 0.978], 0.0), line([0.981], 0.0)])
    assert 0.97 < wide[0].given[1]["yaxis"]["range"][0] < 0.976
    assert 0.981 <= wide[1].given[1]["yaxis"]["range"][1] < 0.99
    own = on_the_same_axes([line([1.0, 2.0], range=[0, 3]), line([5.0, 10.0], range=[-1, 2])])
    assert [list(figure.layout.yaxis.range) for figure in own] == [[-1, 3]] * 2
    logs = on_the_same_axes([line([1.0, 10.0], type="log"), line([100.0, 1000.0], type="log")])
    bottom, top = logs[0].layout.yaxis.range
    assert bottom <= np.log10(0.5)
    assert 3 < top < 3.5


def test_pictures_and_words_keep_their_axes():
    words = {"type": "bar", "x": ["a", "b"], "y": [1, 2]}
    figures = [
        styled([words], {"xaxis": {"title": {"text": "class"}}, "yaxis": {"visible": False}}, LIGHT)
    ]
    (same,) = on_the_same_axes(figures)
    assert same.layout.xaxis.range is None
    assert same.layout.yaxis.range is None
