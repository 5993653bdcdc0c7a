"""What all figures share: the ticks of logarithmic axes, and bands hidden with their curves."""

import numpy as np
import pytest

from dashboard.figures.spread import Spread, band
from dashboard.figures.style import LIGHT, SIZE, panels, styled


def curve(name):
    return {"type": "scatter", "x": [1, 2], "y": [1, 2], "name": name}


def test_a_band_is_hidden_with_its_curve_and_no_other():
    x = np.array([1, 2])
    bands = [band(x, x, Spread(x), "#000000", name) for name in ("one", "two")]
    traces = [*bands, curve("one"), curve("two"), curve("without a band")]
    one, two, *curves = styled(traces, {}, LIGHT).data
    assert one.legendgroup != two.legendgroup
    assert [trace.legendgroup for trace in curves] == [one.legendgroup, two.legendgroup, None]


@pytest.mark.parametrize("own", [{"tickformat": ","}, {"tickvals": [1], "tickformat": "~s"}, {}])
def test_no_number_at_a_logarithmic_axis_is_larger_than_others(own):
    """Plotly.js enlarges powers of ten by a quarter, unless they have a format."""
    given = panels(["left", "right"], {"type": "log", **own}, {}).layout | {
        "xaxis2": {"type": "log", "dtick": 1}
    }
    layout = styled([curve("one")], given, LIGHT).layout
    assert layout.xaxis.tickformat is not None
    assert layout.xaxis.tickfont.size is None
    assert layout.xaxis2.tickformat is None
    assert 1.25 * layout.xaxis2.tickfont.size == SIZE
