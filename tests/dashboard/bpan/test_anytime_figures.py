"""Figures of answers over time show the arrays they are given."""

import numpy as np

from dashboard.bpan.anytime_figures import halting_histograms, lines_over_steps
from dashboard.figures.style import LIGHT, trace_styles

NAMES = ("one", "two")
STYLES = trace_styles(NAMES)


def test_histograms_share_their_axes_and_carry_the_name():
    shares = {"one": np.array([0.7, 0.3]), "two": np.array([0.2, 0.3, 0.5])}
    figure = halting_histograms(shares, {"one": 1.3, "two": 2.3}, STYLES, LIGHT)
    for name, share in shares.items():
        (bar,) = [trace for trace in figure.data if trace.name == name]
        np.testing.assert_allclose(bar.y, share)
        assert set(bar.customdata) == {name}
    assert len({tuple(axis.range) for axis in figure.select_xaxes()}) == 1
    assert [a.text for a in figure.layout.annotations] == ["one<br>1.30 steps", "two<br>2.30 steps"]


def test_lines_hold_their_values():
    lines = lines_over_steps({"one": np.array([0.5, 0.6])}, STYLES, "accuracy", LIGHT)
    np.testing.assert_allclose(lines.data[0].y, [0.5, 0.6])
