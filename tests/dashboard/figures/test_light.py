import json
import re

import numpy as np
import pytest

from dashboard.figures.light import WIDTH, for_export, light
from dashboard.figures.spread import Spread, band
from dashboard.figures.style import DARK, LIGHT, faded, styled

X = np.arange(3.0)
TRACE = {"type": "scatter", "name": "a", "x": X, "y": X}


def test_an_export_of_the_dark_figure_is_that_of_the_light_one():
    def figure(palette):
        line = {"color": palette.text}
        fill = faded(palette.muted, 0.3)
        area = {**band(X, X, Spread(X), "#0072B2", "a"), "fillcolor": fill}
        return styled([{**TRACE, "line": line}, area], {"yaxis2": {}}, palette)

    dark, bright = for_export(figure(DARK)), for_export(figure(LIGHT))
    for spec in (dark, bright):
        spec["layout"].pop("datarevision")
    assert dark == bright
    assert dark["layout"]["width"] == WIDTH
    assert dark["layout"]["paper_bgcolor"] == LIGHT.background
    assert not [colour for colour in DARK if colour in str(dark)]


def test_an_export_is_valid_json():
    gap = {**TRACE, "y": np.array([1.0, np.nan, np.inf])}
    spec = for_export(styled([gap], {}, DARK))
    assert json.loads(json.dumps(spec, allow_nan=False))["data"][0]["y"] == [1.0, None, None]


@pytest.mark.parametrize("i", range(len(DARK)))
def test_each_colour_is_replaced_in_the_text_of_an_svg(i):
    r, g, b = (int(DARK[i][k : k + 2], 16) for k in (1, 3, 5))
    text = light(f'<path fill="{DARK[i].upper()}" style="stroke: rgb({r}, {g}, {b})"/>')
    assert LIGHT[i] in text
    assert str(tuple(int(LIGHT[i][k : k + 2], 16) for k in (1, 3, 5))).replace(" ", "") in text
    assert not re.search(rf"{r}, ?{g}, ?{b}", text)
