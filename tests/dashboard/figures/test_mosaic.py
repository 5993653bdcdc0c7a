"""A mosaic shows the features it is given, in the order asked for."""

import numpy as np
import pytest

from dashboard.figures.mosaic import mosaic
from dashboard.figures.style import DARK, LIGHT

RNG = np.random.default_rng(0)


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_mosaic_puts_features_in_order_and_frames_the_chosen_one(palette):
    features = RNG.normal(size=(5, 4, 4))
    order = np.array([3, 0, 4, 1, 2])
    figure = mosaic(features, [f"n{k}" for k in range(5)], order, 4, 3, palette)
    (sheet,) = (np.asarray(t.z) for t in named(figure, "features"))
    scaled = np.rint(128 + 127 * features[1] / np.abs(features[1]).max())
    np.testing.assert_array_equal(sheet[6:10, 0:4], scaled)
    assert (sheet[:, 4] == 0).all(), "between features the page shows through"
    (marks,) = named(figure, "feature")
    np.testing.assert_array_equal(marks.customdata, order)
    assert marks.text[0] == "n3"
    (frame,) = figure.layout.shapes
    assert (frame.x0 + frame.x1) / 2 == marks.x[2]
    assert (frame.y0 + frame.y1) / 2 == marks.y[2]
