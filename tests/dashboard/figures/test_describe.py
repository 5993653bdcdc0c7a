"""The text alternative of a figure, from the numbers that it draws."""

import numpy as np

from dashboard.figures.describe import bare, describe
from dashboard.figures.figure import Figure


def line(name: str, y, **more) -> dict:
    return {"type": "scatter", "name": name, "x": [1, 2, 3], "y": y, **more}


def test_a_line_is_told_by_its_range_its_peak_and_its_end():
    text = describe("Currents", Figure([line("excitatory", [0.5, 2.25, -1.0])], {}))
    assert text == "Currents; excitatory from −1 to 2.25, highest at 2, last −1"


def test_bands_and_what_is_hidden_are_not_told():
    traces = [line("band", [0, 9, 0], hoverinfo="skip"), line("own", [1, 1, 1], visible=False)]
    assert describe("Currents", Figure(traces, {})) == "Currents"


def test_a_map_is_told_by_its_size_and_range():
    sheet = {"type": "heatmap", "z": np.array([[1.0, np.nan, 3.0], [4.0, 5.0, -6.0]])}
    assert describe("Weights", Figure([sheet], {})) == "Weights; a map of 2 by 3, from −6 to 5"


def test_lying_bars_and_circles_are_read_along_their_own_axis():
    bars = {"type": "bar", "orientation": "h", "name": "loss", "x": [1, 4], "y": ["a", "b"]}
    round_ = {"type": "scatterpolar", "name": "rate", "theta": [0, 90], "r": [3, 2]}
    text = describe("Both", Figure([bars, round_], {}))
    assert text == (
        "Both; loss from 1 to 4, highest at b, last 4; rate from 2 to 3, highest at 0, last 2"
    )


def test_many_traces_are_counted():
    text = describe("Runs", Figure([line(str(k), [k, k, k]) for k in range(9)], {}))
    assert text.endswith("5 5, last 5; and 3 more")


def test_words_and_marks_are_left_out():
    assert describe("Words", Figure([line("say", ["a", "b", "c"])], {})) == "Words"
    assert bare("λ<sub>bal</sub> is **0.5** in `bpan`") == "λbal is 0.5 in bpan"
