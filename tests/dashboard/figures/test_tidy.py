import numpy as np
import pytest

from dashboard.figures.spread import DECORATION, Spread, band, bars, measured, on_hover
from dashboard.figures.style import LIGHT, panels, styled
from dashboard.figures.tidy import file_stem, tidy

X = np.array([1.0, 2.0, 4.0])
MEAN, SD = np.array([0.5, 0.25, 1.0]), np.array([0.125, 0.0, 0.5])
LAYOUT = {"xaxis": {"title": {"text": "steps"}}, "yaxis": {"title": {"text": "delay (ms)"}}}
LINE = {"type": "scatter", "name": "bpan", "x": X, "y": MEAN}


def figure(*traces, y="delay (ms)"):
    return styled(traces, {**LAYOUT, "yaxis": {"title": {"text": y}}}, LIGHT)


def test_a_band_comes_out_as_mean_sd_n_and_unit():
    table = tidy(figure(band(X, MEAN, Spread(SD, 5), "#0072B2", "bpan"), LINE))
    assert table["series"].tolist() == ["bpan"] * 3
    np.testing.assert_allclose(table[["x", "mean", "sd"]], np.stack([X, MEAN, SD], 1))
    assert table[["x_name", "n", "unit"]].drop_duplicates().values.tolist() == [["steps", 5, "ms"]]


def test_a_band_alone_comes_out_once_per_point():
    table = tidy(figure(band(X, MEAN, Spread(SD), "#0072B2", "bpan")))
    np.testing.assert_allclose(table[["x", "mean", "sd"]], np.stack([X, MEAN, SD], 1))
    assert table["n"].isna().all()


def test_a_spread_on_hover_comes_out_beside_its_mean():
    table = tidy(figure(LINE | on_hover(Spread(SD, 5))))
    np.testing.assert_allclose(table[["x", "mean", "sd"]], np.stack([X, MEAN, SD], 1))
    assert set(table["n"]) == {5}


@pytest.mark.parametrize("stacked", [False, True])
def test_panels_come_out_with_their_titles_and_the_axes_they_share(stacked):
    titles = ["<b>one</b>", "two"]
    axes, layout = panels(titles, LAYOUT["xaxis"], LAYOUT["yaxis"], stacked=stacked)
    table = tidy(styled([LINE | axis for axis in axes], layout, LIGHT))
    assert table["panel"].tolist() == ["one"] * 3 + ["two"] * 3
    named = table[["x_name", "y_name", "unit"]].drop_duplicates().values.tolist()
    assert named == [["steps", "delay (ms)", "ms"]]


def test_bars_come_out_in_the_column_of_what_they_are():
    error = tidy(figure(LINE | bars(Spread(SD, 20, "se"))))
    np.testing.assert_allclose(error[["mean", "se", "n"]], np.stack([MEAN, SD, 0 * SD + 20], 1))
    assert error["sd"].isna().all()
    interval = bars(Spread(SD, kind="interval"), symmetric=False, arrayminus=2 * SD)
    between = tidy(figure(LINE | interval))
    np.testing.assert_allclose(between[["low", "high"]], np.stack([MEAN - 2 * SD, MEAN + SD], 1))


def test_the_figure_says_n_where_its_traces_do_not():
    known = LINE | {"name": "other"} | bars(Spread(SD, 3))
    table = tidy(figure(LINE, known), n=1)
    assert table.groupby("series")["n"].unique().map(list).to_dict() == {"bpan": [1], "other": [3]}


def test_a_curve_around_a_circle_comes_out_as_what_was_measured():
    ring = LINE | {"meta": measured(x=[0, 90, 180], mean=MEAN, se=SD, y_name="rate")}
    table = tidy(figure(ring, LINE | {"meta": DECORATION}))
    assert len(table) == 3
    np.testing.assert_allclose(table[["x", "mean", "se"]], np.stack([[0, 90, 180], MEAN, SD], 1))


def test_a_heatmap_keeps_x_y_and_z():
    table = tidy(figure({"type": "heatmap", "z": np.arange(6.0).reshape(2, 3)}))
    assert table[["x", "y", "z"]].values.tolist() == [[i % 3, i // 3, i] for i in range(6)]


def test_a_mean_drawn_into_a_heatmap_keeps_its_sd():
    heat = {"type": "heatmap", "name": "density", "z": np.arange(6.0).reshape(2, 3)}
    table = tidy(figure(heat, LINE | bars(Spread(SD))))
    line = table[table["series"] == "bpan"]
    np.testing.assert_allclose(line[["x", "y", "sd"]], np.stack([X, MEAN, SD], 1))
    assert line["z"].isna().all()
    assert len(table) == 9


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("delay (ms)", "ms"),
        ("rate / spikes per frame", "spikes per frame"),
        ("zeros / % (sparser →)", "%"),
        ("balance index (1 = full cancellation)", ""),
        ("accuracy", ""),
    ],
)
def test_the_unit_is_read_from_the_title_of_the_axis(title, unit):
    assert tidy(figure(LINE, y=title))["unit"].unique().tolist() == [unit]


def test_the_name_says_network_and_axes():
    assert file_stem(figure(), "balance_x", "bpan-mnist") == "bpan-mnist_delay-against-steps"
    aside = figure(y="balance index (1 = full)")
    assert file_stem(aside, "x", "net") == "net_balance-index-against-steps"
    assert file_stem(styled([], {}, LIGHT), "balance_x", "bpan-mnist") == "bpan-mnist_balance_x"
