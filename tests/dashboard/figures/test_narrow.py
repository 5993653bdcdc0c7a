"""A figure for a narrow screen: where its panels, its title and its tiles come to stand."""

import numpy as np
import pytest

from dashboard.figures.figure import Figure
from dashboard.figures.mosaic import mosaic
from dashboard.figures.narrow import WIDTH, for_narrow
from dashboard.figures.style import LIGHT, panels, playing, styled


def of_panels(titles: list[str], **settings) -> Figure:
    axes, layout = panels(
        titles, {"title": {"text": "step"}}, {"title": {"text": "share"}, "range": [0, 1]}
    )
    traces = [
        {"type": "scatter", "x": [1, 2], "y": [0, 1], "name": title, **axis}
        for title, axis in zip(titles, axes, strict=True)
    ]
    return styled(traces, layout | settings, LIGHT)


def boxes(figure: Figure) -> list[tuple[float, float, float, float]]:
    """Left, right, top and bottom of each panel in pixels."""
    layout = figure.layout
    margin = layout.margin
    wide = WIDTH - margin.l - margin.r
    high = layout.height - margin.t - margin.b
    found = []
    for name in sorted(name for name in layout if name.startswith("xaxis")):
        x = layout[name]
        y = layout[f"yaxis{x.anchor[1:]}"]
        left, right = (margin.l + at * wide for at in x.domain)
        bottom, top = (margin.t + (1 - at) * high for at in y.domain)
        found.append((left, right, top, bottom))
    return found


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_no_panel_lies_over_another_and_each_can_be_read(n):
    places = boxes(for_narrow(of_panels([f"a panel with the number {k}" for k in range(n)])))
    for left, right, top, bottom in places:
        assert left >= 0
        assert right <= WIDTH
        assert right - left >= 120
        assert bottom - top >= 140
    for i, (left, right, top, bottom) in enumerate(places):
        for other_left, other_right, other_top, other_bottom in places[i + 1 :]:
            beside = right < other_left or other_right < left
            assert beside or bottom + 20 < other_top or other_bottom + 20 < top


def test_a_panel_that_comes_to_the_left_gets_labels_of_its_own():
    wide = of_panels(["a long title of a panel, the first", "a long title of a panel, the second"])
    assert wide.layout.yaxis2.showticklabels is False
    narrow = for_narrow(wide)
    assert narrow.layout.yaxis2.showticklabels
    assert narrow.layout.yaxis2.title.text == "share"


def test_short_panels_that_share_their_axis_stay_side_by_side():
    first, second = boxes(for_narrow(of_panels(["one", "two"])))
    assert first[1] < second[0]
    assert first[2] == pytest.approx(second[2])
    assert first[3] == pytest.approx(second[3])


def test_the_slider_is_below_the_buttons_and_both_below_the_panels():
    figure = for_narrow(of_panels(["one"], **playing(["1", "2"], 0, "step ", 100, LIGHT)))
    high = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    (menu,), (slider,) = figure.layout.updatemenus, figure.layout.sliders
    assert -menu.y * high >= 40
    assert (menu.y - slider.y) * high >= 40
    assert figure.layout.margin.b >= -slider.y * high + 60


def test_data_is_unchanged_where_there_are_no_tiles():
    wide = of_panels(["one", "two", "three"])
    assert [t.y for t in for_narrow(wide).data] == [t.y for t in wide.data]


@pytest.mark.parametrize("chosen", [0, 17, 39])
def test_tiles_in_shorter_rows_keep_their_pictures_points_and_frame(chosen):
    features = np.random.default_rng(0).normal(size=(40, 4, 4))
    order = np.arange(40)
    wide = mosaic(features, [str(k) for k in order], order, chosen, 20, LIGHT)
    narrow = for_narrow(wide)
    assert np.shape(narrow.data[0].z)[1] == 16 * 6

    def seen(figure: Figure, k: int) -> np.ndarray:
        sheet, points = np.asarray(figure.data[0].z), figure.data[1]
        left, top = round(points.x[k] - 1.5), round(points.y[k] - 1.5)
        return sheet[top : top + 4, left : left + 4]

    for k in range(40):
        assert (seen(narrow, k) == seen(wide, k)).all()
    (frame,) = narrow.layout.shapes
    assert (frame.x0 + frame.x1) / 2 == pytest.approx(narrow.data[1].x[chosen])
    assert (frame.y0 + frame.y1) / 2 == pytest.approx(narrow.data[1].y[chosen])
    assert narrow.layout.yaxis.range[0] >= max(narrow.data[1].y)
