"""A figure for a projector: what grows, and that nothing else changes."""

import numpy as np

from dashboard.figures.figure import Figure
from dashboard.figures.projector import HEIGHT, LINE, MARK, TEXT, for_projector
from dashboard.figures.style import LIGHT, styled


def figure():
    traces = [
        {
            "type": "scatter",
            "x": np.arange(3.0),
            "y": [1, 4, 9],
            "line": {"width": 2, "dash": "dot"},
            "marker": {"size": [4, 5, 6], "symbol": "circle"},
            "textfont": {"size": 10, "color": "#123456"},
            "error_y": {"array": [1, 1, 1], "width": 3},
        },
        {"type": "scatter", "x": [0], "y": [0], "marker": {"size": 30, "opacity": 0}},
    ]
    layout = {"annotations": [{"text": "here", "font": {"size": 12}, "yshift": 10}]}
    return styled(traces, layout, LIGHT, height=400)


def test_type_lines_and_marks_grow():
    before, after = figure().to_dict(), for_projector(figure()).to_dict()
    line, area = after["data"]
    assert line["line"] == {"width": 2 * LINE, "dash": "dot"}
    assert line["marker"]["size"] == [4 * MARK, 5 * MARK, 6 * MARK]
    assert line["textfont"] == {"size": 10 * TEXT, "color": "#123456"}
    assert line["error_y"]["width"] == 3 * LINE
    # An invisible mark is an area to click.
    assert area["marker"] == {"size": 30, "opacity": 0}
    assert after["layout"]["height"] == 400 * HEIGHT
    for name in ("xaxis", "yaxis"):
        size = before["layout"][name]["title"]["font"]["size"]
        assert after["layout"][name]["title"]["font"]["size"] == size * TEXT
    (was,), (note,) = (found["layout"]["annotations"] for found in (before, after))
    assert note["yshift"] == 10 * TEXT
    assert note["font"]["size"] == was["font"]["size"] * TEXT
    assert after["layout"]["font"]["size"] == before["layout"]["font"]["size"] * TEXT


def test_data_and_colours_stay():
    before, after = figure().to_dict(), for_projector(figure()).to_dict()
    for one, other in zip(before["data"], after["data"], strict=True):
        assert (one["x"], one["y"]) == (other["x"], other["y"])
    assert before["data"][0]["error_y"]["array"] == after["data"][0]["error_y"]["array"]
    assert before["layout"]["paper_bgcolor"] == after["layout"]["paper_bgcolor"]


def test_frames_grow_as_their_figure_does():
    frames = [{"name": "1", "data": [{"line": {"width": 2}}]}]
    moving = Figure([{"type": "scatter", "line": {"width": 2}}], {}, frames)
    assert for_projector(moving).to_dict()["frames"][0]["data"][0]["line"]["width"] == 2 * LINE
