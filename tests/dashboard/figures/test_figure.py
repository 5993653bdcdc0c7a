"""What plotly.js is sent says the same as the figure that plotly checks."""

import json
from base64 import b64decode

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dashboard.figures.figure import CODES, MOST, Figure
from dashboard.figures.style import DARK, LIGHT, styled

HEAT = {"type": "heatmap", "z": np.eye(2, dtype=np.float32)}


def decoded(sent):
    """An array as plotly.js reads it, from a list or from base64."""
    if not isinstance(sent, dict):
        return np.array(sent)
    dtype = {code: name for name, code in CODES.items()}[sent["dtype"]]
    array = np.frombuffer(b64decode(sent["bdata"]), dtype)
    return array.reshape([int(n) for n in sent["shape"].split(",")]) if "shape" in sent else array


@given(
    hnp.arrays(
        st.sampled_from([*map(np.dtype, CODES), np.dtype("int64"), np.dtype("uint64")]),
        st.sampled_from([(7,), (3, 5), (MOST,), (MOST + 1,), (50, MOST // 25)]),
        elements={"min_value": 0, "max_value": 100},
    )
)
def test_arrays_arrive_whole(array):
    sent = Figure([{"type": "heatmap", "z": array}], {}).to_dict()["data"][0]["z"]
    assert isinstance(sent, list) == (array.size <= MOST)
    np.testing.assert_array_equal(decoded(sent), array)
    assert decoded(sent).shape == array.shape


def test_what_is_sent_draws_what_plotly_draws():
    layout = {"xaxis": {"title": {"text": "step"}, "dtick": None}, "yaxis2": {"anchor": "x2"}}
    frames = [{"name": "1", "data": [{**HEAT, "z": np.zeros((2, 2))}], "traces": [0]}]
    trace = {**HEAT, "colorscale": "RdBu", "customdata": ["a", "b"], "zmin": np.float32(0.5)}
    spec = json.loads(plotly.io.to_json(Figure([trace], layout, frames).to_dict(), validate=False))
    theirs = json.loads(go.Figure([trace], layout, frames).to_json())
    for ours, plotlys in (
        (spec["data"], theirs["data"]),
        (spec["frames"][0]["data"], theirs["frames"][0]["data"]),
    ):
        z = plotlys[0].pop("z")
        np.testing.assert_array_equal(decoded(ours[0].pop("z")), decoded(z))
    # plotly adds a template of its own.
    del theirs["layout"]["template"]
    assert spec["layout"].pop("datarevision")
    assert spec == theirs


def test_equal_arrays_have_one_revision_and_others_another():
    def revision(z, title="t"):
        sent = Figure([{**HEAT, "z": z}], {"title": {"text": title}}).to_dict()
        return sent["layout"]["datarevision"]

    assert revision(np.eye(3)) == revision(np.eye(3), "another")
    assert revision(np.eye(3)) != revision(2 * np.eye(3))
    large = np.zeros((100, 100))
    moved = large.copy()
    moved[50, 50] = 1
    assert revision(large) != revision(moved)


def test_a_wrong_property_name_is_refused_on_reading():
    figure = Figure([{**HEAT, "zmini": 0}], {})
    with pytest.raises(ValueError, match="zmini"):
        _ = figure.data


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_figures_own_layout_overrides_the_common_style(palette):
    own_layout = {
        "xaxis": {"title": {"text": "step"}, "showline": False},
        "xaxis2": {"anchor": "y"},
        "margin": {"t": 5},
        "legend": None,
        "annotations": [{"text": "a", "font": {"color": "red"}}],
    }
    before = json.dumps(own_layout)
    layout = styled([HEAT], own_layout, palette, height=200).layout
    assert json.dumps(own_layout) == before
    assert layout.height == 200
    assert layout.font.color == palette.text
    assert (layout.margin.t, layout.margin.l) == (5, 64)
    assert (layout.xaxis.title.text, layout.xaxis.title.font.size) == ("step", 14)
    assert (layout.xaxis.showline, layout.yaxis.showline, layout.xaxis2.showline) == (0, 1, 1)
    assert layout.xaxis2.gridcolor == layout.yaxis.gridcolor == palette.grid
    assert layout.legend.orientation == "h"
    (note,) = layout.annotations
    assert (note.font.size, note.font.color) == (14, "red")
