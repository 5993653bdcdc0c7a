import numpy as np

from dashboard.figures.style import LIGHT, band, styled
from dashboard.figures.tidy import file_stem, tidy

X = np.array([1.0, 2.0, 4.0])
MEAN, SD = np.array([0.5, 0.25, 1.0]), np.array([0.125, 0.0, 0.5])
LAYOUT = {"xaxis": {"title": {"text": "steps"}}, "yaxis": {"title": {"text": "delay (ms)"}}}


def figure(*traces):
    return styled(traces, LAYOUT, LIGHT)


def test_a_band_comes_out_as_mean_sd_n_and_unit():
    line = {"type": "scatter", "name": "bpan", "x": X, "y": MEAN}
    table = tidy(figure(band(X, MEAN, SD, "#0072B2", "bpan"), line), "Mean ± sd, n = 5 seeds.")
    assert table["series"].tolist() == ["bpan"] * 3
    np.testing.assert_allclose(table[["x", "mean", "sd"]], np.stack([X, MEAN, SD], 1))
    assert table[["x_name", "n", "unit"]].drop_duplicates().values.tolist() == [
        ["steps", "5", "ms"]
    ]


def test_a_band_alone_comes_out_once_per_point():
    table = tidy(figure(band(X, MEAN, SD, "#0072B2", "bpan")))
    np.testing.assert_allclose(table[["x", "mean", "sd"]], np.stack([X, MEAN, SD], 1))
    assert table["n"].isna().all()


def test_several_numbers_of_seeds_are_not_guessed_between():
    line = {"type": "scatter", "name": "bpan", "x": X, "y": MEAN}
    assert tidy(figure(line), "n = 5 seeds; others n = 3 seeds")["n"].isna().all()


def test_a_heatmap_keeps_x_y_and_z():
    table = tidy(figure({"type": "heatmap", "z": np.arange(6.0).reshape(2, 3)}))
    assert table[["x", "y", "z"]].values.tolist() == [[i % 3, i // 3, i] for i in range(6)]


def test_the_name_says_network_and_axes():
    assert file_stem(figure(), "balance_x", "bpan-mnist") == "bpan-mnist_delay-against-steps"
    assert file_stem(styled([], {}, LIGHT), "balance_x", "bpan-mnist") == "bpan-mnist_balance_x"
