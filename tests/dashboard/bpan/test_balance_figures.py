"""Figures show the arrays they are given: means, spreads, marks, and a table of it all."""

from pathlib import Path

import numpy as np
import pytest
import torch

from corelib.models.bpan import BPAN
from corelib.models.bpan.analysis import Controls, balance_index, currents, drive_of, net_densities
from corelib.runs.history import History
from corelib.training.events import Began, Stepped, Validated
from dashboard.bpan.balance.figures import over_time, units
from dashboard.figures.style import DARK, EXCITATORY, INHIBITORY, LIGHT
from dashboard.figures.table import to_frame
from dashboard.figures.training import MOST_POINTS, learning_curves

CONTROLS = Controls(5, 0.2, lesioned_e=2, lesioned_i=1)


@pytest.fixture
def model():
    torch.manual_seed(1)
    model = BPAN(input_dim=6, n_excitatory=8, n_inhibitory=3, n_classes=4, n_steps=5)
    with torch.no_grad():
        model.bias.normal_()
    return model


@pytest.fixture
def view(model):
    return currents(model, torch.randn(1, 6), CONTROLS)


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_currents_are_means_over_the_intact_units(view):
    figure = over_time.currents(view, LIGHT)
    kept = ~view.lesioned
    halves = (np.arange(11) < 8) & kept, (np.arange(11) >= 8) & kept
    for name, values in (
        ("excitatory", view.excitation),
        ("inhibitory", view.inhibition),
        ("input", view.drive),
        ("bias", view.bias),
        ("net", view.net),
    ):
        for trace, half in zip(named(figure, name), halves, strict=True):
            np.testing.assert_allclose(trace.y, values[:, half].mean(1), rtol=1e-5)
            np.testing.assert_allclose(trace.customdata, values[:, half].std(1), rtol=1e-4)
    titles = [a.text for a in figure.layout.annotations]
    assert titles == [
        "Excitatory units (n = 6, 2 silenced)",
        "Inhibitory units (n = 2, 1 silenced)",
    ]
    assert named(figure, "excitatory")[0].line.color == EXCITATORY
    assert named(figure, "inhibitory")[0].line.color == INHIBITORY


def test_the_currents_drawn_add_up_to_the_net_current(view):
    figure = over_time.currents(view, LIGHT)
    for panel in (0, 1):
        parts = [named(figure, n)[panel].y for n in ("excitatory", "inhibitory", "input", "bias")]
        np.testing.assert_allclose(sum(parts), named(figure, "net")[panel].y, atol=1e-6)


def test_networks_side_by_side_share_a_range_that_holds_all_curves(view, model):
    other = currents(model, torch.randn(1, 6) * 5, CONTROLS)
    low, high = over_time.currents_range([view, other])
    for each in (view, other):
        for trace in over_time.currents(each, LIGHT, stacked=True, y_range=(low, high)).data:
            assert low <= np.min(trace.y)
            assert np.max(trace.y) <= high


def test_the_decision_marks_threshold_and_answer(view):
    figure = over_time.probabilities(view, tuple("abcd"), 0.7, 3, LIGHT)
    answer = "abcd"[view.probability[2].argmax()]
    texts = [a.text for a in figure.layout.annotations]
    assert texts == ["θ = 0.70", f"answers {answer}"]
    for k, name in enumerate("abcd"):
        np.testing.assert_allclose(named(figure, name)[0].y, view.probability[:, k])
    widest = max(figure.data, key=lambda trace: trace.line.width)
    assert widest.name == answer


@pytest.mark.parametrize("with_drive", [False, True])
def test_the_balance_starts_where_a_current_flows(view, with_drive):
    figure = over_time.balance_over_time(view, with_drive, LIGHT)
    lines = [t for t in figure.data if t.name]
    first = 1 if with_drive else 2
    for trace in lines:
        assert trace.x[0] == first
    index = balance_index(view.excitation, view.inhibition, view.drive if with_drive else None)
    intact = (np.arange(11) < 8) & ~view.lesioned
    np.testing.assert_allclose(lines[0].y, index[first - 1 :, intact].mean(1), rtol=1e-5)


def test_heatmaps_hold_every_unit_and_signed_ones_are_centred(view, model):
    figure = units.unit_heatmaps(view, DARK)
    recurrent, net, rate = figure.data
    np.testing.assert_allclose(recurrent.z, (view.excitation + view.inhibition).T, rtol=1e-5)
    np.testing.assert_allclose(net.z, view.net.T, rtol=1e-5)
    np.testing.assert_allclose(rate.z, view.rate.T, rtol=1e-5)
    assert recurrent.zmin == -recurrent.zmax
    assert net.zmin == -net.zmax
    weights = model.weights().recurrent.detach().numpy()
    matrix = units.weight_matrix(weights, 8, LIGHT).data[0]
    np.testing.assert_allclose(matrix.z, weights)
    assert matrix.zmin == -matrix.zmax


def test_the_distribution_shows_the_logarithm_of_the_density(model):
    densities = net_densities(model, drive_of(model, torch.randn(40, 6)), Controls(4, 0.2))
    figure = units.net_distribution(densities, LIGHT)
    heat = [t for t in figure.data if t.type == "heatmap"]
    top = max(d.density.max() for d in densities)
    for trace, density in zip(heat, densities, strict=True):
        with np.errstate(divide="ignore"):
            expected = np.maximum(np.log10(density.density.T / top), units.LEAST_SHADE)
        np.testing.assert_allclose(trace.z, expected, atol=1e-5)


def test_every_axis_of_every_figure_is_named(view, model):
    densities = net_densities(model, drive_of(model, torch.randn(40, 6)), Controls(4, 0.2))
    figures = (
        over_time.currents(view, LIGHT),
        over_time.currents(view, LIGHT, stacked=True),
        over_time.probabilities(view, tuple("abcd"), 0.7, 3, LIGHT),
        over_time.balance_over_time(view, True, LIGHT),
        units.unit_heatmaps(view, LIGHT),
        units.net_distribution(densities, LIGHT),
        units.weight_matrix(model.weights().recurrent.detach().numpy(), 8, LIGHT),
        learning_curves({"run": history(3)}, LIGHT),
    )
    for figure in figures:
        for kind, find in (("x", figure.select_xaxes), ("y", figure.select_yaxes)):
            for axis in find():
                # An axis that shows another's numbers bears no name of its own.
                borrowed = axis.matches is not None or axis.showticklabels is False
                assert borrowed or axis.title.text, f"a {kind} axis has no name"


def history(epochs: int, points: int = 10) -> History:
    read = History(Path("unread"))
    read._take(
        Began(
            step=0,
            total_steps=epochs * points,
            steps_per_epoch=points,
            device="cpu",
            threads=1,
            parameters=1,
        )
    )
    for step in range(1, epochs * points + 1):
        metrics = {"loss": 1 / step, "accuracy": 1 - 1 / step}
        read._take(Stepped(step=step, count=1, seconds=0.1, metrics=metrics))
        if step % points == 0:
            score = 0.5 + 0.1 * (step == 2 * points)
            read._take(
                Validated(
                    step=step,
                    epoch=step // points,
                    metrics={"accuracy": score},
                    score=score,
                    best=True,
                )
            )
    return read


def test_learning_curves_show_every_update_and_the_best():
    figure = learning_curves({"run": history(3)}, LIGHT)
    np.testing.assert_allclose(figure.data[0].y, 1 / np.arange(1, 31))
    assert list(named(figure, "best")[0].x) == [20]


def test_long_curves_are_thinned_and_keep_their_last_point():
    figure = learning_curves({"run": history(1, 4 * MOST_POINTS + 3)}, LIGHT)
    x = figure.data[0].x
    assert len(x) <= 1.3 * MOST_POINTS
    assert x[-1] == 4 * MOST_POINTS + 3


def test_a_table_holds_everything_a_figure_draws(view):
    figure = over_time.currents(view, LIGHT)
    table = to_frame(figure)
    inhibitory = table[(table.series == "inhibitory") & (table.panel == "2")]
    np.testing.assert_allclose(inhibitory.y, named(figure, "inhibitory")[1].y)
    heat = units.unit_heatmaps(view, LIGHT)
    table = to_frame(heat)
    rates = table[table.series == "firing rate (a.u.)"]
    np.testing.assert_allclose(rates.z.to_numpy().reshape(11, 5), view.rate.T, rtol=1e-5)
