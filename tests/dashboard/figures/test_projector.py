"""A figure for a projector: what grows, and that nothing else changes."""

import numpy as np
import pytest

from dashboard.figures.figure import Figure
from dashboard.figures.projector import HEIGHT, LINE, MARK, TEXT, for_projector
from dashboard.figures.style import LIGHT, panels, playing, styled


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
    heights = [found["layout"]["height"] for found in (before, after)]
    around = [
        found["layout"]["margin"]["t"] + found["layout"]["margin"]["b"] for found in (before, after)
    ]
    assert around[1] == TEXT * around[0]
    assert heights[1] - around[1] == HEIGHT * (heights[0] - around[0])
    for name in ("xaxis", "yaxis"):
        size = before["layout"][name]["title"]["font"]["size"]
        assert after["layout"][name]["title"]["font"]["size"] == size * TEXT
    (was,), (note,) = (found["layout"]["annotations"] for found in (before, after))
    assert note["yshift"] == 10 * TEXT
    assert note["font"]["size"] == was["font"]["size"] * TEXT
    assert after["layout"]["font"]["size"] == before["layout"]["font"]["size"] * TEXT


def test_panels_move_apart_and_titles_break_where_the_type_needs_it():
    own = {"title": {"text": "a measure"}, "tickvals": [1], "ticktext": ["a long name"]}
    axes, layout = panels(["a-network-that-has-a-rather-long-name-to-read", "b"], {}, own, gap=0.02)
    layout["yaxis2"] = {**own, "anchor": "x2"}
    traces = [{"type": "scatter", "x": [0], "y": [1], **axis} for axis in axes]
    given = styled(traces, layout, LIGHT, height=400)
    after = for_projector(given).to_dict()["layout"]
    left, right = after["xaxis"]["domain"], after["xaxis2"]["domain"]
    assert (left[0], right[1]) == (0, 1)
    assert (right[0] - left[1]) * 700 > TEXT * 14 / 2 * len("a long name")
    title = after["annotations"][0]["text"]
    assert title.replace("<br>", "") == "a-network-that-has-a-rather-long-name-to-read"
    lines = title.count("<br>")
    assert lines > 0
    room = after["margin"]["t"] - TEXT * given.given[1]["margin"]["t"]
    assert room >= lines * TEXT * 14
    # A legend above stays above the titles, by as much as they have grown; one beside stays beside.
    grown = after["margin"]["t"] - TEXT * given.given[1]["margin"]["t"]
    high = after["height"] - after["margin"]["b"] - after["margin"]["t"]
    assert after["legend"]["y"] - given.given[1]["legend"]["y"] == pytest.approx(grown / high)


def test_a_slider_begins_beside_its_buttons_and_a_frame_does_not_thicken():
    layout = playing(["1", "2"], 0, "step ", 100, LIGHT)
    layout["shapes"] = [{"type": kind, "line": {"width": 4}} for kind in ("rect", "line")]
    frames = [{"name": name, "data": []} for name in ("1", "2")]
    given = styled([{"type": "scatter", "x": [0], "y": [1]}], layout, LIGHT, frames=frames)
    after = for_projector(given).to_dict()["layout"]
    (slider,) = after["sliders"]
    assert slider["x"] > given.given[1]["sliders"][0]["x"]
    assert slider["x"] + slider["len"] == 1
    assert [shape["line"]["width"] for shape in after["shapes"]] == [4, 4 * LINE]


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
