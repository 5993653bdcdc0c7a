"""What the pad sends to the browser for a receptive field, and what comes back."""

import numpy as np

from dashboard.components.bar_pad import MOST, clean, colours


def test_a_path_from_the_browser_is_numbers_or_nothing():
    assert clean([1, -2.5, 100], 16) == (1.0, -2.5, 32.0)
    assert clean(None, 16) == clean([], 16) == ()
    assert clean([float("nan")], 16) == clean(["x"], 16) == clean([[1, 2]], 16) == ()
    assert len(clean([0.0] * (MOST + 5), 16)) == MOST


def test_a_field_on_a_canvas_has_the_colours_of_the_figures():
    from plotly.colors import get_colorscale

    stops = [colour.replace(" ", "") for _, colour in get_colorscale("RdBu")]
    field = np.linspace(-2, 2, 11)[None]
    assert colours(field) == stops
    assert colours(np.zeros((2, 2))) == ["rgb(247,247,247)"] * 4
